"""Coverage: what a user did, replayed against the access it will have, as the principal it will be."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from migrator.domain.model import Json
from migrator.domain.policy.actors import Actor
from migrator.domain.policy.consents import RESOURCE, Consents, guard_of
from migrator.domain.policy.evaluate import Decision, Policies, Result
from migrator.domain.replay import Replay
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
    """Calls that worked and would be refused; `resource` is empty where none was logged, `decision` says why.

    `guard` is the ARN whose policy does not let the session in, `role` the pattern of the role's ARN that it should
    let in; both are empty where the session's own policies refuse.
    """

    action: str
    resource: str
    calls: int
    last_seen: datetime
    decision: Decision = NOTHING_ALLOWS
    guard: str = ""
    role: str = ""

    @property
    def statement(self) -> Json | None:
        """The smallest statement that closes it: of the set, or of the policy of `guard`.

        None where something denies, or no statement could allow it.
        """
        if self.action.lower() in USERS_ONLY or self.decision.result is not Result.IMPLICITLY_DENIED:
            return None
        if self.guard:
            return admission(self.action, self.resource, self.role)
        allowing = {"Effect": "Allow", "Action": self.action, "Resource": self.resource or "*"}
        return allowing if self.decision == NOTHING_ALLOWS else None

    @property
    def why(self) -> str:
        """Why the call would be refused, in words."""
        if self.action.lower() in USERS_ONLY:
            return "no role session can do it, whatever its policies say"
        return why_refused(self.decision, self.guard)


def why_refused(decision: Decision, guard: str = "") -> str:
    """Why a call is refused, in words; `guard` is the ARN of the resource whose policy decided."""
    layer = f"policy of {guard or 'the resource'}" if decision.layer == RESOURCE else f"{decision.layer} policy"
    if decision.result is Result.EXPLICITLY_DENIED:
        return f"{layer}: {decision.statement} denies it"
    return "no statement allows it" if decision.layer is None else f"{layer}: no statement allows it"


def admission(action: str, resource: str, role: str) -> Json:
    """The statement of a resource's policy that lets in the sessions of a role which AWS makes anew now and then.

    Source: Identity Center User Guide, "Referencing permission sets in resource policies".
    """
    account = role.split(":")[4]
    partition = role.split(":")[1]
    statement: dict[str, Json] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:PrincipalArn": role}},
    }
    if action.lower().startswith("sts:assumerole"):
        del statement["Resource"]  # a trust policy names no resource: it is the role's own
    return statement


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

    def refuse(self, fact: UsageFact, action: str, decision: Decision, guard: str = "", role: str = "") -> None:
        self.denied += fact.calls
        key = (action, fact.resource)
        seen = self.gaps.get(key)
        if seen is None:
            self.gaps[key] = Gap(action, fact.resource, fact.calls, fact.last, decision, guard, role)
        else:
            self.gaps[key] = replace(seen, calls=seen.calls + fact.calls, last_seen=max(seen.last_seen, fact.last))

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
    consents: Consents | None = None,
) -> Coverage:
    """Replays the calls that were authorized then against `policies`, as `actor`.

    `not_logged` names services that were last used but of which the logs hold nothing: each counts as one unknown call.
    `at` is the moment the calls are imagined at, for statements bound to dates; without it such statements are unknown.
    `consents` are the policies of the resources; without it only the caller's own policies are asked.
    """
    tally, replay = _Tally(), Replay(policies, actor, at, consents)
    for fact in facts:
        if not fact.refused and not _is_sign_in(fact):
            _judge(tally, replay, fact)
    for service in sorted(set(not_logged)):
        tally.doubt(service, "", 1, "last used, not logged")
    return tally.coverage()


def _is_sign_in(fact: UsageFact) -> bool:
    return fact.source in SIGN_IN_SOURCES or (fact.action or "").lower() in SIGN_IN_ACTIONS


def _judge(tally: _Tally, replay: Replay, fact: UsageFact) -> None:
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
    decision = replay.decide(fact)
    guard = (guard_of(fact.action, fact.resource) or fact.resource) if decision.layer == RESOURCE else ""
    if decision.result is Result.ALLOWED:
        tally.allowed += fact.calls
    elif decision.result is Result.UNKNOWN:
        tally.doubt(fact.action, fact.resource, fact.calls, why_unknown(decision, guard))
    else:
        tally.refuse(fact, fact.action, decision, guard, replay.role if guard else "")


def why_unknown(decision: Decision, guard: str = "") -> str:
    """On what an answer depends, in words."""
    if decision.statement is None:
        return f"the policy of {guard} decides, which was not read" if guard else f"depends on the {decision.layer}"
    return f"depends on {decision.layer} {decision.statement}" + (f" of {guard}" if guard else "")
