import json

import pytest

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]})
AWS = "arn:aws:iam::aws:policy"


@pytest.fixture
def admin(cloud):
    return cloud.client("sso-admin")


@pytest.fixture
def made(cloud, admin):
    answer = admin.create_permission_set(
        InstanceArn=cloud.instance, Name="analyst", Description="reads", RelayState="https://x"
    )
    return {"InstanceArn": cloud.instance, "PermissionSetArn": answer["PermissionSet"]["PermissionSetArn"]}


def test_an_arn_has_the_shape_that_aws_gives_it(cloud, made):
    instance = cloud.instance.rpartition("/")[2]
    assert made["PermissionSetArn"].startswith(f"arn:aws:sso:::permissionSet/{instance}/ps-")


def test_the_session_lasts_an_hour_where_nothing_is_said(admin, made):
    assert admin.describe_permission_set(**made)["PermissionSet"]["SessionDuration"] == "PT1H"


def test_an_update_keeps_the_fields_it_does_not_pass(admin, made):
    admin.update_permission_set(**made, SessionDuration="PT8H")
    after = admin.describe_permission_set(**made)["PermissionSet"]
    assert (after["Description"], after["RelayState"], after["SessionDuration"]) == ("reads", "https://x", "PT8H")


@pytest.mark.usefixtures("made")
def test_a_name_is_unique(cloud, admin, refused):
    assert refused(admin.create_permission_set, InstanceArn=cloud.instance, Name="analyst") == "ConflictException"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Name", "a" * 33),
        ("Name", "with blank"),
        ("Name", "ünïcode"),
        ("SessionDuration", "PT13H"),
        ("SessionDuration", "PT59M"),
        ("SessionDuration", "3600"),
        ("Description", "\u2603"),
        ("InstanceArn", "arn:aws:sso:::instance/short-and-wrong"),
    ],
)
def test_what_the_model_does_not_allow_is_refused(cloud, admin, refused, field, value):
    params = {"InstanceArn": cloud.instance, "Name": "fine", field: value}
    assert refused(admin.create_permission_set, **params) == "ValidationException"


def test_twelve_hours_and_thirty_two_characters_are_allowed(cloud, admin):
    admin.create_permission_set(InstanceArn=cloud.instance, Name="a" * 32, SessionDuration="PT12H")


def test_an_inline_policy_comes_back_and_goes_away(admin, made):
    admin.put_inline_policy_to_permission_set(**made, InlinePolicy=ALLOW)
    assert json.loads(admin.get_inline_policy_for_permission_set(**made)["InlinePolicy"]) == json.loads(ALLOW)
    admin.delete_inline_policy_from_permission_set(**made)
    assert admin.get_inline_policy_for_permission_set(**made)["InlinePolicy"] == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "ValidationException"),
        ("[]", "ValidationException"),
        ('{"Version": "2012-10-17"}', "ValidationException"),
        (ALLOW.replace("s3:List*", "s3:List" + "x" * 10_240), "ServiceQuotaExceededException"),
        (ALLOW + " " * 32_768, "ValidationException"),
    ],
)
def test_a_bad_inline_policy_is_refused(admin, made, refused, text, code):
    assert refused(admin.put_inline_policy_to_permission_set, **made, InlinePolicy=text) == code


def test_blanks_do_not_count_towards_the_inline_limit(admin, made):
    padded = ALLOW.replace("s3:List*", "s3:List" + "x" * 10_000) + " " * 2_000
    admin.put_inline_policy_to_permission_set(**made, InlinePolicy=padded)


@pytest.mark.parametrize(
    "name", ["ReadOnlyAccess", "job-function/ViewOnlyAccess", "service-role/AWSLambdaBasicExecutionRole"]
)
def test_policies_of_aws_are_attached_whatever_their_path(admin, made, name):
    admin.attach_managed_policy_to_permission_set(**made, ManagedPolicyArn=f"{AWS}/{name}")
    attached = admin.list_managed_policies_in_permission_set(**made)["AttachedManagedPolicies"]
    assert attached == [{"Name": name.rpartition("/")[2], "Arn": f"{AWS}/{name}"}]
    admin.detach_managed_policy_from_permission_set(**made, ManagedPolicyArn=f"{AWS}/{name}")
    assert admin.list_managed_policies_in_permission_set(**made)["AttachedManagedPolicies"] == []


