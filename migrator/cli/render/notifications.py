"""Letters: to whom, about what, and what became of them."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, table, when
from migrator.ports.post import Letter

STATUS = {"sent": "green", "waiting": "yellow", "failed": "bold red"}


def letters_table(letters: Sequence[Letter], now: datetime) -> RenderableType:
    """One line a letter, newest first."""
    if not letters:
        return cell("nobody was told anything")
    made = table(
        "when", "status", "to", "title", "channel", "tries", "error", drop=("channel", "tries"), loose=("title",)
    )
    for one in letters:
        status = cell(one.status, STATUS.get(one.status, ""))
        row(made, when(one.at.isoformat(), now), status, one.to or "–", one.title, one.channel, one.attempts, one.error)
    return made
