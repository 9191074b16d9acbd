"""What operations tell: data for people and programs, never printed here."""

from dataclasses import dataclass

from migrator.domain.changes import Change
from migrator.domain.errors import Unreachable
from migrator.domain.gates.result import GateResult
from migrator.domain.journal import Step


@dataclass(frozen=True, slots=True)
class Done:
    """One change and how it ended: a journal outcome, or `planned`."""

    kind: str
    target: str
    outcome: str
    error: str = ""
    before: object = None
    after: object = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One user's part of an advance or rollback.

    `outcome` is `done`, `held`, `failed`, `planned` or `unchanged`; `why` is what a person should know, in one line;
    `code` is the exit code of the error that failed it.
    """

    user: str
    before: str
    after: str
    outcome: str
    changes: tuple[Done, ...] = ()
    held_by: tuple[str, ...] = ()
    gates: tuple[GateResult, ...] = ()
    why: str = ""
    irreversible: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    code: int = 1


@dataclass(frozen=True, slots=True)
class Movement:
    """An advance or rollback of many users."""

    users: tuple[Moved, ...]

    @property
    def irreversible(self) -> tuple[str, ...]:
        """What nobody can bring back, of all users."""
        return tuple(line for user in self.users for line in user.irreversible)

    @property
    def exit_code(self) -> int:
        """0 done (also some held), 1 somebody failed, 3 everybody was held, 4 nobody could be reached."""
        outcomes = {user.outcome for user in self.users}
        if outcomes == {"failed"} and {user.code for user in self.users} == {Unreachable.exit_code}:
            return Unreachable.exit_code
        if "failed" in outcomes:
            return 1
        return 3 if outcomes == {"held"} else 0


def planned(change: Change) -> Done:
    """A change that nobody made yet."""
    return Done(change.kind, change.where, "planned", before=change.before, after=change.after)


def carried(step: Step) -> Done:
    """A step of a run as it ended."""
    change = step.change
    outcome = str(step.outcome) if step.outcome else "not-made"
    return Done(change.kind, change.where, outcome, step.error, change.before, change.after)
