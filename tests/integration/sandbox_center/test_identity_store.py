from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-000000000000"
NAMES = {"DisplayName": "Someone", "Name": {"GivenName": "Some", "FamilyName": "One"}}


@pytest.fixture
def store(cloud):
    return cloud.client("identitystore")


def add(cloud, store, name, **more: Any):
    return store.create_user(IdentityStoreId=cloud.store, **{"UserName": name, **NAMES, **more})["UserId"]


def describe(cloud, store, user):
    return store.describe_user(IdentityStoreId=cloud.store, UserId=user)


def find(cloud, store, path, value):
    wanted = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
    return store.get_user_id(IdentityStoreId=cloud.store, AlternateIdentifier=wanted)["UserId"]


@pytest.mark.usefixtures("ada")
def test_a_user_name_is_unique_whatever_its_case(cloud, store):
    with pytest.raises(store.exceptions.ConflictException) as error:
        add(cloud, store, "ADA@acme.example")
    assert error.value.response["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"


@pytest.mark.usefixtures("ada")
def test_an_address_is_unique(cloud, store):
    with pytest.raises(store.exceptions.ConflictException) as error:
        add(cloud, store, "other", Emails=[{"Value": "Ada@acme.example"}])
    assert error.value.response["Reason"] == "UNIQUENESS_CONSTRAINT_VIOLATION"


@pytest.mark.parametrize(
    "params",
    [
        {"DisplayName": None},
        {"Name": None},
        {"Name": {"GivenName": "Some"}},
        {"UserName": "with blank"},
        {"UserName": "a" * 129},
        {"UserName": "Administrator"},
        {"Emails": [{"Value": "a@x.example"}, {"Value": "b@x.example"}]},
    ],
)
def test_an_incomplete_or_ill_formed_user_is_refused(cloud, store, refused, params):
    asked = {"UserName": "someone", **NAMES, **params}
    given = {name: value for name, value in asked.items() if value is not None}
    assert refused(store.create_user, IdentityStoreId=cloud.store, **given) == "ValidationException"


def test_a_user_is_found_by_name_and_by_address_among_users_without_one(cloud, store):
    add(cloud, store, "no-address")
    zoe = add(cloud, store, "zoë", Emails=[{"Value": "zoe@acme.example"}])
    assert find(cloud, store, "userName", "ZOË") == zoe
    assert find(cloud, store, "emails.value", "zoe@acme.example") == zoe


def test_a_user_is_found_by_external_id(cloud, store, ada):
    external = {"Issuer": "https://scim", "Id": "4711"}
    operations = [{"AttributePath": "externalIds", "AttributeValue": [{"issuer": "https://scim", "id": "4711"}]}]
    store.update_user(IdentityStoreId=cloud.store, UserId=ada.user, Operations=operations)
    found = store.get_user_id(IdentityStoreId=cloud.store, AlternateIdentifier={"ExternalId": external})
    assert found["UserId"] == ada.user
    assert describe(cloud, store, ada.user)["ExternalIds"] == [external]


def test_an_unknown_name_is_not_found_and_an_unknown_path_is_refused(cloud, store, refused):
    for path, code in (("userName", "ResourceNotFoundException"), ("title", "ValidationException")):
        wanted = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": "nobody"}}
        assert refused(store.get_user_id, IdentityStoreId=cloud.store, AlternateIdentifier=wanted) == code


def test_an_update_changes_adds_and_removes(cloud, store, ada):
    operations = [
        {"AttributePath": "displayName", "AttributeValue": "Countess"},
        {"AttributePath": "name.familyName", "AttributeValue": "Lovelace"},
        {"AttributePath": "title", "AttributeValue": "Analyst"},
        {"AttributePath": "emails"},
    ]
    store.update_user(IdentityStoreId=cloud.store, UserId=ada.user, Operations=operations)
    after = describe(cloud, store, ada.user)
    assert (after["DisplayName"], after["Name"]["FamilyName"], after["Title"]) == ("Countess", "Lovelace", "Analyst")
    assert "Emails" not in after


@pytest.mark.usefixtures("ada")
def test_an_update_keeps_the_rules_of_creation(cloud, store, refused):
    other = add(cloud, store, "other")
    params = {"IdentityStoreId": cloud.store, "UserId": other}
    taken = [{"AttributePath": "userName", "AttributeValue": "ada@acme.example"}]
    assert refused(store.update_user, **params, Operations=taken) == "ConflictException"
    empty = [{"AttributePath": "displayName"}]
    assert refused(store.update_user, **params, Operations=empty) == "ValidationException"
    assert describe(cloud, store, other)["UserName"] == "other"


def test_a_filter_is_honoured_or_refused(cloud, store, ada, refused):
    add(cloud, store, "other")
    params = {"IdentityStoreId": cloud.store}
    by_name = [{"AttributePath": "UserName", "AttributeValue": "ada@acme.example"}]
    assert [each["UserId"] for each in store.list_users(**params, Filters=by_name)["Users"]] == [ada.user]
    by_title = [{"AttributePath": "Title", "AttributeValue": "x"}]
    assert refused(store.list_users, **params, Filters=by_title) == "ValidationException"
    by_group = [{"AttributePath": "DisplayName", "AttributeValue": "analysts"}]
    assert [each["GroupId"] for each in store.list_groups(**params, Filters=by_group)["Groups"]] == [ada.group]


def test_users_are_listed_in_pages(cloud, store):
    for number in range(5):
        add(cloud, store, f"user-{number}")
    pages = store.get_paginator("list_users").paginate(IdentityStoreId=cloud.store, PaginationConfig={"PageSize": 2})
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]


