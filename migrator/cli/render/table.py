"""How our tables look, and the small words they share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
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


LOOSE = 18
"""The least width of a column whose text may be broken into lines."""

GAP = 3


class Listing:
    """An open table that fits the terminal: where it is too narrow, the columns in `drop` go, first to last.

    Only the columns in `loose` are ever broken into lines; a name or a state never is, while there is room at all.
    """

    def __init__(self, columns: Sequence[str], right: Sequence[str], drop: Sequence[str], loose: Sequence[str]) -> None:
        self._columns = columns
        self._right = right
        self._drop = drop
        self._loose = loose
        self.rows: list[tuple[Text, ...]] = []

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """The table with as many columns as there is room for."""
        shown = list(self._columns)
        for column in self._drop:
            if self._width(shown) > options.max_width:
                shown.remove(column)
        made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for column in shown:
            tight = column not in self._loose and self._width(shown) <= options.max_width
            justify: JustifyMethod = "right" if column in self._right else "left"
            made.add_column(column, justify=justify, overflow="fold", no_wrap=tight)
        places = [self._columns.index(column) for column in shown]
        for values in self.rows:
            made.add_row(*(values[place] for place in places))
        yield made

    def _width(self, columns: Sequence[str]) -> int:
        """The least width these columns need."""
        return sum(self._least(column) for column in columns) + GAP * (len(columns) - 1)

    def _least(self, column: str) -> int:
        place = self._columns.index(column)
        widest = max((values[place].cell_len for values in self.rows), default=0)
        return max(cell_len(column), min(widest, LOOSE) if column in self._loose else widest)


def table(
    *columns: str, right: Sequence[str] = (), drop: Sequence[str] = (), loose: Sequence[str] | None = None
) -> Listing:
    """A table; numbers stand in `right`, `drop` may go where it is narrow, `loose` (the last column) may be broken."""
    return Listing(columns, right, drop, columns[-1:] if loose is None else loose)


def row(made: Listing, *values: Any) -> None:
    """Add a row; text is shown as it is, never obeyed."""
    made.rows.append(tuple(value if isinstance(value, Text) else cell(value) for value in values))


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
