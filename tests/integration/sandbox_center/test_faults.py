"""A bad day of Identity Center: requests that fail or never end, conflicts of both reasons, bent pages."""

import pytest
from botocore.exceptions import ClientError

from migrator.sandbox.control import Control


@pytest.fixture
def control(cloud):
    return Control(cloud.endpoint)


@pytest.fixture
def assignment(cloud, ada):
    """Ask for an assignment, and read its status: two functions."""
    sso = cloud.client("sso-admin")
    made = sso.create_permission_set(InstanceArn=cloud.instance, Name="analyst")["PermissionSet"]["PermissionSetArn"]
    which = {"InstanceArn": cloud.instance, "PermissionSetArn": made}

    def ask() -> str:
        whom = {"TargetId": cloud.member, "TargetType": "AWS_ACCOUNT", "PrincipalType": "USER", "PrincipalId": ada.user}
        answer = sso.create_account_assignment(**which, **whom)
        return str(answer["AccountAssignmentCreationStatus"]["RequestId"])

    def status(request) -> dict[str, str]:
        return sso.describe_account_assignment_creation_status(
            InstanceArn=cloud.instance, AccountAssignmentCreationRequestId=request
        )["AccountAssignmentCreationStatus"]

    return ask, status


def test_an_assignment_ends_failed_for_the_reason_that_was_given(control, assignment):
    ask, status = assignment
    reason = "Received a 500 status error: come back later."
    control.faults({"fault": "ends-failed", "operation": "CreateAccountAssignment", "times": 1, "reason": reason})
    failed = ask()
    found = [status(failed) for _ in range(2)][-1]
    assert (found["Status"], found["FailureReason"]) == ("FAILED", reason)
    again = ask()
    assert [status(again) for _ in range(2)][-1]["Status"] == "SUCCEEDED"


def test_an_assignment_stays_in_progress_until_all_is_well_again(control, assignment):
    ask, status = assignment
    control.faults({"fault": "never-ends", "operation": "CreateAccountAssignment"})
    stuck = ask()
    control.advance(86_400)
    assert {status(stuck)["Status"] for _ in range(4)} == {"IN_PROGRESS"}
    with pytest.raises(ClientError, match="still in progress"):
        ask()
    control.faults()
    assert [status(stuck) for _ in range(2)][-1]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("fault", "reason"), [("conflict", "CONCURRENT_MODIFICATION"), ("taken", "UNIQUENESS_CONSTRAINT_VIOLATION")]
)
def test_a_conflict_says_its_reason(cloud, control, fault, reason):
    control.faults({"fault": fault, "operation": "CreateGroup"})
    with pytest.raises(ClientError) as error:
        cloud.client("identitystore").create_group(IdentityStoreId=cloud.store, DisplayName="readers")
    assert (error.value.response["Error"]["Code"], error.value.response["Reason"]) == ("ConflictException", reason)


@pytest.mark.parametrize(("fault", "times"), [("empty-page", 1), ("repeated-page", 2)])
def test_pages_come_empty_or_twice(cloud, control, fault, times):
    store = cloud.client("identitystore")
    store.create_group(IdentityStoreId=cloud.store, DisplayName="readers")
    control.faults({"fault": fault, "operation": "ListGroups"})
    pages = list(store.get_paginator("list_groups").paginate(IdentityStoreId=cloud.store))
    assert len(pages) == 2
    assert [group["DisplayName"] for page in pages for group in page["Groups"]] == ["readers"] * times


def test_what_was_just_made_is_not_found_for_some_seconds(cloud, control):
    store = cloud.client("identitystore")
    control.faults({"fault": "stale", "service": "identitystore", "seconds": 30})

    def found() -> int:
        return len(store.list_groups(IdentityStoreId=cloud.store)["Groups"])

    assert found() == 0
    store.create_group(IdentityStoreId=cloud.store, DisplayName="readers")
    assert found() == 0
    control.advance(31)
    assert found() == 1
