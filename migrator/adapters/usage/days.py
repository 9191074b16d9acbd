"""Sources that are asked by the day: one part a day, asked again while the day may still grow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
SETTLED = timedelta(hours=1)
"""After this, a day's events are all there: CloudTrail delivers within about five minutes, at times fifteen."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of UTC, and whether it was over (and its events delivered) at `seen`."""

    begin: datetime
    seen: datetime

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.begin + DAY

    @property
    def text(self) -> str:
        """`2026-05-04`."""
        return f"{self.begin:%Y-%m-%d}"

    @property
    def over(self) -> bool:
        """Whether nothing will be added to it any more."""
        return self.end + SETTLED <= self.seen

    def etag(self, precision: str) -> str:
        """What changes as long as the day may grow: with each minute (`%H:%M`) or hour (`%H`) of asking."""
        return "whole" if self.over else f"{self.seen.astimezone(UTC):%Y-%m-%dT{precision}}"


def days(since: datetime, until: datetime, now: datetime) -> Iterator[Day]:
    """The days that hold a moment from `since` to `until`, none of the future, oldest first."""
    begin = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while begin <= min(until, now):
        yield Day(begin, now)
        begin += DAY


def day_of(text: str, now: datetime) -> Day:
    """The day that a part's key names; raises ValueError."""
    return Day(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC), now)
