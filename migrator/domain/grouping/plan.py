"""The sets for users whose needs are known: who joins what stands, who shares something new, and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migrator.domain.canonical import digest
from migrator.domain.existing import content_of
from migrator.domain.grouping import reasons
from migrator.domain.grouping.attach import Managed, attach, managed_policies
from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.clusters import Cluster, Profile
from migrator.domain.grouping.limits import Limits
from migrator.domain.grouping.mine import mine
from migrator.domain.grouping.names import Names
from migrator.domain.grouping.needs import Seen
from migrator.domain.grouping.partition import Partition, partitions
from migrator.domain.grouping.policy import generalised, too_large, write
from migrator.domain.grouping.ready import Reach, Standing, reach
from migrator.domain.mapping import SET, Planned, customer_path, described, is_aws_managed
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec, fits
from migrator.domain.rules import Rules

WHY = "permission-set"
"""The name under which the reason for a user's set is kept among the evidence."""

ENOUGH = 20_000
"""More actions than AWS has: the room of a bound of 100 %."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A set with its users; `why` says of each, in words, why it is there.

    `ours` is false for sets of others, `stands` is true for one of ours that stays as it is written.
    """

    planned: Planned
    why: Mapping[int, str]
    ours: bool = True
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan stands on: sets that stand, managed policies by ARN, contents known by name, names that are taken.

    `policies` maps accounts to the customer managed policies that are known there, by ARN.
    """

    rules: Rules
    catalogue: Catalogue
    standing: Sequence[Standing] = ()
    managed: Mapping[str, Json] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    taken: Collection[str] = ()


def plan_groups(users: Iterable[Seen], ground: Ground) -> tuple[Grouped, ...]:
    """The sets for these users, sorted by name."""
    parts = partitions(users, ground.rules, ground.catalogue)
    names = Names({*ground.taken, *(one.spec.name for one in ground.standing)}, ground.known)
    clusters: list[tuple[Partition, Cluster]] = []
    found: list[Grouped] = []
    for part in parts:
        joined, rest = _join(part, ground)
        found += joined
        limits = part.limits(ground.rules.unused_granted_max_percent)
        profiles = [replace(one, prior="" if one.prior in names.taken else one.prior) for one in rest]
        clusters += [(part, cluster) for cluster in mine(profiles, limits)]
    planned = [(part, cluster, _existing(part, cluster, ground)) for part, cluster in clusters]
    names.claim([cluster for _, cluster, offer in planned if offer is None])
    pool = managed_policies(ground.managed, parts[0].expansion) if parts else ()
    # The largest of a group is called by the group's name.
    for part, cluster, offer in sorted(planned, key=lambda one: (-one[1].users, one[1].key)):
        found.append(_new(part, cluster, ground, names, pool) if offer is None else _taken(cluster, *offer))
    return tuple(sorted(_one_a_name(found), key=lambda one: one.planned.spec.name))


def _join(part: Partition, ground: Ground) -> tuple[list[Grouped], list[Profile]]:
    """Users who get a set of ours that others have already, or have it themselves; and the rest."""
    least = Limits(ground.rules.unused_granted_max_percent).least_used
    rest = dict(part.profiles)
    found = []
    reached = [(one, reach(one.documents, part)) for one in ground.standing if one.ours and one.suits(part)]
    for standing, there in sorted(reached, key=lambda one: (len(one[1].actions), one[0].spec.name)):
        name = standing.spec.name
        fitting = [p for p in rest.values() if not p.needs & ~there.covers and not there.ways & ~p.ways]
        held = {user.seen.need.user for user in part.users if user.seen.holds == name}
        fitting.sort(key=lambda p: (p.users[0] not in held, p.prior != name, -p.actions.bit_count(), p.users))
        inside: list[Profile] = []
        used = 0
        for profile in fitting:
            more = used + profile.actions.bit_count()
            kept = profile.users[0] in held
            if kept or more >= least * len(there.actions) * (len(inside) + 1):
                inside.append(profile)
                used = more
        if inside:
            found.append(_standing(part, standing, there, inside))
            for profile in inside:
                del rest[profile.users[0]]
    return found, list(rest.values())


def _standing(part: Partition, standing: Standing, there: Reach, inside: Sequence[Profile]) -> Grouped:
    name = standing.spec.name
    seen = part.seen
    granted = len(there.actions)
    why = {
        user: reasons.stays(name, profile.actions.bit_count(), granted, seen[user].prior)
        for profile in inside
        for user in profile.users
    }
    users = tuple(profile.users[0] for profile in inside)
    problems = tuple(fits(standing.spec))
    return Grouped(Planned(standing.spec, SET, "", problems, users, standing.managed), why, stands=True)


def _existing(part: Partition, cluster: Cluster, ground: Ground) -> tuple[Standing, Reach] | None:
    """The smallest set of others that covers a whole cluster within the bound."""
    least = Limits(ground.rules.unused_granted_max_percent).least_used
    fitting = []
    for one in ground.standing:
        if one.ours or not one.suits(part):
            continue
        there = reach(one.documents, part)
        within = cluster.used_actions >= least * len(there.actions) * cluster.users
        if within and not cluster.needs & ~there.covers and not there.ways & ~cluster.ways:
            fitting.append((len(there.actions), one.spec.name, one, there))
    return min(fitting, key=lambda found: found[:2])[2:] if fitting else None


def _taken(cluster: Cluster, standing: Standing, there: Reach) -> Grouped:
    spec = standing.spec
    granted = len(there.actions)
    why = {u: reasons.exists(spec.name, p.actions.bit_count(), granted) for p in cluster.profiles for u in p.users}
    planned = Planned(spec, SET, content_of(spec), (), tuple(sorted(why)), standing.managed)
    return Grouped(planned, why, ours=False)


def _new(part: Partition, cluster: Cluster, ground: Ground, names: Names, pool: Sequence[Managed]) -> Grouped:
    rules = ground.rules
    seen = part.seen
    ids = sorted(user for profile in cluster.profiles for user in profile.users)
    group = [seen[user] for user in ids]
    spec, managed = _spec(part, cluster, group, ground, pool)
    who = None if rules.share_across_owners else (group[0].need.owner, group[0].need.cost_center)
    body = [spec.inline_policy, spec.managed_policies, spec.customer_policies, spec.boundary, group[0].need.kind, who]
    content = digest(body)
    name = names.name(cluster, content, [one.need for one in group])
    spec = described(spec, name, group[0].need, rules)
    others, granted, bound = cluster.users - 1, cluster.actions.bit_count(), rules.unused_granted_max_percent
    why = {
        user: reasons.shares(name, others, profile.actions.bit_count(), granted, bound, seen[user].prior)
        for profile in cluster.profiles
        for user in profile.users
    }
    return Grouped(Planned(spec, SET, content, tuple(fits(spec)), tuple(ids), managed), why)


def _spec(
    part: Partition, cluster: Cluster, group: Sequence[Seen], ground: Ground, pool: Sequence[Managed]
) -> tuple[PermissionSetSpec, dict[str, Json]]:
    """What the cluster needs, written down, without a name; and the documents of AWS's policies in it."""
    needed = part.expansion.of(one.action for one in part.chosen(cluster.needs))
    room = _room(cluster, ground.rules)
    left, added = frozenset(part.chosen(cluster.needs)), frozenset[str]()
    managed: tuple[str, ...] = ()
    if ground.rules.prefer_managed_policies:
        taken = attach(left, needed, pool, room, ground.catalogue)
        left, added, managed = taken.left, taken.added, taken.names
    customer: tuple[str, ...] = ()
    common = in_every_account(ground.policies, {one.account_id for one in group})
    if too_large(left, part.denials):
        own = managed_policies(common, part.expansion)
        taken = attach(left, needed, own, room - len(added), ground.catalogue)
        left, added, customer = taken.left, added | taken.added, taken.names
    wider, _ = generalised(left, ground.catalogue, room - len(added))
    inline = write(wider, part.denials) if wider or part.denials else None
    bound = part.boundary
    bound = bound if bound is None or is_aws_managed(bound) else customer_path(bound)
    spec = PermissionSetSpec("set", inline, managed, customer, bound)
    return spec, {**{name: ground.managed[name] for name in managed}, **{name: common[name] for name in customer}}


