import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.sandbox.cloud import Cloud, enable_mfa, refusal

AWS_READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def policy(size: int = 0) -> str:
    """A valid policy of `size` characters that count, among blanks that do not."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": ""}]}
    bare = len(json.dumps(document, separators=(",", ":")))
    document["Statement"][0]["Resource"] = "arn:aws:s3:::" + "x" * (size - bare - 13) if size else "*"
    return json.dumps(document, indent=4)


@pytest.mark.parametrize(
    ("operation", "key", "make"),
    [
        ("list_users", "Users", lambda iam, n: iam.create_user(UserName=f"u{n}")),
        ("list_groups", "Groups", lambda iam, n: iam.create_group(GroupName=f"g{n}")),
        ("list_policies", "Policies", lambda iam, n: iam.create_policy(PolicyName=f"p{n}", PolicyDocument=policy())),
    ],
)
def test_lists_come_in_pages_of_the_size_asked_for(iam, operation, key, make):
    for number in range(5):
        make(iam, number)
    call = {"Scope": "Local"} if operation == "list_policies" else {}
    first = getattr(iam, operation)(MaxItems=2, **call)
    assert (len(first[key]), first["IsTruncated"]) == (2, True)
    rest = getattr(iam, operation)(Marker=first["Marker"], **call)
    assert (len(rest[key]), rest["IsTruncated"]) == (3, False)
    assert "Marker" not in rest


def test_a_page_may_be_smaller_than_asked_for(iam, cloud: Cloud):
    cloud.control.pages(2)
    for number in range(5):
        iam.create_user(UserName=f"u{number}")
        iam.add_user_to_group(GroupName=iam.create_group(GroupName=f"g{number}")["Group"]["GroupName"], UserName="u0")
    assert len(iam.list_users()["Users"]) == 2
    pages = list(iam.get_paginator("list_groups_for_user").paginate(UserName="u0"))
    assert [len(page["Groups"]) for page in pages] == [2, 2, 1]
    details = list(iam.get_paginator("get_account_authorization_details").paginate(Filter=["User", "Group"]))
    assert len(details) == 5
    assert sum(len(page["UserDetailList"]) for page in details) == 5
    assert sum(len(page["GroupDetailList"]) for page in details) == 5


def test_a_marker_that_aws_did_not_give_is_refused(iam):
    assert refusal(iam.list_users, Marker="nonsense") == "ValidationError"


def test_the_default_page_holds_a_hundred(iam):
    for number in range(101):
        iam.create_user(UserName=f"u{number:03}")
    assert len(iam.list_users()["Users"]) == 100
    assert [user["UserName"] for user in iam.list_users(Marker=iam.list_users()["Marker"])["Users"]] == ["u100"]


def test_account_details_carry_whole_policies_and_obey_the_filter(iam):
    arn = iam.create_policy(PolicyName="own", PolicyDocument=policy())["Policy"]["Arn"]
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    iam.attach_user_policy(UserName="ann", PolicyArn=AWS_READ)
    whole = iam.get_account_authorization_details()
    assert [each["PolicyName"] for each in whole["Policies"]] == ["ReadOnlyAccess", "own"]
    own = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert own["UserDetailList"] == []
    assert [(each["PolicyName"], each["PolicyId"][:4], each["AttachmentCount"]) for each in own["Policies"]] == [
        ("own", "ANPA", 1)
    ]
    document = own["Policies"][0]["PolicyVersionList"][0]["Document"]
    assert document["Statement"][0]["Action"] == "s3:*"
    users = iam.get_account_authorization_details(Filter=["User"])
    assert users["Policies"] == []
    assert len(users["UserDetailList"][0]["AttachedManagedPolicies"]) == 2


def test_the_managed_policies_of_aws_exist_and_are_listed_without_staying(iam, cloud: Cloud):
    before = cloud.control.snapshot_bytes()
    names = {
        each["PolicyName"]
        for page in iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 1000})
        for each in page["Policies"]
    }
    assert {"ReadOnlyAccess", "AWSDenyAll", "ViewOnlyAccess"} <= names
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/job-function/Billing")["Policy"]["PolicyName"] == "Billing"
    assert cloud.control.snapshot_bytes() < before + 100_000


@pytest.mark.parametrize(
    ("limit", "put"),
    [
        (2048, lambda iam, text: iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=text)),
        (5120, lambda iam, text: iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text)),
        (10240, lambda iam, text: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)),
        (6144, lambda iam, text: iam.create_policy(PolicyName="p", PolicyDocument=text)),
    ],
)
def test_policies_fit_their_quota_exactly_blanks_not_counted(iam, limit, put):
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    assert refusal(put, iam, policy(limit + 1)) == "LimitExceeded"
    put(iam, policy(limit))


def test_the_inline_quota_of_a_user_is_of_all_its_policies_together(iam):
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="a", PolicyDocument=policy(1500))
    call = {"UserName": "ann", "PolicyName": "b"}
    assert refusal(iam.put_user_policy, **call, PolicyDocument=policy(549)) == "LimitExceeded"
    iam.put_user_policy(**call, PolicyDocument=policy(548))
    iam.put_user_policy(UserName="ann", PolicyName="a", PolicyDocument=policy(1000))


def test_a_trust_policy_has_a_quota(iam):
    principals = [f"arn:aws:iam::{number:012}:root" for number in range(100)]
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}],
    }
    assert refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=json.dumps(document)) == "LimitExceeded"


def test_ten_policies_are_attached_ten_groups_joined_five_versions_kept(iam):
    iam.create_user(UserName="ann")
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=policy())["Policy"]["Arn"] for number in range(11)
    ]
    for number in range(10):
        iam.attach_user_policy(UserName="ann", PolicyArn=arns[number])
        iam.create_group(GroupName=f"g{number}")
        iam.add_user_to_group(GroupName=f"g{number}", UserName="ann")
    iam.create_group(GroupName="g10")
    iam.attach_user_policy(UserName="ann", PolicyArn=arns[0])
    assert refusal(iam.attach_user_policy, UserName="ann", PolicyArn=arns[10]) == "LimitExceeded"
    assert refusal(iam.add_user_to_group, GroupName="g10", UserName="ann") == "LimitExceeded"
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arns[10], PolicyDocument=policy())
    assert refusal(iam.create_policy_version, PolicyArn=arns[10], PolicyDocument=policy()) == "LimitExceeded"


def test_a_policy_attached_twice_is_attached_once(iam):
    iam.create_user(UserName="ann")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy())["Policy"]["Arn"]
    for _ in range(2):
        iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    iam.detach_user_policy(UserName="ann", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def report(iam) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode()))
    return {row["user"]: row for row in rows}


def test_a_report_is_started_then_complete_and_kept_four_hours(iam, cloud: Cloud):
    assert refusal(iam.get_credential_report) == "ReportNotPresent"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert refusal(iam.get_credential_report) == "ReportInProgress"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    iam.create_user(UserName="late")
    made = iam.get_credential_report()["GeneratedTime"]
    assert abs(made - datetime.now(UTC)) < timedelta(minutes=1)
    cloud.control.advance(3 * 3600)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert list(report(iam)) == ["<root_account>"]
    cloud.control.advance(3600)
    assert refusal(iam.get_credential_report) == "ReportExpired"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert list(report(iam)) == ["<root_account>", "late"]


def test_a_report_tells_everything_with_the_sentinels_of_aws(iam, cloud: Cloud, certificate):
    key = cloud.user("busy")
    iam.create_login_profile(UserName="busy", Password="correct horse")
    iam.upload_signing_certificate(UserName="busy", CertificateBody=certificate)
    cloud.with_key("s3", key, region="eu-west-1").list_buckets()
    cloud.control.sign_in("123456789012", "busy", mfa=False)
    idle = cloud.user("idle")
    iam.update_access_key(UserName="idle", AccessKeyId=idle["AccessKeyId"], Status="Inactive")
    iam.create_login_profile(UserName="idle", Password="correct horse")
    iam.create_user(UserName="ann")
    enable_mfa(iam)
    iam.generate_credential_report()
    iam.generate_credential_report()
    rows = report(iam)
    assert rows["<root_account>"]["arn"] == "arn:aws:iam::123456789012:root"
    assert rows["<root_account>"]["password_enabled"] == "not_supported"
    busy, idle_row, ann = rows["busy"], rows["idle"], rows["ann"]
    assert (busy["password_enabled"], busy["access_key_1_active"], busy["cert_1_active"]) == ("true", "true", "true")
    assert busy["cert_1_last_rotated"][:2] == "20"
    assert (busy["access_key_1_last_used_service"], busy["access_key_1_last_used_region"]) == ("s3", "eu-west-1")
    assert busy["password_last_used"][:2] == "20"
    assert (idle_row["password_last_used"], idle_row["access_key_1_active"]) == ("no_information", "false")
    assert (idle_row["access_key_1_last_used_date"], idle_row["access_key_1_last_used_service"]) == ("N/A", "N/A")
    assert (ann["password_enabled"], ann["password_last_used"], ann["mfa_active"]) == ("false", "N/A", "true")
    assert (ann["password_last_changed"], ann["access_key_2_last_rotated"]) == ("N/A", "N/A")


def finished(iam, job: str) -> dict[str, dict]:
    assert iam.get_service_last_accessed_details(JobId=job)["JobStatus"] == "IN_PROGRESS"
    found = iam.get_service_last_accessed_details(JobId=job)
    assert found["JobStatus"] == "COMPLETED"
    return {each["ServiceNamespace"]: each for each in found["ServicesLastAccessed"]}


def test_last_accessed_tells_allowed_services_with_denied_attempts(iam, cloud: Cloud):
    allow = {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "kms:*"], "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    key = cloud.user("ann", p=document)
    cloud.with_key("s3", key, region="eu-west-1").list_buckets()
    assert refusal(cloud.with_key("sqs", key).list_queues) == "AccessDenied"
    cloud.with_key("sns", key).list_topics()
    arn = iam.get_user(UserName="ann")["User"]["Arn"]
    services = finished(iam, iam.generate_service_last_accessed_details(Arn=arn)["JobId"])
    assert sorted(services) == ["kms", "s3", "sqs"]
    assert "LastAuthenticated" not in services["kms"]
    assert services["s3"]["LastAuthenticatedRegion"] == "eu-west-1"
    assert services["sqs"]["LastAuthenticatedEntity"] == arn
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    actions = finished(iam, job)["s3"]["TrackedActionsLastAccessed"]
    assert [each["ActionName"] for each in actions] == ["ListAllMyBuckets"]


def test_a_job_is_read_by_whoever_made_it(iam, cloud: Cloud):
    key = cloud.user("ann")
    arn = iam.get_user(UserName="ann")["User"]["Arn"]
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    assert refusal(cloud.with_key("iam", key).get_service_last_accessed_details, JobId=job) == "NoSuchEntity"
