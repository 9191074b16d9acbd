"""`migrator screams`: evidence of breakage."""

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group

app = group("Screams: what still needs the old credentials.")


@app.command("list")
def list_screams(ctx: typer.Context) -> None:
    """List screams with call, address and agent."""
    from migrator.cli.render.screams import screams_table
    from migrator.cli.shapes import scream_shape
    from migrator.operations.screams import every

    desk: Desk = ctx.obj
    data = [scream_shape(scream, user) for scream, user in every(desk.tools)]
    desk.answer(data, lambda: screams_table(data, desk.tools.clock.now()))


@app.command("show")
def show_scream(ctx: typer.Context, scream_id: int) -> None:
    """Show one scream with the likely fix."""
    from migrator.cli.render.screams import scream_page
    from migrator.cli.shapes import scream_shape
    from migrator.domain.errors import NotFound
    from migrator.domain.screams import likely_fix
    from migrator.operations.screams import every

    desk: Desk = ctx.obj
    found = next(((s, user) for s, user in every(desk.tools) if s.id == scream_id), None)
    if found is None:
        raise NotFound(f"no scream {scream_id}", next_step="see: migrator screams list")
    data = {**scream_shape(*found), "likely_fix": likely_fix(found[0])}
    desk.answer(data, lambda: scream_page(data))


@app.command("report")
def report_scream(ctx: typer.Context, user: str, reason: choose.Reason) -> None:
    """Report what only a human heard; the worker rolls back as for any other scream."""
    from migrator.cli.render.screams import screams_table
    from migrator.cli.shapes import scream_shape
    from migrator.operations.screams import report

    desk: Desk = ctx.obj
    data = scream_shape(*report(desk.tools, choose.one_user(desk, user), reason))
    desk.answer(data, lambda: screams_table([data], desk.tools.clock.now()))


@app.command("dismiss")
def dismiss_scream(ctx: typer.Context, scream_id: int, reason: choose.Reason) -> None:
    """Say that a scream is noise."""
    from migrator.cli.render.screams import screams_table
    from migrator.cli.shapes import scream_shape
    from migrator.operations.screams import dismiss

    desk: Desk = ctx.obj
    data = scream_shape(*dismiss(desk.tools, scream_id, reason))
    desk.answer(data, lambda: screams_table([data], desk.tools.clock.now()))
