"""A policy of AWS attached to a permission set."""

from migrator.adapters.aws.changes.center_kind import LOOK_UP
from migrator.adapters.aws.changes.kind import listed
from migrator.adapters.aws.changes.permission_set_part import Part, PermissionSetPart
from migrator.domain.model import Json


class ManagedPolicyOfSet(PermissionSetPart):
    """True while the AWS managed policy of that ARN is attached."""

    reads = (*LOOK_UP, "sso:ListManagedPoliciesInPermissionSet")
    writes = (
        *LOOK_UP,
        "sso:AttachManagedPolicyToPermissionSet",
        "sso:DetachManagedPolicyFromPermissionSet",
    )

    def read(self, part: Part) -> Json:
        """Whether it is attached."""
        operation = "list_managed_policies_in_permission_set"
        policies = listed(self.center.sso(), operation, "AttachedManagedPolicies", **part.which)
        return True if any(policy["Arn"] == part.named for policy in policies) else None

    def put(self, part: Part) -> None:
        """Attach it."""
        self.center.sso().attach_managed_policy_to_permission_set(**part.which, ManagedPolicyArn=part.named)

    def take(self, part: Part) -> None:
        """Detach it."""
        self.center.sso().detach_managed_policy_from_permission_set(**part.which, ManagedPolicyArn=part.named)
