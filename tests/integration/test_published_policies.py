"""The policies of docs/reference/permissions.md, and nothing else, carry a whole migration there and back."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from docs._generate import permissions
from migrator.sandbox import launch
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.organization_types import Account, Group, Organization, User, allow, document
from migrator.sandbox.organization_users import TEN_POLICIES
from migrator.sandbox.seed import Seeded, seed

HOME = "us-east-1"
TEAM = {"Owner": "data", "CostCenter": "4200"}
# Every place that the deny rides on, every kind of credential, in a member account and in the management account.
FULL = {"lake": document(allow("s3:GetObject", on="arn:aws:s3:::lake/" + "x" * 1_900))}
ALICE = {"tags": {**TEAM, "Email": "alice@tiny.example"}, "groups": ("team",), "password": True, "mfa": True}
COMPANY = Organization(
    name="tiny",
    domain="tiny.example",
    home_region=HOME,
    accounts=(Account("tiny"), Account("data"), Account("closed", suspended=True)),
    policies=(),
    resources=(),
    groups=(
        Group("data", "team", managed=("AmazonSQSReadOnlyAccess",)),
        Group("tiny", "team", managed=("AmazonSQSReadOnlyAccess",)),
    ),
    users=(
        User("data", "alice", **ALICE, ssh_keys=1, service_credentials=("codecommit.amazonaws.com",), certificates=1),
        User("data", "dave", {**TEAM, "Email": "dave@tiny.example"}, password=True, managed=TEN_POLICIES, inline=FULL),
        User("data", "erin", {**TEAM, "Email": "erin@tiny.example"}, password=True, inline=FULL),
        User("tiny", "alice", **ALICE),
    ),
    trail="organization",
    trail_bucket="tiny-trail",
)
CONFIG = """
database: sqlite:///{folder}/migrator.db
aws: {{external_id: EXTERNAL_ID}}
usage: {{sources: [{{type: access-advisor}}, {{type: cloudtrail, location: "{trail}"}}]}}
gates: {{sso_sign_in: false, listening: false}}
mapping: {{coverage_min_percent: 0}}
scream_test: {{quarantine: 0s, deactivate: 0s, sessions: 0s}}
waves: {{max_in_scream_test: 100%}}
"""


class Company:
    """The organization with the roles that the page describes, and the command line as two identities of it."""

    def __init__(self, sandbox: launch.Sandbox, seeded: Seeded, folder: Any) -> None:
        self.control, self.seeded, self.clients = sandbox.control, seeded, Clients(sandbox.endpoint)
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG.format(folder=folder, trail=seeded.trail_location))
        own = seeded.management_account
        anybody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{own}:root"}, "Action": "sts:AssumeRole"}
        trust = _filled(permissions.trust(), MANAGEMENT_ACCOUNT_ID=own)
        read, write = permissions.discovery(), permissions.change()
        operator = _filled(permissions.operator(), BUCKET=COMPANY.trail_bucket)
        iam = self.clients.make("iam", seeded.administrator, HOME)
        _role(iam, "MigratorOperator", {"Version": "2012-10-17", "Statement": [anybody]}, operator, read, write)
        _role(iam, "Approver", {"Version": "2012-10-17", "Statement": [anybody]})
        member = self.clients.make("iam", self.enter("OrganizationAccountAccessRole", seeded.accounts["data"]), HOME)
        _role(member, "MigratorDiscovery", trust, read)
        _role(member, "MigratorChange", trust, write)
        self.control.enforce(on=True)

    def enter(self, role: str, account: str) -> Credentials:
        sts = self.clients.make("sts", self.seeded.administrator, HOME)
        arn = f"arn:aws:iam::{account}:role/{role}"
        return Credentials.of_session(sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"])

    def run(self, *words: str, role: str = "MigratorOperator") -> Any:
        """What a command answers; it must end well."""
        keys = self.enter(role, self.seeded.management_account)
        environ = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.clients.endpoint,
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_SESSION_TOKEN": keys.session_token or "",
            "MIGRATOR_CONFIG": str(self.config),
        }
        command = [sys.executable, "-m", "migrator", *words, "--json", "--yes"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # ours
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
        return json.loads(done.stdout)

    def refusals(self) -> set[str]:
        """Operations of migrator that somebody's policy refused."""
        calls = self.control.calls()
        ours = (call for call in calls if "assumed-role/Migrator" in call["principal"])
        return {f"{call['service']}:{call['operation']}" for call in ours if "Denied" in (call["error"] or "")}


def _filled(policy: Any, **words: str) -> Any:
    text = json.dumps(policy)
    for word, value in words.items():
        text = text.replace(word, value)
    return json.loads(text)


def _role(iam: Any, name: str, trust: Any, *policies: Any) -> None:
    """The role with these policies and no other."""
    if any(role["RoleName"] == name for role in iam.list_roles()["Roles"]):
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    else:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    for number, policy in enumerate(policies):
        iam.put_role_policy(RoleName=name, PolicyName=f"published-{number}", PolicyDocument=json.dumps(policy))


@pytest.fixture
def company(tmp_path):
    sandbox = launch.start(log=tmp_path / "log")
    try:
        yield Company(sandbox, seed(sandbox.endpoint, COMPANY, datetime.now(UTC)), tmp_path)
    finally:
        launch.stop(sandbox)


def states(answer):
    return {user["to"] for user in answer["users"]}


def test_the_published_policies_carry_a_migration_there_and_back(company):
    company.run("db", "upgrade")
    assert [line for line in company.run("doctor") if line["result"] == "failed"] == []
    company.run("discover")
    users = [user["user"] for user in company.run("users", "list")]
    company.run("users", "classify", *users, "--as", "human", "--reason", "they are")
    company.run("users", "destine", *users, "--to", "permission-set", "--reason", "they work here")
    assert states(company.run("map")) == {"mapped"}
    company.run("wave", "create", "all", *users)
    company.run("wave", "approve", "all", "--stage", "cut", role="Approver")
    assert states(company.run("advance", "--wave", "all")) == {"deactivated"}
    company.run("wave", "approve", "all", "--stage", "delete", role="Approver")
    assert states(company.run("advance", "--wave", "all", "--to", "deleted")) == {"deleted"}
    assert states(company.run("rollback", "--wave", "all", "--reason", "a test", "--retract")) == {"rolled_back"}
    assert company.refusals() == set()
