"""Put back what the cuts took: the same loop as forward, with the plan turned round."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from migrator.domain.carried import Carried
from migrator.domain.changes import Change, Plan
from migrator.domain.cuts import put_back
from migrator.domain.dossier import User
from migrator.domain.errors import DatabaseFailed, MigratorError, NotFound, Refused, UsageError
from migrator.domain.lifecycle import CUT, Move, State, move
from migrator.domain.same_user import OF_USERS, renamed
from migrator.domain.selection import Line
from migrator.operations.apply import Apply, Order
from migrator.operations.report import Moved, Movement, carried, planned
from migrator.operations.retract import retract
from migrator.operations.shared_deny import CUT_KINDS, used_elsewhere
from migrator.operations.weigh import weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class Undo:
    """What was asked: why, whether only to show it, whether Identity Center access goes too."""

    reason: str
    plan_only: bool = False
    retract: bool = False


def roll_back(tools: Tools, apply: Apply, lines: Sequence[Line], asked: Undo) -> Movement:
    """Roll these users back; never gated. What cannot come back is listed before and after."""
    if not asked.reason.strip():
        raise UsageError("a rollback needs a reason", next_step="give --reason TEXT")
    tools.actor  # noqa: B018  # without an identity nothing begins, and nobody is named as failed
    accounts: dict[str, list[int]] = {}
    for line in lines:
        accounts.setdefault(line.user.account_id, []).append(line.user.id)
    moved: dict[str, Moved] = {}
    for _, result in tools.pool.each(partial(_account, tools, apply, asked, accounts), sorted(accounts)):
        if isinstance(result, MigratorError):
            raise result
        moved.update({one.user: one for one in result})
    begun = [line for line in lines if line.user.key in moved]  # all, unless a stop was asked for
    if asked.retract:
        moved |= {line.user.key: _retracted(tools, apply, line, moved[line.user.key], asked) for line in begun}
    return Movement(tuple(moved[line.user.key] for line in begun))


def _account(tools: Tools, apply: Apply, asked: Undo, accounts: dict[str, list[int]], account: str) -> list[Moved]:
    return [_one(tools, apply, user, asked) for user in accounts[account] if not tools.pool.stopped]


def _one(tools: Tools, apply: Apply, user_id: int, asked: Undo) -> Moved:
    with tools.store.read() as work:
        user = work.users.get(user_id)
    try:
        moved = _undo(tools, apply, user, asked)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        with tools.store.read() as work:
            state = str(work.users.get(user_id).state)
        return Moved(user.key, str(user.state), state, "failed", why=_line(error), code=error.exit_code)
    if not asked.plan_only:
        _leave_set(tools, apply, user)
    return moved


def _leave_set(tools: Tools, apply: Apply, user: User) -> None:
    """A set left half made when a process died: what was asked of AWS is answered, the rest is for whoever needs it.

    Nobody's way back hangs on it: where AWS cannot be asked, or somebody is at work on it, it stays as it is.
    """
    with tools.store.read() as work:
        names = [grant.permission_set for grant in work.access.grants() if grant.user == user.id]
    for name in names:
        with suppress(MigratorError):
            left = apply.unfinished(f"permission-set:{name}")
            if left is not None:
                apply.abandon(left, None)


def _retracted(tools: Tools, apply: Apply, line: Line, moved: Moved, asked: Undo) -> Moved:
    """One after the other, whatever the account: people and sets are shared by users of several accounts.

    Whoever did not get the old access back keeps the new one.
    """
    if moved.outcome == "failed" and moved.after in CUT:
        return moved
    with tools.store.read() as work:
        user = work.users.get(line.user.id)
    try:
        return retract(tools, apply, user, moved, asked.reason, plan_only=asked.plan_only)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        why = "; ".join(filter(None, (moved.why, _line(error))))
        return replace(moved, outcome="failed", why=why, code=error.exit_code)


def _line(error: MigratorError) -> str:
    return f"{error.what} ({error.next_step})" if error.next_step else error.what


def _undo(tools: Tools, apply: Apply, user: User, asked: Undo) -> Moved:
    left = None if asked.plan_only else apply.unfinished(user.subject)
    if left is not None and left.kind == Move.ROLLBACK:
        return _told(tools, user, apply.resume(left, user), ())
    if left is not None:
        apply.abandon(left, user)
    with tools.store.read() as work:
        user = work.users.get(user.id)
        _require_free(work, user)
        plan = _plan(work, user)
    target = move(user.state, Move.ROLLBACK) if user.state in CUT else None
    base = Moved(user.key, str(user.state), str(target or user.state), "planned", irreversible=plan.irreversible)
    if not plan.changes and target is None:
        if not asked.plan_only:
            _weigh_again(tools, user)  # a process may have died just before it did
        return replace(base, outcome="unchanged", why="nothing of it was cut")
    if asked.plan_only:
        return replace(base, changes=tuple(planned(change) for change in plan.changes))
    _require_there(tools, user, plan)
    order = Order(
        user.subject, str(Move.ROLLBACK), plan, tools.actor, user, target, reason=asked.reason, wave=user.wave
    )
    return _told(tools, user, apply.carry_out(order), plan.irreversible)


def _require_free(work: UnitOfWork, user: User) -> None:
    """Refuse to make a deleted user again while somebody else has its name."""
    other = work.users.living(user.account_id, user.user_name) if user.state is State.DELETED else None
    if other is None or other.id == user.id:
        return
    raise Refused(
        f"{user.key} cannot be made again: another user has its name, {other.user_id}, now {other.state}",
        next_step="rename or delete that one in IAM, then: "
        f"migrator discover --account {user.account_id}, and this command again",
    )


def _plan(work: UnitOfWork, user: User) -> Plan:
    needed = used_elsewhere(work, user)
    history = work.journal.since_rollback(CUT_KINDS, user.subject).get(user.subject, ())
    plan = put_back(history, needed)
    kept = tuple(c for c in plan.changes if not (c.kind == "managed-policy" and c.deletes and _went(work, c)))
    mine = tuple(renamed(change, user) for change in kept)
    return replace(plan, changes=(*mine, *_last_one(work, history, plan, needed)))


def _require_there(tools: Tools, user: User, plan: Plan) -> None:
    """Refuse to call a user put back that is not there: it was renamed, or somebody deleted it."""
    kinds = {change.kind for change in plan.changes}
    if "user" in kinds or kinds.isdisjoint(OF_USERS):
        return
    if tools.hands.observe(Change("user", (user.account_id, user.user_name), None, None)) is None:
        raise NotFound(
            f"{user.key} does not exist in AWS any more",
            next_step=f"look whether somebody renamed it: migrator discover --account {user.account_id}",
        )


def _went(work: UnitOfWork, change: Change) -> bool:
    """Whether the managed deny that this user brought went with another one already."""
    return not work.journal.created(change.kind, change.target)


def _last_one(work: UnitOfWork, history: Iterable[Change], plan: Plan, needed: frozenset[str]) -> tuple[Change, ...]:
    """The managed deny goes with its last user, whoever it was first made for.

    The history tells whom it rode on: a deletion that was cut off half way has taken it off already.
    """
    carried = {
        (c.target[0], c.target[-1] if c.kind == "attached-policy" else str(c.after))
        for c in history
        if (c.kind == "attached-policy" and c.creates) or (c.kind == "permissions-boundary" and c.after)
    }
    going = {c.target for c in plan.changes if c.kind == "managed-policy"}
    mine = sorted(t for t in carried - going if t[1] not in needed and work.journal.created("managed-policy", t))
    documents = {t: work.journal.last("managed-policy", t) for t in mine}
    return tuple(Change("managed-policy", t, document, None) for t, document in documents.items())


def _told(tools: Tools, user: User, ended: Carried, irreversible: tuple[str, ...]) -> Moved:
    _weigh_again(tools, user)
    changes = tuple(carried(step) for step in ended.steps)
    state = str(ended.user.state if ended.user else user.state)
    failed = "; ".join(step.error for step in ended.failed)
    outcome = "failed" if ended.failed else "done"
    return Moved(user.key, str(user.state), state, outcome, changes, why=failed, irreversible=irreversible)


def _weigh_again(tools: Tools, user: User) -> None:
    with tools.store.begin() as work:
        weigh(tools, work, [user.id])
        work.commit()
