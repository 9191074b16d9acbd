"""`migrator map`: what people need, and the permission sets planned for it."""

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk


def map_users(
    ctx: typer.Context,
    users: choose.Users = None,
    wave: choose.Wave = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
) -> int:
    """Mine usage, plan permission sets, compute coverage. Without words: everybody who can still be mapped."""
    from migrator.cli.render.cross_check import cross_check_lines, cross_check_shape
    from migrator.cli.render.moves import moves_table
    from migrator.cli.shapes import moved_shape
    from migrator.operations.map_users import map_users as mine_and_plan
    from migrator.operations.report import Movement

    desk: Desk = ctx.obj
    lines = choose.choose_users(
        desk, users, wave=wave, account=account, state=state, kind=kind, where=where, everybody=True
    )
    mapped = mine_and_plan(desk.tools, desk.apply, lines)
    movement = Movement(mapped.users)
    read = mapped.usage
    data = {
        "users": [moved_shape(moved) for moved in mapped.users],
        "usage": {
            "files": read.files,
            "events": read.events,
            "bad_files": [{"file": file, "why": why} for file, why in read.bad],
            "not_checked": list(read.not_checked),
        },
        "cross_check": cross_check_shape(mapped.cross_check),
    }
    desk.answer(data, lambda: moves_table(movement))
    for line in cross_check_lines(mapped.cross_check):
        desk.warn(line)
    for what in read.not_checked:
        desk.warn(f"not checked: {what}")
    for file, why in read.bad:
        desk.warn(f"unreadable: {file}: {why}")
    return movement.exit_code
