"""The document written into a permission set."""

from migrator.adapters.aws import identity_center
from migrator.adapters.aws.changes.center_kind import LOOK_UP
from migrator.adapters.aws.changes.kind import document_text
from migrator.adapters.aws.changes.permission_set_part import Part, PermissionSetPart
from migrator.domain.model import Json


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
