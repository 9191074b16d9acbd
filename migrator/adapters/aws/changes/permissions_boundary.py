"""The user's permissions boundary."""

from migrator.adapters.aws.changes.kind import IamKind, Target
from migrator.domain.changes import Change
from migrator.domain.model import Json


class PermissionsBoundary(IamKind):
    """The ARN of the policy that bounds the user; a user has at most one, and putting one displaces it."""

    reads = ("iam:GetUser",)
    writes = ("iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary")

    def observe(self, target: Target) -> Json:
        """The ARN."""
        account, user = target
        found = self.reading(account).get_user(UserName=user)["User"]
        return found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    def make(self, change: Change) -> None:
        """Put one in place of whatever is there, or delete it."""
        account, user = change.target
        iam = self.changing(account)
        if change.after is None:
            iam.delete_user_permissions_boundary(UserName=user)
        else:
            iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=change.after)
