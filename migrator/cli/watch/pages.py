"""The dashboard as pages that follow each other: for pipes, screen readers and terminals that can do no more."""

from typing import TYPE_CHECKING

from migrator.domain.errors import DatabaseFailed

if TYPE_CHECKING:
    from migrator.cli.desk import Desk
    from migrator.cli.watch.source import Source
    from migrator.domain.overview import Overview


def follow(desk: "Desk", source: "Source", every: float) -> None:
    """Print the dashboard, and again whenever something in it changed; ends when it is interrupted."""
    before = None
    while True:
        try:
            seen = source.overview()
        except DatabaseFailed as error:
            desk.warn(f"{error.what}; trying again in {every:g} seconds")
        else:
            text = _told(seen)
            if text != before:
                _page(desk, seen, source)
            before = text
        desk.tools.clock.sleep(every)


def _told(seen: "Overview") -> str:
    """What is shown but for the passing of time."""
    from dataclasses import replace

    return repr(replace(seen, as_of=None, pulse=None, series={}))  # type: ignore[arg-type]


def _page(desk: "Desk", seen: "Overview", source: "Source") -> None:
    from migrator.cli.render.status import dashboard
    from migrator.cli.status import shape

    desk.answer(shape(seen), lambda: dashboard(seen, source.now, desk.out.width))
    if not desk.options.json:
        desk.out.print()
