"""Credentials of an assumed role, renewed before they end."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock

from botocore.credentials import CredentialProvider, Credentials, ReadOnlyCredentials

LIFETIME = timedelta(hours=1)
"""Asked for: the most that a chained role gives, and the least that any role allows."""

EARLY = timedelta(minutes=10)
"""How long before their end credentials are renewed."""


def _real_time() -> datetime:
    return datetime.now(UTC)


class RoleCredentials(Credentials):
    """Asks `assume` for credentials at first use and again before they end, one thread at a time.

    Their end is counted from when we asked, by the machine's own clock, never taken from the answer: a clock that
    differs from AWS's neither ends them early nor keeps dead ones. botocore's own class also logs a stack trace for
    every refusal, which belongs into an error instead.
    """

    def __init__(self, assume: Callable[[], Mapping[str, str]], now: Callable[[], datetime] = _real_time) -> None:
        super().__init__("", "", method="assume-role")
        self._assume = assume
        self._now = now
        self._lock = Lock()
        self._current: ReadOnlyCredentials | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The credentials to sign the next request with."""
        with self._lock:
            asked_at = self._now()
            if self._current is None or asked_at >= self._renew_at:
                given = self._assume()
                self._current = ReadOnlyCredentials(
                    given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
                )
                self._renew_at = asked_at + LIFETIME - EARLY
            return self._current


class RoleProvider(CredentialProvider):
    """The one provider of a session that acts as a role."""

    METHOD = "assume-role"

    def __init__(self, credentials: RoleCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        """The role's credentials."""
        return self._credentials
