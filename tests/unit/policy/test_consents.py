"""Policies of resources, when the user they name becomes a session."""

from typing import Any

import pytest

from migrator.domain.coverage import Coverage, cover
from migrator.domain.policy.actors import identity_center_session
from migrator.domain.policy.consents import GONE, Consents, guard_of, must_consent
from migrator.domain.policy.evaluate import Policies
from tests.unit.test_coverage import a_fact, allow, numbers

SESSION = identity_center_session("111111111111", "Data", "alice@example.com", region="eu-west-1")
USER = "arn:aws:iam::111111111111:user/alice"
ROOT = "arn:aws:iam::111111111111:root"
ROLE = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Data_*"
BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/alice/k"
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"
THEIR_QUEUE = "arn:aws:sqs:eu-west-1:222222222222:q"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1"
ON_CALL, THEIRS = "arn:aws:iam::111111111111:role/OnCall", "arn:aws:iam::222222222222:role/Audit"

GUARDS: list[tuple[str, str | None, str | None]] = [
    ("s3:GetObject", OBJECT, BUCKET),
    ("s3:ListBucket", BUCKET, BUCKET),
    ("s3:ListAllMyBuckets", "*", None),
    ("s3:GetObject", "arn:aws:s3:eu-west-1:111111111111:accesspoint/p/object/k", None),
    ("s3:GetObject", None, None),
    ("s3:GetObject", "bucket", None),
    ("sns:Unsubscribe", "arn:aws:sns:eu-west-1:1:topic:uuid", "arn:aws:sns:eu-west-1:1:topic"),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:f:7", "arn:aws:lambda:eu-west-1:1:function:f"),
    ("sqs:SendMessage", QUEUE, QUEUE),
    ("sts:AssumeRole", ON_CALL, ON_CALL),
    ("iam:GetRole", ON_CALL, None),
    ("ec2:StartInstances", "arn:aws:ec2:eu-west-1:1:instance/i-1", None),
]


@pytest.mark.parametrize(("action", "resource", "guard"), GUARDS)
def test_a_call_is_guarded_by_the_policy_of_what_it_touches(action: str, resource: str, guard: str | None) -> None:
    assert guard_of(action, resource) == guard


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("sqs:SendMessage", QUEUE, False),
        ("sqs:SendMessage", THEIR_QUEUE, True),
        ("kms:Decrypt", KEY, True),
        ("kms:ListKeys", "*", False),
        ("sts:AssumeRole", ON_CALL, True),
        ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:222222222222:subnet/shared", False),
        ("iam:AttachRolePolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", False),
    ],
)
def test_who_must_consent_besides_the_own_policies(action: str, resource: str, expected: bool) -> None:
    assert must_consent(action, resource, "111111111111") is expected


