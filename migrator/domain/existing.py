"""Which permission set that exists a user shall have, where none may be made: equal first, else the smallest that fits.

What fits covers every call the user was seen making and opens no way to more access that the user does not have today.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from migrator.domain.canonical import digest
from migrator.domain.coverage import FREE, UNMAPPED, cover
from migrator.domain.model import Json
from migrator.domain.policy.actions import Actions, granted
from migrator.domain.policy.actors import Actor
from migrator.domain.policy.escalation import escalations
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.policy.same import same_policies
from migrator.domain.usage import UsageFact


@dataclass(frozen=True, slots=True)
class Offer:
    """A permission set that exists. `documents` holds AWS's policies it names, by ARN, as far as they are known."""

    spec: PermissionSetSpec
    arn: str = ""
    documents: Mapping[str, Json] = field(default_factory=dict)

    @property
    def named(self) -> frozenset[str]:
        """The policies whose documents one must know to say what it grants: ARNs and `/path/name`."""
        bound = (self.spec.boundary,) if self.spec.boundary else ()
        return frozenset((*self.spec.managed_policies, *self.spec.customer_policies, *bound))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer as one user would have it: what rules the session, and who it is."""

    offer: Offer
    policies: Policies
    actor: Actor


def choose(
    candidates: Sequence[Candidate],
    wanted: PermissionSetSpec,
    today: Policies,
    calls: Sequence[UsageFact],
    catalogue: Actions,
    at: datetime,
) -> Offer | None:
    """The offer for one user; None where none fits, or no call of the user says what it needs.

    `wanted` is what grants as the user's own policies do, `today` those policies. The smallest is the one that grants
    the fewest actions; of equals the first by name.
    """
    by_name = sorted(candidates, key=lambda c: c.offer.spec.name)
    equal = next((c.offer for c in by_name if same_content(c.offer.spec, wanted)), None)
    if equal is not None:
        return equal
    known_ways = _ways(today)
    fitting = [c for c in by_name if _covers(c, calls, at) and _ways(c.policies) <= known_ways]
    return min(fitting, key=lambda c: len(granted(c.policies, catalogue))).offer if fitting else None


def same_content(one: PermissionSetSpec, other: PermissionSetSpec) -> bool:
    """Whether two sets grant the same by the same means; name, tags, description and duration aside."""
    attached = [(sorted(s.managed_policies), sorted(s.customer_policies), s.boundary) for s in (one, other)]
    return attached[0] == attached[1] and same_policies(_inline(one), _inline(other))


def content_of(spec: PermissionSetSpec) -> str:
    """What tells two existing sets apart, whatever they are called."""
    return digest([spec.inline_policy, sorted(spec.managed_policies), sorted(spec.customer_policies), spec.boundary])


def _covers(candidate: Candidate, calls: Iterable[UsageFact], at: datetime) -> bool:
    """Whether every call that can be judged would work; an event without an action is in doubt under any set.

    Calls that need no permission say nothing of what a user needs.
    """
    needing = [call for call in calls if (call.action or "").lower() not in FREE]
    found = cover(candidate.policies, candidate.actor, needing, at=at)
    return found.allowed > 0 and found.denied == 0 and all(doubt.why == UNMAPPED for doubt in found.doubts)


def _ways(policies: Policies) -> frozenset[str]:
    return frozenset("+".join(sorted(found.path.actions)) for found in escalations(policies))


def _inline(spec: PermissionSetSpec) -> list[Json]:
    return [] if spec.inline_policy is None else [spec.inline_policy]
