"""`migrator audit`: the hash-chained record."""

import json
from pathlib import Path
from typing import Annotated

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import UsageError

app = group("The record: append-only, hash-chained.")

REMOTE = "s3://"
Subject = Annotated[str | None, typer.Option("--user", help="Only entries about this user.")]


@app.command("log")
def log(ctx: typer.Context, user: Subject = None) -> None:
    """Show the record."""
    from migrator.cli.render.audit import audit_table
    from migrator.cli.selecting import one_user
    from migrator.cli.shapes import moment

    desk: Desk = ctx.obj
    subject = one_user(desk, user).user.subject if user else None
    with desk.tools.store.read() as work:
        entries = work.record.entries(subject)
    data = [
        {
            "seq": e.seq,
            "at": moment(e.at),
            "actor": e.actor,
            "event": e.event,
            "subject": e.subject,
            "details": json.loads(e.details),
        }
        for e in entries
    ]
    desk.answer(data, lambda: audit_table(data))


@app.command("verify")
def verify(
    ctx: typer.Context,
    head: Annotated[
        str | None, typer.Option(help="A head kept elsewhere: a file, or s3://BUCKET/PREFIX with every head there.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Verify an exported file instead of the database.")
    ] = None,
) -> int:
    """Recompute the chain; exit 1 on any tampering it can see."""
    from migrator.cli.render.audit import verdict_text
    from migrator.operations import audit

    desk: Desk = ctx.obj
    anchors = _heads(desk, head) if head else []
    verdict = audit.verify_file(_read(file), *anchors) if file else audit.verify(desk.tools, *anchors)
    data = {
        "entries": verdict.entries,
        "intact": verdict.intact,
        "first_bad": verdict.first_bad,
        "anchored": verdict.anchored,
        "why": verdict.why or None,
    }
    desk.answer(data, lambda: verdict_text(data))
    return 0 if verdict.intact else 1


@app.command("export")
def export(
    ctx: typer.Context,
    to: Annotated[
        str | None, typer.Option(help="Write to this file, or record and head to s3://BUCKET/PREFIX, not to stdout.")
    ] = None,
    head: Annotated[Path | None, typer.Option(help="Write the head to this file: keep it elsewhere.")] = None,
    retain: Annotated[
        str, typer.Option(help="How long S3 shall lock it, where the bucket has no rule of its own.")
    ] = "365d",
) -> None:
    """Write the record as JSON Lines, and its head."""
    import sys

    from migrator.operations import anchor, audit

    desk: Desk = ctx.obj
    if to is not None and to.startswith(REMOTE):
        last = _keep(desk, to, retain)
    else:
        lines, last = audit.export(desk.tools)
        text = "".join(f"{line}\n" for line in lines)
        _write(Path(to), text) if to else sys.stdout.write(text)
    if head is not None:
        _write(head, anchor.written(*last))
    desk.warn(f"head: {last[0]} {last[1]}")


def _keep(desk: Desk, to: str, retain: str) -> tuple[int, str]:
    """Write record and head into a bucket, and say how safe they are there."""
    from migrator.domain.selection import length_of_time
    from migrator.operations import anchor

    kept, last = anchor.keep(desk.tools, to, length_of_time(retain, "--retain"))
    for one in kept:
        until = f"locked until {one.locked_until:%Y-%m-%d %H:%M} UTC" if one.locked_until else "not locked"
        desk.warn(f"kept: {one.location} ({until})")
    if not all(one.locked_until for one in kept):
        desk.warn(
            "warning: the bucket has no Object Lock: whoever may write there can overwrite or delete what is kept"
        )
    return last


def _heads(desk: Desk, place: str) -> list[tuple[int, str]]:
    from migrator.operations import anchor

    return anchor.heads(desk.tools, place) if place.startswith(REMOTE) else [anchor.read_head(_read(Path(place)))]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text", next_step="name a file that migrator audit export wrote") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", next_step="name a file that you may read") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"cannot write {path}: {error.strerror}"
        raise UsageError(why, next_step="name a file that you may write") from error
