"""AWS's policy simulator: what is asked and what is understood, and an endpoint that does not have it."""

import pytest

from migrator.adapters.aws.session import Sessions
from migrator.adapters.aws.simulator import PolicySimulator
from migrator.domain.policy.evaluate import Result
from migrator.ports.aws import NotSupported
from tests.integration.aws.accounts import MEMBER
from tests.integration.aws.scripted import IDENTITY, scripted

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CONTEXT = {"aws:sourceip": ("10.0.0.1",), "aws:tagkeys": ("a", "b")}


def member(action: str, decision: str) -> str:
    return f"<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision></member>"


def test_each_answer_is_understood(monkeypatch):
    found = member("a:A", "allowed") + member("a:B", "explicitDeny") + member("a:C", "implicitDeny")
    result = f"<EvaluationResults>{found}</EvaluationResults><IsTruncated>false</IsTruncated>"
    said = (
        "<SimulateCustomPolicyResponse xmlns='https://iam.amazonaws.com/doc/2010-05-08/'><SimulateCustomPolicyResult>"
        f"{result}</SimulateCustomPolicyResult></SimulateCustomPolicyResponse>"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with scripted((200, IDENTITY), (200, said)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        simulator = PolicySimulator(Sessions())
        told = simulator.simulate("123456789012", [ALL], ALL, ["a:C", "a:B", "a:A"], "*", CONTEXT)
    assert told == {
        "a:A": Result.ALLOWED,
        "a:B": Result.EXPLICITLY_DENIED,
        "a:C": Result.IMPLICITLY_DENIED,
    }


def test_an_emulator_without_it_says_so(sessions):
    with pytest.raises(NotSupported):
        PolicySimulator(sessions).simulate(MEMBER, [ALL], None, ["s3:GetObject"], "*", CONTEXT)
