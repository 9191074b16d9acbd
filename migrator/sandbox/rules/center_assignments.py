"""Account assignments and provisioning: asynchronous, one request at a time for one triple, roles as their effect.

What is refused at once and what fails later follows what callers of AWS report. A principal that is not in the
directory, a customer managed policy that is not in the account and the deletion of an assignment that is not there are
accepted and end FAILED with a 404 text (terraform-provider-aws, ssoadmin acceptance tests and `account_assignment.go`).
Creating an assignment that exists is accepted, succeeds and changes nothing ("the AWS SSO API doesn't prevent us from
creating duplicates", same file); only a request for a triple whose earlier request is unfinished is a
ConflictException (aws-samples/iam-identity-center-team #513).
"""

from datetime import timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from migrator.sandbox import faults
from migrator.sandbox.rules.center_rights import shortfall
from migrator.sandbox.rules.center_state import (
    Assignment,
    Center,
    Work,
    accounts_with,
    member,
    now,
    organization_center_of,
    organization_of,
    refuse_delegate,
)
from migrator.sandbox.rules.reserved_roles import Missing, provision, withdraw
from migrator.sandbox.rules.wire import Call, Fault, page

# IAM Identity Center user guide, "Quotas": CreateAccountAssignment, at most 10 outstanding asynchronous calls.
OUTSTANDING_LIMIT = 10


def create(call: Call) -> dict[str, Any]:
    """Queue an assignment."""
    return {"AccountAssignmentCreationStatus": _queue(call, "create")}


def delete(call: Call) -> dict[str, Any]:
    """Queue the removal of an assignment."""
    return {"AccountAssignmentDeletionStatus": _queue(call, "delete")}


def provision_set(call: Call) -> dict[str, Any]:
    """Queue the copying of a permission set to one account, or to every account that has it."""
    center = organization_center_of(call)
    target = center.permission_set(call["PermissionSetArn"])
    everywhere = call["TargetType"] == "ALL_PROVISIONED_ACCOUNTS"
    if everywhere == ("TargetId" in call.params):
        raise Fault("ValidationException", "TargetId is needed with AWS_ACCOUNT and only with it.")
    accounts = accounts_with(center, target.arn) if everywhere else {call["TargetId"]}
    for account in accounts:
        _check_account(center, account)
    refuse_delegate(call, center, accounts)
    work = Work(
        id=str(mock_random.uuid4()),
        kind="provision",
        permission_set=target.arn,
        account="" if everywhere else call["TargetId"],
        created=now(),
        accounts=tuple(sorted(accounts)),
    )
    work.failure = _bad_day()
    for account in work.accounts:
        work.failure = work.failure or shortfall(call, center, account, target.name)
    center.work[work.id] = work
    return {"PermissionSetProvisioningStatus": _described(work)}


def creation_status(call: Call) -> dict[str, Any]:
    """Read the status of a queued assignment."""
    work = _polled(call, "create", "AccountAssignmentCreationRequestId")
    return {"AccountAssignmentCreationStatus": _described(work)}


def deletion_status(call: Call) -> dict[str, Any]:
    """Read the status of a queued removal."""
    work = _polled(call, "delete", "AccountAssignmentDeletionRequestId")
    return {"AccountAssignmentDeletionStatus": _described(work)}


def provisioning_status(call: Call) -> dict[str, Any]:
    """Read the status of a queued provisioning."""
    work = _polled(call, "provision", "ProvisionPermissionSetRequestId")
    return {"PermissionSetProvisioningStatus": _described(work)}


def list_creations(call: Call) -> dict[str, Any]:
    """List the statuses of assignments asked for."""
    return page(call, _statuses(call, "create"), "AccountAssignmentsCreationStatus")


def list_deletions(call: Call) -> dict[str, Any]:
    """List the statuses of removals asked for."""
    return page(call, _statuses(call, "delete"), "AccountAssignmentsDeletionStatus")


def list_provisionings(call: Call) -> dict[str, Any]:
    """List the statuses of provisionings asked for."""
    return page(call, _statuses(call, "provision"), "PermissionSetsProvisioningStatus")


