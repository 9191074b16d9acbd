"""Replay of what a user did against what it will have, as the principal it will be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.domain.coverage import NOTHING_ALLOWS, Coverage, Gap, cover
from migrator.domain.excess import unused_granted
from migrator.domain.policy.actors import identity_center_session
from migrator.domain.policy.evaluate import Policies
from migrator.domain.usage import UsageFact
from tests.unit.policy.strategies import SMALL
from tests.unit.policy.test_actions import CATALOGUE

NETWORK = "203.0.113.0/24"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SESSION = identity_center_session("111111111111", "Data", "alice@example.com")
KEY = "arn:aws:s3:::b/alice/k"


def a_fact(action: str | None = "s3:GetObject", resource: str = KEY, calls: int = 1, **more: Any) -> UsageFact:
    given: dict[str, Any] = {
        "principal": "arn:aws:iam::111111111111:user/alice",
        "account_id": "111111111111",
        "source": "s3.amazonaws.com",
        "event": "GetObject",
        "first": NOON,
        "last": NOON,
        **more,
    }
    return UsageFact(action=action, resource=resource, calls=calls, **given)


def allow(action: Any = "s3:*", resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    statement = {"Sid": "S", "Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def when(operator: str, key: str, value: str) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}})


def numbers(coverage: Coverage) -> tuple[int, int, int, int]:
    return coverage.calls, coverage.allowed, coverage.denied, coverage.unknown


ONE_ALLOWED, ONE_DENIED, ONE_UNKNOWN, NOTHING = (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (0, 0, 0, 0)

REPLAYED: list[tuple[str, dict[str, Any], UsageFact, tuple[int, int, int, int]]] = [
    ("allowed", allow(), a_fact(), ONE_ALLOWED),
    ("not allowed", allow("ec2:*"), a_fact(), ONE_DENIED),
    ("denied", allow(effect="Deny"), a_fact(), ONE_DENIED),
    ("elsewhere", allow(resource="arn:aws:s3:::other/*"), a_fact(), ONE_DENIED),
    ("refused then", allow("ec2:*"), a_fact(error="AccessDenied"), NOTHING),
    ("failed then, yet authorized", allow("ec2:*"), a_fact(error="NoSuchKey"), ONE_DENIED),
    ("unmapped", allow("*"), a_fact(None), ONE_UNKNOWN),
    ("sign-in", allow("ec2:*"), a_fact(None, "", source="signin.amazonaws.com", event="ConsoleLogin"), NOTHING),
    ("minting a session", allow("ec2:*"), a_fact("sts:GetSessionToken", ""), NOTHING),
    ("who am I", allow("ec2:*"), a_fact("sts:GetCallerIdentity", ""), ONE_ALLOWED),
    ("federation token", allow("*"), a_fact("sts:GetFederationToken", ""), ONE_DENIED),
    ("own password", allow("ec2:*"), a_fact("iam:ChangePassword", ""), NOTHING),
    ("resource not logged, any allowed", allow(), a_fact(resource=""), ONE_ALLOWED),
    ("resource not logged, some allowed", allow(resource="arn:aws:s3:::b/*"), a_fact(resource=""), ONE_UNKNOWN),
    ("resource logged as a name", allow(resource="arn:aws:s3:::b/*"), a_fact(resource="b"), ONE_UNKNOWN),
    ("resource not logged, other action", allow("ec2:*", "arn:aws:s3:::b/*"), a_fact(resource=""), ONE_DENIED),
    ("home folder by user name", allow(resource="arn:aws:s3:::b/${aws:username}/*"), a_fact(), ONE_DENIED),
    ("deny by user name", when("StringNotEquals", "aws:username", "x"), a_fact(), ONE_ALLOWED),
    ("user's tag", when("StringEquals", "aws:PrincipalTag/team", "d"), a_fact(), ONE_DENIED),
    ("MFA", when("Bool", "aws:MultiFactorAuthPresent", "true"), a_fact(), ONE_DENIED),
    ("MFA if present", when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"), a_fact(), ONE_UNKNOWN),
    ("recent MFA", when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"), a_fact(), ONE_DENIED),
    ("resource tag", when("StringEquals", "aws:ResourceTag/team", "d"), a_fact(), ONE_UNKNOWN),
    ("session name", when("StringLike", "aws:userid", "*:alice@example.com"), a_fact(), ONE_ALLOWED),
    ("another's session", when("StringLike", "aws:userid", "*:bob@example.com"), a_fact(), ONE_DENIED),
    (
        "address",
        when("IpAddress", "aws:SourceIp", NETWORK),
        a_fact(address="203.0.113.9"),
        ONE_ALLOWED,
    ),
    (
        "other address",
        when("IpAddress", "aws:SourceIp", NETWORK),
        a_fact(address="10.0.0.1"),
        ONE_DENIED,
    ),
    (
        "no address",
        when("IpAddress", "aws:SourceIp", NETWORK),
        a_fact(address="x.amazonaws.com"),
        ONE_UNKNOWN,
    ),
    (
        "region",
        when("StringEquals", "aws:RequestedRegion", "eu-west-1"),
        a_fact(region="eu-west-1"),
        ONE_ALLOWED,
    ),
    ("no region", when("StringEquals", "aws:RequestedRegion", "eu-west-1"), a_fact(), ONE_UNKNOWN),
    (
        "through a service",
        when("Bool", "aws:ViaAWSService", "true"),
        a_fact(via="athena.amazonaws.com"),
        ONE_ALLOWED,
    ),
    (
        "with a session token",
        when("Bool", "aws:ViaAWSService", "true"),
        a_fact(via="session"),
        ONE_DENIED,
    ),
    (
        "reserved role",
        when("ArnLike", "aws:PrincipalArn", "arn:*:iam::*:role/*/AWSReservedSSO_Data_*"),
        a_fact(),
        ONE_ALLOWED,
    ),
    (
        "the user's ARN",
        when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/alice"),
        a_fact(),
        ONE_DENIED,
    ),
    ("a date", when("DateLessThan", "aws:CurrentTime", "2026-06-01"), a_fact(), ONE_UNKNOWN),
]


@pytest.mark.parametrize(
    ("document", "fact", "expected"), [case[1:] for case in REPLAYED], ids=[case[0] for case in REPLAYED]
)
def test_a_call_is_replayed_as_the_new_principal(
    document: dict[str, Any], fact: UsageFact, expected: tuple[int, int, int, int]
) -> None:
    assert numbers(cover(Policies([document]), SESSION, [fact])) == expected


def test_calls_are_counted_not_facts() -> None:
    facts = [a_fact(calls=5), a_fact("ec2:RunInstances", "*", calls=3), a_fact(None, calls=2)]
    coverage = cover(Policies([allow()]), SESSION, facts)
    assert numbers(coverage) == (10, 5, 3, 2)
    assert coverage.percent == 50.0


def test_no_calls_give_no_percentage() -> None:
    assert cover(Policies(), SESSION, []).percent is None


def test_gaps_are_joined_by_action_and_resource_and_sorted() -> None:
    later = NOON + timedelta(days=2)
    facts = [
        a_fact("sqs:SendMessage", "arn:q", calls=2),
        a_fact("ec2:RunInstances", "", calls=1),
        a_fact("sqs:SendMessage", "arn:q", calls=3, last=later, address="10.0.0.1"),
    ]
    assert cover(Policies([allow()]), SESSION, facts).gaps == (
        Gap("ec2:RunInstances", "", 1, NOON),
        Gap("sqs:SendMessage", "arn:q", 5, later),
    )


def test_a_gap_names_the_smallest_statement_that_closes_it() -> None:
    gap = Gap("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q", 1, NOON, NOTHING_ALLOWS)
    closing = {"Version": "2012-10-17", "Statement": gap.statement}
    fact = a_fact(gap.action, gap.resource)
    assert numbers(cover(Policies([closing]), SESSION, [fact])) == ONE_ALLOWED
    denied = cover(Policies([allow(), allow(effect="Deny")]), SESSION, [a_fact()])
    assert [one.statement for one in denied.gaps] == [None]
    users_only = cover(Policies([allow("*")]), SESSION, [a_fact("sts:GetFederationToken", "")])
    assert [one.statement for one in users_only.gaps] == [None]
    bounded = cover(Policies([allow()], boundary=allow("ec2:*")), SESSION, [a_fact()])
    assert [(one.decision.layer, one.statement) for one in bounded.gaps] == [("boundary", None)]


def test_services_used_but_not_logged_are_one_unknown_call_each() -> None:
    coverage = cover(Policies([allow()]), SESSION, [a_fact()], not_logged=["dynamodb", "lambda", "lambda"])
    assert numbers(coverage) == (3, 1, 0, 2)
    assert [(doubt.what, doubt.why) for doubt in coverage.doubts] == [
        ("dynamodb", "last used, not logged"),
        ("lambda", "last used, not logged"),
    ]


def test_doubts_say_what_they_depend_on() -> None:
    tagged = when("StringEquals", "aws:ResourceTag/team", "d")
    doubts = cover(Policies([tagged]), SESSION, [a_fact(calls=2), a_fact(calls=3), a_fact(None)]).doubts
    assert [(doubt.what, doubt.calls, doubt.why) for doubt in doubts] == [
        ("s3.amazonaws.com:GetObject", 1, "unmapped"),
        ("s3:GetObject", 5, "depends on identity S"),
    ]


def test_dates_are_judged_at_the_moment_given() -> None:
    policies = Policies([when("DateLessThan", "aws:CurrentTime", "2026-06-01")])
    assert numbers(cover(policies, SESSION, [a_fact()], at=NOON)) == ONE_ALLOWED
    assert numbers(cover(policies, SESSION, [a_fact()], at=NOON + timedelta(days=60))) == ONE_DENIED


def test_a_condition_on_the_owner_is_known_from_the_resource() -> None:
    own = Policies([allow("*", Condition={"StringEquals": {"aws:ResourceAccount": "111111111111"}})])
    queue = a_fact("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:q")
    theirs = a_fact("sqs:SendMessage", "arn:aws:sqs:eu-west-1:222222222222:q")
    assert numbers(cover(own, SESSION, [queue, theirs, a_fact()])) == (3, 1, 1, 1)


def test_what_was_granted_and_never_used_is_listed() -> None:
    policies = Policies([allow(["s3:*", "iam:GetUser"])])
    facts = [a_fact("s3:GetObject"), a_fact("S3:LISTBUCKET"), a_fact("iam:GetUser", error="AccessDenied")]
    excess = unused_granted(policies, facts, CATALOGUE)
    assert excess.granted == 5
    assert excess.unused == ("iam:GetUser", "s3:GetObjectAcl", "s3:PutObject")
    assert excess.percent == 60.0
    assert unused_granted(Policies(), facts, CATALOGUE).percent is None


@SMALL
@given(st.lists(st.sampled_from([case[2] for case in REPLAYED])), st.sampled_from([case[1] for case in REPLAYED]))
def test_the_counts_always_add_up(facts: list[UsageFact], document: dict[str, Any]) -> None:
    coverage = cover(Policies([document]), SESSION, facts)
    assert coverage.calls == coverage.allowed + coverage.denied + coverage.unknown
    assert sum(gap.calls for gap in coverage.gaps) == coverage.denied
    assert sum(doubt.calls for doubt in coverage.doubts) == coverage.unknown
