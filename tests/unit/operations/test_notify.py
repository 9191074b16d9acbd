"""Letters: kept once, sent, tried again; a channel that fails stops nothing."""

from datetime import date, time, timedelta

import pytest

from migrator.domain.calendar import ChangeWindow, Freeze
from migrator.domain.lifecycle import State
from migrator.domain.notices import Audience, told
from migrator.domain.waves import WaveState
from migrator.operations.advance import Advance, advance
from migrator.operations.notify import TAKEN, TRIES, Sent, keep, newest, send
from migrator.operations.work import work as turn
from migrator.ports.post import Channel
from tests.builders import a_key, a_scream, a_user_facts, a_wave

OPS = Channel("json-1", Audience.CHANNEL)
MAIL = Channel("mailto-1", Audience.PERSON)


def kept(tools, *notices):
    with tools.store.begin() as work:
        count = keep(tools, work, notices)
        work.commit()
    return count


DONE = told("wave-done", "one", {"wave": "one"})


def test_a_notice_is_kept_once_for_every_channel_of_its_audience(tools):
    tools.post.channels += [OPS, Channel("slack-1", Audience.CHANNEL), MAIL]
    assert kept(tools, DONE) == 2
    assert kept(tools, DONE) == 0
    assert send(tools) == Sent(sent=2)
    assert send(tools) == Sent()
    assert [letter.title for letter in tools.post.taken] == ["Wave one is done"] * 2


def test_what_nobody_wants_to_hear_is_not_kept(tools):
    assert kept(tools, DONE) == 0
    assert newest(tools) == []


def test_a_channel_that_fails_is_tried_later_and_given_up_in_the_end(tools):
    tools.post.channels.append(OPS)
    tools.post.broken.add(OPS.name)
    kept(tools, DONE)
    assert send(tools) == Sent(waiting=1)
    assert send(tools) == Sent(), "not before its time"
    for _ in range(TRIES - 2):
        tools.clock.pass_time(hours=6)
        assert send(tools) == Sent(waiting=1)
    tools.clock.pass_time(hours=6)
    assert send(tools) == Sent(failed=1)
    (letter,) = newest(tools)
    assert (letter.status, letter.attempts, letter.error) == ("failed", TRIES, "the channel did not take it")


def test_a_channel_that_comes_back_takes_what_waited(tools):
    tools.post.channels.append(OPS)
    tools.post.broken.add(OPS.name)
    kept(tools, DONE)
    send(tools)
    tools.post.broken.clear()
    tools.clock.pass_time(minutes=1)
    assert send(tools) == Sent(sent=1)


def test_what_a_dead_worker_took_is_sent_by_the_next(tools):
    tools.post.channels.append(OPS)
    kept(tools, DONE)
    now = tools.clock.now()
    with tools.store.begin() as work:
        assert len(work.outbox.take(now, now + TAKEN, 10)) == 1
        work.commit()
    assert send(tools) == Sent(), "somebody else has it"
    tools.clock.pass_time(seconds=TAKEN.total_seconds())
    assert send(tools) == Sent(sent=1)


def test_everything_that_was_told_is_in_the_record(tools):
    tools.post.channels.append(OPS)
    kept(tools, DONE)
    send(tools)
    with tools.store.begin() as work:
        assert [(e.event, e.subject) for e in work.record.entries()] == [("told", "migrator")]


@pytest.fixture
def screaming(tools):
    """A user in quarantine, in a running wave, whose script calls."""
    user = tools.add(a_user_facts(credentials=(a_key(),)))
    with tools.store.begin() as work:
        wave = work.waves.create(a_wave(), [(user.id, "")])
        work.waves.move(wave, WaveState.RUNNING, tools.clock.now())
        work.commit()
    advance(tools, tools.apply, [tools.line(user)], Advance(State.QUARANTINED))
    tools.clock.pass_time(minutes=1)
    with tools.store.begin() as work:
        work.screams.save(a_scream(user.id, first=tools.clock.now(), last=tools.clock.now()))
        work.commit()
    return user


@pytest.mark.usefixtures("screaming")
@pytest.mark.parametrize("broken", [False, True])
def test_a_channel_never_blocks_a_rollback(tools, broken):
    tools.post.channels.append(OPS)
    if broken:
        tools.post.broken.add(OPS.name)
    ended = turn(tools, tools.apply)
    assert [moved.outcome for moved in ended.watched.rolled_back] == ["done"]
    assert "put-back" in {letter.template for letter in newest(tools)}
    assert bool(ended.letters.sent) is not broken


def test_a_turn_tells_owners_before_the_next_stage_once(tools):
    tools = tools.with_rules(deactivate=timedelta(days=14), sessions=timedelta(hours=36))
    tools.post.channels.append(Channel("mailto-2", Audience.OWNER))
    user = tools.add(a_user_facts(credentials=(a_key(),)))
    with tools.store.begin() as work:
        wave = work.waves.create(a_wave(), [(user.id, "")])
        work.waves.move(wave, WaveState.RUNNING, tools.clock.now())
        work.commit()
    for _ in range(3):
        turn(tools, tools.apply)
        tools.clock.pass_time(minutes=15)
    titles = [letter.title for letter in tools.post.taken]
    assert titles == [f"In 14 days {user.key} will be deleted"]


def test_the_day_that_is_told_is_one_on_which_something_may_be_cut(tools):
    """Mondays are for cuts; the windows end on a Monday at noon that is frozen."""
    mondays = ChangeWindow(frozenset({0}), time(9), time(16))
    frozen = Freeze(date(2026, 12, 7), date(2026, 12, 7))
    tools = tools.with_rules(deactivate=timedelta(days=14), change_window=mondays, freezes=(frozen,))
    tools.post.channels.append(Channel("mailto-2", Audience.OWNER))
    user = tools.add(a_user_facts(credentials=(a_key(),)))
    with tools.store.begin() as work:
        wave = work.waves.create(a_wave(), [(user.id, "")])
        work.waves.move(wave, WaveState.RUNNING, tools.clock.now())
        work.commit()
    turn(tools, tools.apply)
    (letter,) = tools.post.taken
    assert letter.title == f"In 21 days {user.key} will be deleted"
    assert "2026-12-14 09:00" in letter.body
    tools.clock.pass_time(days=7)  # what is known of the user is old, and nothing but the cut itself reads it again
    turn(tools, tools.apply)
    assert tools.post.taken[-1].title == f"In 14 days {user.key} will be deleted"
