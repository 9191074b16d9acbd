"""The console password, which IAM can only reset or delete."""

from migrator.adapters.aws.changes.kind import IamKind, Target, not_so
from migrator.domain.changes import Change
from migrator.domain.model import Json


class LoginProfile(IamKind):
    """`{"password_reset_required"}`; only deleted: there is no disabling it (aws-facts, 3)."""

    reads = ("iam:GetLoginProfile",)
    writes = ("iam:DeleteLoginProfile",)

    def observe(self, target: Target) -> Json:
        """Whether there is a password, and whether its owner must choose a new one."""
        account, name = target
        profile = self.reading(account).get_login_profile(UserName=name)["LoginProfile"]
        return {"password_reset_required": profile.get("PasswordResetRequired", False)}

    def make(self, change: Change) -> None:
        """Delete the password."""
        if change.after is not None:
            raise not_so(change, "a password can only be deleted")
        account, name = change.target
        self.changing(account).delete_login_profile(UserName=name)
