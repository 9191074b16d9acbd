"""Builds a simulated organization in a running sandbox, through boto3 and as an administrator would.

Ages come from the clock: the sandbox is set back to each user's first day, and the user is made then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from migrator.sandbox.center_control import CenterInstance, enable_identity_center, name_account
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control
from migrator.sandbox.organization_types import Account, Organization, allow, document
from migrator.sandbox.seed_resources import make_resource, make_trail
from migrator.sandbox.seed_users import make_user

DISCOVERY_ROLE = "MigratorDiscovery"
CHANGE_ROLE = "MigratorChange"
_FOUNDED = timedelta(days=1_500)
# What discovery reads; no secret's value, no object, no item.
_READS = (
    "account:ListRegions",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:LookupEvents",
    "ec2:DescribeRegions",
    "ecr:DescribeRepositories",
    "ecr:GetRepositoryPolicy",
    "iam:Generate*",
    "iam:Get*",
    "iam:List*",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeys",
    "lambda:GetPolicy",
    "lambda:ListFunctions",
    "organizations:DescribeOrganization",
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:ListAllMyBuckets",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListSecrets",
    "servicequotas:Get*",
    "sns:GetTopicAttributes",
    "sns:ListTopics",
    "sqs:GetQueueAttributes",
    "sqs:ListQueues",
    "sts:GetCallerIdentity",
)
_CHANGES = ("iam:*", "cloudtrail:PutEventSelectors", "events:*")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was built, and the keys to it: `credentials` by `ACCOUNT_NAME/USER_NAME` are secrets of the sandbox only."""

    endpoint: str
    organization: Organization
    management_account: str
    accounts: Mapping[str, str]
    administrator: Credentials
    trail_location: str
    identity_center: CenterInstance
    credentials: Mapping[str, Credentials] = field(default_factory=dict)

    def account_of(self, user: str) -> str:
        """Return the account id of a user written `ACCOUNT_NAME/USER_NAME`."""
        return self.accounts[user.partition("/")[0]]


def seed(endpoint: str, organization: Organization, now: datetime) -> Seeded:
    """Build the organization so that it looks grown by `now`, and leave the sandbox's clock there.

    `now` is an aware datetime. Takes a few seconds. The trail starts last, so that it records nothing of the building.
    """
    control = Control(endpoint)
    control.set_clock(now - _FOUNDED)
    control.enforce()
    clients = Clients(endpoint)
    administrator = Credentials.of(control.administrator())
    org = clients.make("organizations", administrator, "us-east-1")
    accounts = _make_accounts(org, organization, control.administrator()["account"])
    management = accounts[organization.management.name]
    name_account(endpoint, management, organization.management.name, f"aws@{organization.domain}")
    center = enable_identity_center(endpoint, organization.home_region)
    doors = Doors(clients, control, administrator, accounts, now)
    _make_groups(doors, organization)
    _make_migrator_roles(doors, organization)
    credentials = _make_users(doors, organization)
    doors.back_to(180)
    for resource in organization.resources:
        make_resource(
            clients, doors.enter(resource.account), accounts[resource.account], organization.home_region, resource
        )
    org.close_account(AccountId=next(accounts[each.name] for each in organization.accounts if each.suspended))
    location = make_trail(clients, administrator, organization, org.describe_organization()["Organization"]["Id"])
    control.set_clock(now)
    return Seeded(endpoint, organization, management, accounts, administrator, location, center, credentials)


def _make_accounts(org: Any, organization: Organization, management: str) -> dict[str, str]:
    org.create_organization(FeatureSet="ALL")
    for service in ("sso.amazonaws.com", "cloudtrail.amazonaws.com", "iam.amazonaws.com"):
        org.enable_aws_service_access(ServicePrincipal=service)
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    accounts = {organization.management.name: management}
    units = {"": root}
    for account in organization.accounts[1:]:
        email = f"aws+{account.name}@{organization.domain}"
        status = org.create_account(AccountName=account.name, Email=email)["CreateAccountStatus"]
        accounts[account.name] = status["AccountId"]
        unit = _make_unit(org, units, account)
        org.move_account(AccountId=status["AccountId"], SourceParentId=root, DestinationParentId=unit)
    return accounts


