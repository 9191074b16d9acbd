"""The roles `AWSReservedSSO_…` that Identity Center keeps in accounts, and their protection from IAM.

moto makes no such roles. AWS makes one with a permission set's first assignment in an account, changes it only when
the set is provisioned again, removes it with the last assignment, and lets nobody edit it through IAM. A role that is
made anew has a new suffix and so a new ARN.
Source: IAM Identity Center user guide, "Referencing permission sets in resource policies" and "Troubleshooting".
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.iam.models import IAMBackend, ManagedPolicy, Role, iam_backends
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random

from migrator.sandbox.rules.aws_managed_policies import make
from migrator.sandbox.rules.center_state import Center, PermissionSet
from migrator.sandbox.rules.wire import Fault

PATH = "/aws-reserved/sso.amazonaws.com/"
_PROTECTED = (
    "attach_role_policy",
    "detach_role_policy",
    "put_role_policy",
    "delete_role_policy",
    "update_assume_role_policy",
    "update_role",
    "update_role_description",
    "delete_role",
    "tag_role",
    "untag_role",
    "put_role_permissions_boundary",
    "delete_role_permissions_boundary",
)


class Missing(Exception):
    """An account lacks a policy that a permission set refers to."""


@functools.cache
def install() -> None:
    """Refuse IAM's edits of reserved roles with UnmodifiableEntity."""
    for name in _PROTECTED:
        method = getattr(IamResponse, name, None)
        if method is not None:
            setattr(IamResponse, name, _guarded(method))


def provision(center: Center, account: str, permission_set: PermissionSet) -> Role:
    """Bring an account's role in line with the permission set, making the role where there is none.

    Raises `Missing` if a customer managed policy is not in the account; nothing is changed then.
    """
    iam = _iam(center, account)
    managed = [aws_policy(iam, arn) for arn in permission_set.managed]
    customer = [_customer_policy(iam, name, path) for name, path in permission_set.customer]
    boundary = _boundary(iam, permission_set)
    role = _role(iam, center, account, permission_set)
    for policy in list(role.managed_policies.values()):
        policy.detach_from(role)
    for policy in managed + customer:
        policy.attach_to(role)
    role.policies.clear()
    if permission_set.inline:
        role.policies["AwsSSOInlinePolicy"] = permission_set.inline
    role.permissions_boundary_arn = boundary
    role.description = permission_set.description or ""
    center.provisioned[account, permission_set.arn] = permission_set.content()
    return role


def withdraw(center: Center, account: str, permission_set: PermissionSet) -> None:
    """Remove a permission set's role from an account."""
    iam = _iam(center, account)
    name = center.roles.pop((account, permission_set.arn), None)
    center.provisioned.pop((account, permission_set.arn), None)
    for role in [role for role in iam.roles.values() if role.name == name]:
        for policy in list(role.managed_policies.values()):
            policy.detach_from(role)
        del iam.roles[role.id]


def role_of(center: Center, account: str, permission_set: PermissionSet) -> Role:
    """Return the account's role of a permission set that is provisioned there."""
    name = center.roles[account, permission_set.arn]
    return next(role for role in _iam(center, account).roles.values() if role.name == name)


def _role(iam: IAMBackend, center: Center, account: str, permission_set: PermissionSet) -> Role:
    if (account, permission_set.arn) in center.roles:
        return role_of(center, account, permission_set)
    name = f"AWSReservedSSO_{permission_set.name}_{mock_random.get_random_hex(16)}"
    region = "" if center.region == "us-east-1" else f"{center.region}/"
    role: Role = iam.create_role(
        role_name=name,
        assume_role_policy_document=json.dumps(_trust(iam, account)),
        path=f"{PATH}{region}",
        permissions_boundary=None,
        description=permission_set.description or "",
        tags=[],
        max_session_duration="43200",
    )
    center.roles[account, permission_set.arn] = name
    return role


def _trust(iam: IAMBackend, account: str) -> dict[str, Any]:
    provider = f"arn:{iam.partition}:iam::{account}:saml-provider/AWSSSO_DO_NOT_DELETE"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ],
    }


def _iam(center: Center, account: str) -> IAMBackend:
    return iam_backends[account][center.instance_arn.split(":")[1]]


def aws_policy(iam: IAMBackend, arn: str) -> ManagedPolicy:
    """Return one of AWS's own policies as an account sees it."""
    make(iam, arn)
    policy: ManagedPolicy = iam.managed_policies[arn]
    return policy


def _customer_policy(iam: IAMBackend, name: str, path: str) -> ManagedPolicy:
    # Names and paths are matched exactly, case included (user guide, "Customer managed policies").
    arn = f"arn:{iam.partition}:iam::{iam.account_id}:policy{path}{name}"
    if arn not in iam.managed_policies:
        raise Missing(f"Received a 404 status error: Not supported policy {arn}.")
    return iam.managed_policies[arn]


def _boundary(iam: IAMBackend, permission_set: PermissionSet) -> str | None:
    if permission_set.boundary is None:
        return None
    if "ManagedPolicyArn" in permission_set.boundary:
        return str(aws_policy(iam, permission_set.boundary["ManagedPolicyArn"]).arn)
    reference = permission_set.boundary["CustomerManagedPolicyReference"]
    return str(_customer_policy(iam, reference["Name"], reference.get("Path", "/")).arn)


def _guarded(method: Callable[[IamResponse], Any]) -> Callable[[IamResponse], Any]:
    @functools.wraps(method)
    def guarded(response: IamResponse) -> Any:
        name = response._get_param("RoleName")
        iam = iam_backends[response.current_account][response.partition]
        if any(role.name == name and role.path.startswith(PATH) for role in list(iam.roles.values())):
            raise Fault(
                "UnmodifiableEntity",
                f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS",
            )
        return method(response)

    return guarded
