"""The sandbox's clock: everything in the server's process sees it as the time of day.

moto reads the time in hundreds of places (`datetime.now`, `time.time`), so the process is shifted as a whole, before
moto is imported. Waiting (`time.monotonic`, `time.sleep`) stays real.
"""

import datetime as dt
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

_real_datetime = datetime
_real_time = time.time


class Clock:
    """A clock that ticks in real time from wherever it was set; untouched it is the real one."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        return dt.datetime.fromtimestamp(self.timestamp(), UTC)

    def timestamp(self) -> float:
        """Return the time as seconds since 1970."""
        return _real_time() + self.offset

    def set(self, moment: datetime) -> None:
        """Set the clock to a moment; it ticks on from there."""
        self.offset = moment.timestamp() - _real_time()

    def advance(self, seconds: float) -> None:
        """Move the clock by some seconds, backwards if negative."""
        self.offset += seconds

    def reset(self) -> None:
        """Return to the real time."""
        self.offset = 0.0


CLOCK = Clock()


class _Meta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real_datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _real_datetime)


class _ShiftedDatetime(datetime, metaclass=_Meta):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return cls.fromtimestamp(CLOCK.timestamp(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.fromtimestamp(CLOCK.timestamp(), UTC).replace(tzinfo=None)


def install() -> None:
    """Shift the whole process; must run before moto, botocore and werkzeug are imported."""
    # Pickle finds a class by its module and name, and snapshots are full of datetimes.
    _ShiftedDatetime.__module__, _ShiftedDatetime.__name__, _ShiftedDatetime.__qualname__ = (
        "datetime",
        "datetime",
        "datetime",
    )
    dt.datetime = _ShiftedDatetime  # type: ignore[misc]
    time.time = CLOCK.timestamp


def parse(text: str) -> datetime:
    """Read an ISO 8601 moment; one without a zone is UTC."""
    moment = _real_datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso(moment: datetime) -> str:
    """Write a moment as CloudTrail does: UTC, whole seconds, a Z at the end."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def naive(moment: datetime) -> datetime:
    """Return a moment as moto keeps it: UTC without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def ago(seconds: float) -> datetime:
    """Return the moment some seconds before now."""
    return CLOCK.now() - timedelta(seconds=seconds)
