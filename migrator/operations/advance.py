"""Move users forward as far as their gates allow: ask the table, judge, plan, apply, one move at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from migrator.domain.canonical import digest
from migrator.domain.changes import Change, Plan
from migrator.domain.cuts import deactivate, delete, quarantine, quarantine_arn
from migrator.domain.dossier import Dossier, User
from migrator.domain.errors import DatabaseFailed, MigratorError, NotFound, Refused, Stale
from migrator.domain.gates.table import unchecked
from migrator.domain.lifecycle import CUTTING, Move, State, move, next_for, reached
from migrator.domain.model import Destination, Json, UserFacts
from migrator.domain.selection import Line
from migrator.domain.snapshot import to_document
from migrator.operations.apply import Apply, Order
from migrator.operations.coverage import refresh_coverage
from migrator.operations.holds import leftover, removal
from migrator.operations.last_look import last_look
from migrator.operations.left_over import doomed, finish_left, show_left
from migrator.operations.map_users import map_users
from migrator.operations.provision import Provisioning, plan_provisioning, provision, remember_person, show
from migrator.operations.read_guards import read_guards
from migrator.operations.read_trails import refresh_trails
from migrator.operations.read_usage import read_usage
from migrator.operations.report import Done, Moved, Movement, carried, planned
from migrator.operations.self_lockout import self_lockout
from migrator.operations.shared_deny import cleanup
from migrator.operations.weigh import Weighed, weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

LAST_SAFE = State.DEACTIVATED
"""How far a user goes unless deletion is asked for by name."""


LISTENING = frozenset({State.PROVISIONED, State.VERIFIED, State.QUARANTINED, State.DEACTIVATED})
"""States whose next gates ask what the trails say."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What was asked: how far, whether only to show it, and to which deletions somebody said yes.

    `agreed` holds, by user, what was shown as lost for good or not checked; None agrees to whatever comes (`--yes`).
    No user is begun after `until`: those are left out of the answer. `renew` gives access again that was retracted.
    """

    goal: State = LAST_SAFE
    plan_only: bool = False
    agreed: Mapping[str, Collection[str]] | None = field(default_factory=dict)
    until: datetime | None = None
    renew: bool = True


class HeldBack(MigratorError):
    """A gate closed between the look at it and the first write."""

    def __init__(self, weighed: Weighed) -> None:
        super().__init__(f"{weighed.dossier.user.key} is held by {', '.join(weighed.held_by)}")
        self.weighed = weighed


def advance(tools: Tools, apply: Apply, lines: Sequence[Line], asked: Advance) -> Movement:
    """Move these users; accounts in parallel, the users of one account one after the other."""
    tools.actor  # noqa: B018  # without an identity nothing begins, and nobody is named as failed
    fresh = [line for line in lines if line.user.state is State.DISCOVERED and line.user.vanished_at is None]
    if fresh and not asked.plan_only:
        map_users(tools, apply, fresh)
    if any(line.user.state in LISTENING for line in lines):
        _listen(tools, lines)
    accounts: dict[str, list[int]] = {}
    for line in lines:
        accounts.setdefault(line.user.account_id, []).append(line.user.id)
    moved: dict[str, Moved] = {}
    for account, result in tools.pool.each(partial(_account, tools, apply, asked, accounts), sorted(accounts)):
        if isinstance(result, MigratorError):
            raise result
        moved.update({one.user: one for one in result})
        tools.tell(f"{account}: {len(result)} users")
    begun = [line for line in lines if line.user.key in moved]  # all, unless a stop was asked for
    moved |= {line.user.key: _from_the_first(moved[line.user.key], line) for line in fresh if line in begun}
    return Movement(tuple(moved[line.user.key] for line in begun))


def _from_the_first(moved: Moved, line: Line) -> Moved:
    """The mapping that came before belongs to the move: who was held after it has moved all the same."""
    if moved.before == line.user.state:
        return moved
    outcome = "done" if moved.outcome in ("held", "unchanged") else moved.outcome
    return replace(moved, before=str(line.user.state), outcome=outcome)


def _listen(tools: Tools, lines: Sequence[Line]) -> None:
    """Sign-ins and screams first; where a trail cannot be read, the gates that need it stay as they are."""
    refresh_trails(tools, {line.user.account_id for line in lines if line.user.state in LISTENING})
    try:
        read_usage(tools)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        tools.tell(f"usage was not read: {error.what}")
        return
    waiting = [line.user.id for line in lines if line.user.state is State.PROVISIONED]
    guards = read_guards(tools, waiting, again=False)
    with tools.store.begin() as work:
        refresh_coverage(tools, work, waiting, guards)
        work.commit()


def _account(tools: Tools, apply: Apply, asked: Advance, accounts: dict[str, list[int]], account: str) -> list[Moved]:
    users = accounts[account]
    return [_walk(tools, apply, user, users, asked) for user in users if not _over(tools, asked)]


def _over(tools: Tools, asked: Advance) -> bool:
    return tools.pool.stopped or (asked.until is not None and tools.clock.now() >= asked.until)


def _walk(tools: Tools, apply: Apply, user_id: int, together: Sequence[int], asked: Advance) -> Moved:
    """One user's way; what was done before an obstacle stays done and is told."""
    with tools.store.read() as work:
        user = work.users.get(user_id)
    start, changes, lost = str(user.state), list[Done](), list[str]()
    try:
        while True:
            step = _step(tools, apply, user, together, asked)
            changes += step.changes
            lost += step.irreversible
            if step.outcome != "done" or asked.plan_only:
                break
            with tools.store.read() as work:
                user = work.users.get(user_id)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        with tools.store.read() as work:
            state = str(work.users.get(user_id).state)
        return Moved(
            user.key,
            start,
            state,
            "failed",
            tuple(changes),
            why=_line(error),
            irreversible=tuple(lost),
            code=error.exit_code,
        )
    state = step.after
    arrived = (state != start and step.outcome == "held") or (
        bool(changes or state != start) and step.outcome == "unchanged"
    )
    why = "" if arrived and step.outcome == "unchanged" else step.why
    return replace(
        step,
        before=start,
        after=state,
        outcome="done" if arrived else step.outcome,
        changes=tuple(changes),
        irreversible=tuple(lost),
        why=why,
    )


