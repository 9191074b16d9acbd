"""What is planned for a machine: a role by the role's limits, judged as a session of that role."""

from dataclasses import replace
from typing import Any

import pytest

from migrator.domain.coverage import cover
from migrator.domain.mapping import ROLE, SET, Needs, plan_sets, spec_from, specification
from migrator.domain.policy.actors import role_session
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.fit import PermissionSetSpec, fits_role
from migrator.domain.rules import Rules
from tests.builders import a_usage_fact
from tests.unit.dossiers import ACCOUNT

LONG = "svc-nightly-ingest-of-orders-from-the-warehouse-to-the-lake"
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
SENT = [("user", "work", READ)]


def planned(name, kind):
    (found,) = plan_sets([Needs(1, name, kind, tuple(SENT))], {}, (), Rules())
    return found


def test_a_role_may_be_called_as_its_user_is():
    assert len(LONG) > 32
    assert planned(LONG, ROLE).spec.name == LONG
    assert len(planned(LONG, SET).spec.name) == 32


def test_a_role_name_has_sixty_four_characters_at_most():
    name = planned("x" * 70, ROLE).spec.name
    assert len(name) == 64
    assert planned("x" * 70 + "y", ROLE).spec.name != name


def test_a_role_and_a_set_of_the_same_grants_are_two_things():
    needs = [Needs(1, "etl", ROLE, tuple(SENT)), Needs(2, "etl", SET, tuple(SENT))]
    assert sorted(one.kind for one in plan_sets(needs, {}, (), Rules())) == [ROLE, SET]


def test_a_plan_is_read_back_as_it_was_written():
    one = planned(LONG, ROLE)
    assert (specification(one)["type"], specification(one)["problems"]) == (ROLE, [])
    assert spec_from(specification(one)) == one.spec


def a_policy(size):
    bare = {"Version": "2012-10-17", "Statement": [], "Id": ""}
    return {**bare, "Id": "x" * (size - len('{"Version":"2012-10-17","Statement":[],"Id":""}'))}


FITTING = PermissionSetSpec("etl", inline_policy=a_policy(10_240), managed_policies=tuple("abcdefghij"))
PROBLEMS = {
    "as much as may be": (FITTING, []),
    "one character more": (
        replace(FITTING, inline_policy=a_policy(10_241)),
        ["inline policies: 10,241 characters without blanks, at most 10,240"],
    ),
    "eleven policies": (
        replace(FITTING, customer_policies=("/own",)),
        ["managed policies: 11, at most 10 per role: raise that quota first"],
    ),
    "a long name": (replace(FITTING, name="x" * 65), ["name: 65 characters, at least 1 and at most 64"]),
    "a session's length is not a role's": (replace(FITTING, session_duration="PT36H"), []),
}


@pytest.mark.parametrize(("spec", "problems"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_role_fits_by_its_own_quotas(spec, problems):
    assert fits_role(spec) == problems


def only_where(**condition: Any):
    return Policies([{**READ, "Statement": [{**READ["Statement"][0], "Condition": condition}]}])


ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/etl"
CONDITIONS = {
    "its role's ARN": ({"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}}, "allowed"),
    "its type": ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "allowed"),
    "its account": ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "allowed"),
    "a session of a role": ({"StringLike": {"aws:userid": "AROA*:etl"}}, "allowed"),
    "the user's ARN": ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/etl"}}, "denied"),
    "the user's name": ({"StringEquals": {"aws:username": "etl"}}, "denied"),
    "Identity Center's role": ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/*"}}, "denied"),
    "a tag its team may give it": ({"StringEquals": {"aws:PrincipalTag/team": "data"}}, "unknown"),
    "MFA, which its team decides": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "unknown"),
}


@pytest.mark.parametrize(("condition", "answer"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_machine_is_judged_as_a_session_of_its_role(condition, answer):
    actor = role_session(ACCOUNT, "etl", "etl")
    found = cover(only_where(**condition), actor, [a_usage_fact("etl")])
    assert {"allowed": found.allowed, "denied": found.denied, "unknown": found.unknown}[answer] == 2


def test_the_session_is_of_the_role_in_the_users_partition():
    actor = role_session(ACCOUNT, "etl", "nightly", partition="aws-cn")
    assert actor.principal == f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/etl/nightly"
    assert actor.context["aws:principalarn"] == f"arn:aws-cn:iam::{ACCOUNT}:role/etl"
