"""The permissions boundary of a permission set."""

from migrator.adapters.aws import identity_center
from migrator.adapters.aws.changes.center_kind import LOOK_UP, path_and_name
from migrator.adapters.aws.changes.permission_set_part import Part, PermissionSetPart
from migrator.domain.model import Json


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
