import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.sandbox.cloud import Cloud, enable_mfa, refusal

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
SSH = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 test"


def _login(iam: Any, _: str) -> None:
    iam.create_login_profile(UserName="ann", Password="correct horse")


def _key(iam: Any, _: str) -> None:
    iam.create_access_key(UserName="ann")


def _certificate(iam: Any, certificate: str) -> None:
    iam.upload_signing_certificate(UserName="ann", CertificateBody=certificate)


def _ssh_key(iam: Any, _: str) -> None:
    iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=SSH)


def _service_credential(iam: Any, _: str) -> None:
    iam.create_service_specific_credential(UserName="ann", ServiceName="codecommit.amazonaws.com")


def _inline(iam: Any, _: str) -> None:
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=ALLOW)


def _attached(iam: Any, _: str) -> None:
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def _membership(iam: Any, _: str) -> None:
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="ann")


@pytest.mark.parametrize(
    "leave",
    [_login, _key, _certificate, _ssh_key, _service_credential, enable_mfa, _inline, _attached, _membership],
)
def test_each_of_the_nine_leftovers_blocks_the_deletion_of_a_user(iam, certificate, leave):
    iam.create_user(UserName="ann")
    leave(iam, certificate)
    assert refusal(iam.delete_user, UserName="ann") == "DeleteConflict"
    assert iam.get_user(UserName="ann")["User"]["UserName"] == "ann"


def test_a_user_with_boundary_and_tags_alone_can_be_deleted(iam):
    iam.create_user(
        UserName="ann",
        PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess",
        Tags=[{"Key": "team", "Value": "x"}],
    )
    iam.delete_user(UserName="ann")
    assert refusal(iam.get_user, UserName="ann") == "NoSuchEntity"


@pytest.mark.parametrize("kind", ["member", "attached", "inline"])
def test_what_hangs_on_a_group_blocks_its_deletion(iam, kind):
    iam.create_group(GroupName="g")
    if kind == "member":
        iam.create_user(UserName="ann")
        iam.add_user_to_group(GroupName="g", UserName="ann")
    elif kind == "attached":
        iam.attach_group_policy(GroupName="g", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    else:
        iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=ALLOW)
    assert refusal(iam.delete_group, GroupName="g") == "DeleteConflict"


@pytest.mark.parametrize("use", ["attached", "boundary", "version"])
def test_a_policy_in_use_or_with_versions_cannot_be_deleted(iam, use):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.create_user(UserName="ann")
    if use == "attached":
        iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    elif use == "boundary":
        iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=arn)
    else:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW)
    assert refusal(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"


def test_an_assigned_virtual_device_must_be_deactivated_before_it_is_deleted(iam):
    iam.create_user(UserName="ann")
    enable_mfa(iam)
    serial = iam.list_mfa_devices(UserName="ann")["MFADevices"][0]["SerialNumber"]
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial) == "DeleteConflict"
    iam.deactivate_mfa_device(UserName="ann", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_a_device_tells_its_owner_and_has_only_one(iam):
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    enable_mfa(iam)
    serial = iam.list_mfa_devices(UserName="ann")["MFADevices"][0]["SerialNumber"]
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == "ann"
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    assert refusal(iam.enable_mfa_device, UserName="bob", SerialNumber=serial, **codes) == "EntityAlreadyExists"
    nowhere = "arn:aws:iam::123456789012:mfa/nobody"
    assert refusal(iam.enable_mfa_device, UserName="bob", SerialNumber=nowhere, **codes) == "NoSuchEntity"


def test_names_are_unique_whatever_their_case(iam):
    iam.create_user(UserName="Ann")
    assert refusal(iam.create_user, UserName="ANN") == "EntityAlreadyExists"
    assert iam.get_user(UserName="ann")["User"]["UserName"] == "Ann"


@pytest.mark.parametrize("name", ["z z", "a/b", "näme", "x" * 65])
def test_illegal_user_names_are_refused(iam, name):
    assert refusal(iam.create_user, UserName=name) == "ValidationError"


def test_a_rename_keeps_id_tags_keys_and_memberships(iam, cloud: Cloud):
    before = iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "x"}])["User"]
    _membership(iam, "")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.update_user(UserName="ann", NewUserName="anna", NewPath="/staff/")
    after = iam.get_user(UserName="anna")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Tags"] == [{"Key": "team", "Value": "x"}]
    assert after["Arn"] == "arn:aws:iam::123456789012:user/staff/anna"
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="anna")["Groups"]] == ["g"]
    assert cloud.with_key("sts", key).get_caller_identity()["Arn"] == after["Arn"]


def test_unique_ids_have_the_prefixes_of_aws(iam):
    user = iam.create_user(UserName="ann")["User"]["UserId"]
    group = iam.create_group(GroupName="g")["Group"]["GroupId"]
    policy = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)["Policy"]["PolicyId"]
    assert [(each[:4], len(each)) for each in (user, group, policy)] == [("AIDA", 21), ("AGPA", 21), ("ANPA", 21)]


def test_updating_a_login_profile_leaves_what_was_not_passed(iam):
    iam.create_user(UserName="ann")
    made = iam.create_login_profile(UserName="ann", Password="correct horse", PasswordResetRequired=True)
    assert made["LoginProfile"]["PasswordResetRequired"] is True
    iam.update_login_profile(UserName="ann", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="ann")["LoginProfile"]["PasswordResetRequired"] is False


def test_a_short_password_is_refused(iam):
    iam.create_user(UserName="ann")
    assert refusal(iam.create_login_profile, UserName="ann", Password="short") == "PasswordPolicyViolation"


