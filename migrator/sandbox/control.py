"""The client of the sandbox's control interface: plain HTTP, no moto, no boto3."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_SECONDS = 60.0


class SandboxError(Exception):
    """The sandbox refused a command; the message is its own."""


@dataclass(frozen=True, slots=True)
class Control:
    """Commands to a running sandbox; each raises `SandboxError` if refused, OSError if nobody answers."""

    endpoint: str

    def answers(self) -> bool:
        """Tell whether a sandbox answers at the endpoint."""
        try:
            return bool(self._do("ping")["ok"])
        except (OSError, SandboxError):
            return False

    def reset(self) -> dict[str, str]:
        """Return to the empty organization and the real time; gives the administrator's new credentials."""
        administrator: dict[str, str] = self._do("reset")["administrator"]
        return administrator

    def administrator(self) -> dict[str, str]:
        """Give the administrator of the management account.

        Keys: `account`, `arn`, `access_key_id`, `secret_access_key`, `session_token`. The session never expires.
        """
        return self._do("administrator")

    def now(self) -> datetime:
        """Give the sandbox's time."""
        return datetime.fromisoformat(self._do("clock")["now"])

    def set_clock(self, moment: datetime) -> None:
        """Set the sandbox's time; it ticks on from there."""
        self._do("clock/set", to=moment.isoformat())

    def advance(self, seconds: float) -> datetime:
        """Move the sandbox's time; gives the new one. Records that waited are delivered."""
        return datetime.fromisoformat(self._do("clock/advance", seconds=seconds)["now"])

    def snapshot(self) -> str:
        """Keep the whole present state; gives the id to restore it by."""
        identity: str = self._do("snapshot")["id"]
        return identity

    def restore(self, identity: str) -> None:
        """Put a kept state back, the clock included; any number of times."""
        self._do("restore", id=identity)

    def enforce(self, *, on: bool = True) -> None:
        """Say whether calls must be allowed by a policy; explicit denies and trusts hold either way."""
        self._do("enforce", on=on)

    def pages(self, size: int) -> None:
        """Set the greatest page that IAM's lists answer, whatever MaxItems asks for."""
        self._do("pages", size=size)

    def deliver(self) -> int:
        """Deliver every CloudTrail record that waits; gives how many files were written."""
        files: int = self._do("deliver")["files"]
        return files

    def _do(self, command: str, **arguments: Any) -> dict[str, Any]:
        return post(self.endpoint, command, arguments)


def post(endpoint: str, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Send one command and give its answer."""
    request = urllib.request.Request(  # noqa: S310 - the endpoint is a sandbox of ours
        f"{endpoint}/sandbox/{command}",
        json.dumps(arguments).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - as above
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as refused:
        try:
            text = json.load(refused)["error"]
        except (ValueError, KeyError):
            text = str(refused)
        raise SandboxError(text) from None