def test_a_membership_is_made_once(cloud, store, ada, refused):
    member = {"IdentityStoreId": cloud.store, "GroupId": ada.group, "MemberId": {"UserId": ada.user}}
    assert refused(store.create_group_membership, **member) == "ConflictException"
    found = store.get_group_membership_id(**member)["MembershipId"]
    store.delete_group_membership(IdentityStoreId=cloud.store, MembershipId=found)
    assert refused(store.get_group_membership_id, **member) == "ResourceNotFoundException"
    store.create_group_membership(**member)


def test_a_membership_needs_both_its_ends(cloud, store, ada, refused):
    for group, user in ((NOBODY, ada.user), (ada.group, NOBODY)):
        member = {"IdentityStoreId": cloud.store, "GroupId": group, "MemberId": {"UserId": user}}
        assert refused(store.create_group_membership, **member) == "ResourceNotFoundException"


def test_a_membership_dies_with_its_user(cloud, store, ada):
    store.delete_user(IdentityStoreId=cloud.store, UserId=ada.user)
    assert store.list_group_memberships(IdentityStoreId=cloud.store, GroupId=ada.group)["GroupMemberships"] == []


def test_a_membership_dies_with_its_group(cloud, store, ada):
    store.delete_group(IdentityStoreId=cloud.store, GroupId=ada.group)
    member = {"UserId": ada.user}
    left = store.list_group_memberships_for_member(IdentityStoreId=cloud.store, MemberId=member)
    assert left["GroupMemberships"] == []


def test_membership_is_asked_for_by_group(cloud, store, ada):
    other = store.create_group(IdentityStoreId=cloud.store, DisplayName="other")["GroupId"]
    member, groups = {"UserId": ada.user}, [ada.group, other]
    answer = store.is_member_in_groups(IdentityStoreId=cloud.store, MemberId=member, GroupIds=groups)
    assert [each["MembershipExists"] for each in answer["Results"]] == [True, False]


def test_deleting_what_is_not_there_is_an_error(cloud, store, ada, refused):
    store.delete_user(IdentityStoreId=cloud.store, UserId=ada.user)
    for call, params in (
        (store.delete_user, {"UserId": ada.user}),
        (store.delete_group, {"GroupId": NOBODY}),
        (store.delete_group_membership, {"MembershipId": NOBODY}),
    ):
        assert refused(call, IdentityStoreId=cloud.store, **params) == "ResourceNotFoundException"


def test_a_group_name_is_unique_and_can_be_changed(cloud, store, ada, refused):
    assert refused(store.create_group, IdentityStoreId=cloud.store, DisplayName="Analysts") == "ConflictException"
    operations = [{"AttributePath": "displayName", "AttributeValue": "scientists"}]
    store.update_group(IdentityStoreId=cloud.store, GroupId=ada.group, Operations=operations)
    wanted = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "scientists"}}
    found = store.get_group_id(IdentityStoreId=cloud.store, AlternateIdentifier=wanted)
    assert found["GroupId"] == ada.group


def test_the_store_is_in_one_region_and_has_one_name(cloud, refused):
    elsewhere = cloud.client("identitystore", region="us-east-1")
    assert refused(elsewhere.list_users, IdentityStoreId=cloud.store) == "ResourceNotFoundException"
    home = cloud.client("identitystore")
    assert refused(home.list_users, IdentityStoreId="d-0123456789") == "ResourceNotFoundException"


@pytest.mark.usefixtures("ada")
def test_a_member_account_reads_and_does_not_write(cloud, refused):
    member = cloud.client("identitystore", account=cloud.member)
    assert member.list_users(IdentityStoreId=cloud.store)["Users"]
    assert refused(member.create_group, IdentityStoreId=cloud.store, DisplayName="x") == "AccessDeniedException"
