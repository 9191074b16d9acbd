"""The doors of the accounts, tried: roles assumed, one page read, nothing written."""

from dataclasses import dataclass

from migrator.adapters.aws.errors import translated
from migrator.adapters.aws.session import Sessions
from migrator.ports.inspection import IamQuotas, Purpose

PERMISSIONS = ("iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary", "sts:GetCallerIdentity")


@dataclass(frozen=True, slots=True)
class RoleInspector:
    """The port `Inspector` over boto3."""

    sessions: Sessions

    def enter(self, account_id: str, purpose: Purpose) -> str:
        """The ARN that the account is entered as; GetCallerIdentity needs no permission and cannot be denied."""
        client = self.sessions.client("sts", account_id, purpose)
        with translated("sts:GetCallerIdentity", account_id):
            arn: str = client.get_caller_identity()["Arn"]
        return arn

    def read(self, account_id: str) -> None:
        """One element of GetAccountAuthorizationDetails."""
        client = self.sessions.client("iam", account_id, "read")
        with translated("iam:GetAccountAuthorizationDetails", account_id):
            client.get_account_authorization_details(Filter=["User"], MaxItems=1)

    def quotas(self, account_id: str) -> IamQuotas:
        """The quotas of GetAccountSummary, raised ones included."""
        client = self.sessions.client("iam", account_id, "read")
        with translated("iam:GetAccountSummary", account_id):
            found = client.get_account_summary()["SummaryMap"]
        return IamQuotas(found.get("AttachedPoliciesPerRoleQuota"), found.get("Roles"), found.get("RolesQuota"))