def list_assignments(call: Call) -> dict[str, Any]:
    """List who is assigned to a permission set in an account."""
    center = organization_center_of(call)
    target = center.permission_set(call["PermissionSetArn"])
    rows = [
        _row(each)
        for each in center.assignments
        if (each.account, each.permission_set) == (call["AccountId"], target.arn)
    ]
    return page(call, rows, "AccountAssignments")


def list_for_principal(call: Call) -> dict[str, Any]:
    """List a principal's assignments; a user's include those through its groups, each naming the group."""
    center = organization_center_of(call)
    if call.account != center.owner:
        raise Fault("AccessDeniedException", "This operation must be called from the management account.")
    principals = {(call["PrincipalType"], call["PrincipalId"])}
    if call["PrincipalType"] == "USER":
        principals |= {("GROUP", group) for group in center.directory.groups_of(call["PrincipalId"])}
    account = call.get("Filter", {}).get("AccountId")
    rows = [
        _row(each)
        for each in center.assignments
        if (each.principal_type, each.principal) in principals and account in {None, each.account}
    ]
    return page(call, rows, "AccountAssignments")


def list_sets_of_account(call: Call) -> dict[str, Any]:
    """List the permission sets provisioned to an account."""
    center = organization_center_of(call)
    wanted = call.get("ProvisioningStatus")
    rows = [
        arn
        for account, arn in center.provisioned
        if account == call["AccountId"] and _matches(center, account, arn, wanted)
    ]
    return page(call, rows, "PermissionSets")


def list_accounts_of_set(call: Call) -> dict[str, Any]:
    """List the accounts that a permission set is provisioned to."""
    center = organization_center_of(call)
    target, wanted = center.permission_set(call["PermissionSetArn"]), call.get("ProvisioningStatus")
    accounts = accounts_with(center, target.arn)
    return page(call, sorted(each for each in accounts if _matches(center, each, target.arn, wanted)), "AccountIds")


def settle(center: Center) -> None:
    """End the requests whose time has come by the sandbox clock."""
    for work in center.work.values():
        if work.status == "IN_PROGRESS" and now() - work.created >= timedelta(seconds=center.seconds):
            _finish(center, work)


def _queue(call: Call, kind: str) -> dict[str, Any]:
    center = organization_center_of(call)
    target = center.permission_set(call["PermissionSetArn"])
    account = call["TargetId"]
    _check_account(center, account)
    refuse_delegate(call, center, {account} | accounts_with(center, target.arn))
    wanted = Assignment(account, target.arn, call["PrincipalType"], call["PrincipalId"])
    unfinished = [work for work in center.work.values() if work.status == "IN_PROGRESS"]
    if any(work.assignment == wanted for work in unfinished):
        raise Fault(
            "ConflictException", "A previous request for this assignment is still in progress. Try again later."
        )
    if kind == "create" and sum(work.kind == "create" for work in unfinished) >= OUTSTANDING_LIMIT:
        raise Fault("ThrottlingException", f"More than {OUTSTANDING_LIMIT} account assignments are being created.")
    work = Work(str(mock_random.uuid4()), kind, target.arn, account, now(), assignment=wanted)
    work.failure = _bad_day() or shortfall(call, center, account, target.name)
    center.work[work.id] = work
    return _described(work)


def _bad_day() -> str | None:
    rule = faults.present("ends-failed")
    return rule.reason if rule else None


def _check_account(center: Center, account: str) -> None:
    organization = organization_of(account)
    if organization is None or organization.account_id != center.owner:
        raise Fault("ResourceNotFoundException", f"Account {account} is not in the organization.")


def _polled(call: Call, kind: str, parameter: str) -> Work:
    center = organization_center_of(call)
    work = center.work.get(call[parameter])
    if work is None or work.kind != kind:
        raise Fault("ResourceNotFoundException", f"Could not find a request with id {call[parameter]}")
    if work.status == "IN_PROGRESS":
        work.polls += 1
        if work.polls > center.polls:
            _finish(center, work)
    return work


