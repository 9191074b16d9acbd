"""Roles and policies read from IAM, on the sandbox."""

import json

import pytest

from migrator.adapters.aws.iam import IamReader
from tests.integration.aws.accounts import MEMBER

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
SMALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}'
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MEMBER}:root"}, "Action": "sts:AssumeRole"},
    ],
}
QUEUES = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"


@pytest.fixture
def reader(sessions, clock) -> IamReader:
    return IamReader(sessions, clock)


@pytest.fixture
def iam(aws):
    return aws("iam", MEMBER)


def test_a_role_is_read_with_all_that_grants_and_bounds(reader, iam):
    own = iam.create_policy(PolicyName="Own", Path="/team/", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]
    iam.create_role(RoleName="etl", Path="/apps/", AssumeRolePolicyDocument=json.dumps(TRUST), PermissionsBoundary=own)
    for name in ("b", "a"):
        iam.put_role_policy(RoleName="etl", PolicyName=name, PolicyDocument=json.dumps(READ))
    for arn in (QUEUES, own):
        iam.attach_role_policy(RoleName="etl", PolicyArn=arn)
    role = reader.read_role(MEMBER, "etl")
    assert (role.account_id, role.name, role.arn) == (MEMBER, "etl", f"arn:aws:iam::{MEMBER}:role/apps/etl")
    assert role.inline_policies == {"a": READ, "b": READ}
    assert role.attached_policies == tuple(sorted((QUEUES, own)))
    assert (role.boundary, role.trust, role.last_used_at) == (own, TRUST, None)


def test_more_policies_than_a_page_holds_are_read(reader, iam):
    iam.create_role(RoleName="etl", AssumeRolePolicyDocument=json.dumps(TRUST))
    names = [f"p{number:03}" for number in range(101)]
    for name in names:
        iam.put_role_policy(RoleName="etl", PolicyName=name, PolicyDocument=SMALL)
    assert list(reader.read_role(MEMBER, "etl").inline_policies) == names


def test_a_role_that_does_not_exist_is_none(reader):
    assert reader.read_role(MEMBER, "nobody") is None


def test_policies_are_read_by_arn_and_absent_ones_left_out(reader, iam):
    own = iam.create_policy(PolicyName="Own", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]
    found = reader.read_policies(MEMBER, {own, QUEUES, f"{own}-gone"})
    assert found.keys() == {own, QUEUES}
    assert found[own] == READ
    assert found[QUEUES]["Statement"]


def test_no_policies_are_read_without_a_call(reader):
    assert reader.read_policies(MEMBER, ()) == {}
