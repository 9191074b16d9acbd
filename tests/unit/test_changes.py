"""Changes as data: what matches, what is the inverse, what a history leaves, and the way back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.domain.changes import KINDS, Change, backward, inverse, lasting, losses, matches, outstanding

USER = ("111122223333", "alice")
TARGETS = {name: tuple(f"{part}-1" for part in kind.parts) for name, kind in KINDS.items()}
ACTIVE, INACTIVE = {"status": "Active"}, {"status": "Inactive"}


def a_switch(before: Any = ACTIVE, after: Any = INACTIVE, key: str = "AKIA1") -> Change:
    """A key's change of status."""
    return Change("access-key", (*USER, key), before, after)


def a_policy(before: Any, after: Any, name: str = "p") -> Change:
    """A change of an inline policy."""
    return Change("inline-policy", (*USER, name), before, after)


MATCHES = {
    "the same": ({"a": 1}, {"a": 1}, True),
    "another": ({"a": 1}, {"a": 2}, False),
    "absent and expected so": (None, None, True),
    "absent": (None, {"a": 1}, False),
    "not expected": ({"a": 1}, None, False),
    "an id that nobody asked for": ({"user_id": "AIDA1", "path": "/"}, {"path": "/"}, True),
    "the id that was asked for": ({"user_id": "AIDA1", "path": "/"}, {"user_id": "AIDA1", "path": "/"}, True),
    "a stranger's id": ({"user_id": "AIDA2", "path": "/"}, {"user_id": "AIDA1", "path": "/"}, False),
    "no id where one was asked for": ({"path": "/"}, {"user_id": "AIDA1", "path": "/"}, False),
    "an id, and something else besides": ({"user_id": "AIDA1", "path": "/x"}, {"path": "/"}, False),
    "a flag": (True, True, True),
    "a flag and nothing": (None, True, False),
}


@pytest.mark.parametrize(("observed", "expected", "answer"), MATCHES.values(), ids=MATCHES)
def test_what_is_observed_matches_what_is_expected(observed, expected, answer):
    assert matches(observed, expected) is answer


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_creation_is_undone_by_a_deletion_for_every_kind(kind):
    made = Change(kind.name, TARGETS[kind.name], None, {"x": 1})
    assert inverse(made) == Change(kind.name, TARGETS[kind.name], {"x": 1}, None)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_deletion_is_undone_where_the_thing_can_be_made_again_and_only_there(kind):
    gone = Change(kind.name, TARGETS[kind.name], {"x": 1}, None)
    back = Change(kind.name, TARGETS[kind.name], None, {"x": 1})
    assert inverse(gone) == (back if kind.returns else None)


def test_what_cannot_be_made_again_can_still_be_switched_back():
    assert inverse(a_switch()) == a_switch(INACTIVE, ACTIVE)


def test_an_id_that_only_aws_gives_is_never_part_of_an_inverse():
    gone = Change("user", USER, {"user_id": "AIDA1", "path": "/", "tags": {}}, None)
    assert inverse(gone) == Change("user", USER, None, {"path": "/", "tags": {}})


def test_every_kind_that_does_not_return_says_what_is_lost_but_the_device_behind_a_device():
    silent = {name for name, kind in KINDS.items() if not kind.returns and not kind.lost}
    assert silent == {"virtual-mfa-device"}


HISTORIES = {
    "nothing": ((), ()),
    "one change": ((a_switch(),), (a_switch(),)),
    "there and back": ((a_switch(), a_switch(INACTIVE, ACTIVE)), ()),
    "off, then deleted": ((a_switch(), a_switch(INACTIVE, None)), (a_switch(ACTIVE, None),)),
    "twice changed": ((a_policy(None, {"v": 1}), a_policy({"v": 1}, {"v": 2})), (a_policy(None, {"v": 2}),)),
    "made, then taken away": ((a_policy(None, {"v": 1}), a_policy({"v": 1}, None)), ()),
    "a hand was there between": (
        (a_policy(None, {"v": 1}), a_policy({"v": 9}, {"v": 2})),
        (a_policy({"v": 9}, {"v": 2}),),
    ),
    "a user reborn": (
        (
            Change("user", USER, {"user_id": "AIDA1", "path": "/"}, None),
            Change("user", USER, None, {"path": "/"}),
        ),
        (),
    ),
    "two things, the first again": (
        (a_policy(None, 1, "a"), a_policy(None, 1, "b"), a_policy(1, 2, "a")),
        (a_policy(None, 1, "b"), a_policy(None, 2, "a")),
    ),
}


@pytest.mark.parametrize(("history", "left"), HISTORIES.values(), ids=HISTORIES)
def test_a_history_leaves_what_still_differs(history, left):
    assert outstanding(history) == left


def test_the_way_back_goes_from_the_newest_to_the_oldest():
    plan = backward((a_policy(None, 1, "a"), a_switch(), a_policy(None, 1, "b")))
    assert plan.changes == (a_policy(1, None, "b"), a_switch(INACTIVE, ACTIVE), a_policy(1, None, "a"))
    assert plan.irreversible == ()


def test_what_the_way_back_cannot_restore_is_said_and_left_out():
    plan = backward((a_switch(), a_switch(INACTIVE, None), a_policy({"v": 1}, None)))
    assert plan.changes == (a_policy(None, {"v": 1}),)
    assert plan.irreversible == ("111122223333/alice/AKIA1: the secret of access key AKIA1",)


def test_losses_name_things_as_people_read_them():
    serial = "arn:aws:iam::111122223333:mfa/phone"
    device = Change("mfa-device", (*USER, serial), {"virtual": True}, None)
    told = losses((device, a_policy({"v": 1}, None), a_switch()))
    assert told == (f"111122223333/alice/phone: the seed of MFA device {serial}",)


VALUES = st.none() | st.integers(0, 3)
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), VALUES, st.booleans()), max_size=12)


@given(STEPS)
def test_any_history_of_our_own_is_undone_exactly_and_a_hands_work_is_kept(steps):
    """A world of three policies; between our changes somebody else's hand may set one to 9."""
    world: dict[str, Any] = {"a": 0, "b": None, "c": 1}
    ours, baseline = [], dict(world)
    for name, value, by_hand in steps:
        if by_hand:
            world[name] = baseline[name] = 9
        else:
            ours.append(a_policy(world[name], value, name))
            world[name] = value
    for change in backward(ours).changes:
        if world[change.target[-1]] == change.before:
            world[change.target[-1]] = change.after
    assert world == baseline


@given(st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from(["user_id", "path", "x"]), inner)))
def test_what_lasts_matches_what_was_observed(state):
    assert matches(state, lasting(state))
