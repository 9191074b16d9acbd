"""The trade-off: how many sets there would be at each bound, and how much of them would be unused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.clusters import Cluster
from migrator.domain.grouping.mine import mine
from migrator.domain.grouping.needs import Seen
from migrator.domain.grouping.partition import partitions
from migrator.domain.rules import Rules

BOUNDS = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
"""The bounds that are shown, in percent."""


@dataclass(frozen=True, slots=True)
class Point:
    """At a bound: how many sets, and the mean over users of what each is granted and never used, in percent."""

    bound: float
    sets: int
    unused_percent: float


def curve(
    users: Iterable[Seen], rules: Rules, catalogue: Catalogue, bounds: Sequence[float] = BOUNDS
) -> tuple[Point, ...]:
    """A point for each bound, planned afresh: what stands already is left out of account.

    What is within a bound is within every wider one, so a search that found more sets there counts for nothing.
    """
    parts = partitions((replace(one, prior=None) for one in users), rules, catalogue)
    found: list[Point] = []
    for bound in sorted(bounds):
        clusters = [c for part in parts for c in mine(part.profiles.values(), part.limits(bound))]
        point = Point(bound, len(clusters), unused(clusters))
        found.append(replace(found[-1], bound=bound) if found and found[-1].sets < point.sets else point)
    return tuple(found)


def unused(clusters: Iterable[Cluster]) -> float:
    """The mean over users of the actions that are granted and never used, in percent of those granted."""
    users = lost = 0.0
    for cluster in clusters:
        granted = cluster.actions.bit_count()
        users += cluster.users
        lost += cluster.users - (cluster.used_actions / granted if granted else cluster.users)
    return round(100 * lost / users, 1) if users else 0.0
