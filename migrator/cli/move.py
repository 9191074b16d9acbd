"""`migrator advance` and `migrator rollback`: plan → show → confirm → apply → show."""

from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from migrator.domain.lifecycle import State
    from migrator.operations.report import Movement

To = Annotated[str | None, typer.Option(help="How far; deletion only by name: --to deleted.")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Print the changes and stop.")]


def advance(
    ctx: typer.Context,
    users: choose.Users = None,
    wave: choose.Wave = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
    to: To = None,
    plan: PlanOnly = False,
) -> int:
    """Move users as far as their gates allow, never past deactivated unless --to deleted."""
    from migrator.cli.render.moves import moves_table
    from migrator.cli.shapes import movement_shape
    from migrator.domain.lifecycle import State
    from migrator.operations.advance import Advance
    from migrator.operations.advance import advance as move_users
    from migrator.operations.waves import start

    desk: Desk = ctx.obj
    goal = _goal(to)
    agreed: Mapping[str, Collection[str]] | None = {}
    lines = choose.choose_users(desk, users, wave=wave, account=account, state=state, kind=kind, where=where)
    if wave is not None and not plan:
        start(desk.tools, wave)
    if goal is State.DELETED and not plan:
        shown = move_users(desk.tools, desk.apply, lines, Advance(goal, plan_only=True))
        agreed = _agree_to_deletion(desk, shown)
    movement = move_users(desk.tools, desk.apply, lines, Advance(goal, plan_only=plan, agreed=agreed))
    desk.answer(movement_shape(movement), lambda: moves_table(movement, plan=plan))
    return movement.exit_code


def rollback(
    ctx: typer.Context,
    users: choose.Users = None,
    reason: Annotated[str, typer.Option(help="Why; required, and recorded.")] = "",
    wave: choose.Wave = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
    plan: PlanOnly = False,
    retract: Annotated[bool, typer.Option("--retract", help="Take Identity Center access away, too.")] = False,
) -> int:
    """Put back what the cuts took, exactly. Never gated."""
    from migrator.cli.render.moves import moves_table
    from migrator.cli.shapes import movement_shape
    from migrator.operations.roll_back import Undo, roll_back

    desk: Desk = ctx.obj
    if not reason.strip():
        raise UsageError("a rollback needs a reason", next_step="give --reason TEXT")
    lines = choose.choose_users(desk, users, wave=wave, account=account, state=state, kind=kind, where=where)
    movement = roll_back(desk.tools, desk.apply, lines, Undo(reason, plan_only=plan, retract=retract))
    desk.answer(movement_shape(movement), lambda: moves_table(movement, plan=plan))
    return movement.exit_code


def _goal(text: str | None) -> "State":
    from migrator.domain.lifecycle import State
    from migrator.operations.advance import LAST_SAFE

    if text is None:
        return LAST_SAFE
    forward = ("mapped", "provisioned", "verified", "quarantined", "deactivated", "deleted")
    if text not in forward:
        raise UsageError(f"cannot advance to {text!r}", next_step=f"one of: {', '.join(forward)}")
    return State(text)


def _agree_to_deletion(desk: Desk, shown: "Movement") -> "Mapping[str, Collection[str]] | None":
    """Ask where a deletion comes next; who comes to one that was not shown needs `--yes`, which agrees to all."""
    doomed = [moved for moved in shown.users if moved.outcome == "planned" and moved.after == "deleted"]
    if not doomed:
        return None if desk.options.yes else {}
    from migrator.cli.render.moves import losses

    for line in losses(shown):
        desk.warn(line)
    if not desk.agree("Delete these users for good?"):
        raise UsageError("nothing was deleted", next_step="run the same command again when you are sure")
    return None if desk.options.yes else {moved.user: (*moved.irreversible, *moved.not_checked) for moved in doomed}
