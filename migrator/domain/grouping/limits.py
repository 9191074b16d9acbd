"""What every set is held to: the share that may be unused, ways to more access, the size of a policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What every set is held to.

    `unused_percent` bounds the mean, over the users of a set, of what it grants and they never used: of actions and of
    permissions. `ways` holds the actions, as bit sets, that open a way to more access together, by number. `too_large`
    says of permissions whether no policy of a set could hold them.
    """

    unused_percent: float
    ways: Sequence[int] = ()
    too_large: Callable[[int], bool] = lambda _needs: False

    @property
    def least_used(self) -> float:
        """The share that must be used, of 1; a hair less, so that sums of floats do not decide."""
        return max(0.0, 1 - self.unused_percent / 100) - 1e-9

    def opened(self, actions: int) -> int:
        """The ways that these actions open."""
        found = 0
        for number, way in enumerate(self.ways):
            if way & actions == way:
                found |= 1 << number
        return found
