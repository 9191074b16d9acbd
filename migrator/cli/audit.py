"""`migrator audit`: the hash-chained record."""

import json
from pathlib import Path
from typing import Annotated

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import UsageError

app = group("The record: append-only, hash-chained.")

Subject = Annotated[str | None, typer.Option("--user", help="Only entries about this user.")]


@app.command("log")
def log(ctx: typer.Context, user: Subject = None) -> None:
    """Show the record."""
    from migrator.cli.render.audit import audit_table
    from migrator.cli.selecting import one_user
    from migrator.cli.shapes import moment

    desk: Desk = ctx.obj
    subject = one_user(desk, user).user.subject if user else None
    with desk.tools.store.begin() as work:
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
    head: Annotated[Path | None, typer.Option(help="A head kept elsewhere (from audit export).")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Verify an exported file instead of the database.")
    ] = None,
) -> int:
    """Recompute the chain; exit 1 on any tampering it can see."""
    from migrator.cli.render.audit import verdict_text
    from migrator.operations import audit

    desk: Desk = ctx.obj
    anchor = audit.read_head(_read(head)) if head else None
    verdict = audit.verify_file(_read(file), anchor) if file else audit.verify(desk.tools, anchor)
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
    to: Annotated[Path | None, typer.Option(help="Write here instead of stdout.")] = None,
    head: Annotated[Path | None, typer.Option(help="Write the head here: keep it elsewhere.")] = None,
) -> None:
    """Write the record as JSON Lines, and its head."""
    import sys

    from migrator.operations import audit

    desk: Desk = ctx.obj
    lines, last = audit.export(desk.tools)
    text = "".join(f"{line}\n" for line in lines)
    if to is None:
        sys.stdout.write(text)
    else:
        _write(to, text)
    if head is not None:
        _write(head, json.dumps({"seq": last[0], "hash": last[1]}) + "\n")
    desk.warn(f"head: {last[0]} {last[1]}")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", next_step="name a file that you may read") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        why = f"cannot write {path}: {error.strerror}"
        raise UsageError(why, next_step="name a file that you may write") from error
