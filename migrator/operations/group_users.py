"""Plan few sets for people whose needs are known, and keep the grants of those whose are not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.domain.coverage import cover
from migrator.domain.dossier import Dossier
from migrator.domain.existing import Offer
from migrator.domain.grouping.needs import Seen, why_unknown
from migrator.domain.grouping.plan import Ground, Grouped, plan_groups
from migrator.domain.grouping.ready import Standing
from migrator.domain.mapping import (
    SET,
    Needs,
    Planned,
    documents,
    is_aws_managed,
    plan_sets,
    spec_from,
    spec_of,
)
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.ruling import named_policies, ruling
from migrator.operations.coverage import successor
from migrator.operations.see_users import see_users
from migrator.ports.rows import StoredSet
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

WORSE = "a set of what it was seen doing would cover fewer of its calls"
"""Why a user keeps its grants though its needs seem known."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was planned: sets to write down, sets of others, sets that stand; `why` per user, in words."""

    ours: tuple[Planned, ...] = ()
    others: tuple[Planned, ...] = ()
    standing: tuple[Planned, ...] = ()
    why: Mapping[int, str] = field(default_factory=dict)

    @property
    def wanted(self) -> dict[int, str]:
        """The name of each user's set."""
        return {user: p.spec.name for p in (*self.ours, *self.others, *self.standing) for user in p.users}


def group_users(
    tools: Tools,
    work: UnitOfWork,
    needs: Sequence[Needs],
    ours: Mapping[str, StoredSet],
    taken: Collection[str],
    offers: Sequence[Offer],
) -> Choice:
    """Plan for these users: people by what they did, the rest by what they are granted.

    Whoever would lose a call by it that its grants would cover keeps its grants.
    """
    people = [need for need in needs if need.kind == SET]
    seen = see_users(tools, work, people)
    unknown = {s.need.user: why_unknown(s, tools.clock.now(), tools.rules.lookback) for s in seen}
    known = {stored.spec["content"]: name for name, stored in ours.items()}
    grouped: tuple[Grouped, ...] = ()
    while True:
        told = [one for one in seen if unknown[one.need.user] is None]
        apart = {one.need.user for one in told}
        granted = plan_sets([need for need in needs if need.user not in apart], known, taken, tools.rules)
        names = {*taken, *(planned.spec.name for planned in granted)}
        standing = _standing(work, needs, ours, told, offers) if told else ()
        grouped = plan_groups(told, _ground(tools, told, standing, known, names)) if told else ()
        worse = _worse(tools, work, told, grouped)
        if not worse:
            break
        unknown |= dict.fromkeys(worse, WORSE)
    why = {user: f"keeps what it is granted: {text}" for user, text in unknown.items() if text}
    why |= {user: text for group in grouped for user, text in group.why.items()}
    return Choice(
        (*granted, *(group.planned for group in grouped if group.ours and not group.stands)),
        tuple(group.planned for group in grouped if not group.ours),
        tuple(group.planned for group in grouped if group.stands),
        why,
    )


def _ground(
    tools: Tools, seen: Sequence[Seen], standing: Sequence[Standing], known: Mapping[str, str], taken: Collection[str]
) -> Ground:
    policies: dict[str, dict[str, Json]] = {}
    for one in seen:
        policies.setdefault(one.account_id, {}).update(_managed(one, aws=False))
    managed = {name: document for one in seen for name, document in _managed(one, aws=True).items()}
    managed |= {name: document for one in standing for name, document in one.managed.items() if is_aws_managed(name)}
    return Ground(tools.rules, tools.catalogue, standing, managed, policies, known, taken)


def _managed(seen: Seen, *, aws: bool) -> dict[str, Json]:
    """The managed policies that grant to a user, by ARN: AWS's or the account's own."""
    return {
        name: document
        for source, name, document in seen.need.grants
        if source != "boundary" and name.startswith("arn:") and is_aws_managed(name) is aws
    }


def _standing(
    work: UnitOfWork,
    needs: Sequence[Needs],
    ours: Mapping[str, StoredSet],
    seen: Sequence[Seen],
    offers: Sequence[Offer],
) -> tuple[Standing, ...]:
    """Sets that are not to be rewritten: those that somebody has or that others are mapped to, and those of others."""
    here = {need.user for need in needs}
    fixed: dict[str, int] = {}
    for grant in work.access.grants():
        if grant.user not in here or grant.provisioned_at:
            fixed.setdefault(grant.permission_set, grant.user)
    owners = {user.id: (user.owner, user.cost_center) for user in work.users.many(sorted(set(fixed.values())))}
    named = named_policies({name: d for one in seen for _, name, d in one.need.grants}, {})
    found = []
    for name, user in sorted(fixed.items()):
        stored = ours.get(name)
        if stored is not None and stored.spec.get("type") == SET:
            made = _one(spec_from(stored.spec), {**named, **stored.spec.get("documents", {})})
            found += [_kept(one, owners.get(user)) for one in made]
    for offer in offers:
        made = _one(offer.spec, offer.documents)
        found += [Standing(one.spec, one.documents, ours=False, managed=one.managed) for one in made]
    return tuple(found)


def _one(spec: PermissionSetSpec, named: Mapping[str, Json]) -> list[Standing]:
    """The set with its documents; none where one of them is unknown."""
    wanted = (*spec.managed_policies, *spec.customer_policies)
    if not all(name in named for name in wanted):
        return []
    return [Standing(spec, documents(spec, named), managed={name: named[name] for name in wanted})]


def _kept(one: Standing, who: tuple[str | None, str | None] | None) -> Standing:
    return Standing(one.spec, one.documents, who=who, managed=one.managed)


def _worse(tools: Tools, work: UnitOfWork, seen: Sequence[Seen], grouped: Sequence[Grouped]) -> set[int]:
    """Users of whom their grants would cover more calls than what was planned."""
    known = work.dossiers([one.need.user for one in seen], tools.clock.now(), tools.rules.lookback)
    dossiers = {dossier.user.id: dossier for dossier in known}
    by_id = {one.need.user: one for one in seen}
    return {
        user
        for group in grouped
        for user in group.planned.users
        if _loses(tools, by_id[user], dossiers[user], group.planned)
    }


def _loses(tools: Tools, seen: Seen, dossier: Dossier, planned: Planned) -> bool:
    """Whether a user's grants would cover more of its calls."""
    named = named_policies({name: document for _, name, document in seen.need.grants}, planned.documents)
    actor, now = successor(tools, dossier, planned.spec.name), tools.clock.now()
    found = cover(ruling(planned.spec, named), actor, seen.calls, at=now)
    if not found.denied and not found.unknown:
        return False
    before = cover(ruling(spec_of(seen.need.grants, tools.rules), named), actor, seen.calls, at=now)
    return found.allowed < before.allowed
