"""Gates about when and how many: the change window, and how much of the organization is under test at once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, counted, moment, opened
from migrator.domain.lifecycle import Move
from migrator.domain.rules import ChangeWindow, Rules

_WEEK = 7


def change_window(_dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`change-window`: access is taken away only when the configuration says people are there."""
    gate, window = "change-window", rules.change_window
    if window is None:
        return opened(gate, "no change window is configured")
    opening = next_opening(window, now)
    if opening is None:
        return closed(gate, "the change window has no days", "gates.change_window.days in the configuration")
    if opening <= now:
        return opened(gate, "inside the change window")
    return closed(gate, f"opens {moment(opening)}", "nothing to do", opening)


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


def blast_radius(dossier: Dossier, _move: Move, rules: Rules, _now: datetime) -> GateResult:
    """`blast-radius`: one more user under test stays within `max_in_scream_test` of all users."""
    gate, there = "blast-radius", dossier.population
    if there.total <= 0:
        return closed(gate, "nobody counted who is under test", f"migrator advance {dossier.user.key}")
    most = rules.max_in_scream_test.of(there.total)
    why = f"{there.under_test} of at most {counted(most, 'user')} under test"
    if there.under_test < most:
        return opened(gate, why)
    return closed(gate, why, "another user leaves the scream test, or a larger waves.max_in_scream_test")
