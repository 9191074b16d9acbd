"""A person's place in a group of the identity store."""

from migrator.adapters.aws.changes.center_kind import CenterKind
from migrator.adapters.aws.changes.kind import Target
from migrator.domain.changes import Change
from migrator.domain.model import Json


class IdentityStoreMembership(CenterKind):
    """True while the user is in the group."""

    reads = ("identitystore:GetGroupId", "identitystore:GetUserId", "identitystore:GetGroupMembershipId")
    writes = (*reads, "identitystore:CreateGroupMembership", "identitystore:DeleteGroupMembership")

    def observe(self, target: Target) -> Json:
        """Whether there is a membership; a missing group or user means that there is none."""
        return True if self._membership(target) else None

    def make(self, change: Change) -> None:
        """Join or leave."""
        store, group, user_name = change.target
        client = self.center.store()
        if change.after is None:
            client.delete_group_membership(IdentityStoreId=store, MembershipId=self._membership(change.target))
        else:
            member: Json = {"UserId": self.center.user_id(store, user_name)}
            group_id = self.center.group_id(store, group)
            client.create_group_membership(IdentityStoreId=store, GroupId=group_id, MemberId=member)

    def _membership(self, target: Target) -> str:
        store, group, user_name = target
        member: Json = {"UserId": self.center.user_id(store, user_name)}
        group_id = self.center.group_id(store, group)
        found = self.center.store().get_group_membership_id(IdentityStoreId=store, GroupId=group_id, MemberId=member)
        return found["MembershipId"]
