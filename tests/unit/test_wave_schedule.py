"""When waves start: limits of accounts and teams, room under test, windows, freezes, zones; and the forecast."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from migrator.domain.calendar import ChangeWindow, Freeze, frozen_until, next_cut
from migrator.domain.dossier import Dossier, PlannedSet, Population
from migrator.domain.forecast import ASSUMED, Pace, foresee
from migrator.domain.lifecycle import State
from migrator.domain.rules import Rules, Share
from migrator.domain.wave_plan import plan_waves
from tests.unit.dossiers import NOW, a_dossier, a_user, covered, some_facts

RULES = Rules(max_in_scream_test=Share(100, percent=True))
BERLIN = "Europe/Berlin"
XMAS = Freeze(date(2026, 12, 19), date(2027, 1, 6), BERLIN)

EPIPHANY = Freeze(date(2027, 1, 7), date(2027, 1, 8), BERLIN)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = ChangeWindow(frozenset({0, 1, 2, 3}), time(9), time(16), BERLIN)
CUTS = {
    "always": (None, (), "2026-12-20T03:00", "2026-12-20T03:00"),
    "in a freeze": (None, (XMAS,), "2026-12-20T03:00", "2027-01-06T23:00"),
    "a freeze begins at midnight of its zone": (None, (XMAS,), "2026-12-18T23:00", "2027-01-06T23:00"),
    "just before": (None, (XMAS,), "2026-12-18T22:59", "2026-12-18T22:59"),
    "after a freeze the window counts": (OFFICE, (XMAS,), "2026-12-20T03:00", "2027-01-07T08:00"),
    "the window first, then a freeze": (OFFICE, (XMAS,), "2026-12-18T20:00", "2027-01-07T08:00"),
    "freezes that meet": (None, (XMAS, EPIPHANY), "2026-12-20T03:00", "2027-01-08T23:00"),
}  # fmt: skip


@pytest.mark.parametrize(("window", "freezes", "now", "then"), CUTS.values(), ids=CUTS)
def test_the_next_cut(window, freezes, now, then):
    assert next_cut(window, freezes, at(now)) == at(then)


def test_a_window_that_never_comes_is_no_moment():
    assert next_cut(ChangeWindow(frozenset(), time(9), time(16)), (), NOW) is None


def test_no_freeze_holds_on_other_days():
    assert frozen_until((XMAS,), at("2026-12-18T12:00")) is None


def mover(number, **changes) -> Dossier:
    user = a_user(id=number, user_name=f"user-{number:03}", persons=(f"p{number}@x.io",), **changes)
    return a_dossier(user=user, wave=None, coverage=covered(), facts=some_facts(), population=Population(100, 0))


def members(plan):
    return [[user for user, _ in wave.users] for wave in plan.waves]


def test_no_wave_takes_more_of_an_account_than_allowed_and_the_rest_comes_later():
    movers = [mover(n, account_id="1" * 12 if n < 4 else "2" * 12) for n in range(1, 7)]
    assert members(plan_waves(movers, 4, 0, replace(RULES, max_per_account=2), NOW)) == [[1, 2, 4, 5], [3, 6]]


def test_no_wave_takes_more_of_a_team_than_allowed_but_a_person_is_never_split():
    movers = [replace(mover(n), user=replace(mover(n).user, owner="web")) for n in (1, 2, 3)]
    assert members(plan_waves(movers, 3, 0, replace(RULES, max_per_team=1), NOW)) == [[1], [2], [3]]
    same = [replace(m, user=replace(m.user, persons=("mary@x.io",))) for m in movers]
    assert members(plan_waves(same, 3, 0, replace(RULES, max_per_team=1), NOW)) == [[1, 2, 3]]


def starts(rules, movers, size=2, canary=0):
    return [wave.starts_at for wave in plan_waves(movers, size, canary, rules, NOW).waves]


LASTS = RULES.quarantine + RULES.deactivate


def test_waves_start_when_there_is_room_under_test():
    movers = [mover(n) for n in range(1, 7)]
    assert starts(RULES, movers) == [NOW, NOW, NOW]
    assert starts(replace(RULES, max_in_scream_test=Share(4)), movers) == [NOW, NOW, NOW + LASTS]
    assert starts(replace(RULES, max_in_scream_test=Share(2)), movers) == [NOW, NOW + LASTS, NOW + 2 * LASTS]


def test_who_is_under_test_already_takes_room():
    movers = [replace(mover(n), population=Population(100, 2)) for n in (1, 2)]
    assert starts(replace(RULES, max_in_scream_test=Share(2)), movers) == [NOW + LASTS]


def test_everybody_waits_for_the_canary():
    assert starts(RULES, [mover(n) for n in range(1, 4)], canary=1) == [NOW, NOW + LASTS]


def test_a_wave_starts_inside_the_window_and_after_a_freeze():
    rules = replace(RULES, change_window=OFFICE, freezes=(XMAS,))
    plan = plan_waves([mover(1)], 2, 0, rules, at("2026-12-20T03:00"))
    assert [wave.starts_at for wave in plan.waves] == [at("2027-01-07T08:00")]


def test_without_a_window_there_is_no_start():
    assert starts(replace(RULES, change_window=ChangeWindow(frozenset(), time(9), time(16))), [mover(1)]) == [None]


def member(state, **changes):
    user = replace(mover(1).user, state=state, **changes)
    return replace(mover(1), user=user, planned=PlannedSet("dev", "sha", {}))


DAY = timedelta(days=1)
ENDS = {
    "mapped": (State.MAPPED, NOW + ASSUMED, 7 * DAY + ASSUMED, 21 * DAY + ASSUMED),
    "verified": (State.VERIFIED, NOW, 7 * DAY, 21 * DAY),
    "quarantined two days ago": (State.QUARANTINED, None, 5 * DAY, 19 * DAY),
    "deactivated two days ago": (State.DEACTIVATED, None, None, 12 * DAY),
    "gone": (State.DELETED, None, None, None),
}


@pytest.mark.parametrize(("state", "cut", "off", "gone"), ENDS.values(), ids=ENDS)
def test_windows_end_from_where_a_member_is(state, cut, off, gone):
    found = foresee([member(state, state_since=NOW - 2 * DAY)], RULES, Pace(), NOW, None)
    assert found.quarantine_from == cut
    assert found.deactivate_from == (None if off is None else NOW + off)
    assert found.delete_from == (None if gone is None else NOW + gone)


def test_provisioning_goes_at_the_pace_of_this_organization_or_an_assumed_one():
    crowd = [
        replace(member(State.MAPPED), user=replace(member(State.MAPPED).user, id=n, persons=(f"p{n}@x.io",)))
        for n in range(6)
    ]
    assert foresee(crowd, RULES, Pace(), NOW, None).provisioning == 6 * ASSUMED
    measured = foresee(crowd, RULES, Pace(10, timedelta(seconds=30)), NOW, None)
    assert (measured.assignments, measured.provisioning, measured.measured) == (6, timedelta(seconds=18), True)
    assert Pace(10, timedelta(seconds=30)).a_minute == 20
    assert Pace().a_minute is None


def test_a_wave_that_starts_later_ends_later():
    later = NOW + 10 * DAY
    assert foresee([member(State.VERIFIED)], RULES, Pace(), NOW, later).quarantine_from == later
