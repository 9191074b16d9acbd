"""Which permission set that exists a user gets: equal first, else the smallest that covers, never a way to more."""

from datetime import timedelta
from typing import Any

import pytest

from migrator.domain.existing import Candidate, Offer, choose, content_of, same_content
from migrator.domain.policy.actors import identity_center_session
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.usage import UsageFact
from tests.unit.dossiers import ACCOUNT, NOW

QUEUES = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"


class Catalogue:
    """A cloud of three services."""

    def services(self) -> tuple[str, ...]:
        return ("iam", "s3", "sqs")

    def actions(self, service: str) -> tuple[str, ...]:
        names = {"s3": ("GetObject", "ListBucket", "PutObject"), "iam": ("CreateUser", "PutUserPolicy")}
        return names.get(service, ("ListQueues", "SendMessage"))


def a_document(*actions: str, **rest: Any):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*", **rest}],
    }


def a_call(action: str | None, **changes: Any):
    seen = NOW - timedelta(days=1)
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    facts = {"principal": arn, "account_id": ACCOUNT, "source": "s3.amazonaws.com", "event": "Any", "action": action}
    return UsageFact(**{**facts, "resource": "", "calls": 1, "first": seen, "last": seen, **changes})


def a_candidate(name: str, *actions: str, **rest: Any):
    document = a_document(*actions, **rest)
    actor = identity_center_session(ACCOUNT, name, "alice@example.com")
    return Candidate(Offer(PermissionSetSpec(name, inline_policy=document)), Policies([document]), actor)


READ = a_candidate("read", "s3:GetObject")
WORK = a_candidate("work", "s3:GetObject", "s3:PutObject")
ALL = a_candidate("all-s3", "s3:*")
QUEUE = a_candidate("queues", "sqs:*")
ADMIN = a_candidate("admin", "*")
DATED = a_candidate("from-home", "s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}})
TAGGED = a_candidate("known-only", "s3:GetObject", Condition={"StringEquals": {"identitystore:UserId": "x"}})
GET, PUT = a_call("s3:GetObject"), a_call("s3:PutObject")
USER = a_document("s3:Get*", "s3:PutObject", "s3:ListBucket")


def chosen(candidates, calls, wanted=None, today=USER):
    spec = PermissionSetSpec("set", inline_policy=wanted or a_document("s3:Get*"))
    found = choose(candidates, spec, Policies([today]), calls, Catalogue(), NOW)
    return found.spec.name if found else None


CHOICES = {
    "the smallest that covers": ([ALL, WORK, READ, QUEUE], [GET], "read"),
    "every call counts": ([ALL, WORK, READ, QUEUE], [GET, PUT], "work"),
    "the same from any order": ([QUEUE, READ, ALL, WORK], [PUT, GET], "work"),
    "of equals the first by name": ([a_candidate("b", "s3:GetObject"), a_candidate("a", "s3:GetObject")], [GET], "a"),
    "none that covers": ([QUEUE, READ], [GET, PUT], None),
    "none at all": ([], [GET], None),
    "nothing to judge by": ([READ, ALL], [], None),
    "a call that needs no permission says nothing": ([READ], [a_call("sts:GetCallerIdentity")], None),
    "refused calls need no cover": ([READ], [GET, a_call("s3:PutObject", error="AccessDenied")], "read"),
    "an event without an action is no obstacle": ([READ], [GET, a_call(None)], "read"),
    "a condition that does not hold does not cover": ([DATED, ALL], [GET], "all-s3"),
    "a condition nobody can judge does not cover": ([TAGGED, ALL], [GET], "all-s3"),
}


@pytest.mark.parametrize(("candidates", "calls", "name"), CHOICES.values(), ids=CHOICES)
def test_the_choice(candidates, calls, name):
    assert chosen(candidates, calls) == name


def test_equal_content_wins_over_a_smaller_set():
    assert chosen([READ, WORK], [GET], wanted=a_document("S3:PutObject", "s3:GetObject")) == "work"


def test_equal_content_needs_no_calls():
    assert chosen([READ, WORK], [], wanted=a_document("s3:GetObject")) == "read"


def test_a_set_that_opens_new_ways_to_more_access_is_not_chosen():
    assert chosen([ADMIN], [GET]) is None
    assert chosen([ADMIN, ALL], [GET]) == "all-s3"


def test_an_administrator_may_stay_one():
    assert chosen([ADMIN], [GET], today=a_document("*")) == "admin"


DIFFERENCES = {
    "managed": {"managed_policies": (QUEUES,)},
    "customer": {"customer_policies": ("/Own",)},
    "boundary": {"boundary": QUEUES},
    "inline": {"inline_policy": a_document("s3:GetObject")},
}


@pytest.mark.parametrize("changes", DIFFERENCES.values(), ids=DIFFERENCES)
def test_content_is_all_that_grants_or_bounds(changes):
    plain = PermissionSetSpec("a", inline_policy=a_document("sqs:*"))
    other = PermissionSetSpec("b", **{"inline_policy": a_document("sqs:*"), **changes})
    assert not same_content(plain, other)
    assert content_of(plain) != content_of(other)


def test_content_is_not_how_a_set_is_called_or_described():
    one = PermissionSetSpec("a", a_document("sqs:*"), (QUEUES, "x"), tags={"Owner": "data"}, session_duration="PT1H")
    other = PermissionSetSpec("b", a_document("SQS:*"), ("x", QUEUES), description="by hand")
    assert same_content(one, other)


def test_an_offer_names_every_policy_one_must_know():
    spec = PermissionSetSpec("a", managed_policies=(QUEUES,), customer_policies=("/Own",), boundary="/Limits")
    assert Offer(spec).named == {QUEUES, "/Own", "/Limits"}
