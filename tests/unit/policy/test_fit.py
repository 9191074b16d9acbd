"""Sizes, quotas, names, and documents made smaller without changing their meaning."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.domain.policy.evaluate import Policies, decide
from migrator.domain.policy.fit import NAME_LENGTH, PermissionSetSpec, Quotas, fits, set_name, size
from migrator.domain.policy.merge import merge, minify
from tests.unit.policy.strategies import DOCUMENTS, REQUESTS, SMALL


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_blanks_are_not_counted() -> None:
    assert size({"a": "b c"}) == len('{"a":"bc"}')
    assert size(document()) == len('{"Version":"2012-10-17","Statement":[]}')


def padded(length: int) -> dict[str, Any]:
    spare = length - size(document(allow("")))
    return document(allow("x" * spare))


ALPHABET = "only letters, digits, blanks and _ . : / = + - @ are allowed"
LENGTHS = "at most 128 characters in the key and 256 in the value"
PROBLEMS: list[tuple[PermissionSetSpec, list[str]]] = [
    (PermissionSetSpec("Team-Data_1+=,.@"), []),
    (PermissionSetSpec("a" * 32), []),
    (PermissionSetSpec("a" * 33), ["name: 33 characters, at least 1 and at most 32"]),
    (PermissionSetSpec(""), ["name: 0 characters, at least 1 and at most 32"]),
    (PermissionSetSpec("a b"), ["name: only ASCII letters, digits and + = , . @ - _ are allowed"]),
    (PermissionSetSpec("ä"), ["name: only ASCII letters, digits and + = , . @ - _ are allowed"]),
    (PermissionSetSpec("a", padded(10_240)), []),
    (PermissionSetSpec("a", padded(10_241)), ["inline policy: 10,241 characters without blanks, at most 10,240"]),
    (PermissionSetSpec("a", {"a": " " * 32_768}), ["inline policy: 32,776 bytes, at most 32,768"]),
    (PermissionSetSpec("a", managed_policies=tuple("abcdefghij")), []),
    (
        PermissionSetSpec("a", managed_policies=tuple("abcdefghij"), customer_policies=("/k",)),
        ["managed policies: 11, at most 10 per role: raise that quota first"],
    ),
    (PermissionSetSpec("a", managed_policies=("p", "p")), ["managed policies: attached twice: p"]),
    (PermissionSetSpec("a", session_duration="PT12H"), []),
    (PermissionSetSpec("a", session_duration="PT90M"), []),
    (PermissionSetSpec("a", session_duration="PT13H"), ["session duration: 'PT13H' is not between PT1H and PT12H"]),
    (PermissionSetSpec("a", session_duration="8h"), ["session duration: '8h' is not between PT1H and PT12H"]),
    (PermissionSetSpec("a", session_duration="PT30M"), ["session duration: 'PT30M' is not between PT1H and PT12H"]),
    (PermissionSetSpec("a", description="x" * 701), ["description: 701 characters, at most 700"]),
    (
        PermissionSetSpec("a", tags={"k": "a\nb"}),
        ["tag 'k': only letters, digits, blanks and _ . : / = + - @ are allowed"],
    ),
    (
        PermissionSetSpec("a", tags={"k": "x" * 257}),
        ["tag 'k': at most 128 characters in the key and 256 in the value"],
    ),
    (PermissionSetSpec("a", tags={str(n): "" for n in range(51)}), ["tags: 51, at most 50"]),
]


@pytest.mark.parametrize(("spec", "problems"), PROBLEMS)
def test_a_set_that_does_not_fit_says_what_it_would_break(spec: PermissionSetSpec, problems: list[str]) -> None:
    assert fits(spec) == problems


def test_raised_quotas_are_respected() -> None:
    spec = PermissionSetSpec("a", managed_policies=tuple("abcdefghijk"))
    assert fits(spec, Quotas(role_policies=20)) == []
    many = PermissionSetSpec("a", managed_policies=tuple(string.ascii_letters[:21]))
    assert fits(many, Quotas(role_policies=40)) == ["managed policies: 21, at most 20 per permission set"]


def test_a_legal_name_stays() -> None:
    assert set_name("Team-Data") == "Team-Data"


@SMALL
@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_every_text_gives_a_legal_name_that_is_free(text: str, others: list[str]) -> None:
    taken = [set_name(other) for other in others]
    name = set_name(text, taken)
    assert fits(PermissionSetSpec(name)) == []
    assert name.lower() not in {one.lower() for one in taken}
    assert set_name(text, taken) == name


def test_long_texts_that_begin_alike_stay_apart() -> None:
    one, other = set_name("x" * 40 + "1"), set_name("x" * 40 + "2")
    assert one != other
    assert len(one) == len(other) == NAME_LENGTH


def test_a_taken_name_gets_a_mark_in_any_case() -> None:
    first = set_name("Team", ["team"])
    assert first.startswith("Team-")
    assert set_name("Team", ["TEAM", first]) not in {"Team", first}


MINIFIED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (allow(["s3:GetObject"]), allow("s3:GetObject")),
    (allow(["s3:Get*", "s3:GetObject", "s3:PutObject"]), allow(["s3:Get*", "s3:PutObject"])),
    (allow(["s3:getobject", "s3:GetObject"]), allow("s3:getobject")),
    (allow(["*", "s3:*", "**"]), allow("*")),
    (allow(["s3:?", "s3:*"]), allow("s3:*")),
    (allow(["s3:Get?", "s3:Get*"]), allow("s3:Get*")),
    (allow("s3:*", ["arn:a/*", "arn:a/b", "arn:A/b"]), allow("s3:*", ["arn:a/*", "arn:A/b"])),
    (allow("s3:*", ["arn:a/*", "arn:a/${aws:username}"]), allow("s3:*", ["arn:a/*", "arn:a/${aws:username}"])),
    (allow("s3:*", ["*", "arn:a/${aws:username}"]), allow("s3:*")),
    (allow("s3:*", Condition={}), allow("s3:*")),
    (allow("s3:*", Condition={"Bool": {"a": [True]}}), allow("s3:*", Condition={"Bool": {"a": True}})),
    ({**allow("s3:*"), "Sid": ""}, allow("s3:*")),
]


@pytest.mark.parametrize(("statement", "short"), MINIFIED)
def test_minifying_drops_what_is_said_twice(statement: dict[str, Any], short: dict[str, Any]) -> None:
    assert minify(document(statement)) == document(short)


def test_allow_statements_that_differ_in_actions_alone_become_one() -> None:
    merged = merge([document(allow("s3:GetObject")), document(allow(["s3:PutObject", "s3:GetObject"]))])
    assert merged == document(allow(["s3:GetObject", "s3:PutObject"]))


def test_differing_conditions_resources_and_denies_stay_apart() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    statements = [
        allow("s3:GetObject"),
        allow("s3:PutObject", Condition=mfa),
        allow("s3:PutObject", "arn:x"),
        {"Effect": "Deny", "Action": "s3:A", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:B", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
    ]
    assert merge([document(one) for one in statements])["Statement"] == statements


def test_sids_become_unique_and_legal() -> None:
    sids = ["A", "A", "A2", "A b!", "!"]
    merged = merge([document(allow("s3:*", f"arn:{n}", Sid=sid)) for n, sid in enumerate(sids)])
    assert [one["Sid"] for one in merged["Statement"]] == ["A", "A2", "A22", "Ab", "S"]


def test_documents_of_2008_keep_their_dollars() -> None:
    old = document(allow("s3:*", "arn:b/${aws:username}"), version="2008-10-17")
    assert merge([old])["Statement"][0]["Resource"] == "arn:b/${$}{aws:username}"


@SMALL
@given(st.lists(DOCUMENTS, min_size=1, max_size=4), REQUESTS)
def test_merging_and_minifying_change_no_decision(documents: list[dict[str, Any]], request: Any) -> None:
    expected = decide(Policies(documents), request).result
    assert decide(Policies([merge(documents)]), request).result is expected
    assert decide(Policies([minify(one) for one in documents]), request).result is expected
