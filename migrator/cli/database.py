"""`migrator db`: the schema's revisions, without needing to know Alembic."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

app = group("The database's schema.")


@app.command("upgrade")
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to this program's revision."""
    from migrator.adapters.store.engine import upgrade as bring_up
    from migrator.cli.plain import cell

    desk: Desk = ctx.obj
    revision = bring_up(desk.tools.settings.database)
    desk.answer({"revision": revision}, lambda: cell(f"the database is at revision {revision}"))


@app.command("current")
def current(ctx: typer.Context) -> None:
    """Say which revision the database has, and which one this program needs."""
    from migrator.adapters.store.engine import current as revision_of
    from migrator.adapters.store.engine import newest
    from migrator.cli.plain import cell

    desk: Desk = ctx.obj
    with _engine(desk) as engine:
        revision, needed = revision_of(engine), newest()
    data = {"revision": revision, "needed": needed}
    desk.answer(data, lambda: cell(f"the database is at {revision or 'nothing'}, this program needs {needed}"))


@app.command("check")
def check(ctx: typer.Context) -> int:
    """Compare the database's schema with the one this program was made for; exit 1 where it differs."""
    from rich.console import Group

    from migrator.adapters.store.engine import differences, require_newest
    from migrator.cli.plain import cell

    desk: Desk = ctx.obj
    with _engine(desk) as engine:
        require_newest(engine)
    found = differences(desk.tools.settings.database)
    said = found or ["the schema is as it should be"]
    desk.answer({"differences": found}, lambda: Group(*map(cell, said)))
    return 1 if found else 0


@contextmanager
def _engine(desk: Desk) -> "Iterator[Engine]":
    from migrator.adapters.store.engine import connect

    engine = connect(desk.tools.settings.database)
    try:
        yield engine
    finally:
        engine.dispose()
