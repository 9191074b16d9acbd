"""The contract of the port Directory, on the fake and on AWS's own API."""

import pytest

from migrator.domain.changes import Change
from migrator.ports.aws import Missing
from tests.contract.hands_worlds import READ, READ_ONLY, VIEW_ONLY

SET = {"description": "Reads", "session_duration": "PT8H", "tags": {"Owner": "data", "App": "lake"}}


def create(world, kind, target, after):
    world.hands.make(Change(kind, target, None, after))


def a_person(world, name, group=None):
    names = {"display_name": name, "given_name": name, "family_name": "Acme", "email": f"{name}@mail.example"}
    create(world, "identity-store-user", (world.store, f"{name}@acme.example"), names)
    if group:
        create(world, "identity-store-membership", (world.store, group, f"{name}@acme.example"), True)


def a_group(world, name):
    create(world, "identity-store-group", (world.store, name), {"description": ""})


def a_set(world, name):
    create(world, "permission-set", (world.instance, name), SET)


def test_the_only_instance_is_found(world):
    found = world.directory.instance()
    assert (found.instance_arn, found.identity_store_id) == (world.instance, world.store)


def test_permission_sets_are_read_whole_and_sorted(world):
    for name in ("writers", "analysts"):
        a_set(world, name)
    own = (world.instance, "analysts")
    create(world, "permission-set-inline-policy", own, READ)
    create(world, "permission-set-managed-policy", (*own, VIEW_ONLY), True)
    create(world, "permission-set-customer-policy", (*own, "/team/reader"), True)
    create(world, "permission-set-boundary", own, {"arn": READ_ONLY})
    analysts, writers = world.directory.permission_sets()
    assert (analysts.name, analysts.description, analysts.session_duration) == ("analysts", "Reads", "PT8H")
    assert (analysts.inline_policy, analysts.boundary) == (READ, {"arn": READ_ONLY})
    assert (analysts.managed_policies, analysts.customer_policies) == ((VIEW_ONLY,), ("/team/reader",))
    assert (dict(analysts.tags), analysts.accounts) == (SET["tags"], ())
    assert (writers.name, writers.inline_policy, writers.boundary) == ("writers", None, None)
    assert analysts.arn != writers.arn


def test_one_set_is_read_as_among_all(world):
    for name in ("writers", "analysts"):
        a_set(world, name)
    create(world, "permission-set-inline-policy", (world.instance, "analysts"), READ)
    assert world.directory.permission_set("analysts") == world.directory.permission_sets()[0]
    assert world.directory.permission_set("nobody") is None


def test_sets_are_listed_by_name_as_they_come_and_go(world):
    assert world.directory.permission_set_names() == []
    for name in ("writers", "analysts"):
        a_set(world, name)
    assert world.directory.permission_set_names() == ["analysts", "writers"]
    world.hands.make(Change("permission-set", (world.instance, "writers"), SET, None))
    assert world.directory.permission_set_names() == ["analysts"]


def test_a_set_names_the_accounts_it_is_in(world):
    a_group(world, "staff")
    a_set(world, "analysts")
    create(world, "account-assignment", (world.instance, "analysts", world.account, "GROUP", "staff"), True)
    (found,) = world.directory.permission_sets()
    assert found.accounts == (world.account,)


@pytest.mark.parametrize(
    ("user_name", "email", "found"),
    [
        ("ada@acme.example", "", True),
        ("somebody", "ada@mail.example", True),
        ("ada@acme.example", "nobody@mail.example", True),
        ("somebody", "nobody@mail.example", False),
        ("somebody", "", False),
    ],
)
def test_a_user_is_found_by_name_else_by_address(world, user_name, email, found):
    a_person(world, "ada")
    assert bool(world.directory.find_user(user_name, email)) is found


def test_a_user_found_by_address_is_known_by_its_own_name(world):
    a_person(world, "ada")
    found = world.directory.find_user("somebody", "ada@mail.example")
    assert world.directory.user_name(found) == "ada@acme.example"


