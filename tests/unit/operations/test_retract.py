"""Identity Center access taken away: what is said of it is never more than what is there, wherever it was cut off."""

from dataclasses import replace

import pytest

from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Destination
from migrator.operations.advance import Advance, advance
from migrator.operations.decide import Word, decide, destination_word, kind_word
from migrator.operations.map_users import map_users
from migrator.operations.roll_back import Undo, roll_back
from migrator.operations.weigh import weigh
from migrator.ports.store import Recorded
from tests.builders import ACCOUNT, READ, a_key, a_part, a_usage_fact, a_user_facts
from tests.fakes.crash import Crash, at_call
from tests.fakes.trail import FewActions

TAGS = {"Email": "alice@example.com", "Owner": "data"}
FACTS = a_user_facts(tags=TAGS, inline_policies={"read": READ}, credentials=(a_key(),))


@pytest.fixture
def alice(tools):
    """A person that works through Identity Center, and is under the deny."""
    return person(tools, State.QUARANTINED)


def person(tools, state, name="alice"):
    """A user of alice's, moved to that state."""
    tools.catalogue = FewActions()
    facts = a_user_facts(name, tags=TAGS, inline_policies={"read": READ})
    facts = FACTS if name == "alice" else facts
    user = tools.add(facts, State.DISCOVERED, destination=Destination.PERMISSION_SET)
    with tools.store.begin() as work:
        work.users.record([Recorded(work.users.get(user.id), facts, (("user", "read", READ),))])
        work.commit()
    link(tools, user, "alice@example.com")
    map_users(tools, tools.apply, [tools.line(user)])
    assert move(tools, user, state).after == state
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


def mapped_to(tools, user, address):
    """The rolled-back user is mapped anew, for another person."""
    undo(tools, user)
    link(tools, user, address)
    assert map_users(tools, tools.apply, [tools.line(user)]).users[0].after == "mapped"


def center(tools):
    """What there is in Identity Center."""
    return {kind for kind, _ in tools.aws.there if kind.startswith(("identity", "account", "permission-set"))}


def test_who_is_mapped_to_something_else_keeps_what_it_holds_until_the_new_access_is_verified(tools, alice):
    mapped_to(tools, alice, "bob@example.com")
    assert [who for who, *_ in tools.aws.holders()] == ["alice@example.com"]
    move(tools, alice, State.PROVISIONED)
    assert [who for who, *_ in tools.aws.holders()] == ["alice@example.com", "bob@example.com"]
    (shown,) = advance(tools, tools.apply, [tools.line(alice)], Advance(State.VERIFIED, plan_only=True)).users
    assert [(one.kind, one.outcome) for one in shown.changes] == [
        ("identity-store-membership", "planned"),
        ("identity-store-user", "planned"),
    ]
    verified = move(tools, alice, State.VERIFIED)
    assert (verified.outcome, verified.after) == ("done", "verified")
    assert [who for who, *_ in tools.aws.holders()] == ["bob@example.com"]


def test_a_set_that_nobody_is_planned_any_more_goes_with_its_group_and_assignment(tools, alice):
    undo(tools, alice)
    more = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
    with tools.store.begin() as work:
        work.users.record([Recorded(work.users.get(alice.id), FACTS, (("user", "read", more),))])
        work.commit()
    ((_, _, before),) = tools.aws.holders()
    map_users(tools, tools.apply, [tools.line(alice)])
    move(tools, alice, State.PROVISIONED)
    assert len(tools.aws.holders()) == 2
    move(tools, alice, State.VERIFIED)
    ((_, _, after),) = tools.aws.holders()
    assert after != before
    assert tools.aws.permission_set_names() == [after]


def test_retracting_knows_of_what_was_held_before_the_mapping(tools, alice):
    mapped_to(tools, alice, "bob@example.com")
    undo(tools, alice, retract=True)
    assert (tools.aws.holders(), center(tools)) == ([], set())


