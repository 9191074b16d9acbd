"""The policies that resources carry: each kind is read; what has none says so, what is not there is left out."""

import json

import pytest

from migrator.adapters.aws.guards import ResourceGuards
from migrator.domain.policy.consents import GONE
from migrator.ports.aws import AccessDenied
from tests.integration.aws.accounts import MEMBER
from tests.integration.aws.test_references import (
    HERE,
    ROOT,
    make_bucket,
    make_queue,
    make_role,
    make_secret,
    make_topic,
    policy,
)


@pytest.fixture
def guards(sessions, aws) -> ResourceGuards:
    aws("iam", MEMBER).create_user(UserName="ada")
    return ResourceGuards(sessions)


@pytest.mark.parametrize("make", [make_bucket, make_queue, make_topic, make_secret, make_role])
def test_a_resource_gives_its_policy(guards, aws, make):
    arn = make(aws)
    (found,) = guards.read(MEMBER, [arn]).values()
    assert "ada" in json.dumps(found["Statement"])


def test_a_key_gives_its_policy_by_id_and_by_alias(guards, aws):
    kms = aws("kms", MEMBER, HERE)
    arn = kms.create_key(Policy=policy(ROOT, "kms:*"))["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/lake", TargetKeyId=arn)
    alias = f"arn:aws:kms:{HERE}:{MEMBER}:alias/lake"
    found = guards.read(MEMBER, [arn, alias])
    assert found[arn] == found[alias] == json.loads(policy(ROOT, "kms:*"))


def test_a_repository_and_a_function_are_asked_for_theirs(guards, aws):
    ecr = aws("ecr", MEMBER, HERE)
    arn = ecr.create_repository(repositoryName="team/app")["repository"]["repositoryArn"]
    assert guards.read(MEMBER, [arn]) == {arn: None}
    ecr.set_repository_policy(repositoryName="team/app", policyText=policy(ROOT, "ecr:*"))
    assert guards.read(MEMBER, [arn])[arn]["Statement"][0]["Action"] == "ecr:*"
    function = f"arn:aws:lambda:{HERE}:{MEMBER}:function:none"
    assert guards.read(MEMBER, [function]) == {function: None}


def test_a_bucket_without_a_policy_carries_none(guards, aws):
    aws("s3", MEMBER, HERE).create_bucket(Bucket="bare", CreateBucketConfiguration={"LocationConstraint": HERE})
    assert guards.read(MEMBER, ["arn:aws:s3:::bare"]) == {"arn:aws:s3:::bare": None}


def test_keys_and_roles_that_are_not_there_are_told_as_gone(guards):
    gone = [f"arn:aws:iam::{MEMBER}:role/gone", f"arn:aws:kms:{HERE}:{MEMBER}:key/0000"]
    assert guards.read(MEMBER, gone) == dict.fromkeys(gone, GONE)


def test_an_account_that_cannot_be_entered_is_an_error(guards):
    with pytest.raises(AccessDenied):
        guards.read("999999999999", ["arn:aws:s3:::b"])
