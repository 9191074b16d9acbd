"""When access may be taken away: hours of the week, less the days on which nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = 7


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """When access may be taken away: weekdays (0 is Monday) and hours in an IANA time zone."""

    days: frozenset[int]
    opens: time
    closes: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Days on which nothing is cut, the first and the last included, in an IANA time zone."""

    first: date
    last: date
    zone: str = "UTC"

    def until(self, at: datetime) -> datetime | None:
        """When the freeze ends, in UTC, if it holds at that time."""
        zone = ZoneInfo(self.zone)
        if not self.first <= at.astimezone(zone).date() <= self.last:
            return None
        return datetime.combine(self.last + timedelta(days=1), time(), zone).astimezone(UTC)


def next_opening(window: ChangeWindow, now: datetime) -> datetime | None:
    """When the window opens next, in UTC; `now` while it is open, None where it never does.

    Hours that end before they begin run past midnight and belong to the day on which they begin.
    """
    zone = ZoneInfo(window.zone)
    today = now.astimezone(zone).date()
    for offset in range(-1, _WEEK + 1):
        day = today + timedelta(days=offset)
        if day.weekday() not in window.days:
            continue
        night = timedelta(days=1) if window.closes <= window.opens else timedelta()
        opens = datetime.combine(day, window.opens, zone).astimezone(UTC)
        closes = datetime.combine(day + night, window.closes, zone).astimezone(UTC)
        if now < closes:
            return max(opens, now)
    return None


def frozen_until(freezes: Sequence[Freeze], at: datetime) -> datetime | None:
    """When the last of the freezes that hold at that time ends; freezes that meet count as one."""
    found = None
    while ends := [end for freeze in freezes if (end := freeze.until(found or at)) is not None]:
        found = max(ends)
    return found


def next_cut(window: ChangeWindow | None, freezes: Sequence[Freeze], now: datetime) -> datetime | None:
    """The next moment at which access may be taken away; `now` if it may be, None where it never may."""
    at: datetime | None = now
    for _ in range(len(freezes) + 1):  # each freeze is passed once at most
        at = at if window is None or at is None else next_opening(window, at)
        thawed = frozen_until(freezes, at) if at is not None else None
        if thawed is None:
            return at
        at = thawed
    return at if window is None or at is None else next_opening(window, at)
