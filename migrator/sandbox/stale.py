"""Eventual consistency: for a while after a write, reads of what it changed answer what they answered before.

Only while a fault rule `stale` is set, and only for reads that were made since then: their answers are remembered
until the thing they tell of is written. Source: IAM User Guide, "Changes that I make are not always immediately
visible"; measured elsewhere at about four seconds (aws-facts, 7).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from migrator.sandbox.answers import Answer
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK
from migrator.sandbox.events import classify
from migrator.sandbox.faults import in_force, present
from migrator.sandbox.principals import Principal
from migrator.sandbox.state import Store

_SERVICES = frozenset({"iam", "sso-admin", "identitystore"})
_STATUSES = frozenset({200, 400, 404})
"""Answers that tell how things are: that something is not there, too."""

Thing = tuple[str, str, str]
"""Service, account and, in IAM, the user or policy; empty where a read tells of all of them."""


@dataclass(slots=True)
class Memory:
    """Reads by thing and request: the latest true answer, and the old one to give until a moment."""

    true: dict[Thing, dict[str, Answer]] = field(default_factory=dict)
    old: dict[Thing, dict[str, tuple[Answer, datetime]]] = field(default_factory=dict)


MEMORY: Store[Memory] = Store("stale", Memory)


def old_answer(call: ApiCall, principal: Principal) -> Answer | None:
    """Return the answer from before the last write, where a read still gets that."""
    if not _speaks_of(call):
        return None
    answer, until = MEMORY.value.old.get(_thing(call, principal), {}).get(_request(call), (None, CLOCK.now()))
    return answer if CLOCK.now() < until else None


def learn(call: ApiCall, principal: Principal, answer: Answer) -> None:
    """Remember a true answer; at a write, let the answers about what it changed grow old."""
    if not _speaks_of(call):
        return
    thing, memory = _thing(call, principal), MEMORY.value
    if classify(call, principal).read_only:
        if answer.status in _STATUSES:
            memory.true.setdefault(thing, {})[_request(call)] = answer
    elif answer.status == 200:  # noqa: PLR2004 - HTTP's own number
        for touched in {thing, (*thing[:2], "")}:
            _age(memory, touched)


def _age(memory: Memory, thing: Thing) -> None:
    was = memory.true.pop(thing, {})
    rule = present("stale")
    if rule is None:
        return
    now = CLOCK.now()
    until = now + timedelta(seconds=rule.seconds)
    still = {request: each for request, each in memory.old.get(thing, {}).items() if now < each[1]}
    memory.old[thing] = {**{request: (answer, until) for request, answer in was.items()}, **still}


def _speaks_of(call: ApiCall) -> bool:
    return call.service in _SERVICES and bool(call.operation) and in_force("stale")


def _thing(call: ApiCall, principal: Principal) -> Thing:
    if call.service != "iam":
        return "center", principal.account, ""
    policy = str(call.params.get("PolicyArn") or call.params.get("PolicyName") or "").rpartition("/")[2]
    user = str(call.params.get("UserName") or "").lower()
    return "iam", principal.account, f"user {user}" if user else f"policy {policy}" if policy else ""


def _request(call: ApiCall) -> str:
    return f"{call.operation} {json.dumps(call.params, sort_keys=True, default=str)}"
