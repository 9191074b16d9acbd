"""Ask AWS's own policy simulator about the calls that coverage judged: whoever disagrees is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator.domain.coverage import FREE, SIGN_IN_ACTIONS, USERS_ONLY
from migrator.domain.errors import MigratorError
from migrator.domain.explaining import Side, tomorrow
from migrator.domain.policy.evaluate import Result
from migrator.domain.replay import Replay, as_resource
from migrator.domain.usage import UsageFact
from migrator.operations.coverage import successor
from migrator.ports.simulator import Simulator
from migrator.ports.tools import Tools

Question = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]
"""Resource and context of calls that can be asked about at once."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One call that AWS decides otherwise than coverage did."""

    user: str
    action: str
    resource: str
    ours: Result
    theirs: Result


@dataclass(slots=True)
class CrossCheck:
    """How many kinds of call were asked about, what AWS said otherwise, and who could not be asked about."""

    asked: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)


def cross_check(tools: Tools, users: Sequence[int]) -> CrossCheck | None:
    """Compare, for each of these users, what its own policies make of its calls; None where that is not wanted.

    Calls that are unknown to us are left out. Resources' policies are too: the simulator takes them of users only.
    """
    simulator = tools.simulator
    if simulator is None:
        return None
    since = tools.clock.now() - tools.rules.lookback
    with tools.store.read() as work:
        known = [d for d in work.dossiers(users, tools.clock.now(), tools.rules.lookback) if d.planned and d.facts]
        granted = work.users.policies([dossier.user.id for dossier in known])
        facts = work.usage.facts([d.facts.arn for d in known if d.facts], since)
        organization = work.organization() or ""
    found = CrossCheck()
    for dossier in known:
        if dossier.planned is None or dossier.facts is None:
            continue
        named = {name: document for _, name, document in granted.get(dossier.user.id, ())}
        actor = successor(tools, dossier, dossier.planned.name, organization)
        side = tomorrow(actor, dossier.planned.spec, named)
        calls = facts.get(dossier.facts.arn, ())
        try:
            _compare(found, tools, simulator, dossier.user.key, side, calls)
        except MigratorError as error:
            found.not_checked.append(f"{dossier.user.key}: {error.what}")
    return found


def _compare(
    found: CrossCheck, tools: Tools, simulator: Simulator, user: str, side: Side, calls: Sequence[UsageFact]
) -> None:
    account = str(side.actor.context["aws:principalaccount"])
    documents = [one.source for one in side.identity]
    boundary = side.boundary.source if side.boundary else None
    for (resource, context), ours in _questions(tools, side, calls).items():
        theirs = simulator.simulate(account, documents, boundary, sorted(ours), resource, dict(context))
        found.asked += len(ours)
        found.disagreements += [
            Disagreement(user, action, resource, result, theirs[action])
            for action, result in sorted(ours.items())
            if action in theirs and theirs[action] is not result
        ]


def _questions(tools: Tools, side: Side, calls: Sequence[UsageFact]) -> Mapping[Question, dict[str, Result]]:
    """Our answers by resource and context, then by action."""
    replay = Replay(side.policies, side.actor, tools.clock.now())
    found: dict[Question, dict[str, Result]] = {}
    for fact in calls:
        resource = as_resource(fact.resource)
        if fact.refused or fact.action is None or resource is None or fact.action.lower() in _APART:
            continue
        result = replay.decide(fact).result
        if result is not Result.UNKNOWN:
            context = tuple(sorted(replay.context(fact).items()))
            found.setdefault((resource, context), {})[fact.action] = result
    return found


_APART = FREE | USERS_ONLY | SIGN_IN_ACTIONS
"""What no policy decides."""
