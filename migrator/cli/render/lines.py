"""Lines of a fixed width: text cut, padded and wrapped by what it takes on a terminal, small charts, short times."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from migrator.cli.plain import cell, plain
from migrator.cli.render.table import NEAR

BARS = "▁▂▃▄▅▆▇█"
MORE = "…"


def fit(text: object, width: int) -> str:
    """The text made harmless, cut to `width` cells; a cut shows."""
    shown = plain(text)
    if cell_len(shown) <= width:
        return shown
    return set_cell_size(shown, max(width - 1, 0)).rstrip() + MORE if width > 0 else ""


def left(text: object, width: int) -> str:
    """The text in exactly `width` cells, from the left."""
    return set_cell_size(fit(text, width), width)


def right(text: object, width: int) -> str:
    """The text in exactly `width` cells, to the right."""
    shown = fit(text, width)
    return " " * (width - cell_len(shown)) + shown


def number(value: int | None, width: int, style: str = "") -> Text:
    """A number to the right; zero is a dot, unknown a dash."""
    shown = "–" if value is None else str(value) if value else "·"
    return cell(shown.rjust(width), style if value else "dim")


def line(*parts: Text | str) -> Text:
    """A line of these parts, which never wraps; bare parts are plain."""
    made = Text(no_wrap=True, overflow="crop", end="\n")
    for part in parts:
        made.append_text(part if isinstance(part, Text) else cell(part))
    return made


def apart(start: Text, end: Text, width: int) -> Text:
    """One part at the left and one at the right edge; the left one gives way."""
    room = width - end.cell_len - 1
    if start.cell_len > room:
        start.truncate(max(room, 0), overflow="ellipsis")
    return line(start, " " * (width - start.cell_len - end.cell_len), end)


def wrapped(text: object, width: int, indent: int, style: str = "") -> list[Text]:
    """The whole text, on as many lines as it needs, broken at spaces where possible; nothing is lost."""
    room = max(width - indent, 1)
    rows: list[str] = []
    for word in plain(text).split(" "):
        if rows and cell_len(rows[-1]) + 1 + cell_len(word) <= room:
            rows[-1] += f" {word}"
        else:
            rows += chop_cells(word, room) or [""]
    return [line(" " * indent, cell(row, style)) for row in rows]


def beside(one: Sequence[Text], other: Sequence[Text], at: int) -> list[Text]:
    """Two columns of lines, the second beginning at cell `at`."""
    rows = max(len(one), len(other)) if other else len(one)
    found = []
    for n in range(rows):
        here = one[n] if n < len(one) else Text()
        there = other[n] if n < len(other) else None
        found.append(line(here, " " * (at - here.cell_len), there) if there is not None else here)
    return found


def spark(values: Iterable[float | None], width: int) -> str:
    """A chart one line high, from zero to the highest value, thinned to `width`; gaps are gaps."""
    known = list(values)
    if len(known) > width:
        known = [known[(n + 1) * len(known) // width - 1] for n in range(width)]
    there = [value for value in known if value is not None]
    if len(there) < 2:  # noqa: PLR2004  # one point is no line
        return ""
    step = max(there) / (len(BARS) - 1) or 1.0
    return "".join(" " if value is None else BARS[round(max(value, 0) / step)] for value in known)


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in its largest unit, while that is near; the date once it is far."""
    gap = now - at
    return day(at, now) if gap > NEAR else f"{coarse(max(gap, timedelta()))} ago"


def until(at: datetime, now: datetime) -> str:
    """A moment to come: `17:05, in 3 h`, or `Thu 26 Nov 09:00`."""
    if at - now > NEAR:
        year = f" {at.astimezone(UTC):%Y}" if at.year != now.year else ""
        return f"{at.astimezone(UTC):%a %d %b}{year} {at.astimezone(UTC):%H:%M}"
    return f"{clock(at)}, in {coarse(at - now)}"


def day(at: datetime, now: datetime) -> str:
    """A date, with its year where that is another one."""
    utc = at.astimezone(UTC)
    return f"{utc:%d %b}" if utc.year == now.astimezone(UTC).year else f"{utc:%d %b %Y}"


def clock(at: datetime) -> str:
    """The time of day, in UTC."""
    return f"{at.astimezone(UTC):%H:%M}"


def coarse(duration: timedelta) -> str:
    """A duration in its largest unit: `40 s`, `9 min`, `3 h`."""
    return size(timedelta(hours=duration // timedelta(hours=1)) if duration >= timedelta(hours=1) else duration)


def size(duration: timedelta) -> str:
    """A duration in short: `40 s`, `9 min`, `3 h`, `3 h 12 min`, `2 days`."""
    seconds = int(duration.total_seconds())
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 10:  # noqa: PLR2004  # minutes still matter
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours} h" if hours <= 48 else f"{hours // 24} days"  # noqa: PLR2004  # two days
