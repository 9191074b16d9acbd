"""Mine usage, plan permission sets, compute coverage: a user becomes `mapped` where kind and usage are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrator.domain.changes import Plan
from migrator.domain.classify import classify
from migrator.domain.coverage import Coverage, cover, unused_granted
from migrator.domain.dossier import Dossier
from migrator.domain.errors import MigratorError
from migrator.domain.gates.table import gates_for, held_by
from migrator.domain.lifecycle import Move, State
from migrator.domain.mapping import Needs, Planned, documents, plan_sets, spec_from, specification
from migrator.domain.model import Destination, Json
from migrator.domain.policy.actors import identity_center_session
from migrator.domain.policy.evaluate import Policies
from migrator.domain.selection import Line
from migrator.operations.apply import Apply, Order
from migrator.operations.read_usage import UsageRead, read_last_accessed, read_usage
from migrator.operations.report import Moved
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

MAPPABLE = frozenset({State.DISCOVERED, State.MAPPED, State.ROLLED_BACK})
"""States in which a plan may still change."""

WITH_SET = {Destination.PERMISSION_SET: "permission-set", Destination.IAM_ROLE: "iam-role"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping came to: the reading of usage, and each user's move."""

    usage: UsageRead
    users: tuple[Moved, ...]


def map_users(tools: Tools, apply: Apply, lines: Sequence[Line]) -> Mapped:
    """Map these users; those past `mapped` stay as they are."""
    read = read_usage(tools)
    chosen = [line for line in lines if line.user.state in MAPPABLE and line.user.vanished_at is None]
    missing = read_last_accessed(tools, chosen)
    taken, blind = _names_of_others(tools)
    with tools.store.begin() as work:
        _reclassify(tools, work, chosen)
        _plan(tools, work, [line.user.id for line in chosen], taken)
        work.commit()
    with tools.store.begin() as work:
        _cover(tools, work, [line.user.id for line in chosen])
        weigh(tools, work, [line.user.id for line in chosen])
        work.commit()
    moved = {line.user.id: _move(tools, apply, line) for line in chosen}
    users = tuple(moved.get(line.user.id) or _stays(line) for line in lines)
    return Mapped(replace(read, not_checked=(*read.not_checked, *missing, *blind)), users)


def _names_of_others(tools: Tools) -> tuple[frozenset[str], tuple[str, ...]]:
    """Names of permission sets that exist and are not ours; what could not be asked."""
    with tools.store.begin() as work:
        ours = {stored.name for stored in work.access.sets()}
    try:
        return frozenset(s.name for s in tools.directory.permission_sets() if s.name not in ours), ()
    except MigratorError as error:
        return frozenset(), (f"existing permission sets: {error.what}",)


def _reclassify(tools: Tools, work: UnitOfWork, lines: Sequence[Line]) -> None:
    now = tools.clock.now()
    for dossier in dossiers(tools, work, [line.user.id for line in lines]):
        if dossier.facts is None:
            continue
        found = classify(dossier.facts, dossier.used, tools.rules, dossier.decisions, now)
        user = replace(dossier.user, kind=found.kind, kind_confidence=found.confidence, destination=found.destination)
        if user != dossier.user:
            work.users.save(user)
        work.users.believe(user.id, found.evidence)


def _plan(tools: Tools, work: UnitOfWork, users: Sequence[int], taken: frozenset[str]) -> None:
    granted = work.users.policies(users)
    known = {stored.spec["content"]: stored.name for stored in work.access.sets()}
    everyone = work.users.many(users)
    needs = [
        Needs(u.id, u.user_name, WITH_SET[u.destination], granted.get(u.id, ()), u.owner, u.cost_center)
        for u in everyone
        if u.destination in WITH_SET
    ]
    wanted: dict[int, Planned] = {}
    for planned in plan_sets(needs, known, taken, tools.rules):
        work.access.plan_set(planned.spec.name, specification(planned), "ours")
        wanted.update(dict.fromkeys(planned.users, planned))
    for user in everyone:
        planned_for = wanted.get(user.id)
        name = planned_for.spec.name if planned_for else None
        work.access.want(user.id, user.person, name, user.account_id)


