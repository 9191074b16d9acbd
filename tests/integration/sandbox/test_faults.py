"""A bad day of AWS: each fault, what it does to a caller, and that nothing else is touched."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, PaginationError
from botocore.exceptions import ConnectionError as Broken

from migrator.sandbox.control import SandboxError
from tests.integration.sandbox.cloud import Cloud, refusal

DROPPED = (Broken, ConnectionClosedError)


def names(iam) -> list[str]:
    return [user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]


def answered(call) -> tuple[int, str]:
    """The HTTP status and the code of a refusal."""
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_there_are_none_unless_they_are_set(cloud: Cloud, iam):
    assert cloud.control.struck() == []
    assert names(iam) == []


@pytest.mark.parametrize(
    ("fault", "service", "operation", "answer"),
    [
        ("throttle", "iam", "list_users", (400, "Throttling")),
        ("throttle", "s3", "list_buckets", (503, "SlowDown")),
        ("throttle", "organizations", "list_roots", (400, "TooManyRequestsException")),
        ("throttle", "sso-admin", "list_instances", (400, "ThrottlingException")),
        ("internal-error", "iam", "list_users", (500, "ServiceFailure")),
        ("internal-error", "sso-admin", "list_instances", (500, "InternalServerException")),
        ("unavailable", "iam", "list_users", (503, "ServiceUnavailable")),
        ("unavailable", "sso-admin", "list_instances", (503, "ServiceUnavailableException")),
        ("concurrent-modification", "iam", "list_users", (409, "ConcurrentModification")),
        ("concurrent-modification", "organizations", "list_roots", (400, "ConcurrentModificationException")),
        ("temporarily-unmodifiable", "iam", "list_users", (409, "EntityTemporarilyUnmodifiable")),
        ("conflict", "sso-admin", "list_instances", (400, "ConflictException")),
        ("expired", "iam", "list_users", (403, "ExpiredToken")),
        ("expired", "sso-admin", "list_instances", (400, "ExpiredTokenException")),
    ],
)
def test_a_refusal_comes_in_the_services_own_words(cloud: Cloud, fault, service, operation, answer):
    cloud.control.faults({"fault": fault, "service": service})
    assert answered(getattr(cloud.root(service), operation)) == answer


@pytest.mark.parametrize("fault", ["throttle", "internal-error", "unavailable", "concurrent-modification", "expired"])
def test_a_refused_call_has_no_effect(cloud: Cloud, iam, fault):
    cloud.control.faults({"fault": fault, "operation": "CreateUser"})
    refusal(iam.create_user, UserName="ann")
    assert names(iam) == []


def test_a_reset_comes_before_the_effect_and_leaves_no_trace(cloud: Cloud, iam):
    cloud.control.faults({"fault": "reset", "operation": "CreateUser"})
    with pytest.raises(DROPPED):
        iam.create_user(UserName="ann")
    assert names(iam) == []
    assert [call["operation"] for call in cloud.control.calls()] == ["ListUsers"]


def test_a_lost_answer_comes_after_the_effect(cloud: Cloud, iam):
    cloud.control.faults({"fault": "lost-answer", "operation": "CreateUser"})
    with pytest.raises(DROPPED):
        iam.create_user(UserName="ann")
    assert names(iam) == ["ann"]
    assert cloud.control.counts()["iam:CreateUser"] == 1


def test_expired_credentials_leave_no_record(cloud: Cloud, iam):
    cloud.control.faults({"fault": "expired", "after": 1})
    iam.list_users()
    assert [refusal(iam.list_users) for _ in range(3)] == ["ExpiredToken"] * 3
    assert len(cloud.control.calls()) == 1


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({}, [True] * 6),
        ({"service": "s3"}, [False] * 6),
        ({"operation": "Create*"}, [False, False, True] * 2),
        ({"verb": "read"}, [True, True, False] * 2),
        ({"verb": "write"}, [False, False, True] * 2),
        ({"account": "000000000000"}, [False] * 6),
        ({"account": "1234*"}, [True] * 6),
        ({"after": 4}, [False, False, False, False, True, True]),
        ({"times": 2}, [True, True, False, False, False, False]),
        ({"after": 1, "times": 1}, [False, True, False, False, False, False]),
        ({"percent": 0}, [False] * 6),
    ],
)
def test_a_rule_strikes_the_calls_that_it_names(cloud: Cloud, iam, rule, struck):
    cloud.control.faults({"fault": "throttle", **rule})
    found = []
    for number in range(2):
        for call, params in (
            (iam.list_users, {}),
            (iam.list_groups, {}),
            (iam.create_group, {"GroupName": f"g{number}"}),
        ):
            try:
                call(**params)
                found.append(False)
            except ClientError:
                found.append(True)
    assert found == struck
    assert cloud.control.struck()[0]["struck"] == sum(struck)


def test_a_percentage_strikes_the_same_calls_in_every_run_and_others_under_another_seed(cloud: Cloud, iam):
    def run(seed: int) -> list[bool]:
        cloud.control.faults({"fault": "throttle", "percent": 30}, seed=seed)
        found = []
        for _ in range(60):
            try:
                iam.list_users()
                found.append(False)
            except ClientError:
                found.append(True)
        return found

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert 8 <= sum(first) <= 28


def test_what_was_read_before_a_write_is_read_again_for_some_seconds(cloud: Cloud, iam):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    cloud.control.faults({"fault": "stale", "seconds": 30})

    def status() -> str:
        return str(iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["Status"])

    assert status() == "Active"
    iam.update_access_key(UserName="ann", AccessKeyId=key, Status="Inactive")
    assert status() == "Active"
    cloud.control.advance(31)
    assert status() == "Inactive"


def test_a_user_that_was_just_made_or_deleted_seems_not_to_be(cloud: Cloud, iam):
    cloud.control.faults({"fault": "stale", "seconds": 30})
    assert refusal(iam.get_user, UserName="ann") == "NoSuchEntity"
    iam.create_user(UserName="ann")
    assert refusal(iam.get_user, UserName="ann") == "NoSuchEntity"
    cloud.control.advance(31)
    iam.get_user(UserName="ann")
    iam.delete_user(UserName="ann")
    iam.get_user(UserName="ann")
    cloud.control.advance(31)
    assert refusal(iam.get_user, UserName="ann") == "NoSuchEntity"


def test_what_nobody_wrote_is_never_old(cloud: Cloud, iam):
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
    cloud.control.faults({"fault": "stale", "seconds": 30, "operation": "CreateAccessKey"})
    for name in ("ann", "bob"):
        assert iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []
    iam.create_access_key(UserName="ann")
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "data"}])
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"] == []
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "team", "Value": "data"}]


@pytest.mark.parametrize(
    ("fault", "seen"), [("empty-page", ["ann", "bob"]), ("repeated-page", ["ann", "bob", "ann", "bob"])]
)
def test_pages_come_empty_or_twice(cloud: Cloud, iam, fault, seen):
    for name in ("bob", "ann"):
        iam.create_user(UserName=name)
    cloud.control.faults({"fault": fault, "operation": "ListUsers"})
    pages = list(iam.get_paginator("list_users").paginate())
    assert len(pages) == 2
    assert [user["UserName"] for page in pages for user in page["Users"]] == seen


def test_pages_without_end_have_the_same_token(cloud: Cloud, iam):
    iam.create_user(UserName="ann")
    cloud.control.faults({"fault": "endless-pages"})
    with pytest.raises(PaginationError, match="same next token"):
        names(iam)


def test_a_credential_report_may_never_be_ready(cloud: Cloud, iam):
    cloud.control.faults({"fault": "never-ends", "operation": "GenerateCredentialReport"})
    assert {iam.generate_credential_report()["State"] for _ in range(3)} == {"INPROGRESS"}
    cloud.control.faults()
    assert [iam.generate_credential_report()["State"] for _ in range(2)] == ["STARTED", "COMPLETE"]


def test_the_faults_and_their_counts_are_part_of_a_snapshot(cloud: Cloud, iam):
    well = cloud.control.snapshot()
    cloud.control.faults({"fault": "throttle", "operation": "ListUsers", "times": 1})
    refusal(iam.list_users)
    ill = cloud.control.snapshot()
    cloud.control.restore(well)
    assert cloud.control.struck() == []
    cloud.control.restore(ill)
    assert [(rule["seen"], rule["struck"]) for rule in cloud.control.struck()] == [(1, 1)]
    assert names(iam) == []


@pytest.mark.parametrize("rule", [{"fault": "earthquake"}, {"fault": "throttle", "percents": 3}, {}])
def test_a_rule_that_means_nothing_is_refused(cloud: Cloud, rule):
    with pytest.raises(SandboxError):
        cloud.control.faults(rule)
    assert cloud.control.struck() == []
