"""A bad day of AWS: rules that strike matching calls with a fault, the same calls in every run; off until they are set.

A rule counts the calls that it matches and strikes from `after` on, `times` of them, `percent` of those; which ones is
drawn from the seed and the count alone. Rules and counts are part of snapshots.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.events import classify
from migrator.sandbox.fault_answers import REFUSALS, expired, refusal_of
from migrator.sandbox.principals import Principal
from migrator.sandbox.state import Store

OTHERS: Mapping[str, str] = {
    "expired": "the caller's credentials have expired: the request is not authenticated",
    "reset": "the connection is reset before the call has any effect",
    "lost-answer": "the call has its effect, then the connection is closed without an answer",
    "stale": "for `seconds` after this write, reads of what it changed answer what they answered before",
    "never-ends": "what this call starts stays in progress while the rule is set",
    "ends-failed": "what this call starts ends FAILED, for `reason`",
    "empty-page": "the first page of the listing is empty, with a token",
    "repeated-page": "the first page of the listing comes twice",
    "endless-pages": "every page of the listing comes with the token of the first",
}
"""What is not a refusal, by name."""

REASON = "Received a 500 status error: Internal error."


@dataclass(slots=True)
class Rule:
    """Which calls are struck with which fault. Names are globs; `verb` is `read`, `write` or empty for both.

    `seen` counts the calls that matched, `struck` those that were struck.
    """

    fault: str
    service: str = "*"
    operation: str = "*"
    account: str = "*"
    verb: str = ""
    after: int = 0
    times: int | None = None
    percent: float = 100.0
    seconds: float = 5.0
    reason: str = REASON
    seen: int = 0
    struck: int = 0

    def matches(self, call: ApiCall, principal: Principal, *, reads: bool) -> bool:
        """Whether the rule speaks of this call."""
        return (
            fnmatchcase(call.service, self.service)
            and fnmatchcase(call.operation, self.operation)
            and fnmatchcase(principal.account, self.account)
            and self.verb in {"", "read" if reads else "write"}
        )

    def strikes(self, draw: str) -> bool:
        """Count a call that matches; tell whether it is struck. `draw` names the rule in this run."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        chance = random.Random(f"{draw} {self.seen}").random()  # noqa: S311 - drawn to be repeated
        if chance * 100 >= self.percent:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class Faults:
    """The rules in force, and those that strike the call at hand."""

    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    present: dict[str, Rule] = field(default_factory=dict)


FAULTS: Store[Faults] = Store("faults", Faults)

_COUNTS = frozenset({"seen", "struck"})
_WORDS = frozenset(each.name for each in fields(Rule)) - _COUNTS


def put(rules: Iterable[Mapping[str, Any]], seed: int = 0) -> None:
    """Set the rules in force, none to be well again; raises ValueError for a fault or a key that there is not."""
    FAULTS.value = Faults(seed, [_read(rule) for rule in rules])


def told() -> list[dict[str, Any]]:
    """Return the rules in force with their counts."""
    return [asdict(rule) for rule in FAULTS.value.rules]


def begin(call: ApiCall, principal: Principal) -> None:
    """Count a call that arrived and find what strikes it; raises the refusal of expired credentials."""
    faults = FAULTS.value
    faults.present = {}
    if not faults.rules:
        return
    reads = classify(call, principal).read_only
    for number, rule in enumerate(faults.rules):
        if rule.matches(call, principal, reads=reads) and rule.strikes(f"{faults.seed} {number}"):
            faults.present.setdefault(rule.fault, rule)
    if "expired" in faults.present:
        raise expired(call)


def refuse(call: ApiCall, _principal: Principal) -> None:
    """Raise the refusal that strikes the call at hand, if one does."""
    for name in FAULTS.value.present:
        if name in REFUSALS:
            raise refusal_of(name, call)


def present(fault: str) -> Rule | None:
    """Return the rule that strikes the call at hand with a fault."""
    return FAULTS.value.present.get(fault)


def in_force(fault: str, operation: str = "*") -> bool:
    """Tell whether some rule speaks of a fault of an operation, whatever the call at hand."""
    return any(
        rule.fault == fault and (operation == "*" or fnmatchcase(operation, rule.operation))
        for rule in FAULTS.value.rules
    )


def bent(first: bool) -> str:
    """Return the fault of the page at hand; most bend only the first page of a listing."""
    names = ("endless-pages", *(("empty-page", "repeated-page") if first else ()))
    return next((name for name in names if present(name)), "")


def _read(words: Mapping[str, Any]) -> Rule:
    unknown = sorted(set(words) - _WORDS)
    if unknown:
        raise ValueError(f"a fault rule has no {', '.join(unknown)}; there are {', '.join(sorted(_WORDS))}")
    rule = Rule(**words)
    if rule.fault not in REFUSALS and rule.fault not in OTHERS:
        raise ValueError(f"no fault {rule.fault!r}; there are {', '.join(sorted({*REFUSALS, *OTHERS}))}")
    return rule
