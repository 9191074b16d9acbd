"""Permissions written down: statements, wildcards where a level is really used, policies that exist already."""

import json
from collections.abc import Collection, Iterable, Mapping

from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.grants import Permission
from migrator.domain.grouping.resources import widened
from migrator.domain.model import Json
from migrator.domain.policy.document import CURRENT
from migrator.domain.policy.fit import DEFAULT_QUOTAS, size
from migrator.domain.policy.merge import minify

LEVELS = frozenset({"List", "Read"})
"""The access levels that wildcards are written for: nobody changes anything by an action nobody asked for."""

REALLY_USED = 0.7
"""From this share of its actions on, a level of a service counts as used as a whole."""

_VERBS = ("Describe", "Get", "List", "BatchGet", "Search", "Query")
_FEWEST = 3


def write(permissions: Collection[Permission], denials: Iterable[Json] = ()) -> Json:
    """The shortest policy of our shape that grants exactly this: actions with the same resources share a statement.

    Where that is larger than a set may hold, resources of one kind become patterns first.
    """
    exact = _document(permissions, denials)
    if size(exact) <= DEFAULT_QUOTAS.set_inline:
        return exact
    return _document(_widened(permissions), denials)


def too_large(permissions: Collection[Permission], denials: Collection[Json] = ()) -> bool:
    """Whether no policy of a set could hold these."""
    roughly = sum(len(one.action) + len(one.scope) for one in permissions) + sum(size(one) for one in denials)
    if roughly < DEFAULT_QUOTAS.set_inline:
        return False
    return size(write(permissions, denials)) > DEFAULT_QUOTAS.set_inline


def generalised(
    permissions: Collection[Permission], catalogue: Catalogue, room: int
) -> tuple[frozenset[Permission], frozenset[str]]:
    """Writes `Verb*` of a service for its actions of a reading level, where nearly all of them are used.

    At most `room` actions are added, fewest first; returns the permissions and what was added.
    """
    kept, added = set(permissions), set[str]()
    found = sorted(_levels(permissions, catalogue), key=lambda one: (len(one[2]), one[0], one[1]))
    for pattern, scope, more, used in found:
        if len(added | more) <= room:
            added |= more
            kept -= {Permission(action, scope) for action in used}
            kept.add(Permission(pattern, scope))
    return frozenset(kept), frozenset(added)


def _levels(
    permissions: Iterable[Permission], catalogue: Catalogue
) -> Iterable[tuple[str, str, frozenset[str], frozenset[str]]]:
    """(pattern, scope, actions it adds, actions it stands for) of every level that is really used."""
    by_scope: dict[tuple[str, str], set[str]] = {}
    for one in permissions:
        if "*" not in one.action:
            by_scope.setdefault((one.action.partition(":")[0], one.scope), set()).add(one.action)
    for (service, scope), used in sorted(by_scope.items()):
        if len(used) < _FEWEST:
            continue
        every = {f"{service}:{name}" for name in catalogue.actions(service)}
        for verb in _VERBS:
            named = {action for action in every if action.partition(":")[2].startswith(verb)}
            wanted = frozenset(used & named)
            harmless = all(catalogue.access_level(action) in LEVELS for action in named)
            if len(wanted) >= _FEWEST and harmless and len(wanted) >= REALLY_USED * len(named):
                yield f"{service}:{verb}*", scope, frozenset(named - wanted), wanted


def _document(permissions: Iterable[Permission], denials: Iterable[Json]) -> Json:
    scopes: dict[str, set[str]] = {}
    for one in permissions:
        scopes.setdefault(one.action, set()).add(one.scope)
    together: dict[tuple[str, ...], list[str]] = {}
    for action, found in sorted(scopes.items()):
        together.setdefault(tuple(sorted(found)), []).append(action)
    statements = [one for found, actions in sorted(together.items()) for one in _statements(actions, found)]
    denied = [json.loads(one) for one in sorted({json.dumps(one, sort_keys=True) for one in denials})]
    return minify({"Version": CURRENT, "Statement": [*statements, *denied]})


def _statements(actions: list[str], scopes: Iterable[str]) -> Iterable[Json]:
    """One statement for all plain resources under one condition; a NotResource has one of its own."""
    plain: dict[str, list[str]] = {}
    for scope in scopes:
        rest = json.loads(scope)
        if "NotResource" in rest:
            yield {"Effect": "Allow", "Action": actions, **rest}
        else:
            condition = json.dumps(rest.get("Condition"), sort_keys=True, ensure_ascii=False)
            plain.setdefault(condition, []).append(rest["Resource"])
    for condition, resources in sorted(plain.items()):
        made = {"Effect": "Allow", "Action": actions, "Resource": sorted(resources)}
        yield made if condition == "null" else {**made, "Condition": json.loads(condition)}


def _widened(permissions: Iterable[Permission]) -> set[Permission]:
    """The same with fewer resources: more than one of a kind become their common beginning."""
    kept: set[Permission] = set()
    plain: dict[tuple[str, str], list[str]] = {}
    for one in permissions:
        rest: Mapping[str, Json] = json.loads(one.scope)
        resource = rest.get("Resource")
        if isinstance(resource, str):
            plain.setdefault((one.action, json.dumps(rest.get("Condition"), sort_keys=True)), []).append(resource)
        else:
            kept.add(one)
    for (action, condition), resources in plain.items():
        for pattern in widened(resources, few=1):
            rest = (
                {"Resource": pattern}
                if condition == "null"
                else {"Resource": pattern, "Condition": json.loads(condition)}
            )
            kept.add(Permission(action, json.dumps(rest, sort_keys=True, ensure_ascii=False)))
    return kept