def _cover(tools: Tools, work: UnitOfWork, users: Sequence[int]) -> None:
    granted = work.users.policies(users)
    services = work.usage.services(users)
    since = tools.clock.now() - tools.rules.lookback
    known = dossiers(tools, work, users)
    facts = work.usage.facts([d.facts.arn for d in known if d.facts], since)
    for dossier in known:
        if dossier.planned is None or dossier.facts is None:
            continue
        calls = facts.get(dossier.facts.arn, [])
        logged = {fact.action.partition(":")[0] for fact in calls if fact.action}
        used = {s for s, at in services.get(dossier.user.id, {}).items() if at and at >= since}
        policies = {name: document for _, name, document in granted.get(dossier.user.id, ())}
        compiled = policies_of(dossier.planned.spec, policies)
        actor = identity_center_session(
            dossier.user.account_id,
            dossier.planned.name,
            dossier.user.person or dossier.user.user_name,
            partition=dossier.facts.arn.split(":")[1],
            region=tools.rules.home_region,
        )
        found = cover(compiled, actor, calls, not_logged=sorted(used - logged), at=tools.clock.now())
        excess = unused_granted(compiled, calls, tools.catalogue)
        body = coverage_document(found, excess)
        if _differs(dossier, body):
            work.access.cover(dossier.user.id, dossier.planned.spec_sha, body, tools.clock.now())


def policies_of(spec: Json, policies: Mapping[str, Json]) -> Policies:
    """What a planned set grants and what bounds it; `policies` maps managed ARNs and policy names to documents."""
    by_name = dict(policies)
    by_name.update({"/" + arn.split(":policy/", 1)[1]: d for arn, d in policies.items() if ":policy/" in arn})
    planned = spec_from(spec)
    bound = by_name.get(planned.boundary) if planned.boundary else None
    return Policies(identity=documents(planned, by_name), boundary=bound)


def coverage_document(found: Coverage, excess: Any) -> Json:
    """A coverage as it is stored."""
    return {
        "calls": found.calls,
        "allowed": found.allowed,
        "denied": found.denied,
        "unknown": found.unknown,
        "gaps": [
            {"action": g.action, "resource": g.resource, "calls": g.calls, "last_seen": g.last_seen.isoformat()}
            for g in found.gaps
        ],
        "doubts": [{"what": d.what, "resource": d.resource, "calls": d.calls, "why": d.why} for d in found.doubts],
        "granted": excess.granted,
        "unused_granted": len(excess.unused),
        "unused_granted_percent": round(100 * len(excess.unused) / excess.granted, 1) if excess.granted else None,
    }


def _differs(dossier: Dossier, body: Json) -> bool:
    known = dossier.coverage
    if known is None or dossier.planned is None or known.spec_sha != dossier.planned.spec_sha:
        return True
    return (known.calls, known.allowed, known.denied) != (body["calls"], body["allowed"], body["denied"])


def _move(tools: Tools, apply: Apply, line: Line) -> Moved:
    with tools.store.begin() as work:
        dossier = dossiers(tools, work, [line.user.id])[0]
    results = gates_for(dossier, Move.MAP, tools.rules, tools.clock.now())
    before, held = str(line.user.state), held_by(results)
    key = line.user.key
    if held:
        why = next(f"{gate.gate}: {gate.why}" for gate in results if not gate.open)
        return Moved(key, before, before, "held", held_by=held, gates=results, why=why)
    if dossier.user.state is State.MAPPED:
        return Moved(key, before, before, "done", gates=results)
    order = Order(dossier.user.subject, "map", Plan(()), tools.actor, dossier.user, State.MAPPED)
    ended = apply.carry_out(order)
    with tools.store.begin() as work:
        weigh(tools, work, [line.user.id])
        work.commit()
    return Moved(key, before, str(ended.user.state if ended.user else before), "done", gates=results)


def _stays(line: Line) -> Moved:
    gone = "the user vanished" if line.user.vanished_at else f"already {line.user.state}"
    return Moved(line.user.key, str(line.user.state), str(line.user.state), "unchanged", why=gone)
