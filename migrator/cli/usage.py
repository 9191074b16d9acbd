"""`migrator usage`: mine CloudTrail files without touching the database."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.cli.selecting import a_moment

if TYPE_CHECKING:
    from migrator.adapters.usage.files import Trail

app = group("Usage: what principals did.")


@app.command("mine")
def mine(
    ctx: typer.Context,
    location: str,
    since: Annotated[str | None, typer.Option(help="From this day (YYYY-MM-DD); default: everything.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that read files.", min=1)] = 1,
) -> int:
    """Count what every IAM user did in CloudTrail files: s3://BUCKET/PREFIX, or a folder."""
    from migrator.adapters.usage.workers import sums_of
    from migrator.cli.render.usage import usage_table
    from migrator.operations.mine_usage import mine_usage

    desk: Desk = ctx.obj
    report = mine_usage(
        _source(desk, location),
        a_moment(since),
        carry=partial(sums_of, workers=workers),
        progress=lambda files, events: desk.progress(f"{files} files, {events} events"),
    )
    data = report.to_json()
    desk.answer(data, lambda: usage_table(data))
    return 1 if report.bad_files else 0


def _source(desk: Desk, location: str) -> "Trail":
    from migrator.adapters.catalogue import Catalogue
    from migrator.adapters.usage.files import FolderTrail, S3Trail
    from migrator.domain.errors import NotFound

    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        reopen = partial(_s3, desk.config if desk.config.exists() else None)
        return S3Trail(reopen(), bucket, prefix, Catalogue(), reopen)
    if not Path(location).exists():
        raise NotFound(f"no folder {location}", next_step="give s3://BUCKET/PREFIX or a folder")
    return FolderTrail(location, Catalogue())


def _s3(config: Path | None) -> Any:
    """An S3 client, in any process: by the configuration where there is one, else by the environment alone."""
    from migrator.adapters.aws.session import Sessions
    from migrator.bootstrap import Toolbox

    sessions = Toolbox(config, os.environ).sessions if config else Sessions()
    return sessions.own_client("s3")