def _step(tools: Tools, apply: Apply, user: User, together: Sequence[int], asked: Advance) -> Moved:
    """At most one move. `together` are the account's users of this call: one search for references serves all."""
    left = _left_over(tools, apply, user, asked)
    if left is not None:
        return left
    if user.state is State.PROVISIONED and not asked.plan_only:
        remember_person(tools, user)
    retracted = _retracted(tools, user)
    name = next_for(user.state, retracted=retracted)
    if retracted and not user.vanished_at and not (asked.renew and reached(asked.goal, State.PROVISIONED)):
        return replace(_stays(user, asked), why=f"its access was retracted: migrator advance {user.key} gives it again")
    arrived = reached(user.state, asked.goal) and not retracted
    if name is None or arrived or user.state is State.ROLLED_BACK or user.vanished_at:
        if not asked.plan_only:
            _weigh_again(tools, user.id)  # a process may have died between its last change and this
        return _stays(user, asked)
    target = user.state if retracted else move(user.state, name)
    user = last_look(tools, user, name, together)
    with tools.store.begin() as work:
        weighed = weigh(tools, work, [user.id])[0]
        work.commit()
    if weighed.held_by:
        return _held(user, weighed)
    try:
        return _make(tools, apply, weighed, name, target, asked)
    except HeldBack as error:
        return _held(user, error.weighed)


def _retracted(tools: Tools, user: User) -> bool:
    with tools.store.read() as work:
        granted = any(grant.provisioned_at for grant in work.access.grants([user.id]))
    return Dossier(user, provisioned_at=user.state_since if granted else None).retracted


def _left_over(tools: Tools, apply: Apply, user: User, asked: Advance) -> Moved | None:
    """What a dead process left of this user's work goes first."""
    left = apply.unfinished(user.subject)
    if left is None:
        return None
    if asked.plan_only:
        return show_left(tools, user, left)
    if left.kind == Move.DELETE:
        with tools.store.read() as work:
            _require_agreed(user, doomed(work.journal.steps(left)), asked)
    return finish_left(tools, apply, user, left)


def _still_open(tools: Tools, planned: Dossier, work: UnitOfWork) -> None:
    """Gates and facts once more, in the transaction that begins the run: now nobody else can begin one."""
    weighed = weigh(tools, work, [planned.user.id])[0]
    if weighed.held_by:
        raise HeldBack(weighed)
    if _facts_hash(weighed.dossier) != _facts_hash(planned):
        raise Stale(
            f"{planned.user.key} was read again while this was planned, and is not what it was",
            next_step="run the same command again",
        )


def _facts_hash(dossier: Dossier) -> str:
    """The hash of the snapshot from which a plan is made: whoever reads the journal finds it among the documents."""
    return digest(to_document(dossier.facts)) if dossier.facts else ""


def _require_agreed(user: User, lost: Collection[str], asked: Advance) -> None:
    """Refuse a deletion that nobody asked for by name, or that costs more than what was shown."""
    if asked.goal is not State.DELETED:
        raise Refused(
            f"{user.key}: its deletion was cut off half way",
            next_step=f"migrator advance {user.key} --to deleted finishes it, migrator rollback undoes what it can",
        )
    if asked.agreed is not None and not set(lost) <= set(asked.agreed.get(user.key, ())):
        raise Refused(
            f"{user.key}: its deletion was not shown and agreed to as it is now",
            next_step="run the same command again and say yes, or give --yes",
        )


