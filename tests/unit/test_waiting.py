"""Closed gates of many users told as a few groups: the reason that tells most, and the one step that frees them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.waiting import Held, gather, merged, quoted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def held(gate: str = "coverage", **changes: Any) -> Held:
    """One user that a gate holds since yesterday."""
    why, opens, since = "1 of 4 calls not covered", "migrator permission-sets diff dev", NOW - timedelta(days=1)
    return replace(Held(gate, None, State.MAPPED, why, opens, None, None, 1, since, "1/alice", "1/alice"), **changes)


def step(*rows: Held) -> tuple[str, int]:
    (group,) = gather(rows)
    return group.opens, group.alike


@pytest.mark.parametrize(
    ("texts", "one"),
    [
        (["silent"], "silent"),
        (["silent for 2.1 of 7 days", "silent for 3 of 7 days"], "silent for 2.1–3 of 7 days"),
        (["9 of 10 calls", "10 of 10 calls"], "9–10 of 10 calls"),
        (["opens 2026-12-01 09:00", "opens 2026-12-01 09:00"], "opens 2026-12-01 09:00"),
        (["1 call of 111122223333/bob", "3 call of 111122223333/bob"], "1–3 call of 111122223333/bob"),
    ],
)
def test_reasons_that_differ_in_numbers_become_one(texts, one):
    assert merged(texts) == one


def test_the_reason_most_users_share_is_told_and_the_others_counted():
    rows = [held(why="linked to nobody", users=3), held(why="shared by several people: a team", users=2)]
    (group,) = gather(rows)
    assert (group.users, group.why, group.otherwise) == (5, "linked to nobody", 2)


@pytest.mark.parametrize(
    ("tails", "why"),
    [
        (("s3:GetObject", "s3:GetObject"), "1–2 calls not covered: s3:GetObject"),
        (("s3:GetObject", "sqs:SendMessage"), "1–2 calls not covered"),
    ],
)
def test_details_are_told_where_they_are_the_same_for_all(tails, why):
    rows = [held(why=f"{number} calls not covered: {tail}") for number, tail in enumerate(tails, 1)]
    assert gather(rows)[0].why == why


def test_a_few_different_steps_are_told_apart_and_many_as_one():
    rows = [held(opens=f"migrator permission-sets diff set-{n}", users=n + 1) for n in range(4)]
    assert [group.opens[-5:] for group in gather(rows[:3])] == ["set-2", "set-1", "set-0"]
    assert step(*rows) == ("migrator permission-sets diff set-3", 3)


@pytest.mark.parametrize(
    ("rows", "opens"),
    [
        ([held(opens="migrator users link USER --to EMAIL")], "migrator users link 1/alice --to EMAIL"),
        ([held(opens="migrator users link USER --to EMAIL", users=2)], "migrator users link USER… --to EMAIL"),
        (
            [held(opens="migrator users link USER --to EMAIL", users=2, wave="w")],
            "migrator users link USER… --to EMAIL",
        ),
        ([held(opens="migrator advance USER", users=2, wave="w")], "migrator advance --wave w"),
        ([held(opens="migrator map USER", users=2)], "migrator map --state mapped"),
        ([held(opens="migrator map USER", users=2, wave="my wave")], "migrator map --wave 'my wave'"),
        (
            [held(opens="migrator map USER", state=state) for state in (State.MAPPED, State.DISCOVERED)],
            "migrator map USER…",
        ),
        ([held(opens="migrator rollback USER, or …", users=2, wave="w")], "migrator rollback USER…, or …"),
        ([held(opens="migrator wave create NAME USER", users=2)], "migrator wave plan"),
        ([held(opens="migrator wave create NAME USER")], "migrator wave create NAME 1/alice"),
        ([held(opens="migrator discover --account 1", users=2)], "migrator discover --account 1"),
        ([held(opens=f"migrator discover --account {n}") for n in (1, 2)], "migrator discover"),
    ],
)
def test_a_step_for_many_never_means_more_than_is_safe(rows, opens):
    assert step(*rows) == (opens, 0)


def test_a_wave_and_a_state_that_both_differ_leave_the_users_to_be_named():
    rows = [held(opens="migrator map USER", wave=wave, state=State.MAPPED) for wave in ("a", "b")]
    assert step(*rows) == ("migrator map --state mapped", 0)


def test_what_can_be_done_comes_first_then_what_time_opens_then_what_stays():
    stays = held("not-break-glass", opens="nothing: break-glass users stay", users=99)
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=2)
    window = {"opens": "nothing to do", "users": 50}
    last = held("scream-window", **window, opens_at=late, opens_last=late, state=State.DEACTIVATED)
    next_ = held("scream-window", **window, opens_at=soon, opens_last=soon, state=State.QUARANTINED)
    few, many = held("coverage"), held("person-linked", opens="migrator users link USER --to EMAIL", users=9)
    told = gather([stays, last, next_, few, many])
    assert [(group.gate, group.opens_at) for group in told] == [
        ("person-linked", None),
        ("coverage", None),
        ("scream-window", soon),
        ("scream-window", late),
        ("not-break-glass", None),
    ]
    assert [group.by_time for group in told] == [False, False, True, True, False]
    assert [group.for_good for group in told] == [False, False, False, False, True]


def test_a_group_waits_since_its_first_and_until_its_last():
    early, late = NOW - timedelta(days=9), NOW + timedelta(days=9)
    rows = [
        held(opens="nothing to do", why=f"silent for {n} of 7 days", since=since, opens_at=NOW, opens_last=last)
        for n, (since, last) in enumerate([(NOW, late), (early, NOW)])
    ]
    (group,) = gather(rows)
    assert (group.since, group.opens_at, group.opens_last) == (early, NOW, late)


def test_some_users_are_named():
    (group,) = gather([held(users=3, first="1/alice", last="1/carol", why=why) for why in ("a", "b")])
    assert group.who == ("1/alice", "1/carol")


@pytest.mark.parametrize(
    ("name", "word"),
    [("wave-1", "wave-1"), ("my wave", "'my wave'"), ("$(rm)", "'$(rm)'"), ("it's", "'it'\\''s'"), ("", "''")],
)
def test_a_name_is_one_word_for_a_shell(name, word):
    assert quoted(name) == word
