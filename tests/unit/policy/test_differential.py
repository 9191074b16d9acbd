"""The benchmark's judge: what it explains, what it cannot, and what it calls wrongly allowed."""

from typing import Any

import pytest

from benchmarks.differential import compared, page
from benchmarks.evaluation_cases import ACCOUNT, ALICE, FEDERATED, a_case, a_request

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SPARING = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/${aws:username}/*"}
OBJECT = "arn:aws:s3:::b/k"


def a_simple(document: Any = ALLOW, caller: str = ALICE, **layers: Any) -> dict[str, Any]:
    case: dict[str, Any] = a_case([document], request=a_request(caller, "s3:GetObject", OBJECT, {}), **layers)
    return case


SPARED = {"Version": "2012-10-17", "Statement": [SPARING]}
JUDGED = [
    ("the same", a_simple(), "Allowed", None, 0, 0),
    ("they alone deny, for no reason", a_simple(), "ImplicitlyDenied", None, 1, 1),
    ("they alone allow, for no reason", a_simple({**ALLOW, "Statement": []}), "Allowed", None, 1, 0),
    ("a reading explains", a_simple(caller=FEDERATED), "Allowed", ("session of a federated user",), 0, 0),
    ("two readings explain", a_simple(SPARED, FEDERATED), "Allowed", 2, 0, 0),
]


@pytest.mark.parametrize(
    ("case", "theirs", "readings", "unexplained", "wrongly"),
    [one[1:] for one in JUDGED],
    ids=[one[0] for one in JUDGED],
)
def test_a_disagreement_is_explained_or_counted_against_us(
    case: dict[str, Any], theirs: str, readings: Any, unexplained: int, wrongly: int
) -> None:
    outcome = compared([case], [{"result": theirs, "ignored": []}])
    found = next(iter(outcome.explained), None)
    assert found == readings or (found and len(found) == readings)
    assert (len(outcome.unexplained), len(outcome.wrongly_allowed)) == (unexplained, wrongly)
    assert f"Unexplained: **{unexplained}**" in page(outcome, "peer")


def test_keys_that_they_ignore_are_taken_from_us_too() -> None:
    condition = {"StringEquals": {"aws:username": "alice"}}
    allow = {"Version": "2012-10-17", "Statement": [{**ALLOW["Statement"][0], "Condition": condition}]}  # type: ignore[dict-item]
    case = a_case([allow], request=a_request(ALICE, "s3:GetObject", OBJECT, {"aws:username": "alice"}))
    assert compared([case], [{"result": "Allowed", "ignored": []}]).agreed == {"allowed": 1}
    ignoring = compared([case], [{"result": "ImplicitlyDenied", "ignored": ["aws:username"]}])
    assert ignoring.agreed == {"implicitly_denied": 1}


def test_what_they_would_not_decide_is_counted_by_reason() -> None:
    outcome = compared([a_simple(), a_simple()], [{"error": {"message": "invalid.action"}}, {}])
    assert outcome.decided == 0
    assert outcome.refused == {"invalid.action": 1, "no single result": 1}
    assert ACCOUNT not in page(outcome, "peer")
