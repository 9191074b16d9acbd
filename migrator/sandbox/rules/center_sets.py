"""Permission sets: unique names, kept fields, sizes, quotas, policies that exist."""

import json
import re
from dataclasses import replace
from typing import Any

from moto.moto_api._internal import mock_random

from migrator.sandbox.rules.aws_policies import aws_policies
from migrator.sandbox.rules.center_state import (
    PermissionSet,
    accounts_with,
    now,
    organization_center_of,
    refuse_delegate,
)
from migrator.sandbox.rules.reserved_roles import withdraw
from migrator.sandbox.rules.wire import Call, Fault, page

# IAM Identity Center user guide, "Quotas": 10,240 characters that are not blank; 20 policies of both kinds a set.
INLINE_LIMIT = 10_240
POLICIES_LIMIT = 20
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_HOUR = 3600


def create(call: Call) -> dict[str, Any]:
    """Create a permission set under a name that no other has."""
    center = organization_center_of(call)
    if any(each.name == call["Name"] for each in center.sets.values()):
        raise Fault("ConflictException", f"PermissionSet with name {call['Name']} already exists.")
    _check_duration(call)
    instance = center.instance_arn.replace(":instance/", ":permissionSet/")
    made = PermissionSet(
        arn=f"{instance}/ps-{mock_random.get_random_hex(16)}",
        name=call["Name"],
        created=now(),
        description=call.get("Description"),
        session_duration=call.get("SessionDuration", "PT1H"),
        relay_state=call.get("RelayState"),
        tags={tag["Key"]: tag["Value"] for tag in call.get("Tags", [])},
    )
    center.sets[made.arn] = made
    return {"PermissionSet": _described(made)}


def describe(call: Call) -> dict[str, Any]:
    """Describe a permission set."""
    return {"PermissionSet": _described(_named(call))}


def update(call: Call) -> dict[str, Any]:
    """Change the fields that are passed and leave the others as they are."""
    changed = _writable(call)
    _check_duration(call)
    changed.description = call.get("Description", changed.description)
    changed.session_duration = call.get("SessionDuration", changed.session_duration)
    changed.relay_state = call.get("RelayState", changed.relay_state)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a permission set that nobody is assigned to, with what ProvisionPermissionSet left of it in accounts."""
    center, gone = organization_center_of(call), _writable(call)
    if any(each.permission_set == gone.arn for each in center.assignments) or any(
        work.permission_set == gone.arn and work.status == "IN_PROGRESS" for work in center.work.values()
    ):
        raise Fault("ConflictException", f"Could not delete because PermissionSet {gone.id} has account assignments.")
    for account in accounts_with(center, gone.arn):
        withdraw(center, account, gone)
    del center.sets[gone.arn]
    return {}


def list_sets(call: Call) -> dict[str, Any]:
    """List every permission set's ARN."""
    return page(call, list(organization_center_of(call).sets), "PermissionSets")


def put_inline(call: Call) -> dict[str, Any]:
    """Store the inline policy: a JSON policy of at most 10,240 characters that are not blank."""
    text = call["InlinePolicy"]
    if sum(not character.isspace() for character in text) > INLINE_LIMIT:
        raise Fault("ServiceQuotaExceededException", f"Inline policy exceeds the limit of {INLINE_LIMIT} characters.")
    _check_document(text)
    _writable(call).inline = text
    return {}


def get_inline(call: Call) -> dict[str, Any]:
    """Return the inline policy, empty where there is none."""
    return {"InlinePolicy": _named(call).inline}


def delete_inline(call: Call) -> dict[str, Any]:
    """Remove the inline policy."""
    _writable(call).inline = ""
    return {}


def attach_managed(call: Call) -> dict[str, Any]:
    """Attach a policy of AWS, whatever its path."""
    target, arn = _writable(call), call["ManagedPolicyArn"]
    if arn.rpartition(":policy")[2] not in aws_policies():
        raise Fault("ResourceNotFoundException", f"Policy does not exist with ARN: {arn}")
    if arn in target.managed:
        raise Fault("ConflictException", f"Permission set with id {target.id} already has {arn} attached.")
    _check_quota(target)
    target.managed.append(arn)
    return {}


def detach_managed(call: Call) -> dict[str, Any]:
    """Detach a policy of AWS."""
    target, arn = _writable(call), call["ManagedPolicyArn"]
    if arn not in target.managed:
        raise Fault("ResourceNotFoundException", f"Could not find ManagedPolicy with arn {arn}")
    target.managed.remove(arn)
    return {}


def list_managed(call: Call) -> dict[str, Any]:
    """List the attached policies of AWS."""
    rows = [{"Name": arn.rpartition("/")[2], "Arn": arn} for arn in _named(call).managed]
    return page(call, rows, "AttachedManagedPolicies")


def attach_customer(call: Call) -> dict[str, Any]:
    """Reference a customer managed policy by name and path; whether an account has it shows at provisioning."""
    target, reference = _writable(call), _reference(call["CustomerManagedPolicyReference"])
    if reference in target.customer:
        raise Fault("ConflictException", f"Customer managed policy {reference[1]}{reference[0]} is already attached.")
    _check_quota(target)
    target.customer.append(reference)
    return {}


