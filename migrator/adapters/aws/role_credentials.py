"""Credentials of an assumed role, renewed before they end."""

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic

from botocore.credentials import CredentialProvider, Credentials, ReadOnlyCredentials

LIFETIME = 3600
"""Seconds asked for: the most that a chained role gives, and the least that any role allows."""

EARLY = 600
"""Seconds before their end at which credentials are renewed."""


class RoleCredentials(Credentials):
    """Asks `assume` for credentials at first use and again before they end, one thread at a time.

    Their end is counted from when we asked, in seconds that passed (`elapsed`), never taken from the answer: a clock
    that differs from AWS's neither ends them early nor keeps dead ones. botocore's own class also logs a stack trace
    for every refusal, which belongs into an error instead.
    """

    def __init__(self, assume: Callable[[], Mapping[str, str]], elapsed: Callable[[], float] = monotonic) -> None:
        super().__init__("", "", method="assume-role")
        self._assume = assume
        self._elapsed = elapsed
        self._lock = Lock()
        self._current: ReadOnlyCredentials | None = None
        self._renew_at = 0.0

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The credentials to sign the next request with."""
        with self._lock:
            asked_at = self._elapsed()
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
