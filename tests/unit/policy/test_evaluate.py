"""Whole decisions: which result, which statement, which layer."""

from typing import Any

import pytest

from migrator.domain.policy.evaluate import Decision, Policies, Request, decide

ALICE = "arn:aws:iam::111111111111:user/alice"
FULL = {"Version": "2012-10-17", "Statement": {"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"}}


def statement(**elements: Any) -> dict[str, Any]:
    given = {"Sid": "S", "Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return {key: value for key, value in given.items() if value is not None}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", sid: str = "Yes", **more: Any) -> dict[str, Any]:
    return document(statement(Sid=sid, Action=action, Resource=resource, **more))


def deny(action: Any, resource: Any = "*", sid: str = "No", **more: Any) -> dict[str, Any]:
    return document(statement(Sid=sid, Effect="Deny", Action=action, Resource=resource, **more))


def ask(policies: Policies, action: str = "s3:GetObject", resource: str | None = "*", **rest: Any) -> Decision:
    return decide(policies, Request(rest.pop("principal", ALICE), action, resource, **rest))


ACTIONS = [
    ("s3:GetObject", "s3:GetObject", True),
    ("s3:getobject", "S3:GETOBJECT", True),
    ("s3:Get*", "s3:GetObject", True),
    ("s3:*", "s3:GetObject", True),
    ("*", "s3:GetObject", True),
    ("*:*", "s3:GetObject", True),
    ("s3:*Object", "s3:GetObject", True),
    ("s3:*Object", "s3:GetObjectAcl", False),
    ("s3:Get?bject", "s3:GetObject", True),
    ("s3:Get?bject", "s3:Getbject", False),
    ("s3:G*O*t", "s3:GetObject", True),
    ("s3:G*O*t", "s3:GetBucketPolicyStatus", False),
    ("s3:GetObject", "s3:GetObjectAcl", False),
    ("s3:GetObject", "ec2:GetObject", False),
    ("s*:GetObject", "s3:GetObject", True),
    ("*:Get*", "iam:GetUser", True),
    ("*:Get*", "iam:ListUsers", False),
    ("s3:*", "s3express:CreateSession", False),
    (["iam:*", "s3:List*"], "s3:ListBucket", True),
]


@pytest.mark.parametrize(("pattern", "action", "matches"), ACTIONS)
def test_actions_match_in_any_case_and_with_wildcards(pattern: Any, action: str, matches: bool) -> None:
    expected = Decision("allowed", "Yes", "identity") if matches else Decision("implicitly_denied")
    assert ask(Policies([allow(pattern)]), action) == expected
    opposite = document(statement(Action=None, NotAction=pattern))
    assert ask(Policies([opposite]), action).result == ("implicitly_denied" if matches else "allowed")


