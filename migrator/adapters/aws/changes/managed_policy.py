"""A customer managed policy, by its default version."""

from typing import TYPE_CHECKING

from migrator.adapters.aws.changes.kind import IamKind, Target, document_text, listed
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.ports.aws import Rejected

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

VERSIONS = 5
"""How many versions a policy may have (IAM user guide, "IAM and AWS STS quotas")."""


class ManagedPolicy(IamKind):
    """The default version's document."""

    reads = ("iam:GetPolicy", "iam:GetPolicyVersion")
    writes = (
        "iam:GetPolicy",
        "iam:ListPolicyVersions",
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion",
        "iam:DeletePolicy",
    )

    def observe(self, target: Target) -> Json:
        """The default version's document."""
        account, arn = target
        iam = self.reading(account)
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    def make(self, change: Change) -> None:
        """Create the policy, give it a new default version, or delete it with all its versions."""
        account, arn = change.target
        iam = self.changing(account)
        if change.after is None:
            _delete(iam, arn)
        elif change.before is None:
            path, name = path_and_name(arn)
            iam.create_policy(PolicyName=name, Path=path, PolicyDocument=document_text(change.after))
        else:
            for version in _old_versions(iam, arn)[: -(VERSIONS - 2)]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version)
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=document_text(change.after), SetAsDefault=True)


def _delete(iam: "IAMClient", arn: str) -> None:
    """Delete a policy that nobody uses; one in use is refused before its older versions are touched."""
    old = _old_versions(iam, arn)
    if old:
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
        used = policy.get("AttachmentCount", 0) + policy.get("PermissionsBoundaryUsageCount", 0)
        if used:
            raise Rejected(f"policy {arn} is still used by {used}", next_step="detach it there first")
    for version in old:
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)


def path_and_name(arn: str) -> tuple[str, str]:
    """The path and the name in a policy's ARN: `…:policy/team/reader` is `("/team/", "reader")`."""
    path, _, name = arn.split(":policy", 1)[1].rpartition("/")
    return f"{path}/", name


def _old_versions(iam: "IAMClient", arn: str) -> list[str]:
    """The ids of all versions but the default, oldest first; they are numbered and never reused."""
    versions = listed(iam, "list_policy_versions", "Versions", PolicyArn=arn)
    old = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
    return sorted(old, key=lambda version: int(version.removeprefix("v")))