def _make_unit(org: Any, units: dict[str, str], account: Account) -> str:
    path = ""
    for name in account.unit.split("/"):
        parent, path = units[path], f"{path}/{name}".lstrip("/")
        if path not in units:
            made = org.create_organizational_unit(ParentId=parent, Name=name)
            units[path] = made["OrganizationalUnit"]["Id"]
    return units[path]


@dataclass(slots=True)
class Doors:
    """An administrator's way into every account, at every time: sessions end, and the clock jumps."""

    clients: Clients
    control: Control
    administrator: Credentials
    accounts: Mapping[str, str]
    now: datetime
    _sessions: dict[str, Credentials] = field(default_factory=dict)

    def back_to(self, days: int) -> None:
        """Set the clock to some days before now."""
        self.control.set_clock(self.now - timedelta(days=days))
        self._sessions.clear()

    def enter(self, account: str) -> Credentials:
        """Return administrator's credentials of an account, by its name."""
        if account == next(iter(self.accounts)):
            return self.administrator
        if account not in self._sessions:
            arn = f"arn:aws:iam::{self.accounts[account]}:role/OrganizationAccountAccessRole"
            sts = self.clients.make("sts", self.administrator, "us-east-1")
            answer = sts.assume_role(RoleArn=arn, RoleSessionName="seed", DurationSeconds=3600)
            self._sessions[account] = Credentials.of_session(answer["Credentials"])
        return self._sessions[account]

    def iam(self, account: str) -> Any:
        """Return an administrator's IAM client of an account."""
        return self.clients.make("iam", self.enter(account), "us-east-1")


def _make_groups(doors: Doors, organization: Organization) -> None:
    arns = {}
    for policy in organization.policies:
        text = json.dumps(policy.document)
        made = doors.iam(policy.account).create_policy(PolicyName=policy.name, Path=policy.path, PolicyDocument=text)
        arns[policy.account, policy.name] = made["Policy"]["Arn"]
    for group in organization.groups:
        iam = doors.iam(group.account)
        iam.create_group(GroupName=group.name)
        attached = [f"arn:aws:iam::aws:policy/{each}" for each in group.managed]
        for arn in attached + [arns[group.account, each] for each in group.own]:
            iam.attach_group_policy(GroupName=group.name, PolicyArn=arn)
        for name, document_ in group.inline.items():
            iam.put_group_policy(GroupName=group.name, PolicyName=name, PolicyDocument=json.dumps(document_))


def _make_migrator_roles(doors: Doors, organization: Organization) -> None:
    management = doors.accounts[organization.management.name]
    trust = document(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{management}:root"}, "Action": "sts:AssumeRole"}
    )
    rights = {
        DISCOVERY_ROLE: document(allow(*_READS)),
        CHANGE_ROLE: document(allow(*_READS, *_CHANGES)),
    }
    for account in organization.accounts[1:]:
        iam = doors.iam(account.name)
        for name, policy in rights.items():
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
            iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))


def _make_users(doors: Doors, organization: Organization) -> dict[str, Credentials]:
    credentials: dict[str, Credentials] = {}
    oldest_first = sorted(organization.users, key=lambda each: (-each.age, each.id))
    for age, of_a_day in groupby(oldest_first, key=lambda each: each.age):
        doors.back_to(age)
        for user in of_a_day:
            keys = doors.enter(user.account)
            made = make_user(doors.clients, keys, doors.accounts[user.account], organization, user)
            if made is not None:
                credentials[user.id] = made
    for user in organization.users:
        if user.last_seen is not None and user.id in credentials:
            doors.back_to(user.last_seen)
            doors.clients.make("sts", credentials[user.id], "us-east-1").get_caller_identity()
    return credentials
