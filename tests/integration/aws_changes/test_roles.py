"""In a member account the two roles need what the kinds declare, and each verb uses its own role."""

import json
from itertools import pairwise

import boto3
import pytest

from migrator.adapters.aws.changes.hands import AwsHands
from migrator.adapters.aws.identity_center import IdentityCenterDirectory
from migrator.adapters.aws.session import Sessions
from migrator.domain.changes import KINDS, Change, matches
from migrator.domain.selectors import normal, with_listeners
from migrator.ports.aws import AccessDenied
from tests.contract.hands_worlds import DENY, HOME_REGION, READ, TestClock, give

MEMBER = "222222222222"
IAM_KINDS = [name for name, kind in KINDS.items() if kind.parts[0] == "account"]
DEFAULT = normal((), ())
LISTENING = with_listeners(DEFAULT, {"AWS::S3::Object": [f"arn:aws:iam::{MEMBER}:user/ada"]})
SECRETS = ["login-profile", "access-key", "ssh-public-key", "service-specific-credential", "signing-certificate"]


class Member:
    """A member account with migrator's two roles, seeded as its root before anybody has to be allowed anything."""

    def __init__(self, emulator, world, hands) -> None:
        self.hands = hands
        self.control = world.control
        self.management = world.account
        self.endpoint = emulator.environment["AWS_ENDPOINT_URL"]
        self.iam = self.client("iam")

    def client(self, service):
        return boto3.client(
            service,
            region_name=HOME_REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=MEMBER,
            aws_secret_access_key="root",
        )

    def trail(self):
        where = {"LocationConstraint": HOME_REGION}
        self.client("s3").create_bucket(Bucket="member-logs", CreateBucketConfiguration=where)
        return self.client("cloudtrail").create_trail(Name="audit", S3BucketName="member-logs")["TrailARN"]

    def role(self, name, actions):
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.management}:root"}}
        document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        allow = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [allow]}
        self.iam.put_role_policy(RoleName=name, PolicyName="declared", PolicyDocument=json.dumps(document))

    def declared(self, purpose, kinds=tuple(IAM_KINDS)):
        permissions = self.hands.permissions(purpose)
        return {action for kind in kinds for action in permissions[kind]}


@pytest.fixture
def member(emulator, world, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    sessions = Sessions(region=HOME_REGION, discovery_role="MigratorDiscovery", change_role="MigratorChange")
    hands = AwsHands(sessions, IdentityCenterDirectory(sessions, HOME_REGION), TestClock())
    return Member(emulator, world, hands)


@pytest.fixture
def lives(member):
    """Each IAM kind with its target and its values; credentials are there already."""
    member.iam.create_user(UserName="ada")
    member.iam.create_group(GroupName="devs")
    policy = f"arn:aws:iam::{MEMBER}:policy/team/reader"
    member.iam.create_policy(PolicyName="reader", Path="/team/", PolicyDocument=json.dumps(READ))
    user = (MEMBER, "ada")
    given = {kind: (*user, *give(member.iam, kind, "ada")) for kind in (*SECRETS, "mfa-device")}
    switched = [{"status": "Active"}, {"status": "Inactive"}, None]
    return [
        *((kind, given[kind], switched) for kind in SECRETS[1:]),
        ("login-profile", given["login-profile"], [{"password_reset_required": False}, None]),
        ("mfa-device", given["mfa-device"], [{"virtual": True}, None]),
        ("virtual-mfa-device", given["mfa-device"], [True, None]),
        ("inline-policy", (*user, "own"), [None, READ, DENY, None]),
        ("attached-policy", (*user, policy), [None, True, None]),
        ("group-membership", (*user, "devs"), [None, True, None]),
        ("permissions-boundary", user, [None, policy, None]),
        ("managed-policy", (MEMBER, f"{policy}-2"), [None, READ, DENY, None]),
        ("event-selectors", (MEMBER, member.trail()), [DEFAULT, LISTENING, DEFAULT]),
        ("user", (MEMBER, "eve"), [None, {"path": "/", "tags": {"Owner": "data"}}, None]),
    ]


def live(hands, kind, target, values):
    assert matches(hands.observe(Change(kind, target, None, None)), values[0])
    for before, after in pairwise(values):
        hands.make(Change(kind, target, before, after))
        assert matches(hands.observe(Change(kind, target, None, None)), after)


def test_the_declared_permissions_are_enough(member, lives):
    member.role("MigratorDiscovery", member.declared("read"))
    member.role("MigratorChange", member.declared("change"))
    member.control.enforce(on=True)
    for kind, target, values in lives:
        live(member.hands, kind, target, values)
    assert sorted({kind for kind, _, _ in lives}) == sorted(IAM_KINDS)


def test_looking_is_not_done_with_the_role_that_changes(member, lives):
    member.role("MigratorDiscovery", {"iam:GetAccountSummary"})
    member.role("MigratorChange", member.declared("read") | member.declared("change"))
    member.control.enforce(on=True)
    for kind, target, _ in lives:
        with pytest.raises(AccessDenied, match=f"reading {kind}"):
            member.hands.observe(Change(kind, target, None, None))


def test_changing_is_not_done_with_the_role_that_reads(member, lives):
    member.role("MigratorDiscovery", member.declared("read") | member.declared("change"))
    member.role("MigratorChange", {"iam:GetAccountSummary"})
    member.control.enforce(on=True)
    for kind, target, values in lives:
        with pytest.raises(AccessDenied, match=kind):
            member.hands.make(Change(kind, target, *values[:2]))


def test_an_account_without_the_role_is_refused_by_name(member):
    with pytest.raises(AccessDenied, match=f"MigratorDiscovery.*{MEMBER}") as error:
        member.hands.observe(Change("user", (MEMBER, "ada"), None, None))
    assert "MigratorDiscovery" in error.value.next_step
