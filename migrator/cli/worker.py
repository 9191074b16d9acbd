"""`migrator worker`: the loop."""

import signal
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli.desk import Desk
from migrator.domain.errors import Stale, Unreachable

if TYPE_CHECKING:
    from migrator.operations.work import Turn


def worker(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One turn, then stop: for cron.")] = False,
) -> int:
    """Listen for screams, put back who screams, and move running waves on."""
    desk: Desk = ctx.obj
    stop = _stop_on_signals()
    while True:
        code = _turn(desk, stay=not once)
        if once or stop():
            return code
        _wait(desk, stop)
        if stop():
            return code


def _turn(desk: Desk, *, stay: bool) -> int:
    """One turn and what it came to; with `stay`, an error of AWS or of the database waits for the next one."""
    from migrator.cli.render.moves import moves_table
    from migrator.operations.report import Movement
    from migrator.operations.work import work

    try:
        turn = work(desk.tools, desk.apply)
    except (Unreachable, Stale) as error:
        if not stay:
            raise
        desk.warn(f"this turn failed: {error.what}")
        return error.exit_code
    movement = Movement((*turn.watched.rolled_back, *turn.moved))
    desk.answer(_shape(turn), partial(moves_table, movement))
    for said in turn.errors:
        desk.warn(said)
    return turn.exit_code


def _wait(desk: Desk, stop: "Any") -> None:
    """Until the next poll, awake often enough to stop when asked."""
    left = desk.tools.rules.poll.total_seconds()
    while left > 0 and not stop():
        desk.tools.clock.sleep(min(left, 1.0))
        left -= 1.0


def _stop_on_signals() -> "Any":
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    return lambda: bool(asked)


def _shape(turn: "Turn") -> dict[str, Any]:
    from migrator.cli.shapes import moved_shape

    read = turn.watched.usage
    return {
        "usage": {
            "files": read.files,
            "events": read.events,
            "screams": read.screams,
            "bad_files": [{"file": file, "why": why} for file, why in read.bad],
        },
        "rolled_back": [moved_shape(moved) for moved in turn.watched.rolled_back],
        "moved": [moved_shape(moved) for moved in turn.moved],
        "waves_done": list(turn.finished),
        "letters": asdict(turn.letters),
        "errors": list(turn.errors),
    }