def _finish(center: Center, work: Work) -> None:
    if faults.in_force("never-ends", _STARTED_BY[work.kind]):
        return
    if work.failure is not None:
        work.status = "FAILED"
        return
    try:
        _EFFECTS[work.kind](center, work)
    except Missing as missing:
        work.status, work.failure = "FAILED", str(missing)
    else:
        work.status = "SUCCEEDED"


def _assign(center: Center, work: Work) -> None:
    wanted = work.assignment
    if wanted is None or wanted in center.assignments:
        return
    known = center.directory.users if wanted.principal_type == "USER" else center.directory.groups
    if wanted.principal not in known:
        text = f"the {wanted.principal_type} assignee {wanted.principal} was not found in directory {center.store_id}"
        raise Missing(f"Received a 404 status error: {text}.")
    _check_active(work.account)
    if (work.account, work.permission_set) not in center.provisioned:
        provision(center, work.account, center.permission_set(work.permission_set))
    center.assignments[wanted] = now()


def _unassign(center: Center, work: Work) -> None:
    gone = work.assignment
    if gone is None or gone not in center.assignments:
        raise Missing("Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key.")
    del center.assignments[gone]
    if not any(
        (each.account, each.permission_set) == (gone.account, gone.permission_set) for each in center.assignments
    ):
        withdraw(center, gone.account, center.permission_set(gone.permission_set))


def _provision(center: Center, work: Work) -> None:
    for account in work.accounts:
        _check_active(account)
        provision(center, account, center.permission_set(work.permission_set))


_STARTED_BY = {
    "create": "CreateAccountAssignment",
    "delete": "DeleteAccountAssignment",
    "provision": "ProvisionPermissionSet",
}
_EFFECTS = {"create": _assign, "delete": _unassign, "provision": _provision}


def _check_active(account: str) -> None:
    found = member(account)
    if found is None or found.status != "ACTIVE":
        raise Missing(f"Received a 403 status error: account {account} is not active.")


def _statuses(call: Call, kind: str) -> list[dict[str, Any]]:
    center = organization_center_of(call)
    wanted = call.get("Filter", {}).get("Status")
    found = [work for work in center.work.values() if work.kind == kind and wanted in {None, work.status}]
    return [{"Status": work.status, "RequestId": work.id, "CreatedDate": work.created} for work in found]


def _matches(center: Center, account: str, arn: str, wanted: str | None) -> bool:
    if wanted is None:
        return True
    latest = center.provisioned[account, arn] == center.permission_set(arn).content()
    return latest == (wanted == "LATEST_PERMISSION_SET_PROVISIONED")


def _row(each: Assignment) -> dict[str, str]:
    return {
        "AccountId": each.account,
        "PermissionSetArn": each.permission_set,
        "PrincipalType": each.principal_type,
        "PrincipalId": each.principal,
    }


def _described(work: Work) -> dict[str, Any]:
    status = {
        "Status": work.status,
        "RequestId": work.id,
        "FailureReason": None if work.status == "IN_PROGRESS" else work.failure,
        "PermissionSetArn": work.permission_set,
        "CreatedDate": work.created,
    }
    if work.assignment is None:
        return {**status, "AccountId": work.account or None}
    row = {"TargetId": work.account, "TargetType": "AWS_ACCOUNT"}
    return {**status, **row, "PrincipalType": work.assignment.principal_type, "PrincipalId": work.assignment.principal}


OPERATIONS = {
    "CreateAccountAssignment": create,
    "DeleteAccountAssignment": delete,
    "ProvisionPermissionSet": provision_set,
    "DescribeAccountAssignmentCreationStatus": creation_status,
    "DescribeAccountAssignmentDeletionStatus": deletion_status,
    "DescribePermissionSetProvisioningStatus": provisioning_status,
    "ListAccountAssignmentCreationStatus": list_creations,
    "ListAccountAssignmentDeletionStatus": list_deletions,
    "ListPermissionSetProvisioningStatus": list_provisionings,
    "ListAccountAssignments": list_assignments,
    "ListAccountAssignmentsForPrincipal": list_for_principal,
    "ListPermissionSetsProvisionedToAccount": list_sets_of_account,
    "ListAccountsForProvisionedPermissionSet": list_accounts_of_set,
}
