"""Draws the picture of the dashboard: the real `migrator status`, exported as SVG. `python docs/pictures.py [CONFIG]`.

Without CONFIG it is the demo's, which `migrator demo` has left in `.demo`.
"""
# ruff: noqa: INP001  # a script, run by its path

import os
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from migrator.cli.desk import Desk, Options
from migrator.cli.main import invoke

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/pictures/status.svg"
WIDTH = 120


def draw(config: Path) -> str:
    """The SVG of what `migrator --config CONFIG status` shows."""
    desk = Desk(Options(config=config, environ=os.environ))
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    desk.__dict__["out"] = console
    code = invoke(["status"], desk)
    if code:
        raise SystemExit(code)
    return console.export_svg(title="migrator status", theme=MONOKAI, unique_id="status")


def main(words: list[str]) -> None:
    """Draw, and write it where the README looks."""
    config = Path(words[0]) if words else ROOT / ".demo/config.yaml"
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(config), encoding="utf-8")
    sys.stdout.write(f"wrote {PICTURE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