def test_a_boundary_is_set_shown_replaced_and_removed(iam):
    first, second = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.create_user(UserName="ann", PermissionsBoundary=first)
    shown = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": first}
    assert iam.get_user(UserName="ann")["User"]["PermissionsBoundary"] == shown
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=second)
    details = iam.get_account_authorization_details(Filter=["User"])["UserDetailList"][0]
    assert details["PermissionsBoundary"]["PermissionsBoundaryArn"] == second
    assert "PermissionsBoundary" not in iam.list_users()["Users"][0]
    iam.delete_user_permissions_boundary(UserName="ann")
    assert "PermissionsBoundary" not in iam.get_user(UserName="ann")["User"]
    assert refusal(iam.delete_user_permissions_boundary, UserName="ann") == "NoSuchEntity"


def test_a_boundary_must_be_a_policy_that_exists(iam):
    iam.create_user(UserName="ann")
    arn = "arn:aws:iam::123456789012:policy/nowhere"
    assert refusal(iam.put_user_permissions_boundary, UserName="ann", PermissionsBoundary=arn) == "NoSuchEntity"


def test_service_credentials_are_two_a_service_and_have_a_status_of_their_own(iam):
    iam.create_user(UserName="ann")
    iam.create_user(UserName="bob")
    service = "codecommit.amazonaws.com"
    first = iam.create_service_specific_credential(UserName="ann", ServiceName=service)["ServiceSpecificCredential"]
    assert first["ServicePassword"]
    iam.create_service_specific_credential(UserName="ann", ServiceName=service)
    assert refusal(iam.create_service_specific_credential, UserName="ann", ServiceName=service) == "LimitExceeded"
    iam.create_service_specific_credential(UserName="bob", ServiceName="bedrock.amazonaws.com", CredentialAgeDays=30)
    identity = first["ServiceSpecificCredentialId"]
    iam.update_service_specific_credential(UserName="ann", ServiceSpecificCredentialId=identity, Status="Inactive")
    listed = iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]
    assert [each["Status"] for each in listed] == ["Inactive", "Active"]
    assert all("ServicePassword" not in each for each in listed)
    everybody = iam.list_service_specific_credentials(AllUsers=True)["ServiceSpecificCredentials"]
    assert [each["UserName"] for each in everybody] == ["ann", "ann", "bob"]
    assert everybody[2]["ExpirationDate"]
    iam.delete_service_specific_credential(UserName="ann", ServiceSpecificCredentialId=identity)
    assert len(iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]) == 1


def test_everybodys_service_credentials_come_in_pages(iam):
    for name in "abc":
        iam.create_user(UserName=name)
        iam.create_service_specific_credential(UserName=name, ServiceName="cassandra.amazonaws.com")
    first = iam.list_service_specific_credentials(AllUsers=True, MaxItems=2)
    assert (len(first["ServiceSpecificCredentials"]), first["IsTruncated"]) == (2, True)
    rest = iam.list_service_specific_credentials(AllUsers=True, Marker=first["Marker"])
    assert [each["UserName"] for each in rest["ServiceSpecificCredentials"]] == ["c"]


def test_a_key_that_was_never_used_says_so_and_a_used_one_where_and_with_what(iam, cloud: Cloud):
    key = cloud.user("ann")
    never = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert never == {"ServiceName": "N/A", "Region": "N/A"}
    cloud.with_key("sqs", key, region="eu-west-1").list_queues()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sqs", "eu-west-1")
    assert abs(used["LastUsedDate"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_status_that_aws_does_not_know_is_refused(iam, cloud: Cloud):
    key = cloud.user("ann")
    call = {"UserName": "ann", "AccessKeyId": key["AccessKeyId"]}
    assert refusal(iam.update_access_key, **call, Status="Bogus") == "ValidationError"
    assert refusal(iam.update_access_key, **call, Status="Expired") == "ValidationError"


def test_a_third_access_key_is_refused(iam):
    iam.create_user(UserName="ann")
    _key(iam, "")
    _key(iam, "")
    assert refusal(iam.create_access_key, UserName="ann") == "LimitExceeded"


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("iam", "list_users", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("ec2", "describe_instances", "AuthFailure"),
        ("sqs", "list_queues", "UnrecognizedClientException"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("organizations", "list_accounts", "UnrecognizedClientException"),
    ],
)
def test_an_inactive_key_is_refused_as_each_service_words_it(iam, cloud: Cloud, service, call, code):
    key = cloud.user("ann")
    client = cloud.with_key(service, key)
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(getattr(client, call)) == code


def test_a_key_that_is_active_again_works_again(iam, cloud: Cloud):
    key = cloud.user("ann")
    for status in ("Inactive", "Active"):
        iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status=status)
    assert cloud.with_key("sts", key).get_caller_identity()["Account"] == "123456789012"


def test_a_user_who_leaves_the_name_out_means_the_own_user(cloud: Cloud):
    client = cloud.with_key("iam", cloud.user("ann"))
    assert client.get_user()["User"]["UserName"] == "ann"
    assert client.list_ssh_public_keys()["SSHPublicKeys"] == []
    assert client.list_signing_certificates()["Certificates"] == []
    assert refusal(cloud.administrator("iam").get_user) == "ValidationError"


def test_members_of_a_group_are_shown_without_boundary_and_tags(iam):
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_user(UserName="ann", PermissionsBoundary=boundary, Tags=[{"Key": "a", "Value": "b"}])
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="ann")
    shown = iam.get_group(GroupName="g")["Users"][0]
    assert "PermissionsBoundary" not in shown
    assert "Tags" not in shown
