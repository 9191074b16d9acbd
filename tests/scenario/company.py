"""A small company in the sandbox: two accounts, a dozen users, every awkward shape, and the people who migrate it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from migrator.cli.demo import PlayedClock
from migrator.sandbox.center_control import portal_credentials
from migrator.sandbox.clients import Clients, Credentials, Origin
from migrator.sandbox.organization_types import Account, Group, Organization, Policy, Resource, User, allow, document
from migrator.sandbox.organization_users import TEN_POLICIES
from migrator.sandbox.seed import Seeded, seed

HOME = "us-east-1"
DOMAIN = "tiny.example"
_WORK = document(allow("s3:ListAllMyBuckets", "sns:ListTopics", "sqs:ListQueues", "iam:ListAccountAliases"))
_LIMITS = document(allow("s3:*", "sns:*", "sqs:*", "iam:Get*", "iam:List*", "sts:*"))
_TERMS = {"Owner": "data", "CostCenter": "4200"}
_LAKE = "arn:aws:s3:::tiny-lake/*"
ODD = "rupert+ops=eu,1@x_.y"
LEGAL = {"Name": "Fränka-Zoë Ölçer"}
HOSTILE = {"Name": "=1+1 @SUM -2 +3", "Team": "@web/=cmd", "Note": "http://evil.example/x=1", "Empty": ""}


def _full_inline() -> dict[str, Any]:
    """Inline policies that leave a user forty characters of its quota: too few for any deny."""
    bare = json.dumps(document(allow("s3:ListAllMyBuckets"), allow("s3:GetObject", on="arn:aws:s3:::lake/")))
    room = 2_048 - 40 - len("".join(bare.split()))
    return {"lake": document(allow("s3:ListAllMyBuckets"), allow("s3:GetObject", on="arn:aws:s3:::lake/" + "x" * room))}


def _person(account: str, name: str, email: str, **shape: Any) -> User:
    tags = {"Email": f"{email}@{DOMAIN}", **_TERMS, **shape.pop("tags", {})}
    return User(account, name, tags, **{"password": True, "groups": ("team",), **shape})


def _names(user: str, *actions: str, on: str | None = "*") -> dict[str, Any]:
    arn = f"arn:aws:iam::{{account}}:user/{user}"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": list(actions)}
    return statement if on is None else {**statement, "Resource": on}


COMPANY = Organization(
    name="tiny",
    domain=DOMAIN,
    home_region=HOME,
    accounts=(
        Account("tiny"),
        Account("data", unit="workloads"),
        Account("web", unit="workloads"),
        Account("closed", unit="suspended", suspended=True),
    ),
    policies=(
        Policy("data", "Limits", _LIMITS, path="/limits/"),
        Policy("web", "Limits", _LIMITS),
        Policy("data", "Own", document(allow("sns:ListTopics"))),
    ),
    groups=(
        Group("data", "team", managed=("AmazonSQSReadOnlyAccess",), inline={"work": _WORK}),
        Group("data", "others", own=("Own",)),
        Group("web", "team", managed=("AmazonSQSReadOnlyAccess",), inline={"work": _WORK}),
    ),
    users=(
        _person(
            "data",
            "alice",
            "alice",
            groups=("team", "others"),
            inline={"home": document(allow("sns:ListTopics", on="*"))},
            own=("Own",),
            keys=("Active", "Inactive"),
            ssh_keys=2,
            service_credentials=("codecommit.amazonaws.com",),
            certificates=1,
            mfa=True,
        ),
        _person("data", "carol", "carol", inline=_full_inline()),
        _person("data", "heidi", "heidi", inline=_full_inline()),
        _person(
            *("data", "grace", "grace"),
            groups=(),
            managed=TEN_POLICIES,
            inline=_full_inline(),
            boundary="Limits",
            mfa=True,
        ),
        _person("data", "victor", "victor"),
        _person("data", "quentin", "quentin"),
        User("data", "gone-7", {**_TERMS, "Status": "leaver"}, groups=("team",), password=True, age=300),
        _person("web", "alice.archer", "alice"),
        _person("web", "dave", "dave", groups=(), managed=TEN_POLICIES),
        _person("web", "frank", "frank", path="/ops/", boundary="Limits", tags=LEGAL),
        _person("web", "trent", "trent", password=False, tags=HOSTILE),
        _person("web", ODD, "rupert", path="/ops/eu/", keys=("Inactive", "Active"), mfa=True, age=100),
    ),
    resources=(
        Resource("data", "bucket", "tiny-lake", policy=document(_names("victor", "s3:GetObject", on=_LAKE))),
        Resource("data", "role", "OnCall", policy=document(_names("victor", "sts:AssumeRole", on=None))),
        Resource(
            "data",
            "key",
            "lake",
            policy=document(
                _names("quentin", "kms:*"),
                {
                    **allow("kms:Get*", "kms:List*", "kms:DescribeKey"),
                    "Principal": {"AWS": "arn:aws:iam::{account}:root"},
                },
            ),
        ),
    ),
    trail="organization",
    trail_bucket="tiny-trail",
)


@dataclass
class Company:
    """The company as its administrators and people use it: plain boto3, with a fresh session for every visit."""

    seeded: Seeded
    clock: PlayedClock
    clients: Clients
    born: str = ""
    """The snapshot of the company before anybody migrated it."""
    _doors: dict[tuple[str, str], tuple[datetime, Credentials]] = field(default_factory=dict)

    @property
    def accounts(self) -> Mapping[str, str]:
        """Ids of the member accounts that are open, by name."""
        return {name: self.seeded.accounts[name] for name in ("data", "web")}

    def key(self, user: str) -> str:
        """`ACCOUNT_ID/NAME` of `ACCOUNT_NAME/NAME`."""
        account, _, name = user.partition("/")
        return f"{self.seeded.accounts[account]}/{name}"

    def admin(self, service: str, account: str = "tiny") -> Any:
        """An administrator's client in an account."""
        if account == "tiny":
            return self.clients.make(service, self.seeded.administrator, HOME)
        return self.clients.make(service, self._enter(account, "OrganizationAccountAccessRole"), HOME)

    def own(self, user: str, service: str, agent: str = "report.py boto3/1.40") -> Any:
        """A client with a user's own first access key."""
        return self.clients.make(service, self.seeded.credentials[user], HOME, Origin("203.0.113.77", agent))

    def operator(self) -> dict[str, str]:
        """The environment of whoever runs the migration."""
        return _environment(self.seeded.endpoint, self.seeded.administrator)

    def approver(self) -> dict[str, str]:
        """The environment of a second identity."""
        return _environment(self.seeded.endpoint, self._enter("tiny", "SecurityLead"))

    def portal(self, person: str, account: str, permission_set: str) -> None:
        """Let a person sign in through the access portal, and work: a real call that a trail records."""
        keys = portal_credentials(self.seeded.endpoint, person, account, permission_set)
        credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys["aws_session_token"])
        self.clients.make("sts", credentials, HOME).get_caller_identity()

    def deliver(self) -> None:
        """Let every trail write what it holds."""
        self.clock.control.deliver()

    def _enter(self, account: str, role: str) -> Credentials:
        opened = self._doors.get((account, role))
        now = self.clock.now()
        if opened is None or not 0 <= (now - opened[0]).total_seconds() < 1800:
            arn = f"arn:aws:iam::{self.seeded.accounts[account]}:role/{role}"
            sts = self.clients.make("sts", self.seeded.administrator, HOME)
            session = sts.assume_role(RoleArn=arn, RoleSessionName="scenario")["Credentials"]
            self._doors[account, role] = opened = (now, Credentials.of_session(session))
        return opened[1]

    def forget_sessions(self) -> None:
        """The sandbox was put back to another time: its sessions are of that time."""
        self._doors.clear()


