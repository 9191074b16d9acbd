"""What a gate answers, and how durations and moments read in its reason."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate's answer about one user. `why` is one short sentence.

    `opens` says what opens it, a command where one does; `opens_at` is set where
    time alone opens it; `not_checked` names what an open gate could not look at.
    """

    gate: str
    open: bool
    why: str
    opens: str = ""
    opens_at: datetime | None = None
    not_checked: tuple[str, ...] = ()


def opened(gate: str, why: str, not_checked: tuple[str, ...] = ()) -> GateResult:
    """The gate lets pass."""
    return GateResult(gate, open=True, why=why, not_checked=not_checked)


def closed(gate: str, why: str, opens: str, opens_at: datetime | None = None) -> GateResult:
    """The gate holds; `opens` says what to do about it."""
    return GateResult(gate, open=False, why=why, opens=opens, opens_at=opens_at)


LOOKS_AGAIN = "nothing to do: advance"
"""How `opens` begins where the move itself looks again: what is merely old holds nobody up."""


def holds(result: GateResult) -> bool:
    """Whether a gate is closed for more than the age of what it was judged by."""
    return not result.open and not result.opens.startswith(LOOKS_AGAIN)


def span(duration: timedelta) -> str:
    """A duration in its largest whole unit: `2.1 days`, `1 hour`, `40 seconds`."""
    name, unit = _unit(duration)
    return _counted(duration / unit, name)


def progress(done: timedelta, whole: timedelta) -> str:
    """How much of a duration has passed, in the unit of the whole: `2.1 of 7 days`. Never rounds up to the whole."""
    name, unit = _unit(whole)
    tenths = int(max(done, timedelta()) / unit * 10) / 10
    return f"{tenths:g} of {_counted(whole / unit, name)}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 call`, `3 calls`, `2 policies`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def moment(at: datetime) -> str:
    """A moment as people read it, in UTC: `2026-12-01 09:00`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def listed(names: tuple[str, ...], most: int = 2) -> str:
    """The first of some names, and how many more there are: `a, b and 3 more`."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _unit(duration: timedelta) -> tuple[str, timedelta]:
    fits = (u for u in _UNITS if duration >= u[1])
    return next(fits, ("second", timedelta(seconds=1)))


def _counted(number: float, noun: str) -> str:
    shown = f"{number:.1f}".removesuffix(".0")
    return f"{shown} {noun if shown == '1' else noun + 's'}"
