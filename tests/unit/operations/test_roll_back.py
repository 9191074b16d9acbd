"""Users put back: exactly what our cuts took since the last way back, whatever hands did meanwhile."""

import pytest

from migrator.domain.changes import Change
from migrator.domain.lifecycle import State
from migrator.operations.advance import Advance, advance
from migrator.operations.roll_back import Undo, roll_back
from migrator.ports.aws import AccessDenied
from tests.builders import ACCOUNT, a_key, a_user_facts

KEY = ("access-key", (ACCOUNT, "alice", "AKIAONE"))


def move(tools, user):
    return advance(tools, tools.apply, [tools.line(user)], Advance(State.DEACTIVATED)).users[0]


def undo(tools, user):
    return roll_back(tools, tools.apply, [tools.line(user)], Undo("it broke")).users[0]


def again(tools, user):
    """The user goes the way anew, up to where it is cut."""
    with tools.store.begin() as work:
        work.users.move(work.users.get(user.id), State.VERIFIED, tools.clock.now())
        work.commit()


def test_a_key_that_its_owner_switched_off_after_a_rollback_stays_off(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(),)))
    move(tools, alice)
    tools.aws.there[KEY] = {"status": "Active"}  # support helped by hand, before our own way back
    assert undo(tools, alice).after == "rolled_back"
    tools.aws.there[KEY] = {"status": "Inactive"}  # its owner is done with it
    again(tools, alice)
    move(tools, alice)
    assert undo(tools, alice).after == "rolled_back"
    assert tools.aws.there[KEY] == {"status": "Inactive"}


def test_what_a_hand_refused_us_once_is_not_tried_in_the_next_round(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(), a_key("AKIATWO"))))
    move(tools, alice)
    tools.aws.make(Change(*KEY, {"status": "Inactive"}, None))
    first = undo(tools, alice)
    assert (first.outcome, first.after) == ("failed", "rolled_back")
    again(tools, alice)
    move(tools, alice)
    assert undo(tools, alice).outcome == "done"


def test_nobody_is_watched_for_screams_once_the_way_back_has_ended(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(), a_key("AKIATWO"))))
    move(tools, alice)
    tools.aws.make(Change(*KEY, {"status": "Inactive"}, None))
    undo(tools, alice)
    with tools.store.begin() as work:
        assert work.journal.cuts() == {}


def test_a_quarantine_that_came_to_nothing_is_no_cut(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(),)))

    def refuse(moment, n) -> None:
        if (moment, tools.aws.calls[n - 1][0]) == ("before", "make"):
            raise AccessDenied("the change role may not do this")

    tools.aws.on_call = refuse
    assert move(tools, alice).outcome == "failed"
    with tools.store.begin() as work:
        assert work.journal.cuts() == {}


def deleted(tools, name):
    user = tools.add(a_user_facts(name, credentials=(a_key(f"AKIA{name}"),)))
    (moved,) = advance(tools, tools.apply, [tools.line(user)], Advance(State.DELETED, agreed=None)).users
    assert moved.after == "deleted"
    return user


@pytest.mark.parametrize("plan_only", [False, True])
def test_a_deleted_user_whose_name_somebody_has_is_refused_by_name_and_the_others_come_back(tools, plan_only):
    alice, bob = deleted(tools, "alice"), deleted(tools, "bob")
    stranger = tools.add(a_user_facts("Alice", user_id="AIDASTRANGER"), State.DISCOVERED)
    begun = len(tools.aws.calls)
    lines = [tools.line(alice), tools.line(bob)]
    refused, other = roll_back(tools, tools.apply, lines, Undo("it broke", plan_only=plan_only)).users
    assert (refused.outcome, refused.after, refused.changes) == ("failed", "deleted", ())
    assert "another user has its name, AIDASTRANGER" in refused.why
    assert f"migrator discover --account {ACCOUNT}" in refused.why
    assert other.outcome == ("planned" if plan_only else "done")
    assert all(change.target[:2] != (ACCOUNT, "alice") for _, change in tools.aws.calls[begun:])
    assert tools.user(stranger).state == State.DISCOVERED


def test_a_deleted_user_comes_back_once_its_name_is_free_again(tools):
    alice = deleted(tools, "alice")
    stranger = tools.add(a_user_facts("alice", user_id="AIDASTRANGER"), State.DISCOVERED)
    assert undo(tools, alice).outcome == "failed"
    del tools.aws.there["user", (ACCOUNT, "alice")]
    with tools.store.begin() as work:
        work.users.vanish([work.users.get(stranger.id)], tools.clock.now())
        work.commit()
    assert undo(tools, alice).after == "rolled_back"
