"""Permissions boundaries of users: set, shown, kept from creation on, removed.

Deviation: moto has neither PutUserPermissionsBoundary nor DeleteUserPermissionsBoundary and drops the boundary given
to CreateUser. Source: IAM API, PutUserPermissionsBoundary; GetUser shows it, ListUsers does not.
"""

from typing import Any

from moto.core.serialize import never_return
from moto.iam.models import IAMBackend, ManagedPolicy, User
from moto.iam.responses import IamResponse

from migrator.sandbox.rules.aws_policies import aws_policies
from migrator.sandbox.rules.iam_wire import IamCall, after, before, serve_iam
from migrator.sandbox.rules.wire import Fault


def install() -> None:
    """Add the two operations, and the boundary to what shows users and policies."""
    User.permissions_boundary_arn = None
    User.permissions_boundary = property(_described)
    ManagedPolicy.permissions_boundary_usage_count = property(_usages)
    for answer in ("ListUsersResponse", "GetGroupResponse"):
        for hidden in ("PermissionsBoundary", "Tags"):
            IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER[f"{answer}.Users.User.{hidden}"] = never_return
    serve_iam({"PutUserPermissionsBoundary": put_boundary, "DeleteUserPermissionsBoundary": delete_boundary})
    before(_known, "CreateUser", "CreateRole", "PutRolePermissionsBoundary")
    after(_keep, "CreateUser")
    after(_used_as, "ListEntitiesForPolicy")


def put_boundary(call: IamCall) -> dict[str, Any]:
    """Set or replace a user's boundary."""
    user = call.user()
    _known(call)
    user.permissions_boundary_arn = call["PermissionsBoundary"]
    return {}


def delete_boundary(call: IamCall) -> dict[str, Any]:
    """Remove a user's boundary; NoSuchEntity where there is none."""
    user = call.user()
    if user.permissions_boundary_arn is None:
        raise Fault("NoSuchEntity", f"The user with name {user.name} does not have a permissions boundary.")
    user.permissions_boundary_arn = None
    return {}


def _known(call: IamCall) -> None:
    arn = call.get("PermissionsBoundary")
    if arn is not None and not is_policy(call.iam, arn):
        raise Fault("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")


def is_policy(iam: IAMBackend, arn: str) -> bool:
    """Tell whether an account can attach a policy of this ARN: its own, or AWS's."""
    prefix = f"arn:{iam.partition}:iam::aws:policy"
    return arn in iam.managed_policies or (arn.startswith(prefix) and arn.removeprefix(prefix) in aws_policies())


def _keep(call: IamCall, result: dict[str, Any]) -> dict[str, Any]:
    user: User = result["User"]
    user.permissions_boundary_arn = call.get("PermissionsBoundary")
    return result


def _described(user: User) -> dict[str, str] | None:
    if user.permissions_boundary_arn is None:
        return None
    # The type is "Policy" in real answers; the model's enumeration says PermissionsBoundaryPolicy, which nobody sends.
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": user.permissions_boundary_arn}


def _usages(policy: ManagedPolicy) -> int:
    iam = policy.backend
    holders = (*iam.users.values(), *iam.roles.values())
    return sum(1 for holder in holders if holder.permissions_boundary_arn == policy.arn)


def _used_as(call: IamCall, result: dict[str, Any]) -> dict[str, Any]:
    arn, usage = call["PolicyArn"], call.get("PolicyUsageFilter")
    if usage == "PermissionsBoundary":
        result = {"PolicyUsers": [], "PolicyRoles": [], "PolicyGroups": []}
    if usage != "PermissionsPolicy":
        wanted = call.get("EntityFilter")
        if wanted in {None, "User"}:
            bounded = [user for user in call.iam.users.values() if user.permissions_boundary_arn == arn]
            result["PolicyUsers"] = [*result["PolicyUsers"], *(u for u in bounded if u not in result["PolicyUsers"])]
        if wanted in {None, "Role"}:
            roles = [role for role in call.iam.roles.values() if role.permissions_boundary_arn == arn]
            result["PolicyRoles"] = [*result["PolicyRoles"], *(r for r in roles if r not in result["PolicyRoles"])]
    return result
