"""Who shares: profiles of needs, clusters of them, and when a cluster is within its limits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator.domain.grouping.bits import at_least, tally
from migrator.domain.grouping.limits import Limits

HALF = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """What some users need alike. `needs` and `actions` are bit sets of numbered permissions and actions.

    A permission is an action on a resource. `ways` are the known ways to more access, by number, that these users have
    already; `home` names where they are today (their IAM groups), `prior` the set planned for them before.
    """

    needs: int
    actions: int
    users: tuple[int, ...]
    ways: int = -1
    home: str = ""
    prior: str = ""

    @property
    def weight(self) -> int:
        """How many users."""
        return len(self.users)


@dataclass(slots=True)
class Cluster:
    """Profiles that share a set. `needs` and `actions` are unions; `used…` are sums over users; `ways` is common.

    `size` is how many permissions it has.
    """

    profiles: list[Profile] = field(default_factory=list)
    needs: int = 0
    actions: int = 0
    users: int = 0
    used_needs: int = 0
    used_actions: int = 0
    ways: int = -1
    size: int = 0

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> "Cluster":
        """The cluster of these profiles."""
        made = cls()
        for profile in profiles:
            made.add(profile)
        return made

    def add(self, profile: Profile) -> None:
        """Let it share."""
        weight = len(profile.users)
        self.profiles.append(profile)
        self.needs |= profile.needs
        self.actions |= profile.actions
        self.users += weight
        self.used_needs += weight * profile.needs.bit_count()
        self.used_actions += weight * profile.actions.bit_count()
        self.ways &= profile.ways
        self.size = self.needs.bit_count()

    def join(self, other: "Cluster") -> "Cluster":
        """Both as one."""
        needs = self.needs | other.needs
        return Cluster(
            self.profiles + other.profiles,
            needs,
            self.actions | other.actions,
            self.users + other.users,
            self.used_needs + other.used_needs,
            self.used_actions + other.used_actions,
            self.ways & other.ways,
            needs.bit_count(),
        )

    @property
    def used(self) -> float:
        """The share of what is granted that is used, of 1: the lesser of actions and permissions."""
        granted_needs, granted_actions = self.size * self.users, self.actions.bit_count() * self.users
        if not granted_needs or not granted_actions:
            return 1.0
        return min(self.used_needs / granted_needs, self.used_actions / granted_actions)

    @property
    def core(self) -> int:
        """What at least half of its users need."""
        weighted = [(profile.needs, profile.weight) for profile in self.profiles]
        return at_least(tally(weighted), -(-self.users // HALF)) or self.needs

    def within(self, limits: Limits) -> bool:
        """Whether the set of this cluster is within every limit."""
        return self.used >= limits.least_used and self.allowed(limits)

    def allowed(self, limits: Limits) -> bool:
        """Whether it opens no way to more access, and a policy could hold it. A single profile opens only its own."""
        if limits.ways and limits.opened(self.actions) & ~self.ways:
            return False
        return not limits.too_large(self.needs)

    @property
    def key(self) -> tuple[int, ...]:
        """By which clusters are put in order, the same in every run."""
        return tuple(sorted(user for profile in self.profiles for user in profile.users))


def collapse(profiles: Iterable[Profile]) -> list[Profile]:
    """Makes one of those that are alike in everything but their users, in the order of their first user."""
    alike: dict[tuple[int, int, int, str, str], list[int]] = {}
    for one in profiles:
        alike.setdefault((one.needs, one.actions, one.ways, one.home, one.prior), []).extend(one.users)
    made = [Profile(n, a, tuple(sorted(users)), w, h, p) for (n, a, w, h, p), users in alike.items()]
    return sorted(made, key=lambda one: one.users)
