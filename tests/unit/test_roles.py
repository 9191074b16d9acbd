"""Whether the role a machine's team applied is the one that was planned."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from migrator.domain.dossier import PlannedSet
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.policy.same import same_policies
from migrator.domain.roles import RoleFacts, differences, latest_look, look_as_evidence
from tests.unit.dossiers import ACCOUNT, NOW, some_facts

AWS = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/team/Etl"
LIMITS = f"arn:aws:iam::{ACCOUNT}:policy/Limits"
USER = some_facts("svc-etl")


def a_document(*statements: Any):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def may(*actions: str, **rest: Any):
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **rest}


def trusting(principal, **rest: Any):
    return a_document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **rest})


PLAN = PermissionSetSpec(
    "svc-etl",
    inline_policy=a_document(may("sqs:SendMessage", "s3:PutObject", Sid="Work"), may("sns:Publish", Resource="x")),
    managed_policies=(AWS,),
    customer_policies=("/team/Etl",),
    boundary="/Limits",
)
ROLE = RoleFacts(
    ACCOUNT,
    "svc-etl",
    f"arn:aws:iam::{ACCOUNT}:role/svc-etl",
    NOW,
    inline_policies={"work": PLAN.inline_policy},
    attached_policies=(AWS, OWN),
    boundary=LIMITS,
    trust=trusting({"Service": "ecs-tasks.amazonaws.com"}),
)
EQUAL = {
    "as planned": ROLE,
    "two documents": replace(
        ROLE,
        inline_policies={
            "a": a_document(may("sns:Publish", Resource=["x"])),
            "b": a_document(may("S3:PutObject", "sqs:sendmessage")),
        },
    ),
    "under a path": replace(ROLE, arn=f"arn:aws:iam::{ACCOUNT}:role/apps/svc-etl"),
    "everybody under a condition": replace(
        ROLE, trust=trusting({"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    ),
    "a trust that denies the user": replace(
        ROLE, trust=a_document({"Effect": "Deny", "Principal": {"AWS": USER.arn}, "Action": "sts:AssumeRole"})
    ),
}


@pytest.mark.parametrize("role", EQUAL.values(), ids=EQUAL)
def test_a_role_that_grants_as_planned_is_the_planned_one(role):
    assert differences(PLAN, role, USER) == ()


DIFFERENT = {
    "none": (None, f"role svc-etl does not exist in {ACCOUNT}"),
    "an action more": (
        replace(ROLE, inline_policies={**ROLE.inline_policies, "more": a_document(may("s3:DeleteObject"))}),
        "its inline policies say something else",
    ),
    "nothing inline": (replace(ROLE, inline_policies={}), "its inline policies say something else"),
    "one policy less": (replace(ROLE, attached_policies=(AWS,)), f"{OWN} is not attached"),
    "one policy more": (replace(ROLE, attached_policies=(AWS, LIMITS, OWN)), f"{LIMITS} is attached and not planned"),
    "no boundary": (replace(ROLE, boundary=None), f"its boundary is missing, planned is {LIMITS}"),
    "a trust in the user": (
        replace(ROLE, trust=trusting({"AWS": [USER.arn]})),
        "its trust names the user that is to go",
    ),
    "a trust in the user's id": (
        replace(ROLE, trust=trusting({"AWS": USER.user_id})),
        "its trust names the user that is to go",
    ),
    "a trust in everybody": (replace(ROLE, trust=trusting("*")), "its trust lets anybody assume it"),
}


@pytest.mark.parametrize(("role", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_said(role, said):
    assert differences(PLAN, role, USER) == (said,)


def test_a_boundary_nobody_planned_is_a_difference():
    bare = replace(PLAN, boundary=None)
    assert differences(bare, ROLE, USER) == (f"its boundary is {LIMITS}, planned is none",)


def test_nothing_says_the_same_as_nothing_and_no_more():
    assert same_policies([], [])
    assert not same_policies([], [a_document(may("s3:GetObject"))])
    denied = {**may("s3:GetObject"), "Effect": "Deny"}
    assert not same_policies([a_document(denied)], [a_document(may("s3:GetObject"))])


PLANNED = PlannedSet("svc-etl", "sha", {})


def test_a_look_is_remembered_with_the_last_use():
    used = NOW - timedelta(hours=2)
    look = look_as_evidence(PLANNED, (), replace(ROLE, last_used_at=used), NOW)
    seen = latest_look(PLANNED, [look])
    assert (seen.differences, seen.last_used_at) == ((), used)


def test_a_look_at_another_plan_says_nothing_of_this_one():
    look = look_as_evidence(PLANNED, (), ROLE, NOW)
    assert latest_look(replace(PLANNED, spec_sha="new"), [look]) is None
    assert latest_look(None, [look]) is None
    assert latest_look(PLANNED, []) is None


def test_the_latest_look_counts():
    first = look_as_evidence(PLANNED, ("it does not exist",), None, NOW - timedelta(days=1))
    second = look_as_evidence(PLANNED, (), ROLE, NOW)
    assert latest_look(PLANNED, [second, first]).differences == ()
