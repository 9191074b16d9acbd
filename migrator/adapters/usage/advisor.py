"""Last-accessed data of whole accounts, as operations ask for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator.adapters.usage.last_accessed import last_accessed
from migrator.ports.clock import Clock
from migrator.ports.tools import LastUses

if TYPE_CHECKING:
    from migrator.adapters.aws.session import Sessions


class AccessAdvisor:
    """The port's `LastAccessed` over IAM's service last accessed data."""

    def __init__(self, sessions: "Sessions", clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def read(self, account_id: str, arns: Sequence[str]) -> LastUses:
        """What IAM remembers of these users of one account."""
        answers = list(last_accessed(self._sessions.client("iam", account_id, "read"), arns, self._clock))
        rows = [(a.user_arn, e.service, e.action or "", e.at) for a in answers for e in a.entries]
        reasons = dict.fromkeys(a.not_checked for a in answers if a.not_checked)
        return LastUses(rows, tuple(f"last-accessed data of {account_id}: {why}" for why in reasons))
