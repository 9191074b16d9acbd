"""What parses, and what the errors say."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from migrator.domain.policy.document import MalformedPolicy, parse
from migrator.domain.policy.evaluate import Policies, Request, decide

DATA = Path(__file__).parents[3].parent / "shared/data"
ONE: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def made(**elements: Any) -> dict[str, Any]:
    given = {**ONE, **elements}
    return {"Version": "2012-10-17", "Statement": [{key: value for key, value in given.items() if value is not None}]}


def test_a_statement_may_stand_alone_and_strings_may_stand_for_lists() -> None:
    alone = parse({"Version": "2012-10-17", "Statement": ONE})
    listed = parse({"Version": "2012-10-17", "Statement": [{**ONE, "Action": ["s3:GetObject"], "Resource": ["*"]}]})
    assert alone.statements == listed.statements
    assert alone.statements[0].actions == ("s3:GetObject",)


def test_text_and_percent_encoded_text_are_read_like_mappings() -> None:
    document = made(Sid="A")
    assert parse(json.dumps(document)) == parse(quote(json.dumps(document))) == parse(document)


def test_a_parsed_document_is_itself() -> None:
    document = parse(made())
    assert parse(document) is document


def test_names_are_sids_or_places_after_the_documents_name() -> None:
    document = parse({"Statement": [{**ONE, "Sid": "First"}, ONE]}, name="Team")
    assert [statement.name for statement in document.statements] == ["Team: First", "Team: Statement[1]"]


def test_condition_values_may_be_numbers_and_booleans() -> None:
    document = parse(made(Condition={"Bool": {"a": True}, "NumericLessThan": {"b": [3, 2.5]}, "Null": {"c": False}}))
    assert [condition.values for condition in document.statements[0].conditions] == [
        ("true",),
        ("3", "2.5"),
        ("false",),
    ]


def test_documents_without_version_are_of_2008() -> None:
    assert not parse({"Statement": ONE}).substitutes
    assert parse(made()).substitutes


def test_statements_with_a_principal_need_no_resource() -> None:
    trust = parse(made(Resource=None, Principal={"Service": "ec2.amazonaws.com", "AWS": ["1", "2"]}))
    assert trust.statements[0].principals == (("Service", "ec2.amazonaws.com"), ("AWS", "1"), ("AWS", "2"))
    everyone = parse(made(Principal="*"))
    assert everyone.statements[0].principals == (("AWS", "*"),)


MALFORMED: list[tuple[Any, str]] = [
    ("not json", "not JSON: Expecting value at line 1, column 1"),
    ("[]", "the document is not a JSON object"),
    ("[" * 100_000, "nested too deeply"),
    ({}, "Statement: missing"),
    ({"Version": "2020-01-01", "Statement": ONE}, "Version: '2020-01-01' is not a version"),
    ({"Statement": ONE, "Statment": ONE}, "document: Statment: no such element"),
    ({"Statement": [ONE, "x"]}, "Statement[1]: not a JSON object"),
    ({"Statement": [ONE, {**ONE, "Effect": "allow"}]}, "Statement[1]: Effect: neither Allow nor Deny"),
    (made(Effect=None), "Statement[0]: Effect: neither"),
    (made(Action=None), "Statement[0]: Action: missing"),
    (made(Resource=None), "Statement[0]: Resource: missing"),
    (made(NotAction="*"), "Statement[0]: both Action and NotAction"),
    (made(NotResource="*"), "Statement[0]: both Resource and NotResource"),
    (made(Principal="*", NotPrincipal="*"), "Statement[0]: both Principal and NotPrincipal"),
    (made(Action=[]), "Statement[0]: Action: empty"),
    (made(Action=None, NotAction=[]), "Statement[0]: NotAction: empty"),
    (made(Action=[1]), "Statement[0]: Action: not a string"),
    (made(Action="GetObject"), "Statement[0]: Action: 'GetObject' names no service"),
    (made(Action="s3*"), "Statement[0]: Action: 's3*' names no service"),
    (made(Resource={"a": 1}), "Statement[0]: Resource: not a string"),
    (made(Sid=3), "Statement[0]: Sid: not a string"),
    (made(Conditions={}), "Statement[0]: Conditions: no such element"),
    (made(Condition=[]), "Statement[0]: Condition: not an object"),
    (made(Condition={"StringEqual": {"a": "b"}}), "Statement[0]: Condition: StringEqual: no such operator"),
    (made(Condition={"StringEquals": "a"}), "Statement[0]: Condition: StringEquals: not an object"),
    (made(Condition={"StringEquals": {"a": None}}), "Statement[0]: Condition: StringEquals: a: neither"),
    (made(Condition={"StringEquals": {"a": [{}]}}), "Statement[0]: Condition: StringEquals: a: neither"),
    (made(Principal="alice"), "Statement[0]: Principal: neither '*' nor an object"),
    (made(Principal={}), "Statement[0]: Principal: neither '*' nor an object"),
    (made(Principal={"Aws": "1"}), "Statement[0]: Principal: Aws: no such element"),
    (made(Principal={"AWS": 1}), "Statement[0]: Principal: AWS: not a string"),
    ('{"Statement": {"Effect": "Deny", "Effect": "Allow"}}', "Effect: given twice"),
]


@pytest.mark.parametrize(("document", "says"), MALFORMED)
def test_errors_name_the_statement_and_the_field(document: Any, says: str) -> None:
    with pytest.raises(MalformedPolicy) as caught:
        parse(document)
    assert says in str(caught.value)


def test_errors_name_the_document_where_it_has_a_name() -> None:
    with pytest.raises(MalformedPolicy, match=r"^Team: Statement\[0\]: Action: missing$"):
        parse(made(Action=None), name="Team")


def real_documents() -> list[Any]:
    found: list[Any] = []
    policies = DATA / "policies"
    found += [
        json.loads(line)["document"] for line in (policies / "aws_managed_policies.jsonl").read_text().splitlines()
    ]
    found += [one["json"] for one in json.loads((policies / "aws_iam_user_guide_policies.json").read_text())]
    found += [one["policy"] for one in json.loads((policies / "aws_scp_examples.json").read_text()) if one["parses"]]
    found += [
        json.loads((policies / f"cloudsplaining_{name}.json").read_text()) for name in ("explicit-actions", "wildcards")
    ]
    for dump in (DATA / "authz").glob("*.json"):
        found += documents_within(json.loads(dump.read_text()))
    return found


def documents_within(value: Any) -> list[Any]:
    if isinstance(value, dict):
        own = [value] if "Statement" in value else []
        return own + [document for inner in value.values() for document in documents_within(inner)]
    return [document for inner in value for document in documents_within(inner)] if isinstance(value, list) else []


@pytest.mark.skipif(not DATA.exists(), reason="the real policies are not part of the project")
def test_every_real_policy_parses_and_can_be_asked() -> None:
    documents = real_documents()
    assert len(documents) > 700
    for document in documents:
        of_a_resource = any(statement.principals for statement in parse(document).statements)
        policies = Policies(resource=document) if of_a_resource else Policies([document])
        for statement in parse(document).statements:
            for action in statement.actions[:3]:
                request = Request("arn:aws:iam::1:user/a", action.replace("*", "X"), unknown_keys=policies.keys)
                assert decide(policies, request).result in {
                    "allowed",
                    "explicitly_denied",
                    "implicitly_denied",
                    "unknown",
                }


@pytest.mark.skipif(not DATA.exists(), reason="the real policies are not part of the project")
def test_what_a_linter_calls_malformed_is_malformed() -> None:
    cases = json.loads((DATA / "expected/parliament_policy_lint.json").read_text())
    structural = {"MALFORMED", "MALFORMED_JSON"}
    for case in cases:
        if structural & set(case["finding_ids_expected"]):
            with pytest.raises(MalformedPolicy):
                parse(case["policy_text"])
        elif not case["finding_ids_expected"]:
            assert parse(case["policy_text"]).statements
