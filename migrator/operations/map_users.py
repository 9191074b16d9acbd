"""Mine usage, plan permission sets, compute coverage: a user becomes `mapped` where kind and usage are known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from migrator.domain.changes import Plan
from migrator.domain.classify import classify, with_last_use
from migrator.domain.errors import Busy, MigratorError, Stale
from migrator.domain.existing import Offer
from migrator.domain.gates.table import gates_for, held_by
from migrator.domain.grouping.plan import WHY
from migrator.domain.lifecycle import Move, State
from migrator.domain.mapping import ROLE, SET, Needs, Planned, specification
from migrator.domain.model import Destination, Evidence
from migrator.domain.selection import Line
from migrator.operations.apply import Apply, Order
from migrator.operations.choose_sets import choose_sets, read_offers
from migrator.operations.coverage import refresh_coverage
from migrator.operations.cross_check import CrossCheck, cross_check
from migrator.operations.group_users import group_users
from migrator.operations.read_guards import read_guards
from migrator.operations.read_last_accessed import read_last_accessed
from migrator.operations.read_usage import UsageRead, read_usage
from migrator.operations.report import Moved
from migrator.operations.require_center import require_center
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.rows import EXISTING, OURS
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

MAPPABLE = frozenset({State.DISCOVERED, State.MAPPED, State.ROLLED_BACK})
"""States in which a plan may still change."""

WITH_SET = {Destination.PERMISSION_SET: SET, Destination.IAM_ROLE: ROLE}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping came to: the reading of usage, each user's move, and what AWS says of coverage where asked."""

    usage: UsageRead
    users: tuple[Moved, ...]
    cross_check: CrossCheck | None = None


def map_users(tools: Tools, apply: Apply, lines: Sequence[Line]) -> Mapped:
    """Map these users; those past `mapped` stay as they are."""
    tools.actor  # noqa: B018  # STS is asked first: an outsider's usage must not get into the database
    require_center(tools, lines)
    read = read_usage(tools)
    chosen = [line for line in lines if line.user.state in MAPPABLE and line.user.vanished_at is None]
    missing = read_last_accessed(tools, chosen)
    guards = read_guards(tools, [line.user.id for line in chosen])
    taken, offers, blind = _sets_of_others(tools)
    with tools.store.begin() as work:
        chosen = _still_here(work, chosen)
        _reclassify(tools, work, chosen)
        _plan(tools, work, [line.user.id for line in chosen], taken, offers)
        work.commit()
    with tools.store.begin() as work:
        refresh_coverage(tools, work, [line.user.id for line in chosen], guards)
        weigh(tools, work, [line.user.id for line in chosen])
        work.commit()
    moved = {line.user.id: _moved(tools, apply, line) for line in chosen}
    users = tuple(moved.get(line.user.id) or _stays(line) for line in lines)
    checked = cross_check(tools, [line.user.id for line in chosen])
    return Mapped(replace(read, not_checked=(*read.not_checked, *missing, *blind)), users, checked)


def _still_here(work: UnitOfWork, lines: Sequence[Line]) -> list[Line]:
    """Those whom nobody has moved on meanwhile, nor is moving now: what is being provisioned is not planned anew."""
    rows = {user.id: user for user in work.users.many([line.user.id for line in lines])}
    moving = {run.subject for run in work.journal.unfinished()}
    fresh = (replace(line, user=rows[line.user.id]) for line in lines)
    return [line for line in fresh if line.user.state in MAPPABLE and line.user.subject not in moving]


def _sets_of_others(tools: Tools) -> tuple[frozenset[str], tuple[Offer, ...], tuple[str, ...]]:
    """Names of permission sets that exist and are not ours, these sets, and what could not be asked."""
    if not tools.rules.create_sets:
        taken, blind = _names_of_others(tools)
        return taken, read_offers(tools), blind
    taken, blind = _names_of_others(tools)
    try:
        return taken, read_offers(tools, taken), blind
    except MigratorError as error:
        return taken, (), (*blind, f"existing permission sets: {error.what} ({error.next_step})")


