"""Listening on a fake AWS: applied twice, cut off anywhere, changed by hand, and put back exactly."""

from contextlib import suppress
from dataclasses import replace

import pytest

from migrator.domain.errors import Busy
from migrator.domain.lifecycle import State
from migrator.domain.selectors import LIMIT, listeners, normal, others, with_listeners
from migrator.domain.trails import Trail
from migrator.operations.listen import carry_listening, finish_listening, plan_listening, plan_silence
from migrator.operations.read_trails import read_trails
from migrator.ports.aws import AccessDenied
from tests.builders import NOW, a_part, a_usage_fact, a_user_facts
from tests.fakes.crash import Crash, at_call, at_commit

OBJECTS = "AWS::S3::Object"
DEFAULT = normal((), ())


@pytest.fixture
def tools(tools):
    """An organization trail with AWS's default selectors; two quarantined users of S3 and one of EC2."""
    tools = tools.with_rules(listening=True)
    tools.aws.add_trail()
    for name, source, event in (("ann", "s3", "GetObject"), ("bob", "s3", "PutObject"), ("cy", "ec2", "RunInstances")):
        tools.add(a_user_facts(name), State.QUARANTINED)
        used = a_usage_fact(name, source=f"{source}.amazonaws.com", event=event, last=NOW)
        with tools.store.begin() as work:
            work.usage.add([a_part(f"{name}.json.gz", [used])], NOW)
            work.commit()
    return tools


def lines(tools, *names):
    with tools.store.begin() as work:
        return [line for line in work.users.lines() if not names or line.user.user_name in names]


def state(tools):
    """What each trail records, by its name."""
    return {
        at[1].rsplit("/", 1)[1]: value for (kind, at), value in tools.aws.there.items() if kind == "event-selectors"
    }


def arns(tools, *names):
    return {
        line.user.user_name: f"arn:aws:iam::{line.user.account_id}:user/{line.user.user_name}"
        for line in lines(tools, *names)
    }


def begin(tools, *names):
    return carry_listening(tools, tools.apply, plan_listening(tools, lines(tools, *names)))


def end(tools, *names):
    return carry_listening(tools, tools.apply, plan_silence(tools, lines(tools, *names) if names else None))


def heard(tools, name):
    (line,) = lines(tools, name)
    with tools.store.begin() as work:
        (dossier,) = work.dossiers([line.user.id], NOW, tools.rules.lookback)
    return dossier.listening


def test_a_plan_writes_nothing(tools):
    planned = plan_listening(tools, lines(tools))
    assert [(one.outcome, one.users) for one in planned.trails] == [("planned", 2)]
    assert [placed.wanted.user.split("/")[1] for placed in planned.users] == ["ann", "bob"]
    assert state(tools) == {"organization": DEFAULT}
    assert [verb for verb, _ in tools.aws.calls] == ["observe"]


def test_applied_the_trail_records_them_and_their_audibility_says_so(tools):
    plan_listening(tools, lines(tools))
    assert heard(tools, "ann").deaf == ("S3 objects",)
    done = begin(tools)
    assert ([one.outcome for one in done.trails], done.exit_code) == (["done"], 0)
    assert listeners(state(tools)["organization"]) == {OBJECTS: set(arns(tools, "ann", "bob").values())}
    assert (heard(tools, "ann").audible, heard(tools, "ann").deaf) == (("S3 objects",), ())


def test_applied_twice_is_applied_once(tools):
    begin(tools)
    there = state(tools)
    again = begin(tools)
    assert [one.outcome for one in again.trails] == ["unchanged"]
    assert (again.users, state(tools)) == ((), there)


def test_removed_the_trail_is_as_it_was(tools):
    begin(tools)
    assert [one.outcome for one in end(tools).trails] == ["done"]
    assert state(tools) == {"organization": DEFAULT}
    assert heard(tools, "ann").deaf == ("S3 objects",)
    assert end(tools).trails == ()


def test_one_of_two_is_removed_alone(tools):
    begin(tools)
    end(tools, "ann")
    assert listeners(state(tools)["organization"]) == {OBJECTS: {arns(tools, "bob")["bob"]}}
    end(tools, "bob")
    assert state(tools) == {"organization": DEFAULT}


def test_who_came_back_from_the_test_is_named_until_removed(tools):
    begin(tools)
    (line,) = lines(tools, "ann")
    with tools.store.begin() as work:
        work.users.move(work.users.get(line.user.id), State.ROLLED_BACK, NOW)
        work.commit()
    assert plan_listening(tools, lines(tools, "bob")).idle == (arns(tools, "ann")["ann"],)


@pytest.mark.parametrize("left", [State.DELETED])
def test_who_is_gone_needs_no_ear(tools, left):
    (line,) = lines(tools, "ann")
    with tools.store.begin() as work:
        work.users.move(work.users.get(line.user.id), left, NOW)
        work.commit()
    assert [placed.wanted.user.split("/")[1] for placed in plan_listening(tools, lines(tools)).users] == ["bob"]


