"""How our tables look, and the small words they share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from migrator.cli.plain import cell

STATE_STYLES = {
    "discovered": "",
    "mapped": "cyan",
    "provisioned": "cyan",
    "verified": "green",
    "quarantined": "yellow",
    "deactivated": "yellow",
    "deleted": "dim",
    "rolled_back": "magenta",
    "excluded": "dim",
}
NEAR = timedelta(hours=36)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An open table; the columns in `right` hold numbers."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def row(made: Table, *values: Any) -> None:
    """Add a row; text is shown as it is, never obeyed."""
    made.add_row(*(value if isinstance(value, Text) else cell(value) for value in values))


def count(number: int | None) -> Text:
    """A number; zero is a dot, so that the eye finds what is there."""
    return cell("–" if number is None else "·" if number == 0 else number, "" if number else "dim")


def state(name: str) -> Text:
    """A state in its colour; colour supports, the word carries."""
    return cell(name, STATE_STYLES.get(name, ""))


def when(text: str | None, now: datetime) -> str:
    """A moment: relative when near, dated when far."""
    if not text:
        return "–"
    at = datetime.fromisoformat(text).astimezone(UTC)
    gap = now - at
    if abs(gap) > NEAR:
        return f"{at:%d %b %Y}" if at.year != now.year else f"{at:%d %b}"
    minutes = int(abs(gap).total_seconds() // 60)
    size = f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min" if minutes else "now"  # noqa: PLR2004  # an hour
    if size == "now":
        return size
    return f"{size} ago" if gap > timedelta() else f"in {size}"
