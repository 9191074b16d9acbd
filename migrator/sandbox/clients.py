"""boto3 clients of the sandbox's inhabitants, each with its own credentials, source address and user agent."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

# Failures of the sandbox shall show at once; its people do not retry either.
_CONFIG = Config(retries={"total_max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """AWS credentials; kept in memory only, and never shown."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, str]) -> "Credentials":
        """Read credentials as the control interface gives them."""
        return cls(answer["access_key_id"], answer["secret_access_key"], answer.get("session_token"))

    @classmethod
    def of_session(cls, answer: Mapping[str, Any]) -> "Credentials":
        """Read credentials as STS gives them."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from, as CloudTrail will show it; an empty agent is boto3's own."""

    address: str = "203.0.113.10"
    agent: str = ""


@dataclass(slots=True)
class Clients:
    """Makes clients and keeps them: making one costs more than a call."""

    endpoint: str
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def make(self, service: str, credentials: Credentials, region: str, origin: Origin | None = None) -> Any:
        """Return the client of these credentials for a service and region."""
        # Not by the key's id alone: a restored sandbox gives ids out again, with other secrets.
        key = (service, credentials, region, origin)
        if key not in self._made:
            client = _session().client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                aws_session_token=credentials.session_token,
                config=_CONFIG,
            )
            if origin is not None:
                client.meta.events.register("before-send", _Stamp(origin))
            self._made[key] = client
        return self._made[key]


@functools.cache
def _session() -> Any:
    # One for all: a session keeps the service models that it has read. Its own credentials are never used.
    return boto3.Session()


class _Stamp:
    """Writes the origin into a signed request; neither header is part of the signature."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __call__(self, request: Any, **_: Any) -> None:
        request.headers["X-Sandbox-Source-Ip"] = self._origin.address
        if self._origin.agent:
            request.headers["User-Agent"] = self._origin.agent