def build(endpoint: str, control: Any) -> Company:
    """Build the company in an empty sandbox, grown by now; its people have worked with their old keys."""
    control.reset()
    seeded = seed(endpoint, COMPANY, datetime.now(UTC))
    company = Company(seeded, PlayedClock(control), Clients(endpoint))
    company.clock.refresh()
    _second_identity(company)
    _awkward_rest(company)
    _somebody_of_the_directory(company)
    for user in seeded.credentials:
        if user != f"web/{ODD}":  # its first key is the Inactive one
            company.own(user, "s3").list_buckets()
    company.deliver()
    company.born = control.snapshot()
    return company


def _second_identity(company: Company) -> None:
    iam, account = company.admin("iam"), company.seeded.management_account
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="SecurityLead", AssumeRolePolicyDocument=json.dumps(document(trust)))
    iam.attach_role_policy(RoleName="SecurityLead", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def _awkward_rest(company: Company) -> None:
    """What the words of an organization cannot say: an Inactive SSH key beside an Active one."""
    iam = company.admin("iam", "data")
    key = min(k["SSHPublicKeyId"] for k in iam.list_ssh_public_keys(UserName="alice")["SSHPublicKeys"])
    iam.update_ssh_public_key(UserName="alice", SSHPublicKeyId=key, Status="Inactive")


def _somebody_of_the_directory(company: Company) -> None:
    """A person, a group and a permission set that were in Identity Center before us, and must stay as they are."""
    center, store, sso = company.seeded.identity_center, company.admin("identitystore"), company.admin("sso-admin")
    address = f"frank@{DOMAIN}"
    frank = store.create_user(
        IdentityStoreId=center.identity_store_id,
        UserName="franka",
        DisplayName="Franka",
        Name={"GivenName": "Franka", "FamilyName": "Ölçer"},
        Emails=[{"Value": address, "Primary": True}],
    )["UserId"]
    group = store.create_group(IdentityStoreId=center.identity_store_id, DisplayName="everybody")["GroupId"]
    store.create_group_membership(IdentityStoreId=center.identity_store_id, GroupId=group, MemberId={"UserId": frank})
    sso.create_permission_set(InstanceArn=center.instance_arn, Name="team", Description="by hand")


def _environment(endpoint: str, credentials: Credentials) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_DEFAULT_REGION": HOME,
    }


@contextmanager
def refused() -> Iterator[list[str]]:
    """The code of the refusal that must happen inside."""
    codes: list[str] = []
    try:
        yield codes
    except ClientError as error:
        codes.append(str(error.response["Error"]["Code"]))
    assert codes, "the call was allowed"
