"""A policy written into the user."""

from migrator.adapters.aws.changes.kind import IamKind, Target, document_text
from migrator.domain.changes import Change
from migrator.domain.model import Json


class InlinePolicy(IamKind):
    """The policy's document."""

    reads = ("iam:GetUserPolicy",)
    writes = ("iam:PutUserPolicy", "iam:DeleteUserPolicy")

    def observe(self, target: Target) -> Json:
        """The document, which boto3 decodes."""
        account, user, policy = target
        return self.reading(account).get_user_policy(UserName=user, PolicyName=policy)["PolicyDocument"]

    def make(self, change: Change) -> None:
        """Put the document in place of whatever is there, or delete it."""
        account, user, policy = change.target
        iam = self.changing(account)
        if change.after is None:
            iam.delete_user_policy(UserName=user, PolicyName=policy)
        else:
            iam.put_user_policy(UserName=user, PolicyName=policy, PolicyDocument=document_text(change.after))
