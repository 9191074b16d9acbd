"""Access lost and gained, and statements that come to mean something else under Identity Center."""

from typing import Any

import pytest

from migrator.domain.policy.actors import iam_user, identity_center_session
from migrator.domain.policy.compare import View, compare
from migrator.domain.policy.evaluate import Policies, Request, Result, decide
from migrator.domain.policy.meaning import ChangeOfMeaning, Successor, changes_of_meaning

ARN = "arn:aws:iam::111111111111:user/team/alice"
USER = iam_user(ARN, "AIDAALICE", {"Team": "data"}, organization="o-1")
SESSION = identity_center_session("111111111111", "Data", "alice@example.com", region="eu-west-1", organization="o-1")
HEIR = Successor("alice", ARN, "alice@example.com", "Data", {"Team": "data"})


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect: str = "Allow", action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Sid": "S", "Effect": effect, "Action": action, "Resource": resource, **more}


def test_an_iam_user_carries_its_name_id_and_tags() -> None:
    request = USER.request("s3:GetObject", "*", ["aws:username", "aws:principaltag/other", "aws:sourceip"])
    assert request.lookup("aws:username") == ("alice",)
    assert request.lookup("aws:userid") == ("AIDAALICE",)
    assert request.lookup("aws:principaltag/team") == ("data",)
    assert request.lookup("aws:principaltag/other") == ()
    assert request.lookup("aws:sourceip") is None
    assert request.lookup("aws:principalaccount") == ("111111111111",)


def test_a_session_is_a_reserved_role_without_user_name_or_tags() -> None:
    keys = ["aws:username", "aws:principaltag/team", "aws:multifactorauthpresent"]
    request = SESSION.request("s3:GetObject", "*", keys)
    role = "AWSReservedSSO_Data_0000000000000000"
    assert request.principal == f"arn:aws:sts::111111111111:assumed-role/{role}/alice@example.com"
    assert request.lookup("aws:principalarn") == (
        f"arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/{role}",
    )
    assert request.lookup("aws:userid") == ("AROAXXXXXXXXXXXXXXXXX:alice@example.com",)
    assert request.lookup("aws:principaltype") == ("AssumedRole",)
    assert request.lookup("aws:username") == ()
    assert request.lookup("aws:principaltag/team") == ()
    assert request.lookup("aws:multifactorauthpresent") is None


def test_reserved_roles_of_us_east_1_have_no_region_in_their_path() -> None:
    session = identity_center_session("111111111111", "Data", "a", partition="aws-us-gov", attributes={"Team": "x"})
    assert session.context["aws:principalarn"] == (
        "arn:aws-us-gov:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Data_0000000000000000"
    )
    assert session.context["aws:principaltag/team"] == "x"


def test_what_a_request_says_beats_what_the_actor_says() -> None:
    request = USER.request("s3:GetObject", "*", ["AWS:SourceIp"], {"AWS:UserName": "bob", "aws:sourceip": "10.0.0.1"})
    assert request.lookup("aws:username") == ("bob",)
    assert request.lookup("aws:sourceip") == ("10.0.0.1",)


def test_lost_gained_and_unknown_are_told_apart() -> None:
    before = View(USER, Policies([document(statement(), statement(action="ec2:RunInstances"))]))
    mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    after = View(
        SESSION,
        Policies([document(statement(), statement(action="iam:GetUser"), statement(action="sqs:*", Condition=mfa))]),
    )
    accesses: list[tuple[str, str | None]] = [
        (action, None)
        for action in ("s3:GetObject", "ec2:RunInstances", "iam:GetUser", "sqs:SendMessage", "kms:Sign", "iam:GetUser")
    ]
    found = compare(before, after, accesses)
    assert [access.action for access in found.lost] == ["ec2:RunInstances"]
    assert [access.action for access in found.gained] == ["iam:GetUser"]
    assert [access.action for access in found.unknown] == ["sqs:SendMessage"]
    assert found.lost[0].before.result is Result.ALLOWED


