"""`migrator permission-sets`: what is planned, who shares it, what each person gains and loses."""

import sys
from typing import Annotated, Any

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import NotFound, UsageError

app = group("Permission sets: planned, shared, compared.")


@app.command("list")
def list_sets(ctx: typer.Context) -> None:
    """List planned permission sets with size, users and coverage."""
    from migrator.cli.render.permission_sets import sets_table

    desk: Desk = ctx.obj
    data = _all(desk)
    desk.answer(data, lambda: sets_table(data))


@app.command("show")
def show_set(ctx: typer.Context, name: str) -> None:
    """Show one permission set with its documents and people."""
    from migrator.cli.render.permission_sets import set_page

    desk: Desk = ctx.obj
    data = _one(desk, name)
    desk.answer(data, lambda: set_page(data))


@app.command("diff")
def diff_set(ctx: typer.Context, name: str) -> None:
    """Show what each person gains and loses with the set, and which of their calls it does not cover."""
    from migrator.cli.render.permission_sets import diff_page
    from migrator.operations.compare_access import compare_access

    desk: Desk = ctx.obj
    _one(desk, name)
    data = {"name": name, "users": compare_access(desk.tools, name)}
    desk.answer(data, lambda: diff_page(data))


@app.command("curve")
def show_curve(ctx: typer.Context) -> None:
    """Show how many sets there would be at each bound of what may be granted and unused."""
    from migrator.cli.render.permission_sets import curve_table
    from migrator.operations.trade_off import trade_off

    desk: Desk = ctx.obj
    data = trade_off(desk.tools)
    desk.answer(data, lambda: curve_table(data))


@app.command("export")
def export_sets(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="These sets; default: all.")] = None,
    form: Annotated[str, typer.Option("--format", help="terraform, cloudformation or json.")] = "terraform",
) -> None:
    """Write planned permission sets as code, for whoever keeps them in Terraform or CloudFormation."""
    from migrator.adapters.export.permission_sets import FORMATS
    from migrator.operations.export_sets import export_sets as chosen

    desk: Desk = ctx.obj
    if form not in FORMATS:
        raise UsageError(f"no format {form!r}", next_step=f"one of: {', '.join(FORMATS)}")
    sets, left_out = chosen(desk.tools, names or ())
    if left_out:
        desk.warn(f"left out: {left_out} that are others' or roles of machines")
    sys.stdout.write(FORMATS["json" if desk.options.json else form](sets))


def _one(desk: Desk, name: str) -> dict[str, Any]:
    found = next((one for one in _all(desk) if one["name"] == name), None)
    if found is None:
        raise NotFound(f"no permission set {name!r}", next_step="see: migrator permission-sets list")
    return found


def _all(desk: Desk) -> list[dict[str, Any]]:
    from migrator.operations.list_sets import list_sets as every

    return every(desk.tools)