def _make(tools: Tools, apply: Apply, weighed: Weighed, name: Move, target: State, asked: Advance) -> Moved:
    dossier, user = weighed.dossier, weighed.dossier.user
    blind = unchecked(weighed.gates)
    base = Moved(user.key, str(user.state), str(target), "done", gates=weighed.gates, not_checked=blind)
    if name is Move.PROVISION:
        plan = plan_provisioning(tools, dossier, tools.actor)
        if asked.plan_only:
            return replace(base, outcome="planned", changes=show(plan))
        return _provisioned(tools, apply, dossier, replace(plan, own=replace(plan.own, to=target)), base)
    cut = _plan(tools, dossier, name)
    if asked.plan_only:
        changes = tuple(planned(change) for change in cut.changes)
        return replace(base, outcome="planned", changes=changes, irreversible=cut.irreversible)
    if name is Move.DELETE:
        _require_agreed(user, (*cut.irreversible, *blind), asked)
    require, facts = partial(_still_open, tools, dossier), _facts_hash(dossier)
    order = Order(user.subject, str(name), cut, tools.actor, user, target, facts, wave=user.wave, require=require)
    ended = apply.carry_out(order)
    changes = tuple(carried(step) for step in ended.steps)
    if not ended.done:
        why = "; ".join(step.error for step in ended.failed) or "not everything was made"
        state = str(ended.user.state if ended.user else user.state)
        return replace(base, after=state, outcome="failed", changes=changes, why=why)
    _weigh_again(tools, user.id)
    return replace(base, changes=changes, irreversible=cut.irreversible)


def _provisioned(tools: Tools, apply: Apply, dossier: Dossier, plan: Provisioning, base: Moved) -> Moved:
    own = replace(plan.own, facts_hash=_facts_hash(dossier), require=partial(_still_open, tools, dossier))
    ended, changes = provision(tools, apply, dossier, replace(plan, own=own))
    if ended is None or not ended.done:
        why = "; ".join(done.error for done in changes if done.error)
        return replace(base, after=base.before, outcome="failed", changes=tuple(changes), why=why)
    _weigh_again(tools, dossier.user.id)
    return replace(base, changes=tuple(changes))


def _plan(tools: Tools, dossier: Dossier, name: Move) -> Plan:
    facts = dossier.facts
    if name is Move.VERIFY:
        return Plan(_of_an_earlier_plan(tools, dossier.user))
    if name not in CUTTING:
        return Plan(())
    if facts is None:
        raise NotFound(f"{dossier.user.key} was never read", next_step="migrator discover")
    us = self_lockout(tools, facts)
    if us or dossier.protected:
        raise Refused(
            f"{dossier.user.key} must not be cut: {'; '.join((*us, *dossier.protected))}",
            next_step="use another identity for this work, or exclude the user",
        )
    if name is Move.QUARANTINE and _without_access(dossier):
        raise Refused(
            f"{dossier.user.key} must not be cut: its new access was retracted",
            next_step="give the person access again, or exclude the user",
        )
    if name is Move.QUARANTINE:
        return quarantine(facts, _managed_deny(tools, facts))
    if name is Move.DEACTIVATE:
        return Plan((*quarantine(facts, _managed_deny(tools, facts)).changes, *deactivate(facts).changes))
    plan = delete(facts)
    return replace(plan, changes=(*plan.changes, *cleanup(tools, dossier.user, facts)))


def _of_an_earlier_plan(tools: Tools, user: User) -> tuple[Change, ...]:
    """What goes now that the new access is known to work: whatever was provisioned before a mapping to something else.

    Leavers change nothing here (contract, "States"); `--retract` takes theirs.
    """
    if user.destination is Destination.RETIRE:
        return ()
    with tools.store.read() as work:
        leaving, going = leftover(work, user)
    return removal(tools, going, leaving)


def _without_access(dossier: Dossier) -> bool:
    return dossier.user.destination is Destination.PERMISSION_SET and dossier.provisioned_at is None


def _managed_deny(tools: Tools, facts: UserFacts) -> Json:
    return tools.hands.observe(Change("managed-policy", (facts.account_id, quarantine_arn(facts)), None, None))


def _weigh_again(tools: Tools, user: int) -> None:
    with tools.store.begin() as work:
        weigh(tools, work, [user])
        work.commit()


def _held(user: User, weighed: Weighed) -> Moved:
    closed = [gate for gate in weighed.gates if not gate.open]
    why = "; ".join(f"{gate.gate}: {gate.why}" for gate in closed)
    held = tuple(gate.gate for gate in closed)
    return Moved(user.key, str(user.state), str(user.state), "held", held_by=held, gates=weighed.gates, why=why)


def _stays(user: User, asked: Advance) -> Moved:
    why = f"already {user.state}"
    if user.vanished_at:
        why = "the user vanished"
    elif user.state is State.ROLLED_BACK:
        why = f"rolled back: migrator map {user.key} lets it begin again"
    elif user.state is LAST_SAFE and asked.goal is LAST_SAFE:
        why = "as far as it goes without --to deleted"
    return Moved(user.key, str(user.state), str(user.state), "unchanged", why=why)


def _line(error: MigratorError) -> str:
    return f"{error.what} ({error.next_step})" if error.next_step else error.what
