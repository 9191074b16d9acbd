"""Draws the pictures of the dashboard with the real program, as SVG. `python docs/pictures.py [CONFIG]`.

`migrator status`, and the three views of `migrator status --watch`. Without CONFIG it is the demo's, which
`migrator demo` has left in `.demo`.
"""
# ruff: noqa: INP001  # a script, run by its path

import asyncio
import os
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from migrator.cli.desk import Desk, Options
from migrator.cli.main import invoke
from migrator.cli.status import watch_source
from migrator.cli.watch.app import Watch

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/pictures"
WIDTH = 120
HEIGHT = 36
VIEWS = {"1": "overview", "2": "screams", "3": "users"}
"""The keys of the live screen, and the views that they open."""


def draw(config: Path) -> str:
    """The SVG of what `migrator --config CONFIG status` shows."""
    desk = Desk(Options(config=config, environ=os.environ))
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    desk.__dict__["out"] = console
    code = invoke(["status"], desk)
    if code:
        raise SystemExit(code)
    return console.export_svg(title="migrator status", theme=MONOKAI, unique_id="status")


def watch(config: Path) -> dict[str, str]:
    """The SVG of each view of `migrator --config CONFIG status --watch`, by the view's name."""
    app = Watch(watch_source(Desk(Options(config=config, environ=os.environ)), None))
    return asyncio.run(_views(app))


async def _views(app: Watch) -> dict[str, str]:
    found = {}
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await app.workers.wait_for_complete()
        for key, view in VIEWS.items():
            await pilot.press(key)
            await pilot.pause()
            found[view] = app.export_screenshot(title=f"migrator status --watch: {view}", simplify=True)
    return found


def pictures(config: Path) -> Iterator[tuple[str, str]]:
    """Every picture with its file's name."""
    yield "status.svg", draw(config)
    for view, picture in watch(config).items():
        yield f"watch-{view}.svg", picture


def main(words: list[str]) -> None:
    """Draw, and write them where the pages look."""
    config = Path(words[0]) if words else ROOT / ".demo/config.yaml"
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures(config):
        (PICTURES / name).write_text(picture, encoding="utf-8")
        sys.stdout.write(f"wrote docs/pictures/{name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
