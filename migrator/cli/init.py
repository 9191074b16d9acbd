"""`migrator init`: the configuration and the database, to begin with."""

import sys
from typing import Annotated

import typer

from migrator.cli.desk import Desk
from migrator.domain.errors import UsageError

NEXT = ("migrator doctor", "migrator discover")


def init(
    ctx: typer.Context,
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,
) -> None:
    """Write config.yaml from your answers (or from the defaults) and create the database."""
    from migrator.adapters.store.engine import upgrade
    from migrator.cli.plain import cell
    from migrator.cli.questions import ask
    from migrator.config import check, filled, require_free, write_file

    desk: Desk = ctx.obj
    path = desk.config
    require_free(path, replace=force)
    if not defaults and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here", next_step="migrator init --defaults, then edit the file")
    text = filled({} if defaults else ask(desk, path))
    # The database first: where it cannot be had, nothing was written.
    revision = upgrade(check(text, path, desk.options.environ).database)
    write_file(path, text, replace=force)
    said = f"{path} is written, the database is at revision {revision}; next: {', then '.join(NEXT)}"
    desk.answer({"config": str(path), "revision": revision, "next": list(NEXT)}, lambda: cell(said))