def policy(principal: Any, action: str = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return allow(action, "*", effect, Principal=principal, **more)


def spared(who: str) -> dict[str, Any]:
    statement = {"Sid": "Only", "Effect": "Deny", "NotPrincipal": {"AWS": who}, "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    document = policy(principal, "sts:AssumeRole", **more)
    del document["Statement"][0]["Resource"]
    return document


ALLOWED, DENIED, UNKNOWN = (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1)
ALL, NOTHING = allow("*"), allow("ec2:*")
NOT_READ = {"not": "read"}
JUDGED: list[tuple[str, dict[str, Any], str, str, Any, tuple[int, ...]]] = [
    ("no policy", ALL, "s3:GetObject", OBJECT, None, ALLOWED),
    ("bucket not read", ALL, "s3:GetObject", OBJECT, NOT_READ, UNKNOWN),
    ("own queue not read", ALL, "sqs:SendMessage", QUEUE, NOT_READ, ALLOWED),
    ("their queue not read", ALL, "sqs:SendMessage", THEIR_QUEUE, NOT_READ, UNKNOWN),
    ("not read and not allowed", NOTHING, "sqs:SendMessage", THEIR_QUEUE, NOT_READ, DENIED),
    ("only the policy granted, to the user", NOTHING, "s3:GetObject", OBJECT, policy({"AWS": USER}), DENIED),
    ("only the policy granted, to everybody", NOTHING, "s3:GetObject", OBJECT, policy("*"), ALLOWED),
    ("the account delegates", NOTHING, "s3:GetObject", OBJECT, policy({"AWS": ROOT}), DENIED),
    ("both grant", ALL, "s3:GetObject", OBJECT, policy({"AWS": USER}), ALLOWED),
    ("denied to the user", ALL, "s3:GetObject", OBJECT, policy({"AWS": USER}, effect="Deny"), ALLOWED),
    ("denied to all but the user", ALL, "s3:GetObject", OBJECT, spared(USER), DENIED),
    (
        "denied to other names",
        ALL,
        "s3:GetObject",
        OBJECT,
        policy("*", effect="Deny", Condition={"StringNotLike": {"aws:userid": "AIDAALICE"}}),
        DENIED,
    ),
    (
        "granted to the set's roles",
        NOTHING,
        "s3:GetObject",
        OBJECT,
        policy({"AWS": "*"}, Condition={"ArnLike": {"aws:PrincipalArn": ROLE}}),
        ALLOWED,
    ),
    (
        "depends on a tag",
        NOTHING,
        "s3:GetObject",
        OBJECT,
        policy("*", Condition={"StringEquals": {"s3:ExistingObjectTag/a": "b"}}),
        UNKNOWN,
    ),
    ("key: the account", ALL, "kms:Decrypt", KEY, policy({"AWS": ROOT}), ALLOWED),
    ("key: the user", ALL, "kms:Decrypt", KEY, policy({"AWS": USER}), DENIED),
    ("key: not read", ALL, "kms:Decrypt", KEY, NOT_READ, UNKNOWN),
    ("role: the account", ALL, "sts:AssumeRole", ON_CALL, trust({"AWS": ROOT}), ALLOWED),
    ("role: the user", ALL, "sts:AssumeRole", ON_CALL, trust({"AWS": USER}), DENIED),
    (
        "role: the account with MFA",
        ALL,
        "sts:AssumeRole",
        ON_CALL,
        trust({"AWS": ROOT}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        DENIED,
    ),
    ("their role: our account", ALL, "sts:AssumeRole", THEIRS, trust({"AWS": ROOT}), ALLOWED),
    ("their role: the user", ALL, "sts:AssumeRole", THEIRS, trust({"AWS": USER}), DENIED),
    ("their queue: the user", ALL, "sqs:SendMessage", THEIR_QUEUE, policy({"AWS": USER}), DENIED),
    ("their queue: our account", ALL, "sqs:SendMessage", THEIR_QUEUE, policy({"AWS": ROOT}), ALLOWED),
    ("their queue without a policy", ALL, "sqs:SendMessage", THEIR_QUEUE, None, DENIED),
    ("their queue, nothing of our own", NOTHING, "sqs:SendMessage", THEIR_QUEUE, policy("*"), DENIED),
    ("a key that is gone", ALL, "kms:Decrypt", KEY, GONE, ALLOWED),
    ("a role that is gone, and nothing of our own", NOTHING, "sts:AssumeRole", ON_CALL, GONE, DENIED),
    ("cannot be understood", ALL, "kms:Decrypt", KEY, {"Statement": "?"}, UNKNOWN),
]


def judged(own: dict[str, Any], action: str, resource: str, found: Any, **more: Any) -> Coverage:
    read = {} if found is NOT_READ else {guard_of(action, resource) or "": found}
    fact = a_fact(action, resource)
    return cover(Policies([own], **more), SESSION, [fact], consents=Consents(read))


@pytest.mark.parametrize(
    ("own", "action", "resource", "found", "expected"), [one[1:] for one in JUDGED], ids=[one[0] for one in JUDGED]
)
def test_the_resource_is_asked_too(
    own: dict[str, Any], action: str, resource: str, found: Any, expected: tuple[int, ...]
) -> None:
    assert numbers(judged(own, action, resource, found)) == expected


CLOSED = [
    ("kms:Decrypt", KEY, policy({"AWS": USER})),
    ("sts:AssumeRole", ON_CALL, trust({"AWS": USER})),
    ("sts:AssumeRole", THEIRS, trust({"AWS": USER})),
    ("sqs:SendMessage", THEIR_QUEUE, policy({"AWS": USER})),
]


@pytest.mark.parametrize(("action", "resource", "found"), CLOSED, ids=[one[1] for one in CLOSED])
def test_a_gap_names_the_statement_that_the_resource_lacks(action: str, resource: str, found: dict[str, Any]) -> None:
    (gap,) = judged(ALL, action, resource, found).gaps
    assert gap.guard == resource
    assert gap.why == f"policy of {resource}: no statement allows it"
    closed = {**found, "Statement": [*found["Statement"], gap.statement]}
    assert numbers(judged(ALL, action, resource, closed)) == ALLOWED


def test_a_denying_resource_has_no_statement_that_closes_it() -> None:
    (gap,) = judged(ALL, "s3:GetObject", OBJECT, spared(USER)).gaps
    assert (gap.statement, gap.why) == (None, "policy of arn:aws:s3:::b: Only denies it")


def test_what_is_not_read_is_told() -> None:
    (doubt,) = judged(ALL, "kms:Decrypt", KEY, NOT_READ).doubts
    assert doubt.why == f"the policy of {KEY} decides, which was not read"


def test_a_boundary_may_stop_what_a_resource_grants() -> None:
    grants = policy("*")
    assert numbers(judged(NOTHING, "s3:GetObject", OBJECT, grants, boundary=allow("ec2:*"))) == UNKNOWN
    assert numbers(judged(allow("*", effect="Deny"), "s3:GetObject", OBJECT, grants)) == DENIED


def test_a_resource_never_lifts_a_doubt_of_the_own_policies() -> None:
    tagged = allow(Condition={"StringEquals": {"aws:ResourceTag/a": "b"}})
    assert numbers(judged(tagged, "s3:GetObject", OBJECT, None)) == UNKNOWN
    assert numbers(judged(tagged, "s3:GetObject", OBJECT, spared(USER))) == DENIED
