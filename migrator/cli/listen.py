"""`migrator listen`: the selectors that make quarantined users audible. Plan → show → confirm → apply → show."""

from typing import TYPE_CHECKING

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from migrator.domain.selection import Line
    from migrator.operations.listen import Listened

app = group("Listening: the trail's selectors that make refused data-plane calls of users under test heard.")


@app.command("plan")
def plan_listening(
    ctx: typer.Context, users: choose.Users = None, wave: choose.Wave = None, account: choose.Account = None
) -> int:
    """Show which selectors users need, and what they cost; without a name, those quarantined or deactivated."""
    from migrator.operations.listen import plan_listening as plan

    desk: Desk = ctx.obj
    return _tell(desk, plan(desk.tools, _chosen(desk, users, wave, account)))


@app.command("apply")
def apply_listening(
    ctx: typer.Context, users: choose.Users = None, wave: choose.Wave = None, account: choose.Account = None
) -> int:
    """Let the trail record these users' data events; what it records already stays."""
    from migrator.operations.listen import finish_listening
    from migrator.operations.listen import plan_listening as plan

    desk: Desk = ctx.obj
    lines = _chosen(desk, users, wave, account)
    finish_listening(desk.tools, desk.apply)
    return _carry(desk, plan(desk.tools, lines))


@app.command("remove")
def remove_listening(
    ctx: typer.Context, users: choose.Users = None, wave: choose.Wave = None, account: choose.Account = None
) -> int:
    """Take migrator's selectors away again, exactly; without a name, all of them."""
    from migrator.operations.listen import finish_listening, plan_silence

    desk: Desk = ctx.obj
    lines = choose.choose_users(desk, users, wave=wave, account=account) if users or wave or account else None
    finish_listening(desk.tools, desk.apply)
    return _carry(desk, plan_silence(desk.tools, lines))


def _chosen(desk: Desk, users: list[str] | None, wave: str | None, account: str | None) -> "list[Line]":
    from migrator.operations.listen import UNDER_TEST

    if users or wave or account:
        return choose.choose_users(desk, users, wave=wave, account=account)
    return [line for line in choose.choose_users(desk, everybody=True) if line.user.state in UNDER_TEST]


def _carry(desk: Desk, plan: "Listened") -> int:
    from migrator.operations.listen import carry_listening

    if not plan.changes:
        return _tell(desk, plan)
    if not desk.options.yes:
        _show(desk, plan)
    if not desk.agree("Change what these trails record?"):
        raise UsageError("nothing was changed", next_step="run the same command again when you are sure")
    return _tell(desk, carry_listening(desk.tools, desk.apply, plan))


def _show(desk: Desk, plan: "Listened") -> None:
    from migrator.cli.render.listen import listening_lines

    for line in listening_lines(plan):
        desk.warn(line)


def _tell(desk: Desk, listened: "Listened") -> int:
    from migrator.cli.render.listen import listening_page, listening_shape

    desk.answer(listening_shape(listened), lambda: listening_page(listened))
    return listened.exit_code