def test_the_same_statement_is_lost_to_the_session_where_it_names_the_user() -> None:
    home = Policies([document(statement(resource="arn:aws:s3:::home/${aws:username}/*"))])
    found = compare(View(USER, home), View(SESSION, home), [("s3:GetObject", "arn:aws:s3:::home/alice/x")])
    assert len(found.lost) == 1


MFA = "aws:MultiFactorAuthPresent"
OF_MFA: list[tuple[str, dict[str, Any], Result]] = [
    ("Allow", {"Bool": {MFA: "true"}}, Result.IMPLICITLY_DENIED),
    ("Allow", {"BoolIfExists": {MFA: "true"}}, Result.UNKNOWN),
    ("Allow", {"Bool": {MFA: "false"}}, Result.UNKNOWN),
    ("Allow", {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, Result.IMPLICITLY_DENIED),
    ("Deny", {"BoolIfExists": {MFA: "false"}}, Result.EXPLICITLY_DENIED),
    ("Deny", {"Bool": {MFA: "false"}}, Result.UNKNOWN),
    ("Deny", {"Bool": {MFA: "true"}}, Result.ALLOWED),
    ("Deny", {"Null": {MFA: "true"}}, Result.UNKNOWN),
    ("Deny", {"Null": {"aws:MultiFactorAuthAge": "true"}}, Result.EXPLICITLY_DENIED),
]


@pytest.mark.parametrize(("effect", "condition", "expected"), OF_MFA)
def test_no_session_tells_of_mfa_at_the_portal(effect: str, condition: dict[str, Any], expected: Result) -> None:
    also = [statement()] if effect == "Deny" else []
    policies = Policies([document(*also, statement(effect, Condition=condition))])
    assert View(SESSION, policies).decide("s3:GetObject", "arn:aws:s3:::b/k").result is expected


def test_a_refusal_either_way_is_a_refusal() -> None:
    denied = statement("Deny", Condition={"Bool": {MFA: "false"}})
    policies = Policies([document(statement(action="ec2:*"), denied)])
    assert View(SESSION, policies).decide("s3:GetObject", "*").result is Result.EXPLICITLY_DENIED


def test_nothing_differs_from_itself() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    view = View(USER, Policies([document(statement(Condition=mfa))]))
    found = compare(view, view, [("s3:GetObject", None), ("ec2:RunInstances", None)])
    assert (found.lost, found.gained, found.unknown) == ((), (), ())


def changes(*statements: dict[str, Any], heir: Successor | None = HEIR) -> list[ChangeOfMeaning]:
    return list(changes_of_meaning([document(*statements)], heir))


UNCHANGED = [
    statement(),
    statement(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    statement(Condition={"StringEquals": {"aws:PrincipalAccount": "111111111111"}}),
    statement(resource="arn:aws:s3:::b/${aws:PrincipalAccount}"),
    statement(Condition={"NumericLessThan": {"s3:max-keys": "${aws:username}"}}),
]


@pytest.mark.parametrize("unchanged", UNCHANGED)
def test_other_statements_keep_their_meaning(unchanged: dict[str, Any]) -> None:
    assert changes(unchanged) == []


def test_documents_of_2008_have_no_variables_to_lose() -> None:
    old = {"Version": "2008-10-17", "Statement": statement(resource="arn:aws:s3:::home/${aws:username}/*")}
    assert changes_of_meaning([old], HEIR) == ()


def test_a_home_folder_is_rewritten_with_the_name_it_had() -> None:
    home = statement(
        resource=["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::x/${aws:PrincipalAccount}"],
        Condition={"StringLike": {"s3:prefix": ["${ AWS:Username , 'x'}/*"]}},
    )
    found = changes(home)
    assert [change.key for change in found] == ["aws:username"]
    assert "no resource" in found[0].why
    assert found[0].rewrite == {
        **home,
        "Resource": ["arn:aws:s3:::home/alice/*", "arn:aws:s3:::x/${aws:PrincipalAccount}"],
        "Condition": {"StringLike": {"s3:prefix": ["alice/*"]}},
    }
    rewritten = Policies([document(dict(found[0].rewrite or {}))])
    context = {"s3:prefix": "alice/x"}
    request = SESSION.request("s3:GetObject", "arn:aws:s3:::home/alice/x", rewritten.keys, context)
    assert decide(rewritten, request).result is Result.ALLOWED


def test_without_a_name_there_is_no_rewrite() -> None:
    found = changes(statement(resource="arn:aws:s3:::home/${aws:username}/*"), heir=None)
    assert [(change.statement, change.rewrite, change.drop) for change in found] == [("S", None, False)]


def test_tags_of_the_user_are_put_in_where_they_are_known() -> None:
    found = changes(statement(resource="arn:aws:s3:::b/${aws:PrincipalTag/team}/*"))
    assert found[0].rewrite is not None
    assert found[0].rewrite["Resource"] == "arn:aws:s3:::b/data/*"
    unknown = changes(statement(resource="arn:aws:s3:::b/${aws:PrincipalTag/other}/*"))
    assert [change.rewrite for change in unknown] == [None]


SELF_SERVICE = [
    statement(action=["iam:*AccessKey*", "iam:GetUser"], resource="arn:aws:iam::*:user/${aws:username}"),
    statement(action="iam:ChangePassword", resource="arn:aws:iam::111111111111:user/${aws:username}"),
    statement(action="iam:CreateVirtualMFADevice", resource="arn:aws:iam::*:mfa/${aws:username}"),
    statement(action="iam:UploadSSHPublicKey", resource=["arn:aws:iam::*:user/${AWS:username}"]),
]


@pytest.mark.parametrize("own", SELF_SERVICE)
def test_self_service_can_be_dropped(own: dict[str, Any]) -> None:
    found = changes(own)
    assert [(change.key, change.drop) for change in found] == [("aws:username", True)]


@pytest.mark.parametrize(
    "other",
    [
        statement("Deny", "iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}"),
        statement(action=["iam:*AccessKey*", "s3:*"], resource="arn:aws:iam::*:user/${aws:username}"),
        statement(action="iam:*AccessKey*", resource=["arn:aws:iam::*:user/${aws:username}", "*"]),
    ],
)
def test_what_is_more_than_self_service_is_not_dropped(other: dict[str, Any]) -> None:
    assert [change.drop for change in changes(other)] == [False]


CONDITIONS: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "never holds",
        "Allow",
        {"StringEquals": {"aws:username": "alice"}},
        "StringEquals will never hold, so the statement allows nothing",
    ),
    (
        "always holds",
        "Deny",
        {"StringNotEquals": {"aws:username": "alice"}},
        "will always hold, so the statement denies whatever the value was",
    ),
    ("exists", "Allow", {"StringEqualsIfExists": {"aws:username": "a"}}, "will always hold"),
    ("null", "Allow", {"Null": {"aws:username": "true"}}, "Null will always hold"),
    ("not null", "Allow", {"Null": {"aws:PrincipalTag/team": "false"}}, "Null will never hold"),
    ("tag", "Deny", {"StringNotLike": {"aws:PrincipalTag/team": "d*"}}, "session tags only"),
    ("type", "Allow", {"StringEquals": {"aws:PrincipalType": "User"}}, "becomes AssumedRole"),
    ("id", "Allow", {"StringEquals": {"aws:userid": "AIDAALICE"}}, "becomes AROA"),
    ("issue", "Allow", {"Null": {"aws:TokenIssueTime": "true"}}, "every session is temporary"),
    ("mfa", "Allow", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "may allow nothing"),
    ("mfa deny", "Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, "may deny every session"),
    ("age", "Allow", {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, "portal"),
]


@pytest.mark.parametrize(
    ("effect", "condition", "says"), [case[1:] for case in CONDITIONS], ids=[c[0] for c in CONDITIONS]
)
def test_conditions_on_the_principal_say_what_becomes_of_them(
    effect: str, condition: dict[str, Any], says: str
) -> None:
    found = changes(statement(effect, Condition=condition))
    assert len(found) == 1
    assert says in found[0].why
    assert found[0].key == next(iter(next(iter(condition.values()))))


def test_a_condition_on_the_name_becomes_one_on_the_session() -> None:
    found = changes(statement(Condition={"StringEquals": {"aws:username": "alice", "a": "b"}}))
    rewrite = dict(found[0].rewrite or {})
    assert rewrite["Condition"] == {"StringEquals": {"a": "b"}, "StringLike": {"aws:userid": "*:alice@example.com"}}
    policies = Policies([document(rewrite)])
    request = SESSION.request("s3:GetObject", "*", policies.keys, {"a": "b"})
    assert decide(policies, request).result is Result.ALLOWED


def test_a_denial_of_everyone_else_keeps_sparing_the_same_person() -> None:
    other = statement("Deny", Condition={"ArnNotEquals": {"aws:PrincipalArn": ARN}})
    rewrite = dict(changes(other)[0].rewrite or {})
    policies = Policies([document(statement(), rewrite)])
    assert decide(policies, SESSION.request("s3:GetObject", "*", policies.keys)).result is Result.ALLOWED
    stranger = identity_center_session("111111111111", "Ops", "bob@example.com")
    assert decide(policies, stranger.request("s3:GetObject", "*", policies.keys)).result is Result.EXPLICITLY_DENIED


def test_mfa_conditions_are_left_to_the_portal() -> None:
    allowing = changes(statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    assert allowing[0].rewrite == statement()
    two = {"Bool": {"aws:MultiFactorAuthPresent": "true", "aws:SecureTransport": "true"}}
    assert changes(statement(Condition=two))[0].rewrite == statement(
        Condition={"Bool": {"aws:SecureTransport": "true"}}
    )
    denying = changes(statement("Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    assert denying[0].drop


def test_resource_policies_that_name_the_user_say_so() -> None:
    named = changes(statement(Principal={"AWS": ARN}))
    assert [(change.key, "session is not" in change.why) for change in named] == [("Principal", True)]
    spared = changes(statement("Deny", NotPrincipal={"AWS": [ARN, "111111111111"]}))
    assert [(change.key, "everybody" in change.why) for change in spared] == [("NotPrincipal", True)]
    assert changes(statement(Principal={"AWS": "111111111111"})) == []


def test_a_request_of_a_user_is_plain_data() -> None:
    assert isinstance(USER.request("s3:GetObject", None, []), Request)


MACHINE = Successor("deploy", "arn:aws:iam::111111111111:user/deploy", tags={"team": "data"}, role="deploy-role")
OWN_ARN = {"ArnEquals": {"aws:PrincipalArn": MACHINE.user_arn}}
OF_MACHINES = [
    (statement(resource="arn:aws:s3:::home/${aws:username}/*"), "absent from role sessions"),
    (statement(Condition={"StringEquals": {"aws:username": "deploy"}}), "absent from role sessions"),
    (statement(Condition=OWN_ARN), "becomes the ARN of the role"),
    (statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), "a machine enters no code"),
    (statement(effect="Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}), "a machine enters no code"),
    (statement(Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}}), "tags of the role"),
]


@pytest.mark.parametrize(("old", "why"), OF_MACHINES)
def test_a_machine_is_told_of_its_role_and_never_of_the_portal(old: dict[str, Any], why: str) -> None:
    (found,) = changes(old, heir=MACHINE)
    assert why in found.why
    assert not any(word in f"{found.why} {found.rewrite}" for word in ("portal", "Identity Center", "AWSReservedSSO"))


def test_a_condition_on_the_users_arn_speaks_of_the_machines_role_instead() -> None:
    (found,) = changes(statement(Condition=OWN_ARN), heir=MACHINE)
    kept = {"ArnLike": {"aws:PrincipalArn": "arn:*:iam::111111111111:role/deploy-role"}}
    assert found.rewrite == statement(Condition=kept)
