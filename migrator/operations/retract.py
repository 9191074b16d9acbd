"""Take Identity Center access away again: only what we made, and only where nobody else uses it."""

from dataclasses import replace
from functools import partial

from migrator.domain.changes import Plan
from migrator.domain.dossier import User
from migrator.operations.apply import Apply, Order
from migrator.operations.holds import holds, removable, removal
from migrator.operations.report import Moved, carried, planned
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def retract(tools: Tools, apply: Apply, user: User, moved: Moved, reason: str, *, plan_only: bool) -> Moved:
    """The rollback's report, with what was retracted added: what it holds now, and what it held before a mapping."""
    with tools.store.read() as work:
        grants = work.access.grants()
        wished = any(grant.user == user.id for grant in grants)
        leaving = holds(work, user)
        going = removable(work, leaving, [g for g in grants if g.user != user.id and g.provisioned_at])
    changes = removal(tools, going, leaving)
    if plan_only:
        return replace(moved, changes=(*moved.changes, *(planned(change) for change in changes)))
    if not wished and not changes:
        return moved
    order = Order(user.subject, "retract", Plan(changes), tools.actor, user, reason=reason)
    ended = apply.carry_out(replace(order, require=partial(_not_any_more, user.id)))
    done = tuple(carried(step) for step in ended.steps)
    if not ended.done:
        why = "; ".join(filter(None, (moved.why, *(step.error for step in ended.failed))))
        return replace(moved, outcome="failed", changes=(*moved.changes, *done), why=why)
    if moved.outcome == "unchanged" and done:
        return replace(moved, outcome="done", changes=done, why="")
    return replace(moved, changes=(*moved.changes, *done))


def _not_any_more(user: int, work: UnitOfWork) -> None:
    """Nobody counts on the access from the moment that it begins to go: a process that dies may have taken it."""
    work.access.granted(user, None)
