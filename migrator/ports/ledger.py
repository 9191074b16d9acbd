"""What is being done and what was done: the journal of changes and the hash-chained record."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from migrator.domain.changes import Change
from migrator.domain.forecast import Pace
from migrator.domain.journal import Outcome, Run, Step
from migrator.domain.model import Json
from migrator.domain.record import Link
from migrator.ports.rows import Entry


class Journal(Protocol):
    """Runs and their changes."""

    def queue(self) -> None:
        """Wait until nobody else is beginning a run, and let nobody until this unit of work ends."""
        ...

    def start(self, run: Run, changes: Sequence[Change], facts_hash: str) -> Run:
        """Insert a run with all its changes; raises Busy if one is running for that subject."""
        ...

    def running(self, subject: str) -> Run | None:
        """The run that is not finished, whoever owns it."""
        ...

    def unfinished(self) -> list[Run]:
        """Every run that is not finished."""
        ...

    def take_over(self, run: Run, worker: str, lease_until: datetime) -> Run:
        """Raise the fence and own the run; raises Busy if somebody else was faster."""
        ...

    def hold(self, run: Run, lease_until: datetime) -> None:
        """Prove the fence and lengthen the lease; raises Busy where the run is no longer ours."""
        ...

    def steps(self, run: Run) -> list[Step]:
        """The changes of a run, in order."""
        ...

    def intend(self, step: Step, at: datetime) -> Step:
        """Write down that it is about to be made."""
        ...

    def conclude(self, step: Step, outcome: Outcome, at: datetime, error: str = "") -> Step:
        """Write down how it ended."""
        ...

    def finish(self, run: Run, status: str, at: datetime) -> None:
        """End a run."""
        ...

    def done(self, subject: str, kinds: Collection[str]) -> list[Change]:
        """Every change of these run kinds that we carried out on a subject, oldest first."""
        ...

    def since_rollback(
        self, kinds: Collection[str], subject: str | None = None, changed: Collection[str] = ()
    ) -> Mapping[str, list[Change]]:
        """By subject, changes of these run kinds that we carried out since its last rollback came to its end.

        Oldest first; of one subject, and of the change kinds `changed`, where they are given. What a hand took over
        before such an end is not ours any more.
        """
        ...

    def created(self, kind: str, target: Sequence[str]) -> bool:
        """Whether our own journal created that thing and has not removed it since."""
        ...

    def cuts(self) -> Mapping[int, datetime]:
        """Users whose access was cut and not put back, with the time at which the cut began."""
        ...

    def last(self, kind: str, target: Sequence[str]) -> Json:
        """What our own journal last left there."""
        ...

    def made(self, prefixes: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        """(kind, target) of everything of these kinds (by prefix) that we created and have not removed since."""
        ...

    def pace(self) -> Pace:
        """How fast assignments were made here so far."""
        ...


class Record(Protocol):
    """The hash-chained record."""

    def append(self, actor: str, event: str, subject: str, details: Json, at: datetime) -> None:
        """Queue an entry; it is chained last, when the unit of work commits."""
        ...

    def entries(self, subject: str | None = None, after: int = 0) -> list[Entry]:
        """Entries in order."""
        ...

    def freeze(self) -> None:
        """See one moment of it, whoever appends meanwhile; the first thing that is asked of a unit of work."""
        ...

    def links(self) -> Iterator[Link]:
        """The chain as it is stored, whatever somebody made of it; to be walked inside the unit of work."""
        ...

    def actors(self) -> set[str]:
        """Every identity that ever did anything here."""
        ...

    def head(self) -> tuple[int, str]:
        """The last sequence number and its hash."""
        ...