def test_a_policy_is_attached_once_and_must_exist(admin, made, refused):
    attach = admin.attach_managed_policy_to_permission_set
    attach(**made, ManagedPolicyArn=f"{AWS}/ReadOnlyAccess")
    assert refused(attach, **made, ManagedPolicyArn=f"{AWS}/ReadOnlyAccess") == "ConflictException"
    assert refused(attach, **made, ManagedPolicyArn=f"{AWS}/ViewOnlyAccess") == "ResourceNotFoundException"
    assert refused(attach, **made, ManagedPolicyArn="arn:aws:iam::123456789012:policy/own") == "ValidationException"


def test_twenty_policies_of_both_kinds_fit_a_set(admin, made, refused):
    admin.attach_managed_policy_to_permission_set(**made, ManagedPolicyArn=f"{AWS}/ReadOnlyAccess")
    attach = admin.attach_customer_managed_policy_reference_to_permission_set
    for number in range(19):
        attach(**made, CustomerManagedPolicyReference={"Name": f"policy-{number}", "Path": "/team/"})
    assert refused(attach, **made, CustomerManagedPolicyReference={"Name": "more"}) == "ServiceQuotaExceededException"
    listed = admin.list_customer_managed_policy_references_in_permission_set(**made, MaxResults=10)
    assert len(listed["CustomerManagedPolicyReferences"]) == 10
    assert listed["NextToken"]


def test_a_boundary_is_put_read_and_deleted(admin, made, refused):
    assert refused(admin.get_permissions_boundary_for_permission_set, **made) == "ResourceNotFoundException"
    boundary = {"CustomerManagedPolicyReference": {"Name": "limit", "Path": "/"}}
    admin.put_permissions_boundary_to_permission_set(**made, PermissionsBoundary=boundary)
    assert admin.get_permissions_boundary_for_permission_set(**made)["PermissionsBoundary"] == boundary
    admin.delete_permissions_boundary_from_permission_set(**made)
    assert refused(admin.get_permissions_boundary_for_permission_set, **made) == "ResourceNotFoundException"


def test_tags_are_given_at_creation_and_later(cloud, admin):
    tags = [{"Key": "Owner", "Value": "data"}]
    made = admin.create_permission_set(InstanceArn=cloud.instance, Name="tagged", Tags=tags)["PermissionSet"]
    named = {"InstanceArn": cloud.instance, "ResourceArn": made["PermissionSetArn"]}
    admin.tag_resource(**named, Tags=[{"Key": "CostCenter", "Value": "42"}])
    admin.untag_resource(**named, TagKeys=["Owner"])
    assert admin.list_tags_for_resource(**named)["Tags"] == [{"Key": "CostCenter", "Value": "42"}]
    assert admin.list_tags_for_resource(ResourceArn=made["PermissionSetArn"])["Tags"]


def test_listings_come_in_pages(cloud, admin):
    for number in range(5):
        admin.create_permission_set(InstanceArn=cloud.instance, Name=f"set-{number}")
    pages = list(
        admin.get_paginator("list_permission_sets").paginate(
            InstanceArn=cloud.instance, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["PermissionSets"]) for page in pages] == [2, 2, 1]
    assert len({arn for page in pages for arn in page["PermissionSets"]}) == 5


def test_a_token_that_nobody_gave_is_refused(cloud, admin, refused):
    assert (
        refused(admin.list_permission_sets, InstanceArn=cloud.instance, NextToken="bm9wZQ==") == "ValidationException"
    )


def test_an_unknown_set_is_not_found(admin, made, refused):
    made["PermissionSetArn"] = made["PermissionSetArn"][:-16] + "0" * 16
    assert refused(admin.describe_permission_set, **made) == "ResourceNotFoundException"
