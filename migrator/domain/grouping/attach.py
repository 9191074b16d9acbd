"""Managed policies in place of own statements, where they grant what is needed and hardly more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.grants import Grants, Permission
from migrator.domain.grouping.partition import WAYS, Expansion
from migrator.domain.grouping.policy import LEVELS
from migrator.domain.grouping.ready import granted_actions, grants_whole
from migrator.domain.model import Json
from migrator.domain.policy.fit import DEFAULT_QUOTAS

WORTH = 3
"""So many permissions a policy must stand for to be worth a place among the ten of a role."""


@dataclass(frozen=True, slots=True)
class Managed:
    """A managed policy: its name as a set writes it, every action it grants, and its statements."""

    name: str
    grants: Grants
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attached:
    """Policies to attach, what is left to write, and the actions that they add."""

    names: tuple[str, ...]
    left: frozenset[Permission]
    added: frozenset[str]


def managed_policies(documents: Mapping[str, Json], expansion: Expansion) -> tuple[Managed, ...]:
    """The policies that may be attached, by name: those that deny something are nobody's to give."""
    compiled = ((name, Grants([document], {})) for name, document in sorted(documents.items()))
    return tuple(Managed(name, g, granted_actions(g, expansion)) for name, g in compiled if not g.denials)


def attach(
    permissions: Collection[Permission],
    needed: frozenset[str],
    candidates: Sequence[Managed],
    room: int,
    catalogue: Catalogue,
) -> Attached:
    """Takes the policy that stands for most, again and again, as long as at most `room` actions come with them.

    What comes unasked must be of a reading level and no way to more access, and no changing action may reach further
    than it has to.
    """
    left, added, names = frozenset(permissions), frozenset[str](), list[str]()
    pool = [one for one in candidates if len(one.actions - needed) <= room and _harmless(one, needed, catalogue)]
    while pool and len(names) < DEFAULT_QUOTAS.role_policies:
        stands = {one.name: _stands_for(one, left, catalogue) for one in pool}
        best = min(pool, key=lambda one: (-len(stands[one.name]), len(one.actions - needed), one.name))
        pool.remove(best)
        more = added | (best.actions - needed)
        if len(stands[best.name]) < WORTH:
            break
        if len(more) <= room:
            left, added = left - stands[best.name], more
            names.append(best.name)
    return Attached(tuple(sorted(names)), left, added)


def _harmless(one: Managed, needed: frozenset[str], catalogue: Catalogue) -> bool:
    more = one.actions - needed
    opened = {action.lower() for action in one.actions}
    asked = {action.lower() for action in needed}
    reading = all(catalogue.access_level(action) in LEVELS for action in more)
    return reading and not any(way <= opened and not way <= asked for way in WAYS)


def _stands_for(one: Managed, left: frozenset[Permission], catalogue: Catalogue) -> frozenset[Permission]:
    """What it grants of these; nothing where it would let somebody change more than is needed."""
    found = frozenset(each for each in left if grants_whole(one.grants, each))
    changing = {each.action for each in left if each.action in one.actions and not _reads(each.action, catalogue)}
    for action in changing:
        scopes = {scope for allow in one.grants.allowing(action) for scope in allow.scopes}
        if not scopes <= {each.scope for each in left if each.action == action}:
            return frozenset()
    return found


def _reads(action: str, catalogue: Catalogue) -> bool:
    return catalogue.access_level(action) in LEVELS
