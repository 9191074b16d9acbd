"""AWS's policy simulator (IAM API, SimulateCustomPolicy)."""

import json
from collections.abc import Mapping, Sequence

from migrator.adapters.aws.iam_calls import IamCalls
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Json
from migrator.domain.policy.decisions import Result

PERMISSIONS = ("iam:SimulateCustomPolicy",)

_MOST = 100
"""Actions of one call: their answers come as one page."""

_ANSWERS = {
    "allowed": Result.ALLOWED,
    "explicitDeny": Result.EXPLICITLY_DENIED,
    "implicitDeny": Result.IMPLICITLY_DENIED,
}
_KINDS = {
    "aws:currenttime": "date",
    "aws:epochtime": "numeric",
    "aws:multifactorauthage": "numeric",
    "aws:multifactorauthpresent": "boolean",
    "aws:principalisawsservice": "boolean",
    "aws:securetransport": "boolean",
    "aws:sourceip": "ip",
    "aws:viaawsservice": "boolean",
}


class PolicySimulator:
    """The port `Simulator` over boto3."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def simulate(
        self,
        account_id: str,
        documents: Sequence[Json],
        boundary: Json | None,
        actions: Sequence[str],
        resource: str,
        context: Mapping[str, Sequence[str]],
    ) -> Mapping[str, Result]:
        """One call for a hundred actions."""
        calls = IamCalls(self._sessions.client("iam", account_id, "read"), account_id)
        bounds = {} if boundary is None else {"PermissionsBoundaryPolicyInputList": [json.dumps(boundary)]}
        found: dict[str, Result] = {}
        wanted = sorted(set(actions))
        for start in range(0, len(wanted), _MOST):
            answer = calls.answer(
                "SimulateCustomPolicy",
                PolicyInputList=[json.dumps(document) for document in documents],
                ActionNames=wanted[start : start + _MOST],
                ResourceArns=[resource],
                ContextEntries=[_entry(key, values) for key, values in sorted(context.items())],
                MaxItems=1000,
                **bounds,
            )
            results = answer["EvaluationResults"]
            found |= {one["EvalActionName"]: _ANSWERS[one["EvalDecision"]] for one in results}
        return found


def _entry(key: str, values: Sequence[str]) -> Mapping[str, Json]:
    kind = _KINDS.get(key, "string")
    return {
        "ContextKeyName": key,
        "ContextKeyValues": list(values),
        "ContextKeyType": kind if len(values) == 1 else f"{kind}List",
    }
