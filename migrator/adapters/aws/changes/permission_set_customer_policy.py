"""A customer managed policy that a permission set names, and each account must have."""

from migrator.adapters.aws import identity_center
from migrator.adapters.aws.changes.center_kind import LOOK_UP, path_and_name
from migrator.adapters.aws.changes.permission_set_part import Part, PermissionSetPart
from migrator.domain.model import Json


class CustomerPolicyOfSet(PermissionSetPart):
    """True while the customer managed policy of that path and name is referenced; accounts must have it themselves."""

    reads = (*LOOK_UP, "sso:ListCustomerManagedPolicyReferencesInPermissionSet")
    writes = (
        *LOOK_UP,
        "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
        "sso:DetachCustomerManagedPolicyReferenceFromPermissionSet",
    )

    def read(self, part: Part) -> Json:
        """Whether it is referenced; names are case-sensitive."""
        return True if part.named in identity_center.customer_policies(self.center.sso(), part.which) else None

    def put(self, part: Part) -> None:
        """Reference it."""
        reference: Json = path_and_name(part.named)
        self.center.sso().attach_customer_managed_policy_reference_to_permission_set(
            **part.which, CustomerManagedPolicyReference=reference
        )

    def take(self, part: Part) -> None:
        """Drop the reference."""
        reference: Json = path_and_name(part.named)
        self.center.sso().detach_customer_managed_policy_reference_from_permission_set(
            **part.which, CustomerManagedPolicyReference=reference
        )
