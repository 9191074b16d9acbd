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

    def snapshot_bytes(self) -> int:
        """Take a snapshot and give its size."""
        size: int = self._do("snapshot")["bytes"]
        return size

    def restore(self, identity: str) -> None:
        """Put a kept state back, the clock included; any number of times."""
        self._do("restore", id=identity)

    def forget(self, identity: str) -> None:
        """Free what a kept state takes, where thousands are taken; it cannot be restored any more."""
        self._do("forget", id=identity)

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

    def calls(self) -> list[dict[str, Any]]:
        """Give every authenticated call since `clear_calls`, in order.

        Keys: `service`, `operation`, `account`, `principal` (ARN), `params` (without secrets), `status`, `error` (code,
        empty where the call succeeded).
        """
        made: list[dict[str, Any]] = self._do("calls")["calls"]
        return made

    def counts(self) -> dict[str, int]:
        """Give how often each operation succeeded since `clear_calls`, such as `{"iam:DeleteUser": 1}`."""
        counts: dict[str, int] = self._do("counts")["counts"]
        return counts

    def clear_calls(self) -> None:
        """Forget the calls made so far; the CloudTrail records stay."""
        self._do("calls/clear")

    def faults(self, *rules: Mapping[str, Any], seed: int = 0) -> None:
        """Set the fault rules, in place of those before; none lets all be well again.

        Keys: `fault` (a name of `migrator.sandbox.faults`), and which calls it strikes: `service`, `operation`,
        `account` (globs), `verb` (`read` or `write`), `after` (so many pass first), `times`, `percent`; `seconds` of
        stale reads, `reason` of what ends FAILED.
        """
        self._do("faults/set", rules=list(rules), seed=seed) if rules else self._do("faults/clear")

    def struck(self) -> list[dict[str, Any]]:
        """Give the fault rules in force; `seen` and `struck` count the calls that each matched and struck."""
        rules: list[dict[str, Any]] = self._do("faults")["rules"]
        return rules

    def sign_in(
        self, account: str, user: str, *, mfa: bool = False, ok: bool = True, source_ip: str = "127.0.0.1"
    ) -> None:
        """Let an IAM user sign in to the console with its password, or fail to; CloudTrail records either."""
        self._do("sign-in", account=account, user=user, mfa=mfa, ok=ok, source_ip=source_ip)

    def age_user(
        self, account: str, user: str, *, created: datetime | None = None, password_used: datetime | None = None
    ) -> None:
        """Set when a user was created and its password last used; what is left out stays."""
        self._do("seed/user", account=account, user=user, created=_iso(created), password_used=_iso(password_used))

    def age_key(
        self,
        key: str,
        *,
        created: datetime | None = None,
        used: datetime | None = None,
        service: str = "s3",
        region: str = "us-east-1",
    ) -> None:
        """Set when an access key was created, and when, with which service and where it was last used."""
        self._do("seed/key", key=key, created=_iso(created), used=_iso(used), service=service, region=region)

    def _do(self, command: str, **arguments: Any) -> dict[str, Any]:
        return post(self.endpoint, command, arguments)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


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
