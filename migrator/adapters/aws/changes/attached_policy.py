"""A managed policy attached to the user."""

from migrator.adapters.aws.changes.kind import IamKind, Target, listed
from migrator.domain.changes import Change
from migrator.domain.model import Json


class AttachedPolicy(IamKind):
    """True while the policy of that ARN is attached."""

    reads = ("iam:ListAttachedUserPolicies",)
    writes = ("iam:AttachUserPolicy", "iam:DetachUserPolicy")

    def observe(self, target: Target) -> Json:
        """Whether it is attached."""
        account, user, arn = target
        policies = listed(self.reading(account), "list_attached_user_policies", "AttachedPolicies", UserName=user)
        return True if any(policy["PolicyArn"] == arn for policy in policies) else None

    def make(self, change: Change) -> None:
        """Attach or detach."""
        account, user, arn = change.target
        iam = self.changing(account)
        if change.after is None:
            iam.detach_user_policy(UserName=user, PolicyArn=arn)
        else:
            iam.attach_user_policy(UserName=user, PolicyArn=arn)