def _room(cluster: Cluster, rules: Rules) -> int:
    """How many actions may be added before the bound is reached."""
    least = Limits(rules.unused_granted_max_percent).least_used
    if least <= 0 or not cluster.users:
        return ENOUGH
    return max(0, int(cluster.used_actions / (least * cluster.users)) - cluster.actions.bit_count())


def in_every_account(policies: Mapping[str, Mapping[str, Json]], accounts: Collection[str]) -> dict[str, Json]:
    """Customer managed policies that are known in each of these accounts with the same content, by `/path/name`."""
    found: dict[str, dict[str, Json]] = {}
    for account in accounts:
        for arn, document in policies.get(account, {}).items():
            found.setdefault(customer_path(arn), {})[account] = document
    return {
        path: next(iter(there.values()))
        for path, there in sorted(found.items())
        if len(there) == len(accounts) and len({digest(one) for one in there.values()}) == 1
    }


def _one_a_name(found: Iterable[Grouped]) -> list[Grouped]:
    """Sets of the same name are the same set: their users are put together."""
    kept: dict[str, Grouped] = {}
    for one in found:
        name = one.planned.spec.name
        if name in kept:
            first = kept[name]
            users = tuple(sorted({*first.planned.users, *one.planned.users}))
            kept[name] = replace(first, planned=replace(first.planned, users=users), why={**first.why, **one.why})
        else:
            kept[name] = one
    return list(kept.values())
