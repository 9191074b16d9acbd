"""The dashboard as people see it, at 80 and at 160 columns: what it says, and that it stays in its lines."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from migrator.cli.render.status import dashboard
from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Kind
from migrator.domain.overview import (
    AccountStanding,
    Approved,
    Credentials,
    Cry,
    Holding,
    OpenRun,
    Overview,
    Pulse,
    Screaming,
    Standing,
    WaveStanding,
    forecast,
)
from migrator.domain.rules import Rules
from migrator.domain.screams import Scream
from migrator.domain.waiting import Held, Ready
from migrator.domain.waves import Stage, WaveState

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ALICE, BOB, ERIN = "111122223333/alice", "111122223333/bob", "111122223333/erin"


def text(seen: Overview, width: int = 80, **options: Any) -> str:
    """What is printed, as a terminal of that width would show it."""
    out = StringIO()
    Console(file=out, width=width, highlight=False, **options).print(dashboard(seen, NOW, width))
    return out.getvalue()


def lines(seen: Overview, width: int = 80) -> list[str]:
    return text(seen, width).splitlines()


def part(seen: Overview, name: str, width: int = 80) -> list[str]:
    """The lines of one part, its title left out."""
    shown = lines(seen, width)
    start = next(n for n, line in enumerate(shown) if re.match(rf"{name}\b", line))
    rest = shown[start + 1 :]
    return rest[: rest.index("")] if "" in rest else rest


def standing(
    state: State, users: int = 1, wave: str | None = None, since: datetime = NOW - DAY, **more: Any
) -> Standing:
    return replace(Standing(wave, state, Kind.HUMAN, users, since, since), **more)


def a_held(gate: str = "coverage", users: int = 1, **changes: Any) -> Held:
    row = Held(
        gate=gate,
        wave=None,
        state=State.MAPPED,
        why="1 of 4 calls not covered",
        opens="migrator permission-sets diff dev",
        opens_at=None,
        opens_last=None,
        users=users,
        since=NOW - DAY,
        first=ALICE,
        last=ALICE if users == 1 else BOB,
    )
    return replace(row, **changes)


def timed(state: State, soon: datetime, last: datetime, users: int, why: str) -> Held:
    """Users whose scream window time will open."""
    times = {"opens_at": soon, "opens_last": last}
    return a_held("scream-window", users, state=state, why=why, opens="nothing to do", **times)


def a_wave(name: str, state: WaveState, *members: Standing, **changes: Any) -> WaveStanding:
    return replace(WaveStanding(name, state, "carol", NOW - 20 * DAY, None, members), **changes)


def a_cry(number: int = 7, disposition: str = "open", **changes: Any) -> Cry:
    scream = Scream(
        number, 1, "refused-call", "lambda.amazonaws.com", "Invoke", "203.0.113.77", "nightly-report/1.4", 14,
        NOW - 20 * MINUTE, NOW - 10 * MINUTE, disposition,
    )  # fmt: skip
    return Cry(replace(scream, **changes), ERIN)


def a_run(**changes: Any) -> OpenRun:
    run = OpenRun("user:1", ERIN, "quarantine", "wave-1", "running", NOW - 3 * HOUR, NOW - 2 * HOUR)
    return replace(run, **changes)


def the_sketch() -> Overview:
    """A migration half way: one wave done, one running, one planned."""
    canary = a_wave("canary", WaveState.DONE, standing(State.DELETED, 5, "canary", NOW - 12 * DAY))
    running = a_wave(
        "wave-1",
        WaveState.RUNNING,
        standing(State.PROVISIONED, 2, "wave-1"),
        standing(State.VERIFIED, 3, "wave-1"),
        standing(State.QUARANTINED, 16, "wave-1", NOW - 2 * DAY),
        standing(State.DEACTIVATED, 3, "wave-1", NOW - 3 * DAY),
        standing(State.ROLLED_BACK, 1, "wave-1"),
    )
    planned = (standing(State.DISCOVERED, 21, "wave-2"), standing(State.MAPPED, 4, "wave-2"))
    draft = a_wave("wave-2", WaveState.DRAFT, *planned)
    end = NOW + 2 * DAY + 19 * HOUR
    approve = "migrator wave approve wave-2 --stage cut"
    waves = (canary, running, draft)
    seen = Overview(
        as_of=NOW,
        organization="o-a1b2c3",
        standings=(*(one for wave in waves for one in wave.members), standing(State.DISCOVERED, 157)),
        credentials=Credentials(301, 200, 90, 207, 143),
        held=(
            timed(State.QUARANTINED, end, end, 16, "silent for 2.1 of 7 days"),
            a_held("sso-sign-in", 3, wave="wave-1", why="never seen", opens="migrator advance USER"),
            a_held("wave-approved", 4, wave="wave-2", why="0 of 1 approval", opens=approve),
            a_held("not-break-glass", why="it is a break-glass user", opens="nothing: break-glass users stay"),
        ),
        ready=(Ready("wave-1", State.VERIFIED, Move.QUARANTINE, 3, ALICE),),
        waves=waves,
        screams=Screaming(0, 1, (replace(a_cry(7, "rolled-back"), put_back_at=NOW - 11 * MINUTE),)),
        series={
            "human_users_with_long_term_credentials": tuple((NOW - n * DAY, 150.0 + n) for n in range(40, 0, -1)),
            "human_events_through_idp_percent": tuple((NOW - n * DAY, 71.0 - n) for n in range(40, -1, -1)),
            "alert_mttr_seconds": ((NOW, 11520.0),),
        },
        accounts=(
            AccountStanding("111122223333", "acme", "ACTIVE", NOW - HOUR, complete=True, users=100, holders=99),
            AccountStanding("222233334444", "data", "ACTIVE", NOW - HOUR, complete=True, users=112, holders=108),
        ),
        owners=(Holding("web", 20, 20), Holding("", 9, 9)),
        pulse=Pulse(1, NOW - 3 * MINUTE, NOW - 5 * DAY),
    )  # fmt: skip
    return forecast(seen, Rules(), NOW)


@pytest.mark.parametrize("width", [60, 80, 100, 119, 120, 160, 200])
def test_no_line_is_longer_than_the_terminal(width):
    seen = the_sketch()
    hostile = a_held("a" * 90, 12345, why="why " * 60, opens=f"migrator do {'x' * 300} USER", first="ü" * 90)
    crowded = replace(
        seen,
        held=(*seen.held, hostile),
        screams=Screaming(99, 100, (a_cry(1234567, agent="漢字" * 90, event_name="y" * 200),)),
        runs=(a_run(user="z" * 120), a_run(status="failed", error="Access denied " * 30)),
        accounts=(
            *seen.accounts,
            AccountStanding("3" * 12, "漢" * 60, "ACTIVE", NOW, complete=False, error="no " * 90),
        ),
        owners=(Holding("o" * 100, 10**6, 10**6),),
    )
    for shown in (seen, crowded):
        assert max(map(cell_len, lines(shown, width))) <= width


@pytest.mark.parametrize("width", [80, 160])
def test_no_line_ends_in_spaces(width):
    assert [line for line in lines(the_sketch(), width) if line != line.rstrip()] == []


def test_what_the_80_columns_say_the_160_say_too():
    narrow, wide = (set(re.findall(r"[\w./-]+", text(the_sketch(), width))) for width in (80, 160))
    assert narrow <= wide


def test_the_questions_come_in_the_same_order_at_every_width():
    heads = [[line.split()[0] for line in lines(the_sketch(), width) if re.match(r"\S", line)] for width in (80, 160)]
    assert heads[0] == heads[1]
    order = [word for word in heads[0] if word in ("wave", "waiting", "screams", "KPIs", "next")]
    assert order == ["wave", "waiting", "screams", "KPIs", "next"]


def test_the_table_stands_in_columns_with_a_line_before_the_cuts_and_one_before_the_end():
    assert part(the_sketch(), "wave") == [
        "canary       ✓   ·   ·    ·   · │    ·    · │   5    ·    ·  done 11 Nov",
        "wave-1       ▶   ·   ·    2   3 │   16    3 │   ·    1    ·  from 14 Dec",
        "wave-2       ○  21   4    ·   · │    ·    · │   ·    ·    ·  needs 1 approval",
        "no wave        157   ·    ·   · │    ·    · │   ·    ·    ·",
        "all            178   4    2   3 │   16    3 │   5    1    ·",
    ]
    assert lines(the_sketch())[2] == "wave           dis map prov ver │ quar deac │ del back excl  eta"


def test_large_numbers_widen_their_own_column_only():
    seen = Overview(NOW, "o-1", standings=(standing(State.DISCOVERED, 123456), standing(State.DELETED, 9)))
    assert lines(seen)[2:4] == [
        "wave              dis map prov ver │ quar deac │ del back excl  eta",
        "no wave        123456   ·    ·   · │    ·    · │   9    ·    ·",
    ]


@pytest.mark.parametrize(
    ("wave", "said"),
    [
        (a_wave("w", WaveState.DRAFT, standing(State.MAPPED)), "needs 2 approvals"),
        (
            a_wave(
                "w",
                WaveState.DRAFT,
                standing(State.MAPPED),
                approvals=(Approved(Stage.CUT, "erin", NOW, NOW + DAY, 1),),
            ),
            "needs 1 approval",
        ),
        (a_wave("w", WaveState.APPROVED, standing(State.MAPPED)), "ready to start"),
        (a_wave("w", WaveState.APPROVED, standing(State.MAPPED), starts_at=NOW + DAY), "from 15 Dec"),
        (a_wave("w", WaveState.PAUSED, standing(State.MAPPED)), "paused"),
        (a_wave("w", WaveState.RUNNING, standing(State.VERIFIED)), "from 14 Dec"),
        (a_wave("w", WaveState.RUNNING, standing(State.DEACTIVATED, since=NOW - 4 * DAY)), "from 03 Dec"),
        (
            a_wave("w", WaveState.RUNNING, standing(State.QUARANTINED, opens_at=NOW + 9 * DAY, since=NOW - DAY)),
            "from 16 Dec",
        ),
        (a_wave("w", WaveState.RUNNING, standing(State.ROLLED_BACK)), "all arrived"),
        (a_wave("w", WaveState.RUNNING, standing(State.DEACTIVATED, since=NOW - 99 * DAY)), "from 14:05"),
        (a_wave("w", WaveState.DONE, standing(State.DELETED, since=NOW - 400 * DAY)), "done 19 Oct 2025"),
    ],
)
def test_a_wave_says_what_it_waits_for_or_when_it_could_be_over(wave, said):
    seen = forecast(Overview(NOW, "o-1", standings=wave.members, waves=(wave,)), Rules(approvals=2), NOW)
    assert part(seen, "wave")[0].endswith(said)


def test_numbers_of_four_digits_in_every_column_leave_room_for_the_eta_at_80_columns():
    states = tuple(standing(state, 1234, "wave-1") for state in State)
    seen = Overview(NOW, "o-1", standings=states, waves=(a_wave("wave-1", WaveState.DRAFT, *states, needs=1),))
    assert part(seen, "wave")[0].endswith("  needs 1 approval")


def test_many_waves_are_added_up_the_done_ones_first():
    done = [a_wave(f"old-{n}", WaveState.DONE, standing(State.DELETED, 2, f"old-{n}")) for n in range(9)]
    drafts = [a_wave(f"new-{n}", WaveState.DRAFT, standing(State.MAPPED, 3, f"new-{n}")) for n in range(300)]
    going = a_wave("now", WaveState.RUNNING, standing(State.VERIFIED, 1, "now"))
    waves = (*done, going, *drafts)
    shown = part(Overview(NOW, "o-1", standings=tuple(m for w in waves for m in w.members), waves=waves), "wave")
    assert [line.split()[:3] for line in shown[:3]] == [["9", "done", "✓"], ["now", "▶", "·"], ["300", "drafts", "○"]]
    assert " 18 " in shown[0]
    assert " 900 " in shown[2]


def test_every_group_says_what_moves_it():
    assert part(the_sketch(), "waiting") == [
        "    4  wave-approved    0 of 1 approval                                 24 h ago",
        "       migrator wave approve wave-2 --stage cut",
        "    3  sso-sign-in      never seen                                      24 h ago",
        "       migrator advance --wave wave-1",
        "   16  scream-window    silent for 2.1 of 7 days                        24 h ago",
        "       nothing to do until Thu 26 Nov 09:05",
        "    1  not-break-glass  it is a break-glass user                        24 h ago",
        "       nothing: break-glass users stay",
    ]


def test_a_wide_terminal_has_the_command_on_the_same_line():
    shown = part(the_sketch(), "waiting", 160)
    assert len(shown) == 4
    assert shown[0].split("  ")[-1].strip() == "24 h ago"
    assert len({line.index("migrator ") for line in shown[:2]}) == 1


def test_a_decision_about_each_user_names_some_of_them():
    held = a_held("kind-decided", 10, why="nobody knows", opens="migrator users classify USER --as KIND --reason TEXT")
    shown = part(replace(the_sketch(), held=(held,)), "waiting")
    assert shown[1:] == [
        "       migrator users classify USER… --as KIND --reason TEXT",
        f"       USER: {ALICE}, {BOB} and 8 more",
    ]


@pytest.mark.parametrize(
    ("soon", "last", "said"),
    [
        (NOW + 3 * HOUR, NOW + 3 * HOUR, "nothing to do until 17:05, in 3 h"),
        (NOW + 3 * HOUR, NOW + 9 * DAY, "nothing to do until 17:05, in 3 h, the last Wed 02 Dec 14:05"),
        (NOW + 400 * DAY, NOW + 400 * DAY, "nothing to do until Tue 28 Dec 2027 14:05"),
        (NOW - HOUR, NOW + DAY, "due since 13:05: migrator worker --once"),
        (NOW - 9 * DAY, NOW, "due since 14 Nov: migrator worker --once"),
    ],
)
def test_time_is_relative_when_near_and_dated_when_far(soon, last, said):
    held = timed(State.QUARANTINED, soon, last, 2, "silent")
    assert part(replace(the_sketch(), held=(held,)), "waiting")[1].strip() == said


def test_nobody_waits():
    assert part(replace(the_sketch(), held=()), "waiting") == ["       nobody waits"]


def test_an_open_scream_says_what_called_from_where_and_how_to_answer():
    shown = part(replace(the_sketch(), screams=Screaming(1, 1, (a_cry(),))), "screams")
    assert shown == [
        f"   #7  {ERIN}  lambda:Invoke ×14                           10 min ago",
        "       nightly-report/1.4 from 203.0.113.77",
        f"       migrator rollback {ERIN} --reason TEXT, or:",
        "       migrator screams dismiss 7 --reason TEXT",
        "       likely fix: find what runs there, and run it under a role",
    ]


def test_a_scream_that_was_answered_says_how_fast():
    assert "put back 13:54 after 9 min; likely fix:" in part(the_sketch(), "screams")[2]


def test_open_screams_come_before_answered_ones_and_the_rest_is_counted():
    cries = (*(a_cry(n) for n in range(9)), *(a_cry(n, "rolled-back") for n in range(50, 60)))
    shown = text(replace(the_sketch(), screams=Screaming(9, 19, cries)))
    assert re.findall(r"^ +#(\d+)", shown, re.MULTILINE) == ["0", "1", "2", "3", "50", "51"]
    assert "13 more: migrator screams list" in shown


def test_silence_and_deafness_are_not_the_same():
    deaf, silent = replace(the_sketch(), screams=Screaming()), replace(the_sketch(), screams=Screaming(0, 0))
    assert "nobody listened yet" in text(deaf)
    assert "silence; the trail has been heard since 18 Nov" in text(silent)


def test_kpis_stand_under_each_other_with_their_course():
    assert part(the_sketch(), "KPIs") == [
        "  humans with long-term credentials            143  ████▇▇▇▇▇▇▇▆",
        "  human calls through Identity Center       71.0 %  ▄▅▅▅▆▆▆▇▇▇██",
        "  alerts, mean time to remediate        3 h 12 min",
        "  access review, mean duration                   –",
    ]


def test_a_wide_terminal_adds_history_accounts_and_owners():
    narrow, wide = text(the_sketch()), text(the_sketch(), 160)
    for detail in ("from 190 on 14 Oct", "222233334444  data", "web  ", "nobody  "):
        assert detail not in narrow
        assert detail in wide


def test_what_is_urgent_comes_last_where_the_eye_is():
    seen = replace(
        the_sketch(),
        screams=Screaming(2, 2),
        unjudged=5,
        runs=(a_run(), a_run(status="failed", kind="delete", error="AccessDenied: no"), a_run(lease_until=NOW + HOUR)),
        accounts=(AccountStanding("333344445555", "legacy", "ACTIVE", NOW, complete=False, error="AccessDenied"),),
        pulse=Pulse(1, NOW - 3 * HOUR, None),
    )
    assert part(seen, "next") == [
        "  2 screams to answer                   migrator screams list",
        "  the worker was last seen 3 h ago: nobody listens",
        "      migrator worker",
        f"  quarantine of {ERIN} interrupted 3 h ago, the same command resumes",
        f"      migrator advance {ERIN}",
        f"  delete of {ERIN} failed: AccessDenied: no",
        f"      migrator advance {ERIN} --to deleted",
        "  could not read legacy: AccessDenied   migrator discover --account 333344445555",
        "  3 of wave-1 can be quarantined        migrator advance --wave wave-1",
        "  5 users whose gates were never computed",
        "      migrator discover",
        "  1 run going on right now",
        "  free the 4 that wait for wave-approved",
        "      migrator wave approve wave-2 --stage cut",
    ]


@pytest.mark.parametrize(
    ("run", "command"),
    [
        (a_run(kind="rollback"), f"migrator rollback {ERIN} --reason TEXT"),
        (a_run(kind="map"), f"migrator map {ERIN}"),
        (a_run(kind="delete"), f"migrator advance {ERIN} --to deleted"),
        (a_run(kind="shared", user="", subject="permission-set:dev"), "migrator advance --wave wave-1"),
        (a_run(kind="shared", user="", wave="my wave; rm"), "migrator advance --wave 'my wave; rm'"),
    ],
)
def test_an_interrupted_run_names_the_command_that_resumes(run, command):
    assert command in text(replace(the_sketch(), runs=(run,)))


@pytest.mark.parametrize(
    ("ready", "said"),
    [
        (Ready(None, State.DISCOVERED, Move.MAP, 9, ALICE), ("9 can be mapped", "migrator map --state discovered")),
        (Ready(None, State.MAPPED, Move.PROVISION, 1, ALICE), ("1 can be provisioned", f"migrator advance {ALICE}")),
        (
            Ready("w", State.DEACTIVATED, Move.DELETE, 2, ALICE),
            ("2 of w can be deleted", "migrator advance --wave w --to deleted"),
        ),
    ],
)
def test_users_with_open_gates_can_move(ready, said):
    what, command = said
    assert re.search(rf"{what}\s+{command}", text(replace(the_sketch(), ready=(ready,))))


def test_a_worker_is_missed_only_where_somebody_is_cut_or_a_wave_runs():
    idle = Overview(NOW, "o-1", standings=(standing(State.MAPPED),))
    cut = replace(idle, standings=(standing(State.DEACTIVATED),))
    running = replace(idle, waves=(a_wave("w", WaveState.RUNNING, standing(State.MAPPED, wave="w")),))
    assert ["no worker ever ran" in text(seen) for seen in (idle, cut, running)] == [False, True, True]


def test_an_empty_database_says_what_to_do_first():
    assert lines(Overview(NOW, None)) == [
        "no organization yet                                                    14:05 UTC",
        "next",
        "  nothing was read yet: look at every account first",
        "      migrator discover",
    ]


def test_an_organization_without_users_has_nothing_to_migrate():
    seen = Overview(NOW, "o-1", accounts=(AccountStanding("1" * 12, "prod", "ACTIVE", NOW, complete=True),))
    assert lines(seen)[-1] == "  no IAM user was found: nothing to migrate"


def test_users_that_all_vanished_leave_nothing_to_show():
    seen = Overview(NOW, "o-1", standings=(standing(State.MAPPED, vanished=True),))
    assert lines(seen)[-1] == "  no IAM user was found: nothing to migrate"


def test_when_everybody_arrived_there_is_nothing_to_do():
    seen = Overview(NOW, "o-1", standings=(standing(State.DELETED, 9),), screams=Screaming(0, 0))
    assert part(seen, "next") == ["  everybody has arrived"]


def test_text_from_outside_never_speaks_to_the_terminal():
    evil = "\x1b[2J\x1b]0;own\x07[bold red]x[/]\u202e\r\nmigrator rollback all"
    seen = replace(
        the_sketch(),
        organization=evil,
        waves=(a_wave(evil, WaveState.PAUSED, standing(State.MAPPED, wave=evil)),),
        held=(a_held(why=evil, first=evil, opens=f"{evil} USER…"),),
        screams=Screaming(1, 1, (replace(a_cry(agent=evil, address=evil, event_name=evil, reason=evil), user=evil),)),
        runs=(a_run(user=evil), a_run(status="failed", error=evil)),
        accounts=(AccountStanding(evil, evil, "ACTIVE", NOW, complete=False, error=evil),),
        owners=(Holding(evil, 1, 1),),
        ready=(Ready(evil, State.VERIFIED, Move.QUARANTINE, 1, evil),),
    )
    for width in (80, 160):
        shown = text(seen, width)
        assert not set(shown) & set("\x1b\x07\r\u202e")
        assert "[bold red]x[/]" in shown
        assert max(map(cell_len, shown.splitlines())) <= width


def test_colour_says_nothing_that_words_do_not():
    coloured = text(the_sketch(), force_terminal=True, color_system="truecolor")
    assert coloured != text(the_sketch())
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text(the_sketch())
