"""JSON Lines in, JSON Lines out, as the contract writes them."""

import json
from typing import Any

import pytest

from migrator.operations.evaluate_policies import evaluate_policies

ALLOW = {"Version": "2012-10-17", "Statement": {"Sid": "Yes", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
DENY = {"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
UNNAMED = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
UNNAMED_DENY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
OTHER = {"Version": "2012-10-17", "Statement": {"Sid": "Else", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}
TAGGED = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}},
    },
}


def a_line(**parts: Any) -> dict[str, Any]:
    request = {"principal": "arn:aws:iam::1:user/a", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
    given = {"id": "1", "identity": [ALLOW], "boundary": None, "scp": None, "request": {**request, "context": {}}}
    given["request"] |= parts.pop("request", {})
    return {**given, **parts}


def answer(line: Any) -> dict[str, Any]:
    (one,) = evaluate_policies([line])
    return one


def out(decision: str, statement: str | None = None, layer: str | None = None) -> dict[str, Any]:
    return {"id": "1", "decision": decision, "statement": statement, "layer": layer}


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, out("allowed", "Yes", "identity")),
    ({"identity": [ALLOW, DENY]}, out("explicitly_denied", "No", "identity")),
    ({"identity": []}, out("implicitly_denied")),
    ({"identity": [json.dumps(ALLOW)]}, out("allowed", "Yes", "identity")),
    ({"boundary": OTHER}, out("implicitly_denied", None, "boundary")),
    ({"scp": [[ALLOW], [OTHER]]}, out("implicitly_denied", None, "scp")),
    ({"scp": [[ALLOW], [ALLOW, DENY]]}, out("explicitly_denied", "No", "scp")),
    ({"scp": []}, out("allowed", "Yes", "identity")),
    ({"identity": [TAGGED]}, out("implicitly_denied")),
    (
        {"identity": [TAGGED], "request": {"context": {"AWS:PrincipalTag/Team": "a"}}},
        out("allowed", "Statement[0]", "identity"),
    ),
    (
        {"identity": [TAGGED], "request": {"context": {"aws:PrincipalTag/team": ["a"]}}},
        out("allowed", "Statement[0]", "identity"),
    ),
    (
        {"identity": [TAGGED], "request": {"unknown_keys": ["aws:PrincipalTag/team"]}},
        out("unknown", "Statement[0]", "identity"),
    ),
    ({"identity": [TAGGED], "request": {"context": {"aws:PrincipalTag/team": None}}}, out("implicitly_denied")),
    ({"request": {"context": None}}, out("allowed", "Yes", "identity")),
    ({"session": [OTHER]}, out("implicitly_denied", None, "session")),
    ({"identity": [OTHER, UNNAMED]}, out("allowed", "identity[1]: Statement[0]", "identity")),
    ({"identity": [UNNAMED]}, out("allowed", "Statement[0]", "identity")),
    ({"scp": [[ALLOW], [ALLOW, UNNAMED_DENY]]}, out("explicitly_denied", "scp[1][1]: Statement[0]", "scp")),
    ({"note": "foreign keys are passed over"}, out("allowed", "Yes", "identity")),
]


@pytest.mark.parametrize(("parts", "expected"), CASES)
def test_a_line_is_decided(parts: dict[str, Any], expected: dict[str, Any]) -> None:
    assert answer(a_line(**parts)) == expected
    assert answer(json.dumps(a_line(**parts))) == expected
    assert answer(json.dumps(a_line(**parts)).encode()) == expected


def test_numbers_and_booleans_of_the_context_compare_as_text() -> None:
    conditions = {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": 10}}
    document = {"Version": "2012-10-17", "Statement": {**ALLOW["Statement"], "Condition": conditions}}  # type: ignore[dict-item]
    context = {"aws:SecureTransport": True, "s3:max-keys": 9}
    assert answer(a_line(identity=[document], request={"context": context}))["decision"] == "allowed"


def test_the_resource_policy_decides_as_layer_resource() -> None:
    named = {
        "Sid": "Mine",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::1:user/a"},
        "Action": "*",
        "Resource": "*",
    }
    line = a_line(identity=[], resource={"Version": "2012-10-17", "Statement": named})
    assert answer(line) == out("allowed", "Mine", "resource")


ERRORS: list[tuple[Any, Any, str]] = [
    ("{", None, "not JSON: "),
    (b"\xff", None, "not text in UTF-8"),
    ("[1]", None, "not a JSON object"),
    ('{"boundary": {}, "boundary": null}', None, "boundary: given twice in one object"),
    ("[" * 100_000, None, "not JSON: "),
    ({"id": 7}, 7, "request: missing, or not an object"),
    (a_line(identity={}), "1", "identity: not a list of policy documents"),
    (a_line(identity=[1]), "1", "the document is not a JSON object"),
    (a_line(identity=[{"Statement": {"Effect": "Allow"}}]), "1", "identity[0]: Statement[0]: Action: missing"),
    (a_line(identity=[ALLOW, {"Statement": {"Effect": "Allow"}}]), "1", "identity[1]: Statement[0]: Action: missing"),
    (a_line(resource={"Statement": [{"Effect": "Allow"}]}), "1", "resource: Statement[0]: Action: missing"),
    (a_line(identity=[ALLOW, 3]), "1", "identity[1]: the document is not a JSON object"),
    (a_line(identity=["{", ALLOW]), "1", "not JSON: Expecting property name"),
    (a_line(resource=ALLOW), "1", "Yes: Principal: missing"),
    (a_line(scp={}), "1", "scp: not a list of levels"),
    (a_line(boundary=[ALLOW]), "1", "the document is not a JSON object"),
    (a_line(scp=[ALLOW]), "1", "scp[0]: not a list of policy documents"),
    (a_line(boundry=ALLOW), "1", "boundry: no such key; did you mean boundary?"),
    (a_line(request={"contexts": {}}), "1", "request.contexts: no such key; did you mean context?"),
    (a_line(request={"action": "GetObject"}), "1", "request.action: not of the form service:Action"),
    (a_line(request={"action": None}), "1", "request.action: not of the form service:Action"),
    (a_line(request={"resource": 1}), "1", "request.resource: not a string"),
    (a_line(request={"context": []}), "1", "request.context: not an object"),
    (a_line(request={"context": {"k": {}}}), "1", "request.context.k: neither a string, a number nor a boolean"),
    (a_line(request={"unknown_keys": "k"}), "1", "request.unknown_keys: not a list of strings"),
]


@pytest.mark.parametrize(("line", "name", "says"), ERRORS)
def test_a_line_that_cannot_be_read_says_why(line: Any, name: Any, says: str) -> None:
    got = answer(line)
    assert set(got) == {"id", "line", "error"}
    assert got["id"] == name
    assert says in got["error"]


def test_one_bad_line_does_not_stop_the_others() -> None:
    lines = [json.dumps(a_line(id=1)), "", "nonsense", "  \n", json.dumps(a_line(id=2, identity=[]))]
    assert [one.get("decision", "error") for one in evaluate_policies(lines)] == [
        "allowed",
        "error",
        "implicitly_denied",
    ]


def test_bad_lines_are_named_by_their_number_in_the_file() -> None:
    lines = ["", json.dumps(a_line(id=1)), "nonsense", json.dumps({"id": 7})]
    assert [(one.get("line"), one["id"]) for one in evaluate_policies(lines)] == [(None, 1), (3, None), (4, 7)]


def test_lines_are_answered_one_by_one() -> None:
    def lines() -> Any:
        yield a_line(id="first")
        raise AssertionError("read ahead")

    assert next(evaluate_policies(lines()))["id"] == "first"
