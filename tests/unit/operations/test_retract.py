"""Identity Center access taken away: what is said of it is never more than what is there, wherever it was cut off."""

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination
from migrator.operations.advance import Advance, advance
from migrator.operations.decide import Word, decide, destination_word, kind_word
from migrator.operations.map_users import map_users
from migrator.operations.roll_back import Undo, roll_back
from migrator.ports.store import Recorded
from tests.builders import READ, a_key, a_user_facts
from tests.fakes.crash import Crash, at_call
from tests.fakes.trail import FewActions

TAGS = {"Email": "alice@example.com", "Owner": "data"}
FACTS = a_user_facts(tags=TAGS, inline_policies={"read": READ}, credentials=(a_key(),))


@pytest.fixture
def alice(tools):
    """A person that works through Identity Center, and is under the deny."""
    tools.catalogue = FewActions()
    user = tools.add(FACTS, State.DISCOVERED, destination=Destination.PERMISSION_SET)
    with tools.store.begin() as work:
        work.users.record([Recorded(work.users.get(user.id), FACTS, (("user", "read", READ),))])
        work.commit()
    link(tools, user, "alice@example.com")
    map_users(tools, tools.apply, [tools.line(user)])
    assert move(tools, user, State.QUARANTINED).after == "quarantined"
    return user


def link(tools, user, address):
    decide(tools, [tools.line(user)], kind_word("human", "asked"))
    decide(tools, [tools.line(user)], Word("link", [address], "asked"))


def move(tools, user, goal):
    return advance(tools, tools.apply, [tools.line(user)], Advance(goal)).users[0]


def undo(tools, user, **asked):
    return roll_back(tools, tools.apply, [tools.line(user)], Undo("it broke", **asked)).users[0]


def provisioned(tools, user):
    with tools.store.begin() as work:
        return [grant.provisioned_at for grant in work.access.grants() if grant.user == user.id] != [None]


def cut_after_the_first_thing(tools, user):
    """A process that dies once the person is out of the group, and before the rest is gone."""
    undo(tools, user)
    begun = len(tools.aws.calls)
    whole = tools.aws.there.copy()
    for k in range(1, 40):
        tools.aws.on_call = at_call("before", begun + k)
        with pytest.raises(Crash):
            undo(tools, user, retract=True)
        tools.aws.on_call = lambda _moment, _n: None
        if tools.aws.there != whole:
            return
        begun = len(tools.aws.calls)
    raise AssertionError("nothing was ever taken away")


def test_access_is_not_said_to_be_there_once_a_part_of_it_is_gone(tools, alice):
    assert provisioned(tools, alice)
    cut_after_the_first_thing(tools, alice)
    assert tools.aws.holders() == []
    undo(tools, alice)
    assert not provisioned(tools, alice)


def test_what_was_left_of_it_goes_with_the_next_attempt(tools, alice):
    cut_after_the_first_thing(tools, alice)
    undo(tools, alice, retract=True)
    assert not provisioned(tools, alice)
    assert {kind for kind, _ in tools.aws.there if kind.startswith(("identity", "account", "permission-set"))} == set()


@pytest.mark.parametrize("destination", [None, Destination.KEEP])
def test_nobody_is_provisioned_of_whom_nobody_decided_where_to(tools, destination):
    user = tools.add(FACTS, State.MAPPED, destination=destination)
    moved = move(tools, user, State.PROVISIONED)
    assert (moved.outcome, "fits-quotas" in moved.held_by, tools.user(user).state) == ("held", True, State.MAPPED)


def test_who_holds_something_is_not_planned_anything_else_before_it_is_gone(tools, alice):
    undo(tools, alice)
    link(tools, alice, "bob@example.com")
    told = map_users(tools, tools.apply, [tools.line(alice)]).users[0]
    assert (told.outcome, told.after) == ("failed", "rolled_back")
    assert "alice@example.com holds alice for it, and something else is planned" in told.why
    undo(tools, alice, retract=True)
    assert map_users(tools, tools.apply, [tools.line(alice)]).users[0].after == "mapped"
    assert tools.aws.holders() == []


def test_what_a_leaver_still_holds_can_be_taken_away(tools, alice):
    undo(tools, alice)
    decide(tools, [tools.line(alice)], destination_word("retire", "left"))
    map_users(tools, tools.apply, [tools.line(alice)])
    assert provisioned(tools, alice)
    undo(tools, alice, retract=True)
    assert tools.aws.holders() == []
