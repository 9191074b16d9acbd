"""What changes between two sets of policies, or between two principals: access lost, gained and in doubt."""

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.domain.policy.actors import Actor
from migrator.domain.policy.evaluate import Context, Decision, Policies, Result, decide


def ask(
    policies: Policies,
    actor: Actor,
    action: str,
    resource: str | None,
    keys: frozenset[str],
    context: Context | None = None,
) -> Decision:
    """Decides a call of an actor; unknown where requests that may be the real one are answered differently.

    `keys` are those of the policies, which are costly to gather anew for every call.
    """
    answers = [decide(policies, one) for one in actor.requests(action, resource, keys, context)]
    results = {one.result for one in answers}
    if len(results) == 1:
        return answers[0]
    refusals = [one for one in answers if one.result is not Result.ALLOWED]
    if results == {Result.EXPLICITLY_DENIED, Result.IMPLICITLY_DENIED}:
        return next(one for one in refusals if one.result is Result.EXPLICITLY_DENIED)
    return Decision(Result.UNKNOWN, refusals[0].statement, refusals[0].layer)


@dataclass(frozen=True, slots=True)
class View:
    """A principal and the policies that rule it."""

    actor: Actor
    policies: Policies

    def decide(self, action: str, resource: str | None = None, context: Context | None = None) -> Decision:
        """Decides a call of this principal; what neither it nor `context` says is unknown."""
        return ask(self.policies, self.actor, action, resource, self.policies.keys, context)


@dataclass(frozen=True, slots=True)
class Access:
    """One access, decided before and after; a resource of None is any."""

    action: str
    resource: str | None
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Difference:
    """What was allowed and is not, what is allowed and was not, and what one side leaves unknown."""

    lost: tuple[Access, ...] = ()
    gained: tuple[Access, ...] = ()
    unknown: tuple[Access, ...] = ()


def compare(before: View, after: View, accesses: Iterable[tuple[str, str | None]]) -> Difference:
    """Decides each `(action, resource)` on both sides; keeps those whose answer differs, or may differ, in order."""
    lost: list[Access] = []
    gained: list[Access] = []
    unknown: list[Access] = []
    for action, resource in dict.fromkeys(accesses):
        access = Access(action, resource, before.decide(action, resource), after.decide(action, resource))
        results = {access.before.result, access.after.result}
        if Result.UNKNOWN in results:
            same = access.before == access.after and before.actor == after.actor
            unknown += [] if same else [access]
        elif access.before.result is Result.ALLOWED is not access.after.result:
            lost.append(access)
        elif access.after.result is Result.ALLOWED is not access.before.result:
            gained.append(access)
    return Difference(tuple(lost), tuple(gained), tuple(unknown))
