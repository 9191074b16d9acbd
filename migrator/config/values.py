"""The quantities a configuration holds: durations, shares, percentages, counts, times of day.

No message repeats the value it refuses: the line is named, and the value may be a secret that came from a variable.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from math import floor
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = timedelta(days=36_500)
_WHOLE = 100


def wrong(what: str, fix: str) -> PydanticCustomError:
    """The error that refuses a value: `what` completes "KEY …", `fix` tells how to write it."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "fix": fix})


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]{1,12})([smhd])", value) if isinstance(value, str) else None
    if not found:
        raise wrong("is not a duration", "write a whole number and a unit, such as 3s, 15m, 8h or 14d")
    count, unit = int(found[1]), found[2]
    if count * _SECONDS[unit] > _LONGEST.total_seconds():
        raise wrong("is longer than a hundred years", f"write at most {_LONGEST.days}d")
    return timedelta(**{_UNITS[unit]: count})


def written(length: timedelta) -> str:
    """A duration as the configuration writes it, in the largest unit that divides it: `90d`, `36h`, `15m`."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in _SECONDS.items() if seconds % size == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def _some(length: timedelta) -> timedelta:
    if not length:
        raise wrong("must be longer than nothing", "write a duration of at least 1s")
    return length


def _session(length: timedelta) -> timedelta:
    # SessionDuration of CreatePermissionSet: PT1H to PT12H.
    if not timedelta(hours=1) <= length <= timedelta(hours=12):
        raise wrong("is no session that Identity Center allows", "write between 1h and 12h")
    return length


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a number of users: a fixed `count`, or a `percent` of them."""

    count: int | None = None
    percent: float | None = None

    def of(self, total: int) -> int:
        """How many of `total`; a percentage is rounded down, yet never to nobody, or nothing would ever move."""
        if self.percent is None:
            return self.count or 0
        return max(1, floor(total * self.percent / _WHOLE))

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{self.percent:g}%"


def _share(value: Any) -> Share:
    if isinstance(value, Share):
        return value
    text = "" if isinstance(value, bool) else str(value)
    if text.endswith("%") and 0 < (percent := _number(text[:-1])) <= _WHOLE:
        return Share(percent=percent)
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0:
        return Share(count=int(text))
    raise wrong("is neither a number of users nor a percentage", "write a number from 1, or a percentage such as 10%")


def _number(text: str) -> float:
    """The decimal number that `text` is; -1 where it is none."""
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else -1.0


def _percent(value: Any) -> float:
    number = -1.0 if isinstance(value, bool) else _number(str(value).removesuffix("%"))
    if not 0 <= number <= _WHOLE:
        raise wrong("is not a percentage", "write a number from 0 to 100")
    return number


def _count(least: int) -> Callable[[Any], int]:
    def count(value: Any) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            raise wrong("is not a number that can be", f"write a whole number from {least}")
        return int(text)

    return count


def _time_of_day(value: Any) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise wrong("is not a time of day", 'write hours and minutes of 24 hours, such as "09:00"')
    return time.fromisoformat(value)


def _zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    # ZoneInfo answers a bad key with any of these: unknown, not relative, a folder, not text at all.
    except (LookupError, ValueError, OSError, TypeError, AttributeError):
        raise wrong("is not a time zone", "write a name of the IANA database, such as Europe/Berlin") from None


Duration = Annotated[timedelta, PlainValidator(_duration), PlainSerializer(written)]
"""A length of time, at least nothing, at most a hundred years."""

SomeTime = Annotated[Duration, AfterValidator(_some)]
"""A length of time that is not nothing."""

SessionDuration = Annotated[Duration, AfterValidator(_session)]
"""How long a session of a permission set may last."""

PartOfUsers = Annotated[Share, PlainValidator(_share), PlainSerializer(str)]
"""A number of users, or a percentage of them."""

Percent = Annotated[
    float, PlainValidator(_percent), PlainSerializer(lambda number: int(number) if number == int(number) else number)
]
"""A number from 0 to 100."""

Count = Annotated[int, PlainValidator(_count(0))]
"""A whole number from 0."""

Size = Annotated[int, PlainValidator(_count(1))]
"""A whole number from 1."""

TimeOfDay = Annotated[time, PlainValidator(_time_of_day), PlainSerializer(lambda at: f"{at:%H:%M}")]
"""Hours and minutes, without a zone."""

Zone = Annotated[ZoneInfo, PlainValidator(_zone), PlainSerializer(str)]
"""A time zone of the IANA database."""
