"""`migrator users`: facts about users, and what people decide about them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from migrator.domain.lifecycle import Move
    from migrator.domain.selection import Line
    from migrator.operations.decide import Word

app = group("Users: facts, gates, decisions.")

Until = Annotated[str | None, typer.Option(help="Until this day (YYYY-MM-DD).")]


@app.command("list")
def list_users(
    ctx: typer.Context,
    users: choose.Users = None,
    wave: choose.Wave = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
) -> None:
    """List users with kind, state, credentials and what holds them."""
    from migrator.cli.render.users import users_table
    from migrator.cli.shapes import user_shape

    desk: Desk = ctx.obj
    lines = choose.choose_users(
        desk, users, wave=wave, account=account, state=state, kind=kind, where=where, everybody=True
    )
    with desk.tools.store.read() as work:
        gates = work.gates([line.user.id for line in lines])
    data = [user_shape(line, gates) for line in lines]
    desk.answer(data, lambda: users_table(data, desk.tools.clock.now()))


@app.command("show")
def show_user(ctx: typer.Context, user: str) -> None:
    """Show one user: evidence, credentials, permissions, gates, timeline."""
    from migrator.cli.render.users import user_page

    desk: Desk = ctx.obj
    data = user_data(desk, choose.one_user(desk, user))
    desk.answer(data, lambda: user_page(data, desk.tools.clock.now()))


def user_data(desk: Desk, line: "Line") -> dict[str, Any]:
    """Everything about one user, as `users show --json` tells it."""
    from migrator.cli.shapes import dossier_shape, timeline_shape, user_shape

    tools = desk.tools
    with tools.store.read() as work:
        dossier = work.dossiers([line.user.id], tools.clock.now(), tools.rules.lookback)[0]
        gates = work.gates([line.user.id])
        timeline = work.record.entries(line.user.subject)
    return {**user_shape(line, gates), **dossier_shape(dossier), "timeline": timeline_shape(timeline)}


@app.command("classify")
def classify(
    ctx: typer.Context,
    users: choose.Users,
    kind: Annotated[str, typer.Option("--as", help="human, machine, break-glass or unknown.")],
    reason: choose.Reason,
) -> int:
    """Decide what a user is: human, machine, break-glass or unknown."""
    from migrator.operations.decide import kind_word

    return _decide(ctx.obj, users, kind_word(kind, reason))


@app.command("destine")
def destine(
    ctx: typer.Context,
    users: choose.Users,
    destination: Annotated[str, typer.Option("--to", help="permission-set, iam-role, retire or keep.")],
    reason: choose.Reason,
) -> int:
    """Decide where a user's access goes: permission-set, iam-role, retire or keep."""
    from migrator.operations.decide import destination_word

    return _decide(ctx.obj, users, destination_word(destination, reason))


@app.command("link")
def link(
    ctx: typer.Context,
    users: choose.Users,
    to: Annotated[list[str], typer.Option(help="The person's address; repeat it for a team's user.")],
    reason: choose.Reason = "linked by hand",
) -> int:
    """Say whose user it is."""
    emails = [email.strip().lower() for text in to for email in text.replace(",", " ").split()]
    return _decide(ctx.obj, users, _word("link", emails, reason))


@app.command("hold")
def hold(ctx: typer.Context, users: choose.Users, reason: choose.Reason) -> int:
    """Keep a user where it is until it is released."""
    return _decide(ctx.obj, users, _word("hold", value=True, reason=reason))


@app.command("release")
def release(ctx: typer.Context, users: choose.Users, reason: choose.Reason) -> int:
    """Let a held user move again."""
    return _decide(ctx.obj, users, _word("hold", value=False, reason=reason))


@app.command("own")
def own(
    ctx: typer.Context,
    users: choose.Users,
    owner: Annotated[str, typer.Option(help="The team that answers for it.")],
    cost_center: Annotated[str | None, typer.Option(help="The cost center.")] = None,
    until: Until = None,
    reason: choose.Reason = "owner named by hand",
) -> int:
    """Say which team and cost center answer for a user."""
    return _decide(ctx.obj, users, _word("owner", {"owner": owner, "cost_center": cost_center}, reason, until))


@app.command("exclude")
def exclude(ctx: typer.Context, users: choose.Users, reason: choose.Reason, until: Until = None) -> int:
    """Keep an IAM user on purpose, until a day."""
    if until is None:
        raise UsageError("an exclusion needs an end", next_step="give --until YYYY-MM-DD")
    from migrator.domain.lifecycle import Move

    return _decide(ctx.obj, users, _word("exclude", value=True, reason=reason, until=until, move=Move.EXCLUDE))


@app.command("readmit")
def readmit(ctx: typer.Context, users: choose.Users, reason: choose.Reason = "readmitted") -> int:
    """Let an excluded user begin the way again."""
    from migrator.domain.lifecycle import Move

    return _decide(ctx.obj, users, _word("exclude", value=False, reason=reason, move=Move.READMIT))


def _word(what: str, value: object, reason: str, until: str | None = None, move: "Move | None" = None) -> "Word":
    from migrator.operations.decide import Word

    return Word(what, value, reason, choose.a_moment(until), move)


def _decide(desk: Desk, names: Sequence[str] | None, word: "Word") -> int:
    from migrator.cli.render.moves import moves_table
    from migrator.cli.shapes import movement_shape
    from migrator.operations.decide import decide
    from migrator.operations.report import Movement

    lines = choose.choose_users(desk, names)
    movement = Movement(tuple(decide(desk.tools, lines, word)))
    desk.answer(movement_shape(movement), lambda: moves_table(movement))
    return movement.exit_code
