"""`migrator worker`: the loop."""

import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli.desk import Desk
from migrator.domain.errors import Stale, Unreachable, UsageError

if TYPE_CHECKING:
    from migrator.operations.work import Turn

LONGEST_TURN = timedelta(minutes=10)
"""A turn may take so long before its worker counts as ill, however short the poll."""

HealthFile = Annotated[
    Path | None,
    typer.Option("--health-file", help="Write there after every turn whether it worked: for a supervisor."),
]


def worker(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One turn, then stop: for cron.")] = False,
    health_file: HealthFile = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look at the health file and end with 1 if the worker is not well.")
    ] = False,
) -> int:
    """Listen for screams, put back who screams, and move running waves on."""
    desk: Desk = ctx.obj
    if check:
        return _check(desk, health_file)
    desk.logs = desk.logs or not (once and sys.stderr.isatty())  # a person at a terminal reads the table
    stopped = _stop_on_signals(desk)
    while True:
        begun = desk.tools.clock.now()
        code, why = _turn(desk, stay=not once)
        if health_file is not None:
            from migrator.adapters.health import Health, write_health

            now = desk.tools.clock.now()
            write_health(health_file, Health(now, code, why, (now - begun).total_seconds()))
        if once or stopped():
            return code
        _wait(desk, stopped)
        if stopped():
            return code


def _turn(desk: Desk, *, stay: bool) -> tuple[int, str]:
    """One turn, what it came to and why; with `stay`, an error of AWS or of the database waits for the next one."""
    from migrator.cli.render.moves import moves_table
    from migrator.operations.report import Movement
    from migrator.operations.work import work

    try:
        turn = work(desk.tools, desk.apply)
    except (Unreachable, Stale) as error:
        if not stay:
            raise
        desk.tools.log("turn-failed", "error", error=error.what, next=error.next_step or "")
        return error.exit_code, error.what
    if desk.logs:
        desk.tools.log("turn-ended", "warning" if turn.exit_code else "info", exit_code=turn.exit_code, **_counts(turn))
    movement = Movement((*turn.watched.rolled_back, *turn.moved))
    if movement.users or desk.options.json or not stay:
        desk.answer(_shape(turn), partial(moves_table, movement))
    for said in turn.errors:
        desk.warn(said)
    return turn.exit_code, "; ".join(turn.errors)


def _check(desk: Desk, health_file: Path | None) -> int:
    from migrator.adapters.health import read_health
    from migrator.domain.rules import SILENCE

    if health_file is None:
        raise UsageError("--check needs --health-file", next_step="migrator worker --check --health-file FILE")
    limit = max(desk.tools.rules.poll * SILENCE, LONGEST_TURN)
    health = read_health(health_file)
    ill = "no turn ended yet" if health is None else health.ill(desk.tools.clock.now(), limit)
    data = {"well": not ill, "why": ill, "at": health.at if health else None}
    from migrator.cli.plain import cell

    desk.answer(data, lambda: cell(ill or "the worker is well"))
    return int(bool(ill))


def _wait(desk: Desk, stopped: Callable[[], bool]) -> None:
    """Until the next poll, awake often enough to stop when asked."""
    left = desk.tools.rules.poll.total_seconds()
    while left > 0 and not stopped():
        desk.tools.clock.sleep(min(left, 1.0))
        left -= 1.0


def _stop_on_signals(desk: Desk) -> Callable[[], bool]:
    """The first SIGTERM lets whoever is moving arrive, and begins nobody else; the second interrupts at once."""
    asked: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        desk.tools.pool.stop()

    signal.signal(signal.SIGTERM, stop)
    return lambda: bool(asked)


def _counts(turn: "Turn") -> dict[str, int]:
    read, letters = turn.watched.usage, turn.letters
    return {
        "files": read.files,
        "events": read.events,
        "screams": read.screams,
        "rolled_back": len(turn.watched.rolled_back),
        "moved": sum(one.outcome == "done" for one in turn.moved),
        "failed": sum(one.outcome == "failed" for one in (*turn.watched.rolled_back, *turn.moved)),
        "letters": letters.sent,
    }


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
