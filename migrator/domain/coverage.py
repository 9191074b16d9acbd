"""Coverage: what a user did, replayed against the access it will have, as the principal it will be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address

from migrator.domain.policy.actions import Actions, granted
from migrator.domain.policy.actors import Actor
from migrator.domain.policy.evaluate import Decision, Policies, Result, decide
from migrator.domain.usage import UsageFact

SIGN_IN_SOURCES = frozenset({"signin.amazonaws.com"})
"""Event sources whose events are sign-ins, not calls."""

SIGN_IN_ACTIONS = frozenset({"sts:getsessiontoken", "iam:changepassword"})
"""What the portal does in the session's stead: it counts as a sign-in. A role session cannot call it."""

FREE = frozenset({"sts:getcalleridentity"})
"""What every principal may do, whatever its policies say (STS API reference)."""

USERS_ONLY = frozenset({"sts:getfederationtoken"})
"""What no role session can do, whatever its policies say (STS API reference)."""


UNMAPPED = "unmapped"
"""Why a call is in doubt whose event has no known action: no policy could tell."""

NOTHING_ALLOWS = Decision(Result.IMPLICITLY_DENIED)
"""No statement allows it, and none denies it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Calls that worked and would be refused; `resource` is empty where none was logged, `decision` says why."""

    action: str
    resource: str
    calls: int
    last_seen: datetime
    decision: Decision = NOTHING_ALLOWS

    @property
    def statement(self) -> Mapping[str, str] | None:
        """The smallest statement that closes it; None where something denies, or no statement could allow it."""
        closes = self.decision == NOTHING_ALLOWS and self.action.lower() not in USERS_ONLY
        return {"Effect": "Allow", "Action": self.action, "Resource": self.resource or "*"} if closes else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Calls of which nobody can say whether they would work, and why."""

    what: str
    resource: str
    calls: int
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what a user did would still work. Counts are calls; `calls` is their sum."""

    calls: int = 0
    allowed: int = 0
    denied: int = 0
    unknown: int = 0
    gaps: tuple[Gap, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def percent(self) -> float | None:
        """Allowed calls of all calls; None where there were none to judge."""
        return 100 * self.allowed / self.calls if self.calls else None


@dataclass(slots=True)
class _Tally:
    allowed: int = 0
    denied: int = 0
    unknown: int = 0
    gaps: dict[tuple[str, str], Gap] = field(default_factory=dict)
    doubts: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def refuse(self, fact: UsageFact, action: str, decision: Decision) -> None:
        self.denied += fact.calls
        key = (action, fact.resource)
        seen = self.gaps.get(key, Gap(action, fact.resource, 0, fact.last, decision))
        last = max(seen.last_seen, fact.last)
        self.gaps[key] = Gap(action, fact.resource, seen.calls + fact.calls, last, seen.decision)

    def doubt(self, what: str, resource: str, calls: int, why: str) -> None:
        self.unknown += calls
        self.doubts[what, resource, why] = self.doubts.get((what, resource, why), 0) + calls

    def coverage(self) -> Coverage:
        return Coverage(
            calls=self.allowed + self.denied + self.unknown,
            allowed=self.allowed,
            denied=self.denied,
            unknown=self.unknown,
            gaps=tuple(self.gaps[key] for key in sorted(self.gaps)),
            doubts=tuple(Doubt(what, on, self.doubts[what, on, why], why) for what, on, why in sorted(self.doubts)),
        )


def cover(
    policies: Policies,
    actor: Actor,
    facts: Iterable[UsageFact],
    *,
    not_logged: Iterable[str] = (),
    at: datetime | None = None,
) -> Coverage:
    """Replays the calls that were authorized then against `policies`, as `actor`.

    `not_logged` names services that were last used but of which the logs hold nothing: each counts as one unknown call.
    `at` is the moment the calls are imagined at, for statements bound to dates; without it such statements are unknown.
    """
    tally = _Tally()
    keys = policies.keys
    for fact in facts:
        if not fact.refused and not _is_sign_in(fact):
            _judge(tally, policies, actor, fact, keys, at)
    for service in sorted(set(not_logged)):
        tally.doubt(service, "", 1, "last used, not logged")
    return tally.coverage()


def _is_sign_in(fact: UsageFact) -> bool:
    return fact.source in SIGN_IN_SOURCES or (fact.action or "").lower() in SIGN_IN_ACTIONS


def _judge(
    tally: _Tally, policies: Policies, actor: Actor, fact: UsageFact, keys: frozenset[str], at: datetime | None
) -> None:
    if fact.action is None:
        tally.doubt(f"{fact.source}:{fact.event}", fact.resource, fact.calls, UNMAPPED)
        return
    name = fact.action.lower()
    if name in FREE:
        tally.allowed += fact.calls
        return
    if name in USERS_ONLY:
        tally.refuse(fact, fact.action, NOTHING_ALLOWS)
        return
    resource = fact.resource if fact.resource.startswith("arn:") or fact.resource == "*" else None
    decision = decide(policies, actor.request(fact.action, resource, keys, _context(fact, at)))
    if decision.result is Result.ALLOWED:
        tally.allowed += fact.calls
    elif decision.result is Result.UNKNOWN:
        tally.doubt(fact.action, fact.resource, fact.calls, f"depends on {decision.layer} {decision.statement}")
    else:
        tally.refuse(fact, fact.action, decision)


def _context(fact: UsageFact, at: datetime | None) -> dict[str, str]:
    """What the log tells of the call's context; the rest is the actor's or unknown."""
    context = {"aws:requestedregion": fact.region, "aws:useragent": fact.agent}
    if at is not None:
        context |= {"aws:currenttime": at.isoformat(), "aws:epochtime": str(int(at.timestamp()))}
    if _is_address(fact.address):
        context["aws:sourceip"] = fact.address
    called_by_service = fact.via not in {"", "session"}
    context["aws:viaawsservice"] = "true" if called_by_service else "false"
    account = fact.resource.split(":", 5)[4] if fact.resource.count(":") >= _ARN_COLONS else ""
    context["aws:resourceaccount"] = account
    return {key: value for key, value in context.items() if value}


_ARN_COLONS = 5


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Excess:
    """What a set of policies grants beyond what was used, of the actions that exist."""

    granted: int
    unused: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """Unused actions of all granted ones; None where nothing is granted."""
        return 100 * len(self.unused) / self.granted if self.granted else None


def unused_granted(policies: Policies, facts: Iterable[UsageFact], catalogue: Actions) -> Excess:
    """Lists the granted actions that no authorized call used."""
    used = {fact.action.lower() for fact in facts if fact.action and not fact.refused}
    all_granted = granted(policies, catalogue)
    return Excess(len(all_granted), tuple(action for action in all_granted if action.lower() not in used))
