"""Whom a policy names, and which key would have nobody left."""

import pytest

from migrator.domain.policy.document import MalformedPolicy
from migrator.domain.references import Named, naming, sole_administrators

ACCOUNT = "111111111111"
ADA = Named(f"arn:aws:iam::{ACCOUNT}:user/team/ada", "AIDAADA")
BOB = Named(f"arn:aws:iam::{ACCOUNT}:user/bob", "AIDABOB")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/keeper"


def statement(effect="Allow", action="s3:*", **more: object):
    return {"Effect": effect, "Action": action, "Resource": "*", **more}


def policy(*statements: object):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def to(*principals: str):
    return {"Principal": {"AWS": list(principals)}}


def where(operator, key, *values: str):
    return {"Principal": "*", "Condition": {operator: {key: list(values)}}}


@pytest.mark.parametrize(
    ("why", "one", "effect"),
    [
        ("by ARN", statement(**to(ADA.arn)), "allow"),
        ("by ARN, not in a list", statement(Principal={"AWS": ADA.arn}), "allow"),
        ("by the id that AWS shows of the dead", statement(**to("AIDAADA")), "allow"),
        ("among others", statement(**to(ROOT, BOB.arn, ADA.arn)), "allow"),
        ("in a deny", statement("Deny", **to(ADA.arn)), "deny"),
        ("spared by a deny", statement("Deny", NotPrincipal={"AWS": [ADA.arn, ROOT]}), "deny-others"),
        ("left out of a grant", statement(NotPrincipal={"AWS": ADA.arn}), "deny"),
        ("in a condition", statement(**where("StringEquals", "aws:PrincipalArn", ADA.arn)), "allow"),
        ("in any case of the key", statement(**where("ArnEquals", "AWS:principalarn", ADA.arn)), "allow"),
        ("with IfExists", statement(**where("StringEqualsIfExists", "aws:PrincipalArn", ADA.arn)), "allow"),
        ("by a pattern", statement(**where("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/team/ada")), "allow"),
        ("by a path pattern", statement(**where("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*/ada")), "allow"),
        (
            "as the exception",
            statement("Deny", **where("StringNotEquals", "aws:PrincipalArn", ADA.arn)),
            "deny-others",
        ),
        ("as the exception of a grant", statement(**where("ArnNotLike", "aws:PrincipalArn", ADA.arn)), "deny"),
        ("by id in a condition", statement(**where("StringLike", "aws:userid", "AIDAADA:*")), "allow"),
        ("by name in a condition", statement(**where("StringEquals", "aws:username", "ada")), "allow"),
    ],
)
def test_a_user_is_named(why, one, effect):
    assert naming(policy(one), [ADA], ACCOUNT) == ((ADA.arn, effect),), why


@pytest.mark.parametrize(
    ("why", "one"),
    [
        ("the account's root", statement(**to(ROOT))),
        ("the account", statement(**to(ACCOUNT))),
        ("everybody", statement(Principal="*")),
        ("another user", statement(**to(BOB.arn))),
        ("another case of the name", statement(**to(ADA.arn.replace("ada", "Ada")))),
        ("the same name without the path", statement(**to(f"arn:aws:iam::{ACCOUNT}:user/ada"))),
        ("a role of that name", statement(**to(f"arn:aws:iam::{ACCOUNT}:role/team/ada"))),
        ("a service", statement(Principal={"Service": "ec2.amazonaws.com"})),
        ("all users", statement(**where("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:user/*"))),
        ("all of a team", statement(**where("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:user/team/*"))),
        ("a name that ends alike", statement(**where("StringEquals", "aws:username", "canada"))),
        ("the source", statement(**where("ArnEquals", "aws:SourceArn", ADA.arn))),
        ("the resource", statement(**to(ROOT)) | {"Resource": ADA.arn}),
    ],
)
def test_a_user_is_not_named(why, one):
    assert naming(policy(one), [ADA], ACCOUNT) == (), why


def test_a_name_alone_means_only_a_user_of_the_policys_account():
    one = policy(statement(**where("StringEquals", "aws:username", "ada")))

    assert naming(one, [ADA], "222222222222") == ()


def test_a_user_whose_id_is_unknown_is_found_by_arn_alone():
    stranger = Named(ADA.arn)

    assert naming(policy(statement(**to(ADA.arn))), [stranger], ACCOUNT) == ((ADA.arn, "allow"),)
    assert naming(policy(statement(**where("StringLike", "aws:userid", ":*"))), [stranger], ACCOUNT) == ()


def test_a_trust_policy_trusts():
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [ADA.arn, BOB.arn]}}}

    assert naming(trust, [BOB, ADA], ACCOUNT, trust=True) == ((BOB.arn, "trust"), (ADA.arn, "trust"))


def test_every_effect_of_every_statement_counts_once():
    one = policy(statement(**to(ADA.arn)), statement(**to(ADA.arn)), statement("Deny", NotPrincipal={"AWS": ADA.arn}))

    assert naming(one, [ADA, BOB], ACCOUNT) == ((ADA.arn, "allow"), (ADA.arn, "deny-others"))


def test_policies_are_read_from_text():
    assert (
        naming('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}}', [ADA], "") == ()
    )


@pytest.mark.parametrize("broken", ["", "{", "[]", {"Statement": [{"Effect": "Perhaps"}]}])
def test_a_broken_policy_is_an_error_and_not_silence(broken):
    with pytest.raises(MalformedPolicy):
        naming(broken, [ADA], ACCOUNT)


def administers(*principals: str, action="kms:*", **more: object):
    return statement(action=action, **to(*principals), **more)


@pytest.mark.parametrize(
    ("why", "statements", "alone"),
    [
        ("the only one", [administers(ADA.arn)], True),
        ("the only one, by id", [administers("AIDAADA")], True),
        ("with others who only use the key", [administers(ADA.arn), administers(ROLE, action="kms:Decrypt")], True),
        ("by a wildcard", [administers(ADA.arn, action=["kms:Put*"])], True),
        ("by everything", [administers(ADA.arn, action="*")], True),
        ("by NotAction", [{"Effect": "Allow", "NotAction": "kms:Decrypt", "Resource": "*", **to(ADA.arn)}], True),
        ("beside a dead principal", [administers(ADA.arn, "AIDADEAD", "AROADEAD")], True),
        ("beside a service", [administers(ADA.arn), statement(action="kms:*", Principal={"Service": "x.y"})], True),
        (
            "beside another under a condition",
            [administers(ADA.arn), administers(ROLE, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
            True,
        ),
        ("in any case of the action", [administers(ADA.arn, action="KMS:putkeypolicy")], True),
        ("beside the account's root", [administers(ROOT), administers(ADA.arn)], False),
        ("beside the account's id", [administers(ACCOUNT, ADA.arn)], False),
        ("beside a role", [administers(ADA.arn, ROLE)], False),
        ("beside another user", [administers(ADA.arn), administers(BOB.arn)], False),
        ("beside everybody", [administers(ADA.arn), administers("*")], False),
        ("only as a user of the key", [administers(ADA.arn, action=["kms:Decrypt", "kms:DescribeKey"])], False),
        ("not at all", [administers(ROOT)], False),
        ("denied", [statement("Deny", "kms:*", **to(ADA.arn))], False),
    ],
)
def test_a_key_with_nobody_left_is_recognised(why, statements, alone):
    assert sole_administrators(policy(*statements), [ADA]) == ((ADA.arn,) if alone else ()), why


def test_two_administrators_hold_each_other_up():
    assert sole_administrators(policy(administers(ADA.arn, BOB.arn)), [ADA, BOB]) == ()
