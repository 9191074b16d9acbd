"""Identity Center as AWS has it: one instance of the organization, in one region, and no calls past its rules.

moto makes an instance in every account and region, checks no name, size, principal or account, makes no role and
answers SUCCEEDED at once; each of those lets a mistake pass that AWS refuses.
"""

import functools
from typing import Any

from moto.ssoadmin.responses import SSOAdminResponse

from migrator.sandbox import gateway
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal
from migrator.sandbox.rules import center_assignments, center_sets
from migrator.sandbox.rules.center_state import (
    Center,
    administers,
    center_of,
    centers,
    instance_of,
    make_instance,
    organization_of,
    remove_instance,
)
from migrator.sandbox.rules.wire import Call, Fault, page, serve


@functools.cache
def install() -> None:
    """Replace moto's sso-admin by the rules of this module and its two parts."""
    gateway.CHECKS.append(_end_what_is_due)
    serve(SSOAdminResponse, "sso-admin", INSTANCES | center_sets.OPERATIONS | center_assignments.OPERATIONS)


def _end_what_is_due(_call: ApiCall, _principal: Principal) -> None:
    # Requests end by time whether anybody polls them or not, and the reserved roles are seen through IAM.
    for center in centers():
        center_assignments.settle(center)


def list_instances(call: Call) -> dict[str, Any]:
    """List the instances of the region that the caller may use: elsewhere, and from other member accounts, none."""
    visible = [each for each in centers() if each.region == call.region and administers(call.account, each)]
    return page(call, [_described(center) for center in visible], "Instances")


def describe_instance(call: Call) -> dict[str, Any]:
    """Describe the instance."""
    center = center_of(call)
    arn = f"arn:{center.instance_arn.split(':')[1]}:identitystore::{center.owner}:identitystore/{center.store_id}"
    return {**_described(center), "IdentityStoreArn": arn, "PermissionSetsEnabled": center.of_organization}


def update_instance(call: Call) -> dict[str, Any]:
    """Rename the instance."""
    center_of(call).name = call["Name"]
    return {}


def create_instance(call: Call) -> dict[str, Any]:
    """Create an account's own instance, one an account; the management account's is enabled in the console."""
    organization = organization_of(call.account)
    if organization is not None and organization.account_id == call.account:
        raise Fault("AccessDeniedException", "An organization's management account cannot create an instance.")
    if instance_of(call.account) is not None:
        raise Fault("ConflictException", f"Account {call.account} has an instance already.")
    made = make_instance(call.account, call.region, of_organization=False)
    made.name = call.get("Name")
    return {"InstanceArn": made.instance_arn}


def delete_instance(call: Call) -> dict[str, Any]:
    """Delete an account's own instance; the organization's is deleted in the console only."""
    center = center_of(call)
    if center.of_organization:
        raise Fault("AccessDeniedException", "An organization instance cannot be deleted by this operation.")
    remove_instance(center)
    return {}


def list_tags(call: Call) -> dict[str, Any]:
    """List a permission set's tags."""
    tags = center_sets.tagged(call).tags
    return page(call, [{"Key": key, "Value": value} for key, value in tags.items()], "Tags", default=75)


def _described(center: Center) -> dict[str, Any]:
    return {
        "InstanceArn": center.instance_arn,
        "IdentityStoreId": center.store_id,
        "OwnerAccountId": center.owner,
        "Name": center.name,
        "CreatedDate": center.created,
        "Status": "ACTIVE",
        "PrimaryRegion": center.region,
    }


INSTANCES = {
    "ListInstances": list_instances,
    "DescribeInstance": describe_instance,
    "UpdateInstance": update_instance,
    "CreateInstance": create_instance,
    "DeleteInstance": delete_instance,
    "ListTagsForResource": list_tags,
}
