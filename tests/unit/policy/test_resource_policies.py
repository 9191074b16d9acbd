"""Resource-based policies: who they name, and what else must allow.

The cases follow the IAM User Guide's "Policy evaluation logic" and "Principal" pages.
"""

from typing import Any

import pytest

from migrator.domain.policy.document import MalformedPolicy
from migrator.domain.policy.evaluate import Decision, Policies, Request, Result, decide

ACCOUNT = "111111111111"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/Admin"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice@example.com"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
THEIRS = "arn:aws:sqs:eu-west-1:222222222222:q"
SEND = "sqs:SendMessage"


def document(effect: str = "Allow", sid: str = "Queue", **elements: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": effect, "Action": "*", "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


OWN = document(sid="Own")
NARROW = document(sid="Narrow", Action="ec2:*")


def ask(policies: Policies, principal: str = ALICE, resource: str = QUEUE, action: str = SEND, **more: Any) -> Decision:
    return decide(policies, Request(principal, action, resource, **more))


NAMES = [
    ("the user", {"AWS": ALICE}, ALICE, True),
    ("another user", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/team/bob"}, ALICE, False),
    ("the user in another case", {"AWS": ALICE.replace("alice", "Alice")}, ALICE, False),
    ("one of a list", {"AWS": ["333333333333", ALICE]}, ALICE, True),
    ("everyone", "*", ALICE, True),
    ("everyone of AWS", {"AWS": "*"}, ALICE, True),
    ("the account alone", {"AWS": ROOT}, ALICE, False),
    ("the account's number alone", {"AWS": ACCOUNT}, ALICE, False),
    ("the root itself", {"AWS": ACCOUNT}, ROOT, True),
    ("another account", {"AWS": "222222222222"}, ALICE, False),
    ("the session", {"AWS": SESSION}, SESSION, True),
    ("the session's role", {"AWS": ROLE}, SESSION, True),
    ("another role", {"AWS": ROLE.replace("Admin", "Dev")}, SESSION, False),
    ("a service, asked by a user", {"Service": "sns.amazonaws.com"}, ALICE, False),
    ("the service", {"Service": "sns.amazonaws.com"}, "sns.amazonaws.com", True),
    ("a federated provider", {"Federated": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", True),
]


@pytest.mark.parametrize(("principal", "caller", "allowed"), [case[1:] for case in NAMES], ids=[c[0] for c in NAMES])
def test_a_resource_policy_alone_allows_whom_it_names(principal: Any, caller: str, allowed: bool) -> None:
    expected = Decision(Result.ALLOWED, "Queue", "resource") if allowed else Decision(Result.IMPLICITLY_DENIED)
    answer = ask(Policies(resource=document(Principal=principal)), caller)
    assert answer.result is expected.result
    assert answer.statement == expected.statement


def test_an_account_delegates_to_its_identity_policies() -> None:
    delegating = document(Principal={"AWS": ROOT})
    assert ask(Policies([OWN], resource=delegating)) == Decision(Result.ALLOWED, "Own", "identity")
    assert ask(Policies([NARROW], resource=delegating)).result is Result.IMPLICITLY_DENIED


def test_identity_policies_alone_allow_within_the_account() -> None:
    silent = document(Principal={"AWS": "222222222222"})
    assert ask(Policies([OWN], resource=silent)) == Decision(Result.ALLOWED, "Own", "identity")


LIMITS = [
    ("a user, by boundary", {"AWS": ALICE}, ALICE, {"boundary": NARROW}, True),
    ("a session, by boundary", {"AWS": SESSION}, SESSION, {"boundary": NARROW}, True),
    ("a session, by session policy", {"AWS": SESSION}, SESSION, {"session": [NARROW]}, True),
    ("a role, by boundary", {"AWS": ROLE}, SESSION, {"boundary": NARROW}, False),
    ("a role, by session policy", {"AWS": ROLE}, SESSION, {"session": [NARROW]}, False),
    ("everyone, by boundary", "*", ALICE, {"boundary": NARROW}, False),
    ("a user, by SCP", {"AWS": ALICE}, ALICE, {"scp": [[NARROW]]}, False),
    ("a user, by RCP", {"AWS": ALICE}, ALICE, {"rcp": [[NARROW]]}, True),
]


@pytest.mark.parametrize(
    ("principal", "caller", "layers", "allowed"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS]
)
def test_silence_limits_a_role_and_everyone_but_not_a_user_or_session_named(
    principal: Any, caller: str, layers: dict[str, Any], allowed: bool
) -> None:
    answer = ask(Policies(resource=document(Principal=principal), **layers), caller)
    assert answer.result is (Result.ALLOWED if allowed else Result.IMPLICITLY_DENIED)
    assert answer.layer == ("resource" if allowed else next(iter(layers)))


def test_an_explicit_deny_in_a_boundary_stops_even_a_user_that_is_named() -> None:
    denying = document("Deny", "Stop")
    answer = ask(Policies(resource=document(Principal={"AWS": ALICE}), boundary=denying))
    assert answer == Decision(Result.EXPLICITLY_DENIED, "Stop", "boundary")


DENIED = [
    ("the user", {"Principal": {"AWS": ALICE}}, ALICE, True),
    ("another", {"Principal": {"AWS": ROLE}}, ALICE, False),
    ("the whole account", {"Principal": {"AWS": ACCOUNT}}, ALICE, True),
    ("everyone but the user", {"NotPrincipal": {"AWS": ALICE}}, ALICE, False),
    ("everyone but another", {"NotPrincipal": {"AWS": ALICE.replace("alice", "bob")}}, ALICE, True),
    ("everyone but the role", {"NotPrincipal": {"AWS": ROLE}}, SESSION, True),
    ("everyone but role and session", {"NotPrincipal": {"AWS": [ROLE, SESSION]}}, SESSION, False),
    ("everyone but the session without its role", {"NotPrincipal": {"AWS": SESSION}}, SESSION, True),
    ("everyone but the account", {"NotPrincipal": {"AWS": ACCOUNT}}, ALICE, True),
    ("everyone but the user, after migration", {"NotPrincipal": {"AWS": ALICE}}, SESSION, True),
    ("nobody", {"NotPrincipal": "*"}, ALICE, False),
]


@pytest.mark.parametrize(("elements", "caller", "denied"), [case[1:] for case in DENIED], ids=[c[0] for c in DENIED])
def test_a_resource_policy_denies_whom_it_means(elements: dict[str, Any], caller: str, denied: bool) -> None:
    answer = ask(Policies([OWN], resource=document("Deny", **elements)), caller)
    assert answer.result is (Result.EXPLICITLY_DENIED if denied else Result.ALLOWED)


def test_a_denying_not_principal_spares_nobody_who_has_a_boundary() -> None:
    spared = document("Deny", "Stop", NotPrincipal={"AWS": ALICE})
    assert ask(Policies([OWN], resource=spared)).result is Result.ALLOWED
    bounded = Policies([OWN], resource=spared, boundary=OWN)
    assert ask(bounded) == Decision(Result.EXPLICITLY_DENIED, "Stop", "resource")
    allowing = Policies(resource=document(NotPrincipal={"AWS": ROLE}), boundary=OWN)
    assert ask(allowing).result is Result.ALLOWED


BY_ARN = [
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/team/*"}}, True),
    ({"StringEquals": {"AWS:PrincipalARN": [ALICE, ROLE]}}, True),
    ({"ArnLike": {"aws:PrincipalArn": "*"}}, False),
    ({"StringLike": {"aws:PrincipalArn": "*"}}, False),
    ({"ArnLikeIfExists": {"aws:PrincipalArn": ALICE}}, False),
    ({"ArnNotLike": {"aws:PrincipalArn": ROLE}}, False),
    ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
]


@pytest.mark.parametrize(("conditions", "past"), BY_ARN)
def test_everyone_of_an_arn_is_granted_past_a_silent_boundary(conditions: Any, past: bool) -> None:
    policies = Policies(resource=document(Principal="*", Condition=conditions), boundary=NARROW)
    context = {"aws:PrincipalArn": ALICE, "aws:PrincipalAccount": ACCOUNT}
    assert ask(policies, context=context).result is (Result.ALLOWED if past else Result.IMPLICITLY_DENIED)


FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
SESSIONS = [
    ("no session policy", Policies([OWN]), Decision(Result.IMPLICITLY_DENIED, None, "session")),
    ("one that allows", Policies([OWN], session=[OWN]), Decision(Result.ALLOWED, "Own", "identity")),
    ("one that is silent", Policies([OWN], session=[NARROW]), Decision(Result.IMPLICITLY_DENIED, None, "session")),
    ("no identity policy", Policies([], session=[OWN]), Decision(Result.IMPLICITLY_DENIED)),
    (
        "a denial",
        Policies([OWN, document("Deny", "No")], session=[OWN]),
        Decision(Result.EXPLICITLY_DENIED, "No", "identity"),
    ),
    (
        "named by the resource",
        Policies(resource=document(Principal={"AWS": FEDERATED})),
        Decision(Result.ALLOWED, "Queue", "resource"),
    ),
    (
        "the user of its name granted",
        Policies(resource=document(Principal={"AWS": ALICE})),
        Decision(Result.IMPLICITLY_DENIED),
    ),
    (
        "the user of its name denied",
        Policies([OWN], session=[OWN], resource=document("Deny", Principal={"AWS": ALICE})),
        Decision(Result.EXPLICITLY_DENIED, "Queue", "resource"),
    ),
    (
        "everyone but the user of its name granted",
        Policies(resource=document(NotPrincipal={"AWS": ALICE}), session=[OWN]),
        Decision(Result.IMPLICITLY_DENIED),
    ),
]


@pytest.mark.parametrize(("policies", "expected"), [case[1:] for case in SESSIONS], ids=[c[0] for c in SESSIONS])
def test_a_federated_user_needs_a_session_policy_or_its_own_name(policies: Policies, expected: Decision) -> None:
    assert ask(policies, FEDERATED) == expected
    assert ask(policies, ALICE) == ask(policies, ALICE)
    assert ask(policies, FEDERATED) == expected


def test_a_known_name_grants_beside_one_that_nobody_knows() -> None:
    both = Policies(resource=document(Principal={"AWS": ["AIDAEXAMPLE", ALICE]}))
    assert ask(both, unknown_keys=frozenset({"aws:userid"})).result is Result.ALLOWED


OWNED = document(Principal={"AWS": ALICE})
MISPLACED: list[tuple[dict[str, Any], str]] = [
    ({"identity": [OWNED]}, "Queue: Principal: not in a policy of layer identity"),
    ({"boundary": OWNED}, "layer boundary"),
    ({"session": [OWNED]}, "layer session"),
    ({"scp": [[OWNED]]}, "layer scp"),
    ({"resource": OWN}, "Own: Principal: missing"),
]


@pytest.mark.parametrize(("layers", "says"), MISPLACED)
def test_principals_stand_in_resource_policies_and_nowhere_else(layers: dict[str, Any], says: str) -> None:
    with pytest.raises(MalformedPolicy, match=says):
        Policies(**layers)


def test_across_accounts_both_sides_must_allow() -> None:
    theirs = document(Principal={"AWS": ACCOUNT})
    assert ask(Policies([OWN], resource=theirs), resource=THEIRS).result is Result.ALLOWED
    assert ask(Policies([NARROW], resource=theirs), resource=THEIRS).result is Result.IMPLICITLY_DENIED
    named = document(Principal={"AWS": ALICE})
    assert ask(Policies([NARROW], resource=named), resource=THEIRS).result is Result.IMPLICITLY_DENIED
    other = document(Principal={"AWS": "333333333333"})
    assert ask(Policies([OWN], resource=other), resource=THEIRS) == Decision(Result.IMPLICITLY_DENIED, None, "resource")


def test_the_owner_of_a_bucket_is_told_by_its_key() -> None:
    bucket = "arn:aws:s3:::b/k"
    named = Policies([NARROW], resource=document(Principal={"AWS": ALICE}))
    assert ask(named, resource=bucket).result is Result.ALLOWED
    assert ask(named, resource=bucket, context={"aws:ResourceAccount": ACCOUNT}).result is Result.ALLOWED
    assert ask(named, resource=bucket, context={"aws:ResourceAccount": "2" * 12}).result is Result.IMPLICITLY_DENIED
    assert ask(named, resource=bucket, unknown_keys=frozenset({"aws:ResourceAccount"})).result is Result.UNKNOWN


def test_keys_and_role_trusts_must_allow_by_themselves() -> None:
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
    silent = Policies([OWN], resource=document(Principal={"AWS": "222222222222"}))
    assert ask(silent, resource=key, action="kms:Decrypt") == Decision(Result.IMPLICITLY_DENIED, None, "resource")
    assert ask(silent, resource=ROLE, action="sts:AssumeRole").result is Result.IMPLICITLY_DENIED
    delegating = Policies([OWN], resource=document(Principal={"AWS": ROOT}))
    assert ask(delegating, resource=key, action="kms:Decrypt").result is Result.ALLOWED


def test_a_saved_policy_names_users_by_their_unique_id() -> None:
    stored = Policies(resource=document(Principal={"AWS": "AIDAEXAMPLE"}))
    assert ask(stored, context={"aws:userid": "AIDAEXAMPLE"}).result is Result.ALLOWED
    assert ask(stored, context={"aws:userid": "AIDARECREATED"}).result is Result.IMPLICITLY_DENIED
    assert ask(stored).result is Result.IMPLICITLY_DENIED
    assert ask(stored, unknown_keys=frozenset({"aws:userid"})).result is Result.UNKNOWN
    role = Policies(resource=document(Principal={"AWS": "AROAEXAMPLE"}))
    assert ask(role, SESSION, context={"aws:userid": "AROAEXAMPLE:alice"}).result is Result.ALLOWED


def test_an_allowing_not_principal_means_everyone_it_does_not_name() -> None:
    policies = Policies(resource=document(NotPrincipal={"AWS": ALICE}))
    assert ask(policies).result is Result.IMPLICITLY_DENIED
    assert ask(policies, SESSION).result is Result.ALLOWED


def test_decisions_of_different_principals_are_remembered_apart() -> None:
    policies = Policies(resource=document(Principal={"AWS": ALICE}))
    assert ask(policies, ALICE).result is Result.ALLOWED
    assert ask(policies, SESSION).result is Result.IMPLICITLY_DENIED
    assert ask(policies, ALICE).result is Result.ALLOWED
