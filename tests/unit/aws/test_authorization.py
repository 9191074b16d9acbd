"""GetAccountAuthorizationDetails becomes users, groups and policies."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from migrator.adapters.aws.authorization import document, read_authorization, utc
from tests.unit.aws.real import here, recorded

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADA = {
    "UserName": "ada",
    "UserId": "AIDAADA",
    "Arn": "arn:aws:iam::111111111111:user/team/ada",
    "Path": "/team/",
    "CreateDate": NOW,
    "GroupList": ["zebra", "ant"],
    "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": ALLOW}],
    "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111111111111:policy/fence"},
    "Tags": [{"Key": "Email", "Value": "ada@acme.example"}],
}
BARE = {"UserName": "Bob", "UserId": "AIDABOB", "Arn": "arn:aws:iam::111111111111:user/Bob"}


def policy(arn, **more: object):
    versions = [{"VersionId": "v0", "Document": {"old": True}}, {"VersionId": "v1", "Document": ALLOW, **more}]
    return {"Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": versions}


def read(*pages: object):
    return read_authorization(pages, "111111111111", NOW)


def test_a_user_has_all_that_the_answer_says():
    (ada,) = read({"UserDetailList": [ADA]}).users

    assert (ada.key, ada.user_id, ada.path, ada.observed_at) == ("111111111111/ada", "AIDAADA", "/team/", NOW)
    assert ada.groups == ("ant", "zebra")
    assert ada.tags == {"Email": "ada@acme.example"}
    assert ada.inline_policies == {"own": ALLOW}
    assert ada.attached_policies == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    assert ada.boundary == "arn:aws:iam::111111111111:policy/fence"


def test_a_page_that_comes_twice_makes_no_twins():
    page = {"UserDetailList": [ADA, BARE], "GroupDetailList": [{"GroupName": "ant"}], "Policies": []}

    assert read(page, {"UserDetailList": []}, page) == read(page)


def test_what_is_missing_is_empty():
    (bob,) = read({"UserDetailList": [BARE]}).users

    assert (bob.path, bob.created_at, bob.tags, bob.groups, bob.boundary) == ("/", None, {}, (), None)


def test_pages_are_joined_and_users_sorted():
    assert [user.user_name for user in read({"UserDetailList": [ADA]}, {}, {"UserDetailList": [BARE]}).users] == [
        "Bob",
        "ada",
    ]


@pytest.mark.parametrize(
    ("arn", "kept"),
    [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", True),
        ("arn:aws:iam::aws:policy/AdministratorAccess", False),
        ("arn:aws:iam::111111111111:policy/fence", True),
        ("arn:aws:iam::111111111111:policy/unused", True),
    ],
)
def test_of_awss_own_policies_only_those_in_use_are_kept(arn, kept):
    assert (arn in read({"UserDetailList": [ADA], "Policies": [policy(arn)]}).policies) is kept


def test_policies_of_groups_and_boundaries_are_in_use():
    group = {"GroupName": "ops", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Billing"}]}

    assert read({"UserDetailList": [ADA], "GroupDetailList": [group]}).referenced == {
        "arn:aws:iam::aws:policy/Billing",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::111111111111:policy/fence",
    }


def test_the_default_version_counts_also_without_a_mark():
    arn = "arn:aws:iam::111111111111:policy/fence"

    assert read({"Policies": [policy(arn)]}).policies == {arn: ALLOW}
    assert read({"Policies": [policy(arn, IsDefaultVersion=True)]}).policies == {arn: ALLOW}
    assert read({"Policies": [{"Arn": arn, "DefaultVersionId": "v1"}]}).policies == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        ('{"a": "x+y z"}', {"a": "x+y z"}),
        (quote('{"a": "x+y z"}'), {"a": "x+y z"}),
        (quote('{"a": "100%25"}'), {"a": "100%25"}),
        ("{broken", "{broken"),
    ],
)
def test_documents_are_plain_json_however_they_came(value, expected):
    assert document(value) == expected


@pytest.mark.parametrize("value", ["2019-12-18 19:10:08+00:00", "2019-12-18T19:10:08Z", "2019-12-18T21:10:08+02:00"])
def test_times_are_utc_whatever_their_spelling(value):
    assert utc(value) == datetime(2019, 12, 18, 19, 10, 8, tzinfo=UTC)


@here
@pytest.mark.parametrize(
    ("name", "users", "groups"),
    [
        ("cloudmapper_demo_gaad", 2, 1),
        ("cloudsplaining_example-authz-details", 3, 2),
        ("cloudsplaining_example_authz_v2", 1, 1),
    ],
)
def test_real_answers_are_read(name, users, groups):
    found = read(recorded(f"authz/{name}.json"))

    assert (len(found.users), len(found.groups)) == (users, groups)
    assert found.policies
    assert all(isinstance(each, dict) for each in found.policies.values())
    assert all(user.created_at for user in found.users)


@here
def test_a_real_users_policies_are_found_where_they_stand():
    found = read(recorded("authz/cloudsplaining_example-authz-details.json"))
    by_name = {user.user_name: user for user in found.users}

    assert by_name["obama"].attached_policies == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    assert list(by_name["userwithlotsofpermissions"].inline_policies) == ["InsecureUserPolicy"]
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in found.policies