def by_hand(tools, selectors):
    for key in [key for key in tools.aws.there if key[0] == "event-selectors"]:
        tools.aws.there[key] = selectors


def test_a_hand_between_plan_and_apply_is_refused_and_named(tools):
    plan = plan_listening(tools, lines(tools))
    theirs = normal([{"ReadWriteType": "WriteOnly"}], ())
    by_hand(tools, theirs)
    done = carry_listening(tools, tools.apply, plan)
    assert ([one.outcome for one in done.trails], done.exit_code) == (["refused"], 1)
    assert "somebody's hand" in done.trails[0].why
    assert state(tools) == {"organization": theirs}


def test_a_hand_on_ours_keeps_them_from_being_removed(tools):
    begin(tools)
    changed = with_listeners(DEFAULT, {OBJECTS: ["arn:aws:iam::1:user/eve"]})
    by_hand(tools, changed)
    done = end(tools)
    assert ([one.outcome for one in done.trails], done.exit_code) == (["refused"], 1)
    assert state(tools) == {"organization": changed}


def test_a_hand_beside_ours_stays(tools):
    begin(tools)
    theirs = {"Name": "theirs", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
    there = state(tools)["organization"]
    by_hand(tools, normal((), (*there["advanced"], theirs)))
    done = end(tools)
    assert (done.trails[0].outcome, done.exit_code) == ("done", 0)
    assert state(tools)["organization"] == normal((), (*others(there), theirs))


def test_the_accounts_own_trail_is_used_where_there_is_one(tools):
    (line,) = lines(tools, "ann")
    tools.aws.add_trail("own", line.user.account_id)
    begin(tools)
    assert state(tools)["organization"] == DEFAULT
    assert listeners(state(tools)["own"])[OBJECTS] == set(arns(tools, "ann", "bob").values())
    end(tools)
    assert state(tools) == {"organization": DEFAULT, "own": DEFAULT}


def test_who_finds_no_room_is_named(tools):
    full = with_listeners(DEFAULT, {"AWS::SQS::Queue": [f"arn:aws:iam::1:user/{n}" for n in range(LIMIT - 6)]})
    by_hand(tools, full)
    plan = plan_listening(tools, lines(tools))
    assert [bool(placed.why) for placed in plan.users] == [False, True]
    assert (plan.trails[0].values, plan.exit_code) == (LIMIT, 1)


CUTS = [
    *((at_call, moment, k) for moment in ("before", "after") for k in (1, 2, 3, 4)),
    *((at_commit, None, k) for k in range(1, 6)),
]


@pytest.mark.parametrize(("kind", "moment", "k"), CUTS, ids=[f"{m or 'commit'}-{k}" for _, m, k in CUTS])
def test_cut_off_anywhere_the_same_command_ends_in_the_same_place(tools, kind, moment, k):
    plan = plan_listening(tools, lines(tools))
    tools.aws.calls.clear()
    dying = replace(tools, worker="host:2:b")
    if kind is at_call:
        tools.aws.on_call = at_call(moment, k)
    else:
        seen = tools.store._commits  # commits before this one
        tools.store._on_commit = at_commit(seen + k)  # the seam of bootstrap
    with suppress(Crash):
        carry_listening(dying, dying.apply, plan)
    tools.aws.on_call = lambda _moment, _n: None
    tools.store._on_commit = None  # as above
    tools.dead = lambda worker: worker == "host:2:b"
    finish_listening(tools, tools.apply)
    done = begin(tools)
    assert done.exit_code == 0
    assert listeners(state(tools)["organization"]) == {OBJECTS: set(arns(tools, "ann", "bob").values())}
    end(tools)
    assert state(tools) == {"organization": DEFAULT}


def test_a_living_process_on_the_same_trail_is_left_alone(tools):
    plan = plan_listening(tools, lines(tools))
    tools.aws.calls.clear()
    tools.aws.on_call = at_call("before", 2)
    with pytest.raises(Crash):
        carry_listening(replace(tools, worker="host:2:b"), replace(tools, worker="host:2:b").apply, plan)
    tools.aws.on_call = lambda _moment, _n: None
    with pytest.raises(Busy):
        finish_listening(tools, tools.apply)


class Secretive:
    """A reader that may list trails and look at none."""

    def trails(self, _account, _region):
        arn = "arn:aws:cloudtrail:us-east-1:111111111111:trail/organization"
        return (Trail(arn, logging=False, organization=True, bucket="logs", unread="GetTrailStatus was refused"),)


class Refusing:
    """A reader that may not even list them."""

    def trails(self, account, _region):
        raise AccessDenied(f"DescribeTrails in {account} was refused")


@pytest.mark.parametrize("reader", [Secretive(), Refusing()])
def test_what_nobody_may_look_at_is_not_called_deaf(tools, reader):
    tools.reader = reader
    (line,) = lines(tools, "ann")
    (reading,) = read_trails(tools, [line.user.account_id], ["111111111111"])
    assert "was refused" in reading.error
    said = heard(tools, "ann")
    assert (said.deaf, said.unrecorded) == ((), "")
    assert any("was refused" in what for what in said.not_checked)