RESOURCES = [
    ("*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::b/*", "*", False),
    ("arn:aws:s3:::B/*", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::b/k?", "arn:aws:s3:::b/k1", True),
    ("arn:aws:s3:::b/k?", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::*/k", "arn:aws:s3:::b/c:d/k", True),
    ("arn:*:k", "arn:aws:sqs:eu-west-1:111111111111:k", True),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::b/${?}", "arn:aws:s3:::b/?", True),
    ("arn:aws:s3:::b/${$}{x}", "arn:aws:s3:::b/${x}", True),
    (["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"], "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/*\n", "arn:aws:s3:::b/k\n", True),
]


@pytest.mark.parametrize(("pattern", "resource", "matches"), RESOURCES)
def test_resources_match_in_their_own_case_and_across_colons(pattern: Any, resource: str, matches: bool) -> None:
    assert ask(Policies([allow("*", pattern)]), resource=resource).result == (
        "allowed" if matches else "implicitly_denied"
    )
    opposite = document(statement(Resource=None, NotResource=pattern))
    assert ask(Policies([opposite]), resource=resource).result == ("implicitly_denied" if matches else "allowed")


VARIABLES = [
    ("arn:aws:s3:::b/${aws:username}/*", {"aws:username": "alice"}, "allowed"),
    ("arn:aws:s3:::b/${AWS:UserName}/*", {"aws:username": "alice"}, "allowed"),
    ("arn:aws:s3:::b/${ aws:username }/*", {"AWS:USERNAME": "alice"}, "allowed"),
    ("arn:aws:s3:::b/${aws:username}/*", {"aws:username": "bob"}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:username}/*", {"aws:username": "*"}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:username}/*", {}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:username}*", {"aws:username": ""}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:username, 'alice'}/*", {"aws:username": ""}, "allowed"),
    ("arn:aws:s3:::b/${aws:username, 'alice'}/*", {}, "allowed"),
    ("arn:aws:s3:::b/${aws:username,'alice'}/*", {"aws:username": "bob"}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:username}/*", {"aws:username": ["alice", "bob"]}, "implicitly_denied"),
    ("arn:aws:s3:::b/${}/*", {}, "implicitly_denied"),
    ("arn:aws:s3:::b/${aws:PrincipalTag/Team}/*", {"aws:principaltag/team": "alice"}, "allowed"),
]


@pytest.mark.parametrize(("pattern", "context", "result"), VARIABLES)
def test_variables_stand_for_the_value_of_a_key(pattern: str, context: dict[str, Any], result: str) -> None:
    assert ask(Policies([allow("*", pattern)]), resource="arn:aws:s3:::b/alice/k", context=context).result == result


def test_documents_of_2008_do_not_substitute_variables() -> None:
    old = document(statement(Resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    context = {"aws:username": "alice"}
    assert ask(Policies([old]), resource="arn:aws:s3:::b/alice", context=context).result == "implicitly_denied"
    assert ask(Policies([old]), resource="arn:aws:s3:::b/${aws:username}", context=context).result == "allowed"
    unversioned = {"Statement": statement(Resource="arn:aws:s3:::b/${aws:username}")}
    assert ask(Policies([unversioned]), resource="arn:aws:s3:::b/alice", context=context).result == "implicitly_denied"


@pytest.mark.parametrize(
    ("text", "resource", "matches"),
    [
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:1:q", True),
        ("arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-1:1:q", True),
        ("arn:aws:sqs:eu-west-1", "arn:aws:sqs:us-east-1:1:q", False),
        ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:eu-west-1:1:q:x", False),
        ("arn:aws:sq", "arn:aws:sqs:eu-west-1:1:q", False),
    ],
)
def test_incomplete_arns_are_completed_in_identity_policies(text: str, resource: str, matches: bool) -> None:
    assert ask(Policies([allow("*", text)]), resource=resource).result == (
        "allowed" if matches else "implicitly_denied"
    )
    everyone = allow("*", "arn:aws:sqs", Principal="*")
    assert ask(Policies(resource=everyone), resource="arn:aws:sqs:eu-west-1:1:q").result == "implicitly_denied"


def test_a_not_resource_without_its_value_is_read_carefully() -> None:
    spared = "arn:aws:s3:::b/${aws:username}/*"
    allowing = Policies([document(statement(Resource=None, NotResource=spared))])
    denying = Policies([FULL, document(statement(Sid="No", Effect="Deny", Resource=None, NotResource=spared))])
    theirs = "arn:aws:s3:::b/bob/k"
    assert ask(allowing, resource=theirs).result == "implicitly_denied"
    assert ask(denying, resource=theirs).result == "explicitly_denied"
    alice = {"aws:username": "alice"}
    assert ask(allowing, resource=theirs, context=alice).result == "allowed"
    assert ask(denying, resource=theirs, context=alice).result == "explicitly_denied"
    unknown = frozenset({"aws:username"})
    assert ask(allowing, resource=theirs, unknown_keys=unknown).result == "unknown"
    assert ask(denying, resource=theirs, unknown_keys=unknown).result == "unknown"
    assert ask(denying, resource="arn:aws:sqs:::q", unknown_keys=unknown).result == "explicitly_denied"


LAYERS: list[tuple[str, Policies, Decision]] = [
    ("nothing", Policies(), Decision("implicitly_denied")),
    ("identity allows", Policies([FULL]), Decision("allowed", "Full", "identity")),
    ("deny wins", Policies([FULL, deny("s3:*")]), Decision("explicitly_denied", "No", "identity")),
    ("deny elsewhere", Policies([FULL, deny("ec2:*")]), Decision("allowed", "Full", "identity")),
    ("boundary allows", Policies([FULL], boundary=allow("s3:*")), Decision("allowed", "Full", "identity")),
    ("boundary is silent", Policies([FULL], boundary=allow("ec2:*")), Decision("implicitly_denied", None, "boundary")),
    ("boundary denies", Policies([FULL], boundary=deny("s3:*")), Decision("explicitly_denied", "No", "boundary")),
    ("boundary alone", Policies([], boundary=FULL), Decision("implicitly_denied")),
    ("every SCP level allows", Policies([FULL], scp=[[FULL], [FULL]]), Decision("allowed", "Full", "identity")),
    (
        "one SCP level is silent",
        Policies([FULL], scp=[[FULL], [allow("ec2:*")]]),
        Decision("implicitly_denied", None, "scp"),
    ),
    ("an SCP level is empty", Policies([FULL], scp=[[FULL], []]), Decision("implicitly_denied", None, "scp")),
    ("an SCP denies", Policies([FULL], scp=[[FULL, deny("s3:*")]]), Decision("explicitly_denied", "No", "scp")),
    ("an SCP grants nothing", Policies([], scp=[[FULL]]), Decision("implicitly_denied")),
    ("no SCP levels", Policies([FULL], scp=[]), Decision("allowed", "Full", "identity")),
    ("session is silent", Policies([FULL], session=[allow("ec2:*")]), Decision("implicitly_denied", None, "session")),
    ("session allows", Policies([FULL], session=[allow("s3:*")]), Decision("allowed", "Full", "identity")),
    (
        "RCP denies",
        Policies([FULL], rcp=[[FULL, deny("s3:*", Principal="*")]]),
        Decision("explicitly_denied", "No", "rcp"),
    ),
]


@pytest.mark.parametrize(("policies", "expected"), [case[1:] for case in LAYERS], ids=[case[0] for case in LAYERS])
def test_layers_must_all_allow_and_any_may_deny(policies: Policies, expected: Decision) -> None:
    assert ask(policies) == expected


def test_statements_without_sid_are_named_by_their_place_and_their_document() -> None:
    unnamed = document(statement(Sid=None, Action="ec2:*"), statement(Sid=None))
    assert ask(Policies([unnamed])).statement == "Statement[1]"


UNKNOWN_TEAM: dict[str, Any] = {"StringEquals": {"aws:PrincipalTag/team": "a"}}
UNKNOWN = [
    ("allow depends", Policies([allow("*", Condition=UNKNOWN_TEAM)]), Decision("unknown", "Yes", "identity")),
    ("another allows", Policies([allow("*", Condition=UNKNOWN_TEAM), FULL]), Decision("allowed", "Full", "identity")),
    ("deny depends", Policies([FULL, deny("*", Condition=UNKNOWN_TEAM)]), Decision("unknown", "No", "identity")),
    ("denied anyway", Policies([deny("*", Condition=UNKNOWN_TEAM)]), Decision("implicitly_denied")),
    (
        "another denies",
        Policies([allow("*", Condition=UNKNOWN_TEAM), deny("*")]),
        Decision("explicitly_denied", "No", "identity"),
    ),
    (
        "boundary depends",
        Policies([FULL], boundary=allow("*", Condition=UNKNOWN_TEAM)),
        Decision("unknown", "Yes", "boundary"),
    ),
    ("elsewhere", Policies([allow("*", "arn:aws:s3:::c/${aws:PrincipalTag/team}")]), Decision("implicitly_denied")),
    (
        "perhaps here",
        Policies([allow("*", "arn:aws:s3:::b/${aws:PrincipalTag/team}")]),
        Decision("unknown", "Yes", "identity"),
    ),
    (
        "another condition fails",
        Policies([allow("*", Condition={**UNKNOWN_TEAM, "Bool": {"aws:SecureTransport": "true"}})]),
        Decision("implicitly_denied"),
    ),
]


@pytest.mark.parametrize(("policies", "expected"), [case[1:] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN])
def test_an_unknown_key_makes_the_decision_unknown_only_where_it_matters(
    policies: Policies, expected: Decision
) -> None:
    unknown = frozenset({"AWS:PrincipalTag/team"})
    assert ask(policies, resource="arn:aws:s3:::b/k", unknown_keys=unknown) == expected


def test_an_unknown_resource_is_covered_only_by_statements_for_every_resource() -> None:
    assert ask(Policies([allow("*")]), resource=None).result == "allowed"
    assert ask(Policies([allow("*", "arn:aws:s3:::b/*")]), resource=None).result == "unknown"
    assert ask(Policies([FULL, deny("*", "arn:aws:s3:::b/*")]), resource=None).result == "unknown"
    assert (
        ask(Policies([document(statement(Resource=None, NotResource="*"))]), resource=None).result
        == "implicitly_denied"
    )
    assert ask(Policies([document(statement(Resource=None, NotResource="arn:x"))]), resource=None).result == "unknown"


def test_a_known_value_beats_its_mention_among_the_unknown_keys() -> None:
    policies = Policies([allow("*", Condition=UNKNOWN_TEAM)])
    known = {"context": {"aws:PrincipalTag/team": "a"}, "unknown_keys": frozenset({"aws:principaltag/team"})}
    assert ask(policies, **known).result == "allowed"