def test_a_user_that_is_gone_has_no_name(world):
    a_person(world, "ada")
    found = world.directory.find_user("ada@acme.example", "")
    change = Change("identity-store-user", (world.store, "ada@acme.example"), {}, None)
    world.hands.make(change)
    with pytest.raises(Missing):
        world.directory.user_name(found)


def test_holders_are_people_with_groups_resolved(world):
    a_group(world, "staff")
    a_person(world, "abe")
    a_person(world, "ada", group="staff")
    a_person(world, "bob", group="staff")
    a_person(world, "eve")
    for name in ("analysts", "writers"):
        a_set(world, name)
    on = world.account
    create(world, "account-assignment", (world.instance, "analysts", on, "GROUP", "staff"), True)
    create(world, "account-assignment", (world.instance, "analysts", on, "USER", "ada@acme.example"), True)
    create(world, "account-assignment", (world.instance, "writers", on, "USER", "eve@acme.example"), True)
    assert world.directory.holders() == [
        ("ada@acme.example", on, "analysts"),
        ("bob@acme.example", on, "analysts"),
        ("eve@acme.example", on, "writers"),
    ]


@pytest.mark.parametrize("kind", ["GROUP", "USER"])
def test_a_principal_that_is_gone_holds_nothing(world, kind):
    a_group(world, "staff")
    a_person(world, "ada", group="staff")
    a_set(world, "analysts")
    principal = "staff" if kind == "GROUP" else "ada@acme.example"
    create(world, "account-assignment", (world.instance, "analysts", world.account, kind, principal), True)
    gone = "identity-store-group" if kind == "GROUP" else "identity-store-user"
    change = Change(gone, (world.store, principal), None, None)
    world.hands.make(Change(gone, change.target, world.hands.observe(change), None))
    assert world.directory.holders() == []


def test_nobody_holds_a_set_that_is_assigned_to_nobody(world):
    a_set(world, "analysts")
    assert world.directory.holders() == []


def test_a_group_has_members_and_gives_them_sets_in_accounts(world):
    assert world.directory.members("staff") is None
    assert world.directory.assigned("staff") == []
    for name in ("staff", "others"):
        a_group(world, name)
    for name in ("bob", "ada"):
        a_person(world, name, group="staff")
    assert world.directory.members("others") == []
    assert world.directory.members("staff") == ["ada@acme.example", "bob@acme.example"]
    for name in ("writers", "analysts"):
        a_set(world, name)
        create(world, "account-assignment", (world.instance, name, world.account, "GROUP", "staff"), True)
    create(world, "account-assignment", (world.instance, "writers", world.account, "GROUP", "others"), True)
    assert world.directory.assigned("staff") == [(world.account, "analysts"), (world.account, "writers")]


def test_a_set_says_to_whom_it_is_assigned(world):
    assert world.directory.assignments("analysts") == []
    a_set(world, "analysts")
    assert world.directory.assignments("analysts") == []
    a_group(world, "staff")
    a_person(world, "ada")
    create(world, "account-assignment", (world.instance, "analysts", world.account, "USER", "ada@acme.example"), True)
    create(world, "account-assignment", (world.instance, "analysts", world.account, "GROUP", "staff"), True)
    assert world.directory.assignments("analysts") == [
        (world.account, "GROUP", "staff"),
        (world.account, "USER", "ada@acme.example"),
    ]


def test_an_assignment_outlives_its_principal(world):
    a_group(world, "staff")
    a_set(world, "analysts")
    create(world, "account-assignment", (world.instance, "analysts", world.account, "GROUP", "staff"), True)
    world.hands.make(Change("identity-store-group", (world.store, "staff"), {"description": ""}, None))
    ((account, kind, _),) = world.directory.assignments("analysts")
    assert (account, kind) == (world.account, "GROUP")
