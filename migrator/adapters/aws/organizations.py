"""The organization: its accounts, where they hang, and who we are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.adapters.aws.changes.kind import listed
from migrator.adapters.aws.errors import ActionDenied, translated
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Json
from migrator.ports.aws import AccessDenied, Account, Caller, Organization

PERMISSIONS = (
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
    "sts:GetCallerIdentity",
)

FROM_A_MEMBER = (
    "run in the management account or a delegated administrator, or name a role there in aws.organization_role_arn"
)


@dataclass(frozen=True, slots=True)
class OrganizationAccounts:
    """The port `Accounts` over boto3."""

    sessions: Sessions

    def caller(self) -> Caller:
        """Who we are."""
        return self.sessions.caller()

    def organization_id(self) -> str:
        """The organization's id; a lone account is an organization of its own."""
        described = self._described(self.sessions.organization_client("organizations"))
        return self.caller().account_id if described is None else str(described["Id"])

    def organization(self) -> Organization:
        """The organization with every account, sorted by id; a lone account is an organization of one.

        `ou_path` holds ids from the root down, `r-…/ou-…/ou-…`. Raises AccessDenied where the caller may not read it.
        """
        client = self.sessions.organization_client("organizations")
        described = self._described(client)
        if described is None:
            alone = self.caller().account_id
            return Organization(alone, alone, (Account(alone, alone),))
        try:
            accounts = self._accounts(client)
        except ActionDenied as error:
            raise AccessDenied(error.what, next_step=FROM_A_MEMBER) from error
        if not accounts:
            raise AccessDenied("organizations:ListAccounts named no account at all", next_step=FROM_A_MEMBER)
        return Organization(described["Id"], described["MasterAccountId"], accounts)

    def _described(self, client: Any) -> Json:
        """DescribeOrganization works from every account; None where the account is in no organization."""
        with translated("organizations:DescribeOrganization", self.caller().account_id):
            try:
                return client.describe_organization()["Organization"]
            except client.exceptions.AWSOrganizationsNotInUseException:
                return None

    def _accounts(self, client: Any) -> tuple[Account, ...]:
        with translated("organizations:ListAccounts", self.caller().account_id):
            found = list(listed(client, "list_accounts", "Accounts"))
        paths = {account["Id"]: path for account in found if (path := path_of(account)) is not None}
        if len(paths) < len(found):
            paths = self._tree(client)
        return tuple(sorted((read_account(each, paths) for each in found), key=lambda account: account.id))

    def _tree(self, client: Any) -> dict[str, str]:
        """The path of every account, found from the roots down: two calls an organizational unit, none an account."""
        with translated("organizations:ListRoots", self.caller().account_id):
            roots = sorted(root["Id"] for root in listed(client, "list_roots", "Roots"))
        paths: dict[str, str] = {}
        waiting = [(root, root) for root in roots]
        while waiting:
            parent, path = waiting.pop(0)
            paths.update((account, path) for account in self._children(client, "accounts", "Accounts", parent))
            units = self._children(client, "organizational_units", "OrganizationalUnits", parent)
            waiting += ((unit, f"{path}/{unit}") for unit in units)
        return paths

    def _children(self, client: Any, what: str, key: str, parent: str) -> Iterator[str]:
        operation = "ListAccountsForParent" if what == "accounts" else "ListOrganizationalUnitsForParent"
        with translated(f"organizations:{operation}", self.caller().account_id):
            children = list(listed(client, f"list_{what}_for_parent", key, ParentId=parent))
        yield from sorted(child["Id"] for child in children)


def read_account(described: Json, paths: Mapping[str, str]) -> Account:
    """An account of ListAccounts; newer answers have `State`, older ones `Status`."""
    identity = described["Id"]
    return Account(
        id=identity,
        name=described.get("Name") or identity,
        status=described.get("State") or described.get("Status") or "ACTIVE",
        ou_path=paths.get(identity, ""),
        email=described.get("Email") or "",
    )


def path_of(described: Json) -> str | None:
    """The path that newer answers carry, `o-…/r-…/ou-…/ACCOUNT/`, without organization and account; None without."""
    for path in described.get("Paths") or ():
        return "/".join(str(path).strip("/").split("/")[1:-1])
    return None
