"""A permission set belongs to many users: its runs are one after the other, whoever in whichever thread needs it."""

from dataclasses import replace
from threading import Event, Thread
from time import sleep

import pytest

from migrator.domain.changes import Change, Plan
from migrator.domain.errors import Busy
from migrator.operations.apply import Order
from migrator.operations.provision import carry_shared
from tests.fakes.crash import Crash, at_call
from tests.fakes.hands import HOME

SET = ("permission-set", (HOME.instance_arn, "data"))
MADE = {"description": "", "session_duration": "PT8H", "tags": {}}
CREATE = Change(*SET, None, MADE)


def an_order():
    return Order("permission-set:data", "shared", Plan((CREATE,)), "ops@example.com")


class RealSleep:
    """A clock that stands still while its threads really sleep, a little."""

    def __init__(self, clock) -> None:
        self.now = clock.now

    def sleep(self, _seconds):
        sleep(0.02)


class Slow:
    """Hands that say when they begin a change and wait to be let go on."""

    def __init__(self, hands) -> None:
        self._hands, self.began, self.go_on = hands, Event(), Event()

    def observe(self, change):
        return self._hands.observe(change)

    def make(self, change):
        self.began.set()
        assert self.go_on.wait(20)
        self._hands.make(change)


def test_a_thread_waits_for_the_one_that_makes_the_same_set(tools):
    slow = Slow(tools.aws)
    tools = replace(tools, hands=slow, clock=RealSleep(tools.clock))
    apply, ended = tools.apply, {}

    def carry(name) -> None:
        ended[name] = carry_shared(tools, apply, an_order())

    first = Thread(target=carry, args=("first",))
    first.start()
    assert slow.began.wait(20)
    second = Thread(target=carry, args=("second",))
    second.start()
    second.join(0.3)
    slow.go_on.set()
    first.join(20)
    second.join(20)
    assert [ended[name].done for name in ("first", "second")] == [True, True]
    assert [verb for verb, change in tools.aws.calls if verb == "make"] == ["make"]


def test_a_run_of_a_living_thread_is_nobody_elses_to_finish(tools):
    slow = Slow(tools.aws)
    apply = replace(tools, hands=slow).apply
    first = Thread(target=apply.carry_out, args=(an_order(),))
    first.start()
    assert slow.began.wait(20)
    with pytest.raises(Busy):
        apply.unfinished("permission-set:data")
    slow.go_on.set()
    first.join(20)
    assert apply.unfinished("permission-set:data") is None


def test_what_a_thread_of_this_process_left_behind_is_finished(tools):
    apply = tools.apply
    tools.aws.on_call = at_call("after", 2)
    with pytest.raises(Crash):
        apply.carry_out(an_order())
    tools.aws.on_call = lambda _moment, _n: None
    assert carry_shared(tools, apply, an_order()).done
    assert [verb for verb, change in tools.aws.calls if verb == "make"] == ["make"]


def test_who_waits_for_a_silent_process_takes_over_when_its_lease_ends(tools):
    other = replace(tools, worker="elsewhere:1:a").apply
    tools.aws.on_call = at_call("before", 2)
    with pytest.raises(Crash):
        other.carry_out(an_order())
    tools.aws.on_call = lambda _moment, _n: None
    begun = tools.clock.now()
    assert carry_shared(tools, tools.apply, an_order()).done
    assert (tools.clock.now() - begun).total_seconds() < 20 * 60
