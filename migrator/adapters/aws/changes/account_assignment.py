"""Who may use a permission set in an account."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from migrator.adapters.aws.changes.center_kind import LOOK_UP, CenterKind, read_to_the_end
from migrator.adapters.aws.changes.kind import Target, listed
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_sso_admin import SSOAdminClient


IN_MANAGEMENT_ACCOUNT = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetSAMLProvider",
    "iam:ListAttachedRolePolicies",
    "iam:ListPolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "iam:PutRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
    "iam:UpdateSAMLProvider",
)
"""What the caller needs besides where the account is the management account; without them the request fails later.

On `role/aws-reserved/sso.amazonaws.com/*` and `saml-provider/AWSSSO_*_DO_NOT_DELETE` (Identity Center user guide,
"Identity-based policy examples", 2).
"""
OUTSTANDING = 10
"""How many assignments may be on their way at once (Identity Center user guide, "Quotas")."""


@dataclass(frozen=True, slots=True)
class AccountAssignment(CenterKind):
    """True while that group or user is assigned. The account's role comes and goes with the assignments."""

    clock: Clock
    slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(OUTSTANDING))

    reads = (*LOOK_UP, "identitystore:GetGroupId", "identitystore:GetUserId", "sso:ListAccountAssignments")
    writes = (
        *LOOK_UP,
        "identitystore:GetGroupId",
        "identitystore:GetUserId",
        "sso:CreateAccountAssignment",
        "sso:DescribeAccountAssignmentCreationStatus",
        "sso:DeleteAccountAssignment",
        "sso:DescribeAccountAssignmentDeletionStatus",
    )

    def observe(self, target: Target) -> Json:
        """Whether the principal is assigned. Its id is looked up each time: an assignment outlives its principal."""
        instance, name, account, kind, principal = target
        wanted = (kind, self._principal(kind, principal))
        return self.center.with_set(instance, name, lambda arn: self._read(instance, arn, account, wanted))

    def _principal(self, kind: str, name: str) -> str:
        store = self.center.instance().identity_store_id
        return self.center.group_id(store, name) if kind == "GROUP" else self.center.user_id(store, name)

    def _read(self, instance: str, arn: str, account: str, wanted: tuple[str, str]) -> Json:
        which: Json = {"InstanceArn": instance, "AccountId": account, "PermissionSetArn": arn}
        rows = listed(self.center.sso(), "list_account_assignments", "AccountAssignments", **which)
        return True if any((row["PrincipalType"], row["PrincipalId"]) == wanted for row in rows) else None

    def make(self, change: Change) -> None:
        """Assign or withdraw, and wait until it is so."""
        instance, name, account, kind, principal = change.target
        which: Json = {
            "InstanceArn": instance,
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": kind,
            "PrincipalId": self._principal(kind, principal),
        }
        verb = _withdraw if change.after is None else _assign
        with self.slots:
            self.center.with_set(
                instance,
                name,
                lambda arn: verb(self.center.sso(), self.clock, {**which, "PermissionSetArn": arn}, change.where),
            )


def _assign(sso: "SSOAdminClient", clock: Clock, which: Json, where: str) -> None:
    status = sso.create_account_assignment(**which)["AccountAssignmentCreationStatus"]
    read_to_the_end(
        clock,
        f"assigning {where}",
        status,
        lambda request: sso.describe_account_assignment_creation_status(
            InstanceArn=which["InstanceArn"], AccountAssignmentCreationRequestId=request
        )["AccountAssignmentCreationStatus"],
    )


def _withdraw(sso: "SSOAdminClient", clock: Clock, which: Json, where: str) -> None:
    status = sso.delete_account_assignment(**which)["AccountAssignmentDeletionStatus"]
    read_to_the_end(
        clock,
        f"withdrawing {where}",
        status,
        lambda request: sso.describe_account_assignment_deletion_status(
            InstanceArn=which["InstanceArn"], AccountAssignmentDeletionRequestId=request
        )["AccountAssignmentDeletionStatus"],
    )