def _names_of_others(tools: Tools) -> tuple[frozenset[str], tuple[str, ...]]:
    with tools.store.read() as work:
        ours = {stored.name for stored in work.access.sets() if stored.origin == OURS}
    try:
        return frozenset(tools.directory.permission_set_names()) - ours, ()
    except MigratorError as error:
        return frozenset(), (f"existing permission sets: {error.what} ({error.next_step})",)


def _reclassify(tools: Tools, work: UnitOfWork, lines: Sequence[Line]) -> None:
    now = tools.clock.now()
    for dossier in dossiers(tools, work, [line.user.id for line in lines]):
        if dossier.facts is None:
            continue
        found = classify(
            with_last_use(dossier.facts, dossier.credentials), dossier.used, tools.rules, dossier.decisions, now
        )
        user = replace(dossier.user, kind=found.kind, kind_confidence=found.confidence, destination=found.destination)
        if user != dossier.user:
            work.users.save(user)
        work.users.believe(user.id, found.evidence)


def _plan(tools: Tools, work: UnitOfWork, users: Sequence[int], taken: frozenset[str], offers: Sequence[Offer]) -> None:
    """Plan and wish. Who is planned nothing and holds something keeps that wish: `--retract` takes it away.

    Who is planned something else goes on holding what it has until the new access is verified.
    """
    granted = work.users.policies(users)
    ours = {stored.name: stored for stored in work.access.sets() if stored.origin == OURS}
    everyone = work.users.many(users)
    needs = [
        Needs(u.id, u.user_name, WITH_SET[u.destination], granted.get(u.id, ()), u.owner, u.cost_center)
        for u in everyone
        if u.destination in WITH_SET
    ]
    to_make = [need for need in needs if need.kind == ROLE or tools.rules.create_sets]
    chosen = group_users(tools, work, to_make, ours, taken, offers if tools.rules.create_sets else ())
    for planned in chosen.ours:
        work.access.plan_set(planned.spec.name, specification(planned), OURS)
    arns = {offer.spec.name: offer.arn for offer in offers}
    for planned in chosen.others:
        work.access.plan_set(planned.spec.name, specification(planned), EXISTING)
        work.access.set_arn(planned.spec.name, arns[planned.spec.name])
    wanted = chosen.wanted
    for mapped, text in chosen.why.items():
        reason = Evidence(WHY, {"set": wanted[mapped], "why": text}, 1.0, "mapping", tools.clock.now())
        work.users.believe(mapped, [reason])
    if not tools.rules.create_sets:
        found = _chosen(tools, work, [need for need in needs if need.kind == SET], offers, ours)
        wanted |= {user: planned.spec.name for planned in found for user in planned.users}
    holding = {grant.user for grant in work.access.grants() if grant.provisioned_at}
    for user in everyone:
        if user.id in wanted or user.id not in holding:
            work.access.want(user.id, user.person, wanted.get(user.id), user.account_id)


def _chosen(
    tools: Tools, work: UnitOfWork, needs: Sequence[Needs], offers: Sequence[Offer], ours: Collection[str]
) -> list[Planned]:
    """Sets that exist; one that we made ourselves under another configuration stays ours."""
    chosen, arns = choose_sets(tools, work, needs, offers), {offer.spec.name: offer.arn for offer in offers}
    for planned in chosen:
        name = planned.spec.name
        work.access.plan_set(name, specification(planned), OURS if name in ours else EXISTING)
        work.access.set_arn(name, arns[name])
    return chosen


def _moved(tools: Tools, apply: Apply, line: Line) -> Moved:
    """One user's move; its failure is its own."""
    try:
        return _move(tools, apply, line)
    except (Busy, Stale) as error:
        state = str(line.user.state)
        return Moved(line.user.key, state, state, "failed", why=error.what, code=error.exit_code)


def _move(tools: Tools, apply: Apply, line: Line) -> Moved:
    with tools.store.read() as work:
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
    state, why = str(line.user.state), f"already {line.user.state}"
    if line.user.vanished_at:
        why = "the user vanished"
    elif line.user.state in MAPPABLE:
        why = "it is being moved right now"
    return Moved(line.user.key, state, state, "unchanged", why=why)
