"""Identity Center as AWS has it: one instance in one region, permission sets with rules, asynchronous assignments.

moto makes an instance in every account and region, checks no name, size, principal or account, makes no role and
answers SUCCEEDED at once; each of those lets a mistake pass that AWS refuses.
"""

import functools
from typing import Any

from moto.ssoadmin.responses import SSOAdminResponse

from migrator.sandbox.rules import center_assignments, center_sets
from migrator.sandbox.rules.center_state import Center, administers, center_of, centers
from migrator.sandbox.rules.wire import Call, Fault, page, serve


@functools.cache
def install() -> None:
    """Replace moto's sso-admin by the rules of this module and its two parts."""
    serve(SSOAdminResponse, "sso-admin", INSTANCES | center_sets.OPERATIONS | center_assignments.OPERATIONS)


def list_instances(call: Call) -> dict[str, Any]:
    """List the instance in its home region; elsewhere, and from member accounts, there is none to see."""
    visible = [each for each in centers() if each.region == call.region and administers(call.account, each)]
    return page(call, [_described(center) for center in visible], "Instances")


def describe_instance(call: Call) -> dict[str, Any]:
    """Describe the instance."""
    center = center_of(call)
    arn = f"arn:{center.instance_arn.split(':')[1]}:identitystore::{center.owner}:identitystore/{center.store_id}"
    return {**_described(center), "IdentityStoreArn": arn, "PermissionSetsEnabled": True}


def update_instance(call: Call) -> dict[str, Any]:
    """Rename the instance."""
    center_of(call).name = call["Name"]
    return {}


def create_instance(call: Call) -> dict[str, Any]:
    """Refuse a second instance; the sandbox has no account instances, which cannot assign accounts anyway."""
    raise Fault("AccessDeniedException", f"Account {call.account} may not create an instance.")


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
    "ListTagsForResource": list_tags,
}
