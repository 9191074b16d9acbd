"""A small office in the sandbox: two accounts, four people, one machine, and what is in Identity Center already."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from migrator.bootstrap import Toolbox
from migrator.cli.main import run
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control
from migrator.sandbox.organization_types import Account, Group, Organization, User, allow, document
from migrator.sandbox.seed import Seeded
from tests.integration.aws.accounts import SkippingClock

HOME = "us-east-1"
QUEUES = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ETL = document(allow("sqs:ListQueues", "sns:ListTopics"))
TERMS = {"Owner": "data", "CostCenter": "4200"}


def _person(account: str, name: str, **shape: Any) -> User:
    return User(account, name, {"Email": f"{name}@office.example", **TERMS}, password=True, groups=("team",), **shape)


OFFICE = Organization(
    name="office",
    domain="office.example",
    home_region=HOME,
    accounts=(
        Account("office"),
        Account("data", unit="work"),
        Account("web", unit="work"),
        Account("closed", unit="suspended", suspended=True),
    ),
    policies=(),
    groups=tuple(
        Group(account, "team", inline={"work": document(allow("sqs:ListQueues", "sqs:GetQueueUrl"))})
        for account in ("data", "web")
    ),
    users=(
        _person("data", "ada"),
        _person("data", "bob"),
        _person("web", "ada"),
        User("data", "svc-etl", TERMS, inline={"etl": ETL}),
    ),
    resources=(),
    trail="organization",
    trail_bucket="office-trail",
)


@dataclass
class Office:
    """The office with a database that knows it; `modes` is the block `identity_center` of the configuration."""

    seeded: Seeded
    control: Control
    folder: Path
    modes: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, expect: int = 0) -> Any:
        """What a command answers as JSON; it ends with `expect`."""
        config = self.config()
        out, err = io.StringIO(), io.StringIO()
        toolbox = partial(Toolbox, clock=SkippingClock(self.control), pool_size=1)
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--config", str(config), "--json", "--yes", *words], toolbox)
        assert code == expect, f"{words} ended with {code}: {out.getvalue()} {err.getvalue()}"
        return json.loads(out.getvalue()) if out.getvalue() else None

    def config(self) -> Path:
        """The configuration, written with the modes of now."""
        settings = {
            "database": f"sqlite:///{self.folder / 'migrator.db'}",
            "identity_center": self.modes,
            "usage": {"sources": [{"type": "cloudtrail", "location": self.seeded.trail_location}]},
            "gates": {"approvals": 0},
        }
        config = self.folder / "config.yaml"
        config.write_text(json.dumps(settings), encoding="utf-8")
        return config

    @property
    def tools(self) -> Toolbox:
        """Tools as a command would have them."""
        return Toolbox(self.config(), {}, clock=SkippingClock(self.control))

    def key(self, user: str) -> str:
        account, _, name = user.partition("/")
        return f"{self.account(account)}/{name}"

    def account(self, name: str) -> str:
        return self.seeded.accounts[name]

    def holders(self) -> set[tuple[str, str, str]]:
        """(user name, account name, permission set) of everyone."""
        names = {identifier: name for name, identifier in self.seeded.accounts.items()}
        return {(who, names[account], one) for who, account, one in self.tools.directory.holders()}

    def client(self, service: str, account: str = "office") -> Any:
        """An administrator's client in an account."""
        clients, administrator = Clients(self.seeded.endpoint), self.seeded.administrator
        if account == "office":
            return clients.make(service, administrator, HOME)
        arn = f"arn:aws:iam::{self.account(account)}:role/OrganizationAccountAccessRole"
        session = clients.make("sts", administrator, HOME).assume_role(RoleArn=arn, RoleSessionName="test")
        return clients.make(service, Credentials.of_session(session["Credentials"]), HOME)

    def work(self) -> None:
        """Let everybody do what they do with their old keys, and the trail tell it."""
        for user, keys in self.seeded.credentials.items():
            Clients(self.seeded.endpoint).make("sqs", keys, HOME).list_queues()
            if user == "data/svc-etl":
                Clients(self.seeded.endpoint).make("sns", keys, HOME).list_topics()
        self.control.deliver()

    # -- what others made in Identity Center -----------------------------------------------------------------------

    def make_user(self, name: str, email: str | None = None) -> str:
        return self.client("identitystore").create_user(
            IdentityStoreId=self.seeded.identity_center.identity_store_id,
            UserName=name,
            DisplayName=name,
            Name={"GivenName": name, "FamilyName": "Office"},
            Emails=[{"Value": email or name, "Primary": True}],
        )["UserId"]

    def make_group(self, name: str, *members: str) -> str:
        store, client = self.seeded.identity_center.identity_store_id, self.client("identitystore")
        group = client.create_group(IdentityStoreId=store, DisplayName=name)["GroupId"]
        for member in members:
            client.create_group_membership(IdentityStoreId=store, GroupId=group, MemberId={"UserId": member})
        return group

    def make_set(self, name: str, inline: Any = None, managed: tuple[str, ...] = ()) -> str:
        client, instance = self.client("sso-admin"), self.seeded.identity_center.instance_arn
        made = client.create_permission_set(InstanceArn=instance, Name=name)["PermissionSet"]["PermissionSetArn"]
        which = {"InstanceArn": instance, "PermissionSetArn": made}
        if inline:
            client.put_inline_policy_to_permission_set(**which, InlinePolicy=json.dumps(inline))
        for arn in managed:
            client.attach_managed_policy_to_permission_set(**which, ManagedPolicyArn=arn)
        return made

    def assign(self, permission_set: str, account: str, kind: str, principal: str) -> None:
        self.client("sso-admin").create_account_assignment(
            InstanceArn=self.seeded.identity_center.instance_arn,
            PermissionSetArn=permission_set,
            TargetId=self.account(account),
            TargetType="AWS_ACCOUNT",
            PrincipalType=kind,
            PrincipalId=principal,
        )
        self.control.advance(3600)
