"""What a permission set is made of: its own document, AWS's policies, customer managed policies, a boundary.

None of it reaches an account before the set is provisioned there again.
"""

from abc import abstractmethod
from dataclasses import dataclass

from migrator.adapters.aws import identity_center
from migrator.adapters.aws.changes.center_kind import LOOK_UP, CenterKind, path_and_name
from migrator.adapters.aws.changes.kind import Target, document_text, listed
from migrator.domain.changes import Change
from migrator.domain.model import Json


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one set: `which` names instance and set to the API, `named` the element, `after` what it shall be."""

    which: Json
    named: str
    after: Json = None


class PermissionSetPart(CenterKind):
    """A part of a permission set, whose ARN is looked up by name."""

    @abstractmethod
    def read(self, part: Part) -> Json:
        """The part as it is."""

    @abstractmethod
    def put(self, part: Part) -> None:
        """Let the part be what it shall be."""

    @abstractmethod
    def take(self, part: Part) -> None:
        """Remove the part."""

    def observe(self, target: Target) -> Json:
        """The part as it is; a missing set has none."""
        instance, name = target[:2]
        return self.center.with_set(instance, name, lambda arn: self.read(_part(target, arn)))

    def make(self, change: Change) -> None:
        """Put the part, or remove it."""
        instance, name = change.target[:2]
        verb = self.take if change.after is None else self.put
        self.center.with_set(instance, name, lambda arn: verb(_part(change.target, arn, change.after)))


def _part(target: Target, arn: str, after: Json = None) -> Part:
    return Part({"InstanceArn": target[0], "PermissionSetArn": arn}, target[-1], after)


class InlinePolicyOfSet(PermissionSetPart):
    """The set's own document."""

    reads = (*LOOK_UP, "sso:GetInlinePolicyForPermissionSet")
    writes = (
        *LOOK_UP,
        "sso:PutInlinePolicyToPermissionSet",
        "sso:DeleteInlinePolicyFromPermissionSet",
    )

    def read(self, part: Part) -> Json:
        """The document."""
        return identity_center.inline_policy(self.center.sso(), part.which)

    def put(self, part: Part) -> None:
        """Put the document in place of whatever is there."""
        self.center.sso().put_inline_policy_to_permission_set(**part.which, InlinePolicy=document_text(part.after))

    def take(self, part: Part) -> None:
        """Delete the document."""
        self.center.sso().delete_inline_policy_from_permission_set(**part.which)


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


class BoundaryOfSet(PermissionSetPart):
    """`{"arn"}` of an AWS managed policy, or `{"customer": "/path/name"}`."""

    reads = (*LOOK_UP, "sso:GetPermissionsBoundaryForPermissionSet")
    writes = (
        *LOOK_UP,
        "sso:PutPermissionsBoundaryToPermissionSet",
        "sso:DeletePermissionsBoundaryFromPermissionSet",
    )

    def read(self, part: Part) -> Json:
        """The boundary; "not found" is said of a missing boundary and of a missing set, so that is looked at."""
        sso = self.center.sso()
        found = identity_center.boundary(sso, part.which)
        if found is None:
            sso.describe_permission_set(**part.which)
        return found

    def put(self, part: Part) -> None:
        """Put it in place of whatever is there."""
        bound: Json = (
            {"ManagedPolicyArn": part.after["arn"]}
            if "arn" in part.after
            else {"CustomerManagedPolicyReference": path_and_name(part.after["customer"])}
        )
        self.center.sso().put_permissions_boundary_to_permission_set(**part.which, PermissionsBoundary=bound)

    def take(self, part: Part) -> None:
        """Delete it."""
        self.center.sso().delete_permissions_boundary_from_permission_set(**part.which)
