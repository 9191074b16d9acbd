"""`migrator db`: the schema's revisions, without needing to know Alembic."""

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group

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
    from migrator.adapters.store.engine import connect, newest
    from migrator.adapters.store.engine import current as revision_of
    from migrator.cli.plain import cell

    desk: Desk = ctx.obj
    revision, needed = revision_of(connect(desk.tools.settings.database)), newest()
    data = {"revision": revision, "needed": needed}
    desk.answer(data, lambda: cell(f"the database is at {revision or 'nothing'}, this program needs {needed}"))


@app.command("check")
def check(ctx: typer.Context) -> int:
    """Compare the database's schema with the one this program was made for; exit 1 where it differs."""
    from migrator.adapters.store.engine import connect, differences, require_newest
    from migrator.cli.plain import cell

    desk: Desk = ctx.obj
    url = desk.tools.settings.database
    require_newest(connect(url))
    found = differences(url)
    text = "the schema is as it should be" if not found else "\n".join(found)
    desk.answer({"differences": found}, lambda: cell(text))
    return 1 if found else 0
