"""A worker's turn: who screams is put back, whatever else fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.cuts import QUARANTINE
from migrator.domain.errors import Unreachable
from migrator.domain.lifecycle import State
from migrator.domain.usage import Refusal
from migrator.domain.waves import WaveState
from migrator.operations.advance import Advance, advance
from migrator.operations.hear import hear
from migrator.operations.work import work as turn
from tests.builders import ACCOUNT, a_key, a_part, a_scream, a_usage_fact, a_user_facts, a_wave
from tests.fakes.crash import Crash

DENY = ("inline-policy", (ACCOUNT, "alice", QUARANTINE))


class BrokenTrail:
    """A trail whose bucket does not answer."""

    source = "cloudtrail:broken"

    def list_parts(self, _since, _until, _accounts):
        raise Unreachable("the bucket does not answer")


def alice(tools):
    return tools.add(a_user_facts(credentials=(a_key(),)))


def quarantine(tools, user):
    return advance(tools, tools.apply, [tools.line(user)], Advance(State.QUARANTINED)).users[0]


def scream(tools, user):
    with tools.store.begin() as work:
        work.screams.save(a_scream(user.id, first=tools.clock.now(), last=tools.clock.now()))
        work.commit()


def in_a_running_wave(tools, user):
    with tools.store.begin() as work:
        wave = work.waves.create(a_wave(), [(user.id, "")])
        work.waves.move(wave, WaveState.RUNNING, tools.clock.now())
        work.commit()


def dispositions(tools):
    with tools.store.begin() as work:
        return [scream.disposition for scream in work.screams.all()]


def test_who_screams_is_put_back_though_the_trail_cannot_be_read(tools):
    user = alice(tools)
    quarantine(tools, user)
    scream(tools, user)
    tools = replace(tools, sources=(BrokenTrail(),))
    done = turn(tools, tools.apply)
    assert tools.user(user).state == State.ROLLED_BACK
    assert (done.exit_code, done.errors) == (4, ("the trails were not read: the bucket does not answer",))


def test_a_turn_that_heard_nothing_cuts_nobody_and_is_no_sign_of_life(tools):
    user = alice(tools)
    in_a_running_wave(tools, user)
    tools = replace(tools, sources=(BrokenTrail(),))
    turn(tools, tools.apply)
    assert tools.user(user).state == State.VERIFIED
    with tools.store.begin() as work:
        assert work.pulse("worker") == (None, None)


def test_who_screams_while_its_cut_is_unfinished_is_put_back_and_left_alone(tools):
    user = alice(tools)
    in_a_running_wave(tools, user)

    def on_call(moment, n) -> None:
        if (moment, tools.aws.calls[n - 1][0]) == ("after", "make"):
            raise Crash

    tools.aws.on_call = on_call
    with pytest.raises(Crash):
        quarantine(tools, user)
    tools.aws.on_call = lambda _moment, _n: None
    scream(tools, user)
    turn(tools, tools.apply)
    assert DENY not in tools.aws.there
    assert (tools.user(user).state, dispositions(tools)) == (State.VERIFIED, ["rolled-back"])


def a_refusal(tools, hours=0):
    at = tools.clock.now() + timedelta(hours=hours)
    arn, where = f"arn:aws:iam::{ACCOUNT}:user/alice", ("s3.amazonaws.com", "ListBuckets", "203.0.113.9", "report.py")
    return Refusal(f"event at {at}", at, arn, ACCOUNT, *where, "AccessDenied")


def test_refusals_of_a_stranger_under_a_deleted_users_name_are_not_its_screams(tools):
    user = alice(tools)
    advance(tools, tools.apply, [tools.line(user)], Advance(State.DELETED, agreed=None))
    assert tools.user(user).state == State.DELETED
    tools.clock.pass_time(days=1)
    with tools.store.begin() as work:
        assert hear(tools, work, [a_refusal(tools, hours=-24)], []) == 1
        assert hear(tools, work, [a_refusal(tools)], []) == 0


def use(tools, key="AKIAONE"):
    tools.aws.use(ACCOUNT, "alice", key)


def dismiss_all(tools):
    with tools.store.begin() as work:
        for one in work.screams.all():
            work.screams.save(replace(one, disposition="dismissed", reason="a health check"))
        work.commit()


def noise(tools):
    """A refused call that the trail tells of: a fact of its key, and a scream."""
    at = tools.clock.now()
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    fact = a_usage_fact(first=at, last=at, access_key="AKIAONE", error="AccessDenied")
    part = a_part(f"{at}.json.gz", [fact])
    refusal = Refusal(f"{at}", at, arn, ACCOUNT, "s3.amazonaws.com", "ListBuckets", "203.0.113.9", "x", "AccessDenied")
    with tools.store.begin() as work:
        work.usage.add([part], at)
        hear(tools, work, [refusal], [part])
        work.commit()


def test_a_use_that_no_trail_records_is_heard_within_an_hour(tools):
    user = alice(tools)
    quarantine(tools, user)
    turn(tools, tools.apply)
    tools.clock.pass_time(hours=2)
    use(tools)
    done = turn(tools, tools.apply)
    assert [one.outcome for one in done.watched.rolled_back] == ["done"]
    assert (tools.user(user).state, dispositions(tools)) == (State.ROLLED_BACK, ["rolled-back"])


def test_nobody_is_asked_about_more_often_than_it_is_worth(tools):
    user = alice(tools)
    quarantine(tools, user)
    turn(tools, tools.apply)
    tools.clock.pass_time(minutes=59)
    use(tools)
    turn(tools, tools.apply)
    assert tools.user(user).state == State.QUARANTINED
    tools.clock.pass_time(minutes=2)
    turn(tools, tools.apply)
    assert tools.user(user).state == State.ROLLED_BACK


def test_noise_that_was_dismissed_is_not_heard_again_by_the_second_ear(tools):
    user = alice(tools)
    quarantine(tools, user)
    tools.clock.pass_time(hours=2)
    noise(tools)
    dismiss_all(tools)
    for _ in range(3):  # it goes on, the trail late by ten minutes each time
        tools.clock.pass_time(hours=2)
        use(tools)
        tools.clock.pass_time(seconds=1)
        turn(tools, tools.apply)
        tools.clock.pass_time(seconds=-1)
        noise(tools)
        tools.clock.pass_time(minutes=30)
        turn(tools, tools.apply)
    assert (tools.user(user).state, dispositions(tools)) == (State.QUARANTINED, ["dismissed"])


def test_an_account_that_cannot_be_asked_is_told_and_costs_nobody_the_turn(tools):
    user = alice(tools)
    quarantine(tools, user)

    def refuse(_account, _name):
        raise Unreachable("IAM does not answer")

    tools.aws.read_last_use = refuse
    assert turn(tools, tools.apply).exit_code == 0
    assert f"last use in {ACCOUNT}: IAM does not answer" in tools.told


def test_a_use_just_before_the_next_cut_closes_its_gate(tools):
    user = alice(tools)
    quarantine(tools, user)
    tools.clock.pass_time(hours=2)
    use(tools)
    moved = advance(tools, tools.apply, [tools.line(user)], Advance(State.DEACTIVATED)).users[0]
    assert (moved.outcome, moved.held_by) == ("held", ("no-screams",))


def test_a_stranger_under_the_name_says_nothing_of_the_user(tools):
    user = alice(tools)
    quarantine(tools, user)
    tools.aws.there["user", (ACCOUNT, "alice")]["user_id"] = "AIDASTRANGER"
    tools.clock.pass_time(hours=2)
    use(tools)
    turn(tools, tools.apply)
    assert dispositions(tools) == []
