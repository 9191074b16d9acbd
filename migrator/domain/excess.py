"""The other direction of coverage: what a set grants beyond what was used."""

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.domain.policy.actions import Actions, granted
from migrator.domain.policy.evaluate import Policies
from migrator.domain.usage import UsageFact


@dataclass(frozen=True, slots=True)
class Excess:
    """What a set of policies grants beyond what was used, of the actions that exist."""

    granted: int
    unused: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """Unused actions of all granted ones; None where nothing is granted."""
        return 100 * len(self.unused) / self.granted if self.granted else None


def unused_granted(policies: Policies, facts: Iterable[UsageFact], catalogue: Actions) -> Excess:
    """Lists the granted actions that no authorized call used."""
    used = {fact.action.lower() for fact in facts if fact.action and not fact.refused}
    all_granted = granted(policies, catalogue)
    return Excess(len(all_granted), tuple(action for action in all_granted if action.lower() not in used))
