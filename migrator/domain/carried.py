"""How carrying out a plan ended."""

from dataclasses import dataclass

from migrator.domain.dossier import User
from migrator.domain.journal import Outcome, Run, RunStatus, Step


@dataclass(frozen=True, slots=True)
class Carried:
    """How a run ended: its steps with their outcomes, and the user's row as it is now."""

    run: Run
    steps: tuple[Step, ...]
    user: User | None = None

    @property
    def failed(self) -> tuple[Step, ...]:
        """Steps that did not work or were refused because of somebody's hand."""
        return tuple(s for s in self.steps if s.outcome in (Outcome.FAILED, Outcome.REFUSED))

    @property
    def done(self) -> bool:
        """Whether all of it is true in AWS now."""
        return self.run.status is RunStatus.DONE
