"""The bad days of AWS that a migration must survive, and what each comes to: the parameters of the fault matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STAGES: Mapping[str, str] = {
    "discover": "discover",
    "provision": "provision",
    "cut": "quarantine, deactivate, delete",
    "rollback": "roll back",
}
"""What is done on a bad day, and the words for it."""

THROUGH = "through"
TOLD = "told"
EITHER = "either"
ENDS: Mapping[str, str] = {
    THROUGH: "ends as on a calm day, by itself",
    TOLD: "stops, names whom and the next step; on the next calm day the same command ends it",
    EITHER: "one or the other, as the calls fall",
}
"""What a bad day comes to."""

HALF_WAY = -1
"""In `after`: half as many calls as the stage makes on a calm day."""

DATA = "data"
"""In `account`: the account of that name."""

Rule = dict[str, Any]


@dataclass(frozen=True)
class Storm:
    """A bad day: its rules for the sandbox, and what it comes to in each stage where it means something."""

    name: str
    rules: tuple[Rule, ...]
    ends: Mapping[str, str]

    @property
    def lasting(self) -> bool:
        """Whether it lasts for as long as it is set, and strikes no single call."""
        return any(rule["fault"] == "never-ends" for rule in self.rules)


def _in(*stages: str, end: str = THROUGH) -> Mapping[str, str]:
    return dict.fromkeys(stages, end)


def _some(fault: str, percent: float = 100, **which: Any) -> Rule:
    return {"fault": fault, "percent": percent, **which}


def _often(fault: str, times: int, operation: str, **which: Any) -> Rule:
    return {"fault": fault, "times": times, "operation": operation, **which}


ASSIGN = "CreateAccountAssignment"
NEVER = "Received a 404 status error: no such policy."

STORMS = (
    Storm("throttled: 10 % of all calls", (_some("throttle", 10),), _in(*STAGES)),
    Storm("throttled: 30 % of all calls", (_some("throttle", 30),), _in("provision", "cut", end=EITHER)),
    Storm(
        "throttled: one account, for good",
        (_some("throttle", account=DATA),),
        _in("discover", "cut", "rollback", end=TOLD),
    ),
    Storm(
        "HTTP 500 and 503: 5 % of all calls each",
        (_some("internal-error", 5), _some("unavailable", 5)),
        _in("discover", "cut"),
    ),
    Storm(
        "HTTP 503: every change of IAM",
        (_some("unavailable", service="iam", verb="write"),),
        _in("cut", "rollback", end=TOLD),
    ),
    Storm("connection reset before the effect: 10 % of all calls", (_some("reset", 10),), _in("provision", "rollback")),
    Storm(
        "answer lost after the effect: every other change",
        (_some("lost-answer", 50, verb="write"),),
        _in("provision", "cut"),
    ),
    Storm(
        "answer lost after the effect: every change of IAM and the identity store",
        (_some("lost-answer", service="i*", verb="write"),),
        _in("provision", "cut", "rollback"),
    ),
    Storm("reads five seconds old after every change", (_some("stale", seconds=5),), _in(*STAGES)),
    Storm(
        "credential report never ready",
        (_some("never-ends", operation="GenerateCredentialReport"),),
        _in("discover"),
    ),
    Storm(
        "assignment ends `FAILED` twice, for a reason that passes",
        (_often("ends-failed", 2, ASSIGN),),
        _in("provision"),
    ),
    Storm(
        "assignment ends `FAILED` always",
        (_some("ends-failed", operation=ASSIGN, reason=NEVER),),
        _in("provision", end=TOLD),
    ),
    Storm("assignment never ends", (_some("never-ends", operation=ASSIGN),), _in("provision", end=TOLD)),
    Storm("credentials expire half way", (_some("expired", after=HALF_WAY),), _in(*STAGES, end=TOLD)),
    Storm(
        "`ConcurrentModification`: 30 % of IAM's changes",
        (_some("concurrent-modification", 30, service="iam", verb="write"),),
        _in("cut", "rollback"),
    ),
    Storm(
        "`EntityTemporarilyUnmodifiable`: three times each",
        (
            _often("temporarily-unmodifiable", 3, "DeleteLoginProfile"),
            _often("temporarily-unmodifiable", 3, "DeactivateMFADevice"),
        ),
        _in("cut"),
    ),
    Storm(
        "`EntityTemporarilyUnmodifiable`: always",
        (_some("temporarily-unmodifiable", operation="DeleteLoginProfile"),),
        _in("cut", end=TOLD),
    ),
    Storm(
        "`ConflictException`, `CONCURRENT_MODIFICATION`: 30 % of the identity store's changes",
        (_some("conflict", 30, service="identitystore", verb="write"),),
        _in("provision"),
    ),
    Storm(
        "`ConflictException` of permission sets and assignments: twice each",
        (_often("conflict", 2, "CreatePermissionSet"), _often("conflict", 2, ASSIGN)),
        _in("provision"),
    ),
    Storm(
        "`ConflictException`, `UNIQUENESS_CONSTRAINT_VIOLATION`: every new group",
        (_some("taken", operation="CreateGroup"),),
        _in("provision", end=TOLD),
    ),
    Storm("first page empty, with a token: every listing", (_some("empty-page"),), _in(*STAGES)),
    Storm("first page twice: every listing", (_some("repeated-page"),), _in(*STAGES)),
    Storm(
        "pages without end: listings of access keys",
        (_some("endless-pages", operation="ListAccessKeys"),),
        _in("discover", "cut", end=TOLD),
    ),
)

CASES = [(storm, stage) for storm in STORMS for stage in storm.ends]