def detach_customer(call: Call) -> dict[str, Any]:
    """Remove the reference to a customer managed policy."""
    target, reference = _writable(call), _reference(call["CustomerManagedPolicyReference"])
    if reference not in target.customer:
        raise Fault("ResourceNotFoundException", f"{reference[1]}{reference[0]} is not attached to {target.id}.")
    target.customer.remove(reference)
    return {}


def list_customer(call: Call) -> dict[str, Any]:
    """List the references to customer managed policies."""
    rows = [{"Name": name, "Path": path} for name, path in _named(call).customer]
    return page(call, rows, "CustomerManagedPolicyReferences")


def put_boundary(call: Call) -> dict[str, Any]:
    """Set the permissions boundary: one policy of AWS or one customer managed policy."""
    boundary = call["PermissionsBoundary"]
    if len(boundary) != 1:
        raise Fault("ValidationException", "Exactly one of ManagedPolicyArn, CustomerManagedPolicyReference is needed.")
    arn = boundary.get("ManagedPolicyArn")
    if arn and arn.rpartition(":policy")[2] not in aws_policies():
        raise Fault("ResourceNotFoundException", f"Policy does not exist with ARN: {arn}")
    _writable(call).boundary = boundary
    return {}


def get_boundary(call: Call) -> dict[str, Any]:
    """Return the permissions boundary."""
    target = _named(call)
    if target.boundary is None:
        raise Fault("ResourceNotFoundException", f"No permissions boundary is attached to {target.id}.")
    return {"PermissionsBoundary": target.boundary}


def delete_boundary(call: Call) -> dict[str, Any]:
    """Remove the permissions boundary."""
    _writable(call).boundary = None
    return {}


def tag(call: Call) -> dict[str, Any]:
    """Add or replace tags."""
    tagged(call).tags.update({each["Key"]: each["Value"] for each in call["Tags"]})
    return {}


def untag(call: Call) -> dict[str, Any]:
    """Remove tags."""
    target = tagged(call)
    for key in call["TagKeys"]:
        target.tags.pop(key, None)
    return {}


def tagged(call: Call) -> PermissionSet:
    """Return the permission set that a tagging call names; InstanceArn may be left out there."""
    arn = call["ResourceArn"]
    instance = arn.replace(":permissionSet/", ":instance/").rpartition("/ps-")[0]
    return organization_center_of(replace(call, params={**call.params, "InstanceArn": instance})).permission_set(arn)


def _named(call: Call) -> PermissionSet:
    return organization_center_of(call).permission_set(call["PermissionSetArn"])


def _writable(call: Call) -> PermissionSet:
    center = organization_center_of(call)
    refuse_delegate(call, center, accounts_with(center, call["PermissionSetArn"]))
    return center.permission_set(call["PermissionSetArn"])


def _reference(value: dict[str, str]) -> tuple[str, str]:
    return value["Name"], value.get("Path", "/")


def _check_quota(target: PermissionSet) -> None:
    if len(target.managed) + len(target.customer) >= POLICIES_LIMIT:
        message = f"You have exceeded AWS SSO limits. Cannot create more than {POLICIES_LIMIT} for id {target.id}."
        raise Fault("ServiceQuotaExceededException", message)


def _check_duration(call: Call) -> None:
    text = call.get("SessionDuration")
    if text is None:
        return
    parts = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in parts.groups()) if parts else (0, 0, 0)
    if not _HOUR <= hours * _HOUR + minutes * 60 + seconds <= 12 * _HOUR:
        raise Fault("ValidationException", f"SessionDuration {text} is not between PT1H and PT12H.")


def _check_document(text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError:
        raise Fault("ValidationException", "The inline policy is not valid JSON.") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not statements or (isinstance(statements, list) and not all("Effect" in each for each in statements)):
        raise Fault("ValidationException", "The inline policy is not a policy document.")


def _described(each: PermissionSet) -> dict[str, Any]:
    return {
        "Name": each.name,
        "PermissionSetArn": each.arn,
        "Description": each.description,
        "CreatedDate": each.created,
        "SessionDuration": each.session_duration,
        "RelayState": each.relay_state,
    }


OPERATIONS = {
    "CreatePermissionSet": create,
    "DescribePermissionSet": describe,
    "UpdatePermissionSet": update,
    "DeletePermissionSet": delete,
    "ListPermissionSets": list_sets,
    "PutInlinePolicyToPermissionSet": put_inline,
    "GetInlinePolicyForPermissionSet": get_inline,
    "DeleteInlinePolicyFromPermissionSet": delete_inline,
    "AttachManagedPolicyToPermissionSet": attach_managed,
    "DetachManagedPolicyFromPermissionSet": detach_managed,
    "ListManagedPoliciesInPermissionSet": list_managed,
    "AttachCustomerManagedPolicyReferenceToPermissionSet": attach_customer,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": detach_customer,
    "ListCustomerManagedPolicyReferencesInPermissionSet": list_customer,
    "PutPermissionsBoundaryToPermissionSet": put_boundary,
    "GetPermissionsBoundaryForPermissionSet": get_boundary,
    "DeletePermissionsBoundaryFromPermissionSet": delete_boundary,
    "TagResource": tag,
    "UntagResource": untag,
}
