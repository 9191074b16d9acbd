"""GetAccountAuthorizationDetails as AWS tells it: boundaries, whole policies, the filter, pages over all four lists.

Deviation: moto's lacks users' boundaries and the policies' names and ids, never truncates, and unfiltered carries all
1,582 AWS policies or none. Here AWS's policies are those that are attached or a boundary.
Source: IAM API, GetAccountAuthorizationDetails; documents are URL-encoded.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from moto.iam.models import Group, ManagedPolicy, Role, User

from migrator.sandbox.rules.aws_managed_policies import make
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam

_AWS = ":iam::aws:policy/"


def install() -> None:
    """Replace the operation; `paging` cuts it into pages."""
    serve_iam({"GetAccountAuthorizationDetails": details})


def details(call: IamCall) -> dict[str, Any]:
    """List users, groups, roles and policies of the kinds that Filter asks for; of all where it asks for none."""
    wanted = set(call.get("Filter") or ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"))
    iam = call.iam
    _make_boundaries(call)
    policies = [
        policy
        for policy in iam.managed_policies.values()
        if ("AWSManagedPolicy" in wanted and _AWS in policy.arn and _in_use(policy))
        or ("LocalManagedPolicy" in wanted and _AWS not in policy.arn)
    ]
    return {
        "UserDetailList": _sorted(iam.users.values(), _user) if "User" in wanted else [],
        "GroupDetailList": _sorted(iam.groups.values(), _group) if "Group" in wanted else [],
        "RoleDetailList": _sorted(iam.roles.values(), _role) if "Role" in wanted else [],
        "Policies": _sorted(policies, _policy),
    }


def _sorted(rows: Iterable[Any], describe: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [describe(row) for row in sorted(rows, key=lambda row: str(row.name))]


def _make_boundaries(call: IamCall) -> None:
    for holder in (*call.iam.users.values(), *call.iam.roles.values()):
        if holder.permissions_boundary_arn:
            make(call.iam, holder.permissions_boundary_arn)


def _in_use(policy: ManagedPolicy) -> bool:
    return bool(policy.attachment_count or policy.permissions_boundary_usage_count)


def _user(user: User) -> dict[str, Any]:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.create_date,
        "UserPolicyList": _documents(user.policies) or None,
        "GroupList": user.group_list,
        "AttachedManagedPolicies": user.attached_managed_policies,
        "PermissionsBoundary": user.permissions_boundary,
        "Tags": user.tags,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.create_date,
        "GroupPolicyList": _documents(group.policies),
        "AttachedManagedPolicies": group.attached_managed_policies,
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document or ""),
        "InstanceProfileList": role.instance_profile_list,
        "RolePolicyList": _documents(role.policies),
        "AttachedManagedPolicies": role.attached_managed_policies,
        "PermissionsBoundary": _role_boundary(role),
        "Tags": role.tags or None,
        "RoleLastUsed": {"LastUsedDate": role.last_used, "Region": role.last_used_region} if role.last_used else {},
    }


def _role_boundary(role: Role) -> dict[str, str] | None:
    if not role.permissions_boundary_arn:
        return None
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": role.permissions_boundary_arn}


def _policy(policy: ManagedPolicy) -> dict[str, Any]:
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": policy.permissions_boundary_usage_count,
        "IsAttachable": True,
        "Description": policy.description or None,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": policy.policy_version_list,
    }


def _documents(policies: dict[str, str]) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyDocument": quote(document)} for name, document in policies.items()]
