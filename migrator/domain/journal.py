"""Runs and their changes, as the journal keeps them: what was intended, what was done, what is still a question."""

from collections.abc import Sequence
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


def status(steps: Sequence[Step]) -> RunStatus:
    """How a run with these steps has ended."""
    bad = any(step.outcome in (Outcome.FAILED, Outcome.REFUSED, None) for step in steps)
    return RunStatus.FAILED if bad else RunStatus.DONE


def reaches(run: Run, steps: Sequence[Step]) -> bool:
    """Whether the user's state may be claimed. A rollback may: what somebody's hand changed is theirs now.

    The account's managed deny is nobody's own: where it cannot be removed, the user is where it was to go all the same.
    """
    allowed = {Outcome.DONE, Outcome.UNCHANGED} | ({Outcome.REFUSED} if run.kind == "rollback" else set())
    own = (step for step in steps if not (step.change.kind == "managed-policy" and step.change.deletes))
    return all(step.outcome in allowed for step in own)
