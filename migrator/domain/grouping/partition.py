"""Users who may share at all, with their permissions and actions numbered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from migrator.domain.canonical import canonical, digest
from migrator.domain.grouping.bits import mask_of, members
from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.clusters import Profile
from migrator.domain.grouping.grants import Grants, Permission
from migrator.domain.grouping.limits import Limits
from migrator.domain.grouping.needs import Seen, permissions_of
from migrator.domain.grouping.policy import too_large
from migrator.domain.model import Json
from migrator.domain.policy.actions import expand
from migrator.domain.policy.escalation import PATHS, escalations
from migrator.domain.policy.evaluate import Policies
from migrator.domain.rules import Rules

_PASSING = frozenset({"iam:passrole"})
WAYS: tuple[frozenset[str], ...] = (*(path.actions for path in PATHS), _PASSING)
"""Actions, in lower case, that open a way to more access together; `Profile.ways` numbers them."""


class Expansion:
    """The existing actions that a pattern names, looked up once each."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._known: dict[str, frozenset[str]] = {}

    def of(self, patterns: Iterable[str]) -> frozenset[str]:
        """All that these patterns name; a name that the catalogue does not have is itself."""
        found = frozenset[str]()
        for pattern in patterns:
            if pattern not in self._known:
                wild = "*" in pattern or "?" in pattern
                self._known[pattern] = frozenset(expand([pattern], self.catalogue)) if wild else frozenset({pattern})
            found |= self._known[pattern]
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """A user whose needs are known: what it needs, and the ways to more access it has today."""

    seen: Seen
    permissions: frozenset[Permission]
    ways: int
    denials: tuple[Json, ...] = ()


@dataclass
class Partition:
    """Users who may share: same owner, same boundary, same denials. Bits are numbered in the order of names."""

    users: Sequence[Known]
    expansion: Expansion
    denials: tuple[Json, ...] = ()
    boundary: str | None = None
    _actions: dict[str, int] = field(default_factory=dict)

    @cached_property
    def seen(self) -> Mapping[int, Seen]:
        """The users by id."""
        return {user.seen.need.user: user.seen for user in self.users}

    @cached_property
    def permissions(self) -> tuple[Permission, ...]:
        """Every permission that anybody needs, by number."""
        return tuple(sorted({one for user in self.users for one in user.permissions}))

    @cached_property
    def actions(self) -> Mapping[str, int]:
        """The number of every action that anybody needs."""
        named = {one for each in self.permissions for one in self.expansion.of([each.action])}
        return {action: number for number, action in enumerate(sorted(named))}

    @cached_property
    def profiles(self) -> dict[int, Profile]:
        """The profile of each user, by its id."""
        number = {one: at for at, one in enumerate(self.permissions)}
        acting = {one: self.action_bits([one.action]) for one in self.permissions}
        limits = Limits(100, ways=self.ways)
        made = {}
        for user in self.users:
            actions = 0
            for one in user.permissions:
                actions |= acting[one]
            needs = mask_of(number[one] for one in user.permissions)
            ways = user.ways | limits.opened(actions)
            seen = user.seen
            made[seen.need.user] = Profile(needs, actions, (seen.need.user,), ways, seen.home, seen.prior or "")
        return made

    @cached_property
    def ways(self) -> tuple[int, ...]:
        """`WAYS` as bit sets of actions; one of which an action is never needed is out of reach."""
        lower = {action.lower(): number for action, number in self.actions.items()}
        never = 1 << len(lower)
        return tuple(mask_of(lower[a] for a in way) if way <= lower.keys() else never for way in WAYS)

    def action_bits(self, patterns: Iterable[str]) -> int:
        """The numbered actions that patterns name."""
        return mask_of(self.actions[one] for one in self.expansion.of(patterns) if one in self.actions)

    def chosen(self, needs: int) -> list[Permission]:
        """The permissions of a bit set."""
        return [self.permissions[number] for number in members(needs)]

    def limits(self, unused_percent: float) -> Limits:
        """What the sets of this partition are held to."""
        longest = max((len(one.action) + len(one.scope) for one in self.permissions), default=0)
        known: dict[int, bool] = {}

        def beyond(needs: int) -> bool:
            if needs.bit_count() * longest < _SMALL and not self.denials:
                return False
            if needs not in known:
                known[needs] = too_large(self.chosen(needs), self.denials)
            return known[needs]

        return Limits(unused_percent, self.ways, beyond)


_SMALL = 10_000


def partitions(users: Iterable[Seen], rules: Rules, catalogue: Catalogue) -> list[Partition]:
    """Sorts users by what keeps them apart, with what each needs."""
    expansion = Expansion(catalogue)
    compiled: dict[str, tuple[Grants, int]] = {}
    found: dict[str, list[Known]] = {}
    for seen in sorted(users, key=lambda one: (one.need.user_name, one.need.user)):
        grants, ways = _compiled(seen, compiled)
        denials = grants.denials
        who = None if rules.share_across_owners else (seen.need.owner, seen.need.cost_center)
        known = Known(seen, permissions_of(seen, grants, catalogue), ways, denials)
        apart = digest([seen.need.kind, who, seen.boundary, sorted(digest(one) for one in denials)])
        found.setdefault(apart, []).append(known)
    return [Partition(each, expansion, each[0].denials, each[0].seen.boundary) for each in found.values()]


def _compiled(seen: Seen, known: dict[str, tuple[Grants, int]]) -> tuple[Grants, int]:
    """A user's grants, and the ways that they open today; users with the same documents share them."""
    text = canonical(seen.documents)
    key = f"{seen.arn} {text}" if "${" in text else text
    if key not in known:
        grants = Grants(seen.documents, seen.own)
        known[key] = (grants, _opened(seen.documents, grants))
    return known[key]


def _opened(documents: Sequence[Json], grants: Grants) -> int:
    now = {found.path.actions for found in escalations(Policies(documents))}
    if grants.allowing("iam:PassRole"):
        now.add(_PASSING)
    return mask_of(at for at, way in enumerate(WAYS) if way in now)
