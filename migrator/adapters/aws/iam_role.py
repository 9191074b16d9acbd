"""One IAM role afresh: what it grants, who may assume it, when it was last used."""

from datetime import datetime

from migrator.adapters.aws.authorization import document, utc
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.domain.model import Json
from migrator.domain.roles import RoleFacts
from migrator.ports.aws import Missing

PERMISSIONS = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)


def read_role_afresh(calls: IamCalls, name: str, observed_at: datetime) -> RoleFacts | None:
    """The role; None where it does not exist, or ceased to while it was read."""
    try:
        return _read(calls, name, observed_at)
    except Missing:
        return None


def _read(calls: IamCalls, name: str, observed_at: datetime) -> RoleFacts:
    role = calls.answer("GetRole", RoleName=name)["Role"]
    attached = calls.listed("ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)
    return RoleFacts(
        account_id=calls.account_id,
        name=role["RoleName"],
        arn=role["Arn"],
        observed_at=observed_at,
        inline_policies=_inline(calls, name),
        attached_policies=tuple(sorted(policy["PolicyArn"] for policy in attached)),
        boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        trust=document(role["AssumeRolePolicyDocument"]),
        last_used_at=utc(role.get("RoleLastUsed", {}).get("LastUsedDate")),
    )


def _inline(calls: IamCalls, name: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for policy in sorted(calls.listed("ListRolePolicies", "PolicyNames", RoleName=name)):
        answer = calls.answer("GetRolePolicy", RoleName=name, PolicyName=policy)
        found[policy] = document(answer["PolicyDocument"])
    return found
