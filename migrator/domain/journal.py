"""Runs and their changes, as the journal keeps them: what was intended, what was done, what is still a question."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from migrator.domain.changes import Change


class RunStatus(StrEnum):
    """How a run stands. `abandoned`: its questions were answered, the rest was given up for another run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    """How a change ended.

    `unchanged`: it was so already, not by us, so no rollback touches it. `refused`: somebody's hand was there.
    `undone`: an intent of which AWS shows no trace, given up.
    """

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Run:
    """One carrying-out of one plan for one subject. `fence` tells a living owner from a dead one."""

    id: int
    subject: str
    kind: str
    from_state: str | None
    to_state: str | None
    actor: str
    worker: str
    fence: int
    lease_until: datetime
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    reason: str = ""
    wave: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A change in a run's journal. With an intent and without an outcome it is a question."""

    run: int
    seq: int
    change: Change
    attempts: int = 0
    intent_at: datetime | None = None
    outcome: Outcome | None = None
    error: str = ""

    @property
    def question(self) -> bool:
        """Whether nobody knows if it happened."""
        return self.intent_at is not None and self.outcome is None
