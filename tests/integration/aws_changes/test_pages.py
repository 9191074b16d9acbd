"""What is looked for on the last page of a listing is found."""

import pytest

from migrator.adapters.aws.changes.kind import listed
from migrator.domain.changes import Change
from migrator.ports.aws import Unavailable
from tests.contract.hands_worlds import READ

SET = {"description": "", "session_duration": "PT1H", "tags": {}}
A_PAGE = 100


def make(world, kind, target, after):
    world.hands.make(Change(kind, target, None, after))


def see(world, kind, target):
    return world.hands.observe(Change(kind, target, None, None))


@pytest.fixture
def user(world):
    make(world, "user", (world.account, "ada"), {"path": "/", "tags": {}})
    return (world.account, "ada")


@pytest.mark.parametrize("kind", ["access-key", "ssh-public-key", "signing-certificate", "service-specific-credential"])
def test_each_credential_is_seen_however_small_the_pages(world, user, kind):
    first = world.give(kind, user[1])
    second = world.give(kind, user[1]) if kind in {"access-key", "service-specific-credential"} else first
    world.control.pages(1)
    assert [see(world, kind, target) for target in (first, second)] == [{"status": "Active"}] * 2


def test_each_policy_and_group_is_seen_however_small_the_pages(world, user):
    arns = [f"arn:aws:iam::{world.account}:policy/p{n}" for n in range(3)]
    for n, arn in enumerate(arns):
        make(world, "managed-policy", (world.account, arn), READ)
        make(world, "attached-policy", (*user, arn), True)
        world.add_group(f"g{n}")
        make(world, "group-membership", (*user, f"g{n}"), True)
    world.control.pages(1)
    assert all(see(world, "attached-policy", (*user, arn)) for arn in arns)
    assert all(see(world, "group-membership", (*user, f"g{n}")) for n in range(3))


def test_a_policy_with_all_its_versions_is_deleted_however_small_the_pages(world):
    target = (world.account, f"arn:aws:iam::{world.account}:policy/p")
    make(world, "managed-policy", target, READ)
    for n in range(6):
        changed = {**READ, "Id": str(n)}
        world.control.pages(1)
        world.hands.make(Change("managed-policy", target, READ, changed))
        assert see(world, "managed-policy", target) == changed
    world.hands.make(Change("managed-policy", target, READ, None))
    assert see(world, "managed-policy", target) is None


def test_more_sets_and_people_than_a_page_holds(world):
    sso, store = world.directory.sso(), world.directory.store()
    for n in range(A_PAGE + 2):
        sso.create_permission_set(InstanceArn=world.instance, Name=f"set-{n:03}")
    make(world, "identity-store-group", (world.store, "all"), {"description": ""})
    group = world.directory.group_id(world.store, "all")
    for n in range(A_PAGE + 2):
        name = f"p{n:03}@acme.example"
        user = store.create_user(
            IdentityStoreId=world.store, UserName=name, DisplayName=name, Name={"GivenName": "P", "FamilyName": "P"}
        )["UserId"]
        store.create_group_membership(IdentityStoreId=world.store, GroupId=group, MemberId={"UserId": user})
    last = (world.instance, f"set-{A_PAGE + 1}")
    make(world, "account-assignment", (*last, world.account, "GROUP", "all"), True)
    assert see(world, "permission-set", last) == SET
    assert len(world.directory.holders()) == A_PAGE + 2


@pytest.mark.parametrize("fault", ["empty-page", "repeated-page"])
def test_pages_that_come_empty_or_twice_do_no_harm(world, user, fault):
    target = world.give("access-key", user[1])
    world.control.faults({"fault": fault})
    assert see(world, "access-key", target) == {"status": "Active"}
    world.hands.make(Change("access-key", target, {"status": "Active"}, {"status": "Inactive"}))
    assert see(world, "access-key", target) == {"status": "Inactive"}


def test_pages_without_end_are_told(world, user):
    world.give("access-key", user[1])
    world.control.faults({"fault": "endless-pages"})
    with pytest.raises(Unavailable, match="pages that do not end") as error:
        see(world, "access-key", (*user, "unknown"))
    assert error.value.next_step


def test_pages_without_end_are_told_where_botocore_knows_no_pages_too(world, user):
    world.give("service-specific-credential", user[1])
    world.control.faults({"fault": "endless-pages"})
    iam = world.sessions.client("iam", world.account, "read")
    assert not iam.can_paginate("list_service_specific_credentials")
    with pytest.raises(Unavailable, match="pages that do not end"):
        list(listed(iam, "list_service_specific_credentials", "ServiceSpecificCredentials", AllUsers=True))


def test_an_element_that_comes_twice_is_listed_once(world):
    sso = world.directory.sso()
    sso.create_permission_set(InstanceArn=world.instance, Name="analyst")
    world.control.faults({"fault": "repeated-page", "operation": "ListPermissionSets"})
    assert len(world.directory.permission_set_names()) == 1