def test_what_another_user_of_the_person_holds_stays(tools, alice):
    second = person(tools, State.PROVISIONED, "alice.b")
    assert len(tools.aws.holders()) == 1  # the same set, held for both
    mapped_to(tools, alice, "bob@example.com")
    move(tools, alice, State.VERIFIED)
    assert [who for who, *_ in tools.aws.holders()] == ["alice@example.com", "bob@example.com"]
    mapped_to_bob = undo(tools, second, retract=True)
    assert [one.kind for one in mapped_to_bob.changes] == ["identity-store-membership", "identity-store-user"]
    assert [who for who, *_ in tools.aws.holders()] == ["bob@example.com"]


@pytest.fixture
def verified(tools):
    """A person that works through Identity Center, its user not cut yet."""
    return person(tools, State.VERIFIED)


def signed_in(tools, user):
    """Somebody worked through the set just now."""
    with tools.store.begin() as work:
        (grant,) = work.access.grants([user.id])
        role = f"AWSReservedSSO_{grant.permission_set}_0123456789abcdef"
        arn, at = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{grant.email}", tools.clock.now()
        fact = replace(a_usage_fact(first=at, last=at), principal=arn)
        work.usage.add([a_part(f"{at}.gz", [fact])], at)
        work.commit()


@pytest.mark.parametrize("state", [State.PROVISIONED, State.VERIFIED])
def test_access_that_was_retracted_before_any_cut_is_given_again_by_the_next_advance(tools, state):
    user = person(tools, state)
    undo(tools, user, retract=True)
    assert (tools.user(user).state, tools.aws.holders()) == (state, [])
    again = move(tools, user, State.PROVISIONED)
    assert (again.outcome, tools.user(user).state) == ("done", state)
    assert provisioned(tools, user)
    assert len(tools.aws.holders()) == 1
    assert move(tools, user, State.QUARANTINED).after == "quarantined"


def test_a_worker_leaves_retracted_what_a_person_retracted(tools, verified):
    undo(tools, verified, retract=True)
    asked = Advance(State.DEACTIVATED, renew=False)
    (left,) = advance(tools, tools.apply, [tools.line(verified)], asked).users
    assert (left.outcome, left.after, tools.aws.holders()) == ("unchanged", "verified", [])
    assert "was retracted" in left.why


def test_who_got_its_access_again_is_not_cut_before_it_worked_through_it_again(tools, verified):
    tools.rules = replace(tools.rules, sso_sign_in=True)
    signed_in(tools, verified)
    undo(tools, verified, retract=True)
    tools.clock.pass_time(hours=1)
    held = move(tools, verified, State.QUARANTINED)
    assert (held.after, held.held_by) == ("verified", ("sso-sign-in",))
    tools.clock.pass_time(hours=1)
    signed_in(tools, verified)
    assert move(tools, verified, State.QUARANTINED).after == "quarantined"


def test_the_gates_of_whose_access_was_retracted_are_those_before_provisioning(tools, verified):
    undo(tools, verified, retract=True)
    with tools.store.begin() as work:
        assert weigh(tools, work, [verified.id])[0].move is Move.PROVISION


def test_what_a_leaver_still_holds_can_be_taken_away(tools, alice):
    undo(tools, alice)
    decide(tools, [tools.line(alice)], destination_word("retire", "left"))
    map_users(tools, tools.apply, [tools.line(alice)])
    assert provisioned(tools, alice)
    undo(tools, alice, retract=True)
    assert tools.aws.holders() == []


def test_what_aws_called_a_set_and_a_person_is_forgotten_with_them(tools, alice):
    with tools.store.read() as work:
        assert [stored.arn for stored in work.access.sets()] != [None]
        assert [person.user_name for person in work.people.all()] == ["alice@example.com"]
    undo(tools, alice, retract=True)
    with tools.store.read() as work:
        assert [stored.arn for stored in work.access.sets()] == [None]
        assert [(person.identity_store_id, person.user_name) for person in work.people.all()] == [(None, None)]
