"""The IAM user itself: its path and tags; everything it owns is a change of its own."""

from migrator.adapters.aws.changes.kind import IamKind, Target, not_so, tag_list, tag_map
from migrator.domain.changes import Change
from migrator.domain.model import Json


class User(IamKind):
    """`{"user_id", "path", "tags"}`; created and deleted, never changed."""

    reads = ("iam:GetUser", "iam:ListUserTags")
    writes = ("iam:CreateUser", "iam:TagUser", "iam:DeleteUser")

    def observe(self, target: Target) -> Json:
        """The user as it is; one call where GetUser gives the tags, two where it gives none."""
        account, name = target
        iam = self.reading(account)
        user = iam.get_user(UserName=name)["User"]
        tags = user.get("Tags") or iam.list_user_tags(UserName=name)["Tags"]
        return {"user_id": user["UserId"], "path": user["Path"], "tags": tag_map(list(tags))}

    def make(self, change: Change) -> None:
        """Create the shell of a user, or delete one that has nothing left."""
        account, name = change.target
        iam = self.changing(account)
        if change.after is None:
            iam.delete_user(UserName=name)
        elif change.before is None:
            iam.create_user(UserName=name, Path=change.after["path"], Tags=tag_list(change.after["tags"]))
        else:
            raise not_so(change, "a user is created or deleted")
