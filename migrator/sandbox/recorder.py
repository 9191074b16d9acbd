"""Remembers every authenticated call: as a CloudTrail event, for the control interface, for "last accessed"."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from migrator.sandbox import records, trails
from migrator.sandbox.actions import action_of
from migrator.sandbox.answers import Answer
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK
from migrator.sandbox.events import EventKind, classify
from migrator.sandbox.principals import Principal
from migrator.sandbox.state import Store


@dataclass(frozen=True, slots=True)
class Made:
    """One call as tests count it; `error` is empty where it succeeded."""

    service: str
    operation: str
    account: str
    principal: str
    params: dict[str, Any] | None
    status: int
    error: str


@dataclass(frozen=True, slots=True)
class Event:
    """One management event of the event history, with its record as text."""

    account: str
    region: str
    moment: datetime
    text: str


@dataclass(slots=True)
class Access:
    """When and where a principal last tried an action, refused or not."""

    moment: datetime
    region: str


CALLS: Store[list[Made]] = Store("calls", list)
EVENTS: Store[list[Event]] = Store("events", list)
ACCESSES: Store[dict[str, dict[str, Access]]] = Store("accesses", dict)
"""By ARN of a user or role: the actions it tried, such as `s3:ListBucket`."""

_NUMBER: Store[list[int]] = Store("event-number", lambda: [0])


def note(call: ApiCall, principal: Principal, answer: Answer) -> None:
    """Record a call that was authenticated, refused ones too."""
    if not call.operation:
        return
    kind = classify(call, principal)
    code, _ = records.error_of(answer)
    params = records.request_parameters(call)
    CALLS.value.append(
        Made(call.service, call.operation, principal.account, principal.arn, params, answer.status, code)
    )
    moment = CLOCK.now()
    _note_access(call, principal, kind, moment)
    made = records.record(call, principal, kind, answer, moment, next_number())
    across = call.operation == "AssumeRole" and kind.owner != principal.account
    if across:
        made["sharedEventID"] = records.event_id(f"shared {made['eventID']}")
    keep(made, kind, moment)
    if across:
        keep(_seen_from_the_role(made, kind), kind, moment)


def keep(record: dict[str, Any], kind: EventKind, moment: datetime) -> None:
    """Keep a record for the event history and send it to the trails."""
    text, account = trails.as_text(record), str(record["recipientAccountId"])
    if not kind.data:
        EVENTS.value.append(Event(account, kind.region, moment, text))
    trails.send(record, kind, account, moment, text)


def next_number() -> int:
    """Return the next record's number."""
    _NUMBER.value[0] += 1
    return _NUMBER.value[0]


def calls() -> list[dict[str, Any]]:
    """Return every call since the last clearing, in order."""
    return [asdict(call) for call in CALLS.value]


def counts() -> dict[str, int]:
    """Return how often each operation succeeded since the last clearing, such as `{"iam:DeleteUser": 1}`."""
    return dict(Counter(f"{call.service}:{call.operation}" for call in CALLS.value if not call.error))


def _seen_from_the_role(made: dict[str, Any], kind: EventKind) -> dict[str, Any]:
    # Source: IAM User Guide, "Example: cross-account AssumeRole": the role's account sees only whose call it was.
    caller = made["userIdentity"]
    return {
        **made,
        "userIdentity": {
            "type": "AWSAccount",
            "principalId": caller["principalId"],
            "accountId": caller["accountId"],
        },
        "eventID": records.event_id(f"other side of {made['eventID']}"),
        "recipientAccountId": kind.owner,
    }


def _note_access(call: ApiCall, principal: Principal, kind: EventKind, moment: datetime) -> None:
    holder = principal.user or principal.role
    if holder is not None:
        ACCESSES.value.setdefault(holder.arn, {})[action_of(call)] = Access(moment, kind.region)
