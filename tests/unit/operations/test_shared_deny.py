"""The account's managed deny goes with its last user, wherever that user's deletion was cut off."""

from contextlib import suppress

import pytest

from migrator.domain.cuts import QUARANTINE, characters
from migrator.domain.lifecycle import State
from migrator.operations.advance import Advance, advance
from migrator.operations.roll_back import Undo, roll_back
from tests.builders import ACCOUNT, a_key, a_user_facts
from tests.fakes.crash import Counted, Crash, at_call

SHARED = ("managed-policy", (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:policy/{QUARANTINE}"))
EMPTY = {"Version": "2012-10-17", "Statement": [], "Id": ""}
WIDE = {**EMPTY, "Id": "x" * (2048 - characters(EMPTY))}


def full(tools, name):
    """A user whose inline policies leave no room for the deny, quarantined after somebody else, so not its maker."""
    return tools.add(a_user_facts(name, inline_policies={"work": WIDE}, credentials=(a_key(f"AKIA{name.upper()}"),)))


def go(tools, user, goal):
    return advance(tools, tools.apply, [tools.line(user)], Advance(goal, agreed=None)).users[0]


def undo(tools, user):
    return roll_back(tools, tools.apply, [tools.line(user)], Undo("it broke")).users[0]


def two_deactivated(tools):
    """The first made the deny; it came back and left the deny to the second, who is deactivated."""
    first, second = full(tools, "first"), full(tools, "second")
    for user in (first, second):
        assert go(tools, user, State.DEACTIVATED).after == "deactivated"
    assert undo(tools, first).outcome == "done"
    assert SHARED in tools.aws.there
    return second


def calls_of_deletion(tools):
    second, counted = two_deactivated(tools), Counted()
    tools.aws.on_call = counted.on_call
    assert go(tools, second, State.DELETED).after == "deleted"
    return counted.count


def test_a_deletion_takes_it_along(tools):
    calls_of_deletion(tools)
    assert SHARED not in tools.aws.there


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("k", range(1, 40, 2))
def test_who_comes_back_from_a_deletion_that_was_cut_off_takes_it_along(tools, moment, k):
    second = two_deactivated(tools)
    begun = len(tools.aws.calls)
    tools.aws.on_call = at_call(moment, begun + k)
    with suppress(Crash):
        go(tools, second, State.DELETED)
    tools.aws.on_call = lambda _moment, _n: None
    tools.dead = lambda _worker: True
    tools.worker = "host:2:b"
    back = undo(tools, second)
    assert back.outcome == "done", back.why
    assert ("user", (ACCOUNT, "second")) in tools.aws.there
    assert SHARED not in tools.aws.there
