"""The user's place in an IAM group."""

from migrator.adapters.aws.changes.kind import IamKind, Target, listed
from migrator.domain.changes import Change
from migrator.domain.model import Json


class GroupMembership(IamKind):
    """True while the user is in the group."""

    reads = ("iam:ListGroupsForUser",)
    writes = ("iam:AddUserToGroup", "iam:RemoveUserFromGroup")

    def observe(self, target: Target) -> Json:
        """Whether the user is in the group."""
        account, user, name = target
        groups = listed(self.reading(account), "list_groups_for_user", "Groups", UserName=user)
        return True if any(group["GroupName"] == name for group in groups) else None

    def make(self, change: Change) -> None:
        """Join or leave."""
        account, user, name = change.target
        iam = self.changing(account)
        if change.after is None:
            iam.remove_user_from_group(UserName=user, GroupName=name)
        else:
            iam.add_user_to_group(UserName=user, GroupName=name)
