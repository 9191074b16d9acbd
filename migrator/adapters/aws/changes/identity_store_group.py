"""A group of the identity store, by display name."""

from migrator.adapters.aws.changes.center_kind import CenterKind
from migrator.adapters.aws.changes.kind import Target
from migrator.domain.changes import Change
from migrator.domain.model import Json


class IdentityStoreGroup(CenterKind):
    """`{"description"}`, empty where the group has none."""

    reads = ("identitystore:GetGroupId", "identitystore:DescribeGroup")
    writes = (
        "identitystore:GetGroupId",
        "identitystore:CreateGroup",
        "identitystore:UpdateGroup",
        "identitystore:DeleteGroup",
    )

    def observe(self, target: Target) -> Json:
        """The group's description."""
        store, name = target
        group = self.center.store().describe_group(IdentityStoreId=store, GroupId=self.center.group_id(store, name))
        return {"description": group.get("Description") or ""}

    def make(self, change: Change) -> None:
        """Create, describe anew, or delete."""
        store, name = change.target
        client = self.center.store()
        if change.before is None:
            # An empty description breaks the model's minimum length of 1, so none is sent.
            described: Json = {"Description": change.after["description"]} if change.after["description"] else {}
            client.create_group(IdentityStoreId=store, DisplayName=name, **described)
            return
        group = self.center.group_id(store, name)
        if change.after is None:
            client.delete_group(IdentityStoreId=store, GroupId=group)
        else:
            description: Json = {
                "AttributePath": "description",
                "AttributeValue": change.after["description"] or None,
            }
            client.update_group(IdentityStoreId=store, GroupId=group, Operations=[description])
