"""AWS's simulator beside coverage: nothing is said where both agree, and every difference is named."""

from dataclasses import replace

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, Kind
from migrator.domain.policy.evaluate import Policies, Request, Result
from migrator.operations.cross_check import Disagreement, cross_check
from migrator.ports.aws import NotSupported
from tests.builders import ACCOUNT, a_part, a_recorded, a_usage_fact, a_user, a_user_facts, record
from tests.unit.grouping.people import a_document

OBJECT = "arn:aws:s3:::lake/k"
OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"aws:PrincipalType": "AssumedRole"}}
LIMITED = a_document({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": OFFICE})


class Evaluator:
    """A simulator that decides as it should, but for what it is told to get wrong."""

    def __init__(self, **wrong) -> None:
        self.wrong, self.asked = wrong, []

    def simulate(self, account_id, documents, boundary, actions, resource, context):
        self.asked.append((account_id, tuple(actions), resource, dict(context)))
        policies = Policies(documents, boundary=boundary)
        found = {one: policies.decide(Request("", one, resource, context)).result for one in actions}
        return {one: self.wrong.get(one.partition(":")[2], result) for one, result in found.items()}


class Nothing:
    def simulate(self, *_args):
        raise NotSupported("iam:SimulateCustomPolicy is not supported by this endpoint")


@pytest.fixture
def alice(tools):
    """Alice under a planned set, with calls of all sorts."""
    facts = a_user_facts()
    row = a_user(facts, state=State.MAPPED, destination=Destination.PERMISSION_SET, kind=Kind.HUMAN)
    user = record(tools.store, a_recorded(facts, row))[0]
    spec = {"type": "permission-set", "name": "data", "description": "", "session_duration": "PT8H", "boundary": None}
    spec |= {"inline_policy": LIMITED, "managed_policies": [], "customer_policies": [], "tags": {}, "problems": []}
    base = a_usage_fact(action="s3:GetObject", resource=OBJECT, address="203.0.113.9")
    calls = [
        base,
        replace(base, action="s3:PutObject"),
        replace(base, action="s3:PutObject", address="10.0.0.1"),
        replace(base, action="sqs:SendMessage"),
        replace(base, action="s3:DeleteObject", resource="lake"),
        replace(base, action="s3:ListBucket", error="AccessDenied"),
        replace(base, action="sts:GetCallerIdentity", resource="*"),
        replace(base, action=None),
    ]
    with tools.store.begin() as work:
        work.access.plan_set("data", spec, "ours")
        work.access.want(user.id, None, "data", ACCOUNT)
        work.usage.add([a_part(facts=calls)], base.last)
        work.commit()
    return user


def test_nobody_asks_unless_it_is_wanted(tools, alice):
    assert cross_check(tools, [alice.id]) is None


def test_an_evaluator_that_agrees_is_silent(tools, alice):
    tools.simulator = Evaluator()
    found = cross_check(tools, [alice.id])
    assert (found.asked, found.disagreements, found.not_checked) == (4, [], [])
    office = {"aws:principaltype": ("AssumedRole",), "aws:sourceip": ("203.0.113.9",)}
    assert (ACCOUNT, ("s3:GetObject", "s3:PutObject", "sqs:SendMessage"), OBJECT, office) in tools.simulator.asked
    elsewhere = {**office, "aws:sourceip": ("10.0.0.1",)}
    assert (ACCOUNT, ("s3:PutObject",), OBJECT, elsewhere) in tools.simulator.asked


def test_every_difference_is_named(tools, alice):
    tools.simulator = Evaluator(GetObject=Result.EXPLICITLY_DENIED)
    key = f"{ACCOUNT}/alice"
    assert cross_check(tools, [alice.id]).disagreements == [
        Disagreement(key, "s3:GetObject", OBJECT, Result.ALLOWED, Result.EXPLICITLY_DENIED)
    ]


def test_an_endpoint_without_it_is_not_checked(tools, alice):
    tools.simulator = Nothing()
    found = cross_check(tools, [alice.id])
    assert (found.asked, found.disagreements) == (0, [])
    assert "not supported" in found.not_checked[0]


def test_who_has_no_plan_is_left_out(tools, alice):
    tools.simulator = Evaluator()
    with tools.store.begin() as work:
        work.access.want(alice.id, None, None, ACCOUNT)
        work.commit()
    assert cross_check(tools, [alice.id]).asked == 0
