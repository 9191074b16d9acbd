"""A machine moves to a role that its team applies: we wait for it, look at it, and hear its first session."""

import json
from typing import Any

import pytest

from migrator.sandbox.clients import Clients, Credentials
from tests.integration.modes.office import HOME

MACHINE = "data/svc-etl"


@pytest.fixture
def key(office) -> str:
    found = office.key(MACHINE)
    office.run("map", found)
    return found


def planned_role(office):
    (row,) = [one for one in office.run("permission-sets", "list") if one["type"] == "iam-role"]
    return row


def apply_role(office, **changes: Any):
    """Do what the machine's team does with the documents that we print."""
    role, iam = planned_role(office), office.client("iam", "data")
    account = office.account("data")
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes.get("trust", {})}]})
    iam.create_role(RoleName=role["name"], AssumeRolePolicyDocument=trust)
    inline = json.dumps(changes.get("inline", role["inline_policy"]))
    iam.put_role_policy(RoleName=role["name"], PolicyName="work", PolicyDocument=inline)
    return role["name"]


def use_role(office, name):
    account = office.account("data")
    iam = office.client("iam", "data")
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    assert arn == f"arn:aws:iam::{account}:role/{name}"
    session = office.client("sts", "data").assume_role(RoleArn=arn, RoleSessionName="etl")["Credentials"]
    Clients(office.seeded.endpoint).make("sqs", Credentials.of_session(session), HOME).list_queues()


def advance(office, key, state, expect=0):
    (moved,) = office.run("advance", key, "--to", state, expect=expect)["users"]
    return moved


def test_a_machines_needs_become_a_role_that_covers_what_it_did(office, key):
    role = planned_role(office)
    assert (role["users"], role["coverage_percent"], role["problems"]) == ([key], 100.0, [])
    permissions = office.run("users", "show", key)["permissions"]
    assert permissions["coverage"]["denied"] == permissions["coverage"]["unknown"] == 0


def test_a_machine_waits_until_its_team_applied_the_role(office, key):
    moved = advance(office, key, "provisioned", expect=3)
    assert (moved["outcome"], moved["to"], moved["held_by"]) == ("held", "mapped", ["provisioned"])
    name = planned_role(office)["name"]
    (gate,) = [g for g in office.run("gates", "list", key)["gates"] if g["gate"] == "provisioned"]
    assert gate["why"] == f"role {name} does not exist in {office.account('data')}"
    assert f"migrator permission-sets show {name}" in gate["opens"]


WRONG = {
    "other policies": (
        {"inline": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}},
        "its inline policies say something else",
    ),
    "a trust in everybody": ({"trust": {"Principal": {"AWS": "*"}}}, "its trust lets anybody assume it"),
}


@pytest.mark.parametrize(("changes", "why"), WRONG.values(), ids=WRONG)
def test_a_role_that_is_not_the_planned_one_holds(office, key, changes, why):
    apply_role(office, **changes)
    moved = advance(office, key, "provisioned", expect=3)
    assert moved["held_by"] == ["provisioned"]
    (gate,) = [g for g in office.run("gates", "list", key)["gates"] if g["gate"] == "provisioned"]
    assert gate["why"] == why


def test_a_role_that_trusts_the_user_holds(office, key):
    arn = f"arn:aws:iam::{office.account('data')}:user/svc-etl"
    apply_role(office, trust={"Principal": {"AWS": [arn]}})
    advance(office, key, "provisioned", expect=3)
    (gate,) = [g for g in office.run("gates", "list", key)["gates"] if g["gate"] == "provisioned"]
    assert gate["why"] == "its trust names the user that is to go"


def test_we_change_nothing_in_aws_for_a_machine(office, key):
    name = apply_role(office)
    before = office.client("iam", "data").get_account_authorization_details()
    moved = advance(office, key, "provisioned")
    after = office.client("iam", "data").get_account_authorization_details()
    assert (moved["to"], moved["changes"]) == ("provisioned", [])
    assert [lasting(role) for role in after["RoleDetailList"]] == [lasting(role) for role in before["RoleDetailList"]]
    assert name in {role["RoleName"] for role in after["RoleDetailList"]}
    assert office.holders() == set()


def lasting(role):
    return {key: value for key, value in role.items() if key != "RoleLastUsed"}


def test_a_machine_is_verified_by_its_roles_first_session(office, key):
    name = apply_role(office)
    assert advance(office, key, "provisioned")["to"] == "provisioned"
    held = advance(office, key, "verified", expect=3)
    assert held["held_by"] == ["sso-sign-in"]
    office.control.advance(60)
    use_role(office, name)
    assert advance(office, key, "verified")["to"] == "verified"


def test_a_role_in_use_before_it_was_provisioned_proves_nothing_yet(office, key):
    use_role(office, apply_role(office))
    office.control.advance(60)
    assert advance(office, key, "provisioned")["to"] == "provisioned"
    assert advance(office, key, "verified", expect=3)["held_by"] == ["sso-sign-in"]


def test_a_role_that_was_changed_since_holds_before_verification(office, key):
    name = apply_role(office)
    advance(office, key, "provisioned")
    office.control.advance(60)
    use_role(office, name)
    office.client("iam", "data").attach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    held = advance(office, key, "verified", expect=3)
    assert held["held_by"] == ["provisioned"]


def test_retracting_a_machine_touches_nothing(office, key):
    name = apply_role(office)
    advance(office, key, "provisioned")
    office.run("rollback", key, "--reason", "back", "--retract")
    assert office.client("iam", "data").get_role(RoleName=name)["Role"]["RoleName"] == name
