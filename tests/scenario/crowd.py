"""Two hundred people in four accounts, with the scripts and habits that a migration of sixty days meets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from migrator.cli.demo import PlayedClock
from migrator.sandbox.approver import make_approver
from migrator.sandbox.center_control import portal_access, portal_credentials
from migrator.sandbox.clients import Clients, Credentials, Origin
from migrator.sandbox.organization_types import Account, Group, Organization, User, allow, document
from migrator.sandbox.seed import seed
from tests.scenario.company import HOME, Company

DOMAIN = "crowd.example"
ACCOUNTS = ("north", "east", "south", "west")
TEAMS = ("apps", "books", "cells", "desks", "eyes")
PEOPLE = 200
BEGIN = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
"""A Monday, in the middle of the change window."""

_WORK = ("s3:ListAllMyBuckets", "sqs:ListQueues", "sns:ListTopics", "dynamodb:ListTables", "kms:ListAliases")
_ALWAYS = ("iam:ListAccountAliases", "ec2:DescribeRegions", "sts:GetCallerIdentity")
CALLS = ("s3.list_buckets", "sqs.list_queues", "sns.list_topics", "dynamodb.list_tables", "kms.list_aliases")
"""What each team's work is, in the order of the teams."""

OFFICE = Origin("198.51.100.20", "aws-cli/2.15.30 Python/3.11.8 Linux/6.1")


def name_of(number: int) -> str:
    """`ACCOUNT_NAME/NAME` of a person's user."""
    return f"{ACCOUNTS[number % len(ACCOUNTS)]}/p{number:03}"


def team_of(number: int) -> int:
    """Teams are spread over the accounts."""
    return number // len(ACCOUNTS) % len(TEAMS)


def _user(number: int) -> User:
    account, _, name = name_of(number).partition("/")
    team = TEAMS[team_of(number)]
    tags = {"Email": f"{name}@{DOMAIN}", "Owner": team, "CostCenter": f"4{team_of(number)}00"}
    return User(account, name, tags, groups=(team,), password=number % 5 == 0, age=400)


CROWD = Organization(
    name="crowd",
    domain=DOMAIN,
    home_region=HOME,
    accounts=(
        Account("tiny"),
        *(Account(name, unit="workloads") for name in ACCOUNTS),
        Account("shut", suspended=True),
    ),
    policies=(),
    groups=tuple(
        Group(account, team, inline={"work": document(allow(_WORK[number], *_ALWAYS))})
        for account in ACCOUNTS
        for number, team in enumerate(TEAMS)
    ),
    users=tuple(_user(number) for number in range(PEOPLE)),
    resources=(),
    trail="organization",
    trail_bucket="crowd-trail",
)


@dataclass
class Crowd(Company):
    """The crowd as its administrators and people use it."""

    @property
    def accounts(self) -> Mapping[str, str]:
        """Ids of the member accounts that are open, by name."""
        return {name: self.seeded.accounts[name] for name in ACCOUNTS}

    def call(self, user: str, call: str, origin: Origin = OFFICE) -> str:
        """A call with a user's own key; the code of its refusal, or nothing."""
        return self.made(self.seeded.credentials[user], call, origin)

    def made(self, credentials: Credentials, call: str, origin: Origin) -> str:
        """A call with any credentials; the code of its refusal, or nothing."""
        service, _, method = call.partition(".")
        try:
            getattr(self.clients.make(service, credentials, HOME, origin), method)()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def session(self, user: str, origin: Origin = OFFICE) -> Credentials:
        """The person's session of the access portal in the user's account."""
        account, _, name = user.partition("/")
        person = f"{name}@{DOMAIN}"
        rows = portal_access(self.seeded.endpoint)[person]
        permission_set = next(each for where, each in rows if where == self.seeded.accounts[account])
        keys = portal_credentials(self.seeded.endpoint, person, self.seeded.accounts[account], permission_set, origin)
        return Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys["aws_session_token"])


def settle(endpoint: str, control: Any) -> Crowd:
    """Build the crowd in an empty sandbox, three weeks before the story begins."""
    control.reset()
    seeded = seed(endpoint, CROWD, BEGIN - timedelta(days=21))
    crowd = Crowd(seeded, PlayedClock(control), Clients(endpoint))
    crowd.clock.refresh()
    make_approver(seeded)
    return crowd
