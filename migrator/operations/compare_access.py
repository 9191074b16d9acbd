"""What each person gains and loses: every call they made, decided before and after, and what they get beyond it."""

from typing import Any

from migrator.domain.dossier import Dossier
from migrator.domain.excess import unused_granted
from migrator.domain.model import Destination, Json, UserFacts
from migrator.domain.policy.actors import iam_user
from migrator.domain.policy.compare import Access, View, compare
from migrator.domain.policy.escalation import escalations
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.meaning import Successor, changes_of_meaning
from migrator.domain.replay import as_resource
from migrator.domain.ruling import policies_of
from migrator.domain.usage import UsageFact
from migrator.operations.coverage import escalation_shape, successor
from migrator.ports.tools import Tools


def compare_access(tools: Tools, name: str) -> list[dict[str, Any]]:
    """Per user of a set: calls lost, gained and in doubt; statements that change meaning; coverage and its gaps.

    In the other direction: the actions the set grants that no call used, and the ways to more access that it opens.
    """
    since = tools.clock.now() - tools.rules.lookback
    with tools.store.read() as work:
        users = [grant.user for grant in work.access.grants() if grant.permission_set == name]
        found = work.dossiers(users, tools.clock.now(), tools.rules.lookback)
        granted = work.users.policies(users)
        facts = work.usage.facts([d.facts.arn for d in found if d.facts], since)
    return [_one(tools, d, granted.get(d.user.id, ()), facts.get(d.facts.arn, [])) for d in found if d.facts]


def _one(
    tools: Tools, dossier: Dossier, grants: tuple[tuple[str, str, Json], ...], calls: list[UsageFact]
) -> dict[str, Any]:
    user, facts, planned = dossier.user, dossier.facts, dossier.planned
    if facts is None or planned is None:
        return {"user": user.key, "coverage": None, **dict.fromkeys(_LISTS, ())}
    own = [document for source, _, document in grants if source != "boundary"]
    bound = next((document for source, _, document in grants if source == "boundary"), None)
    policies = {policy: document for _, policy, document in grants}
    before = View(iam_user(facts.arn, facts.user_id, facts.tags), Policies(own, boundary=bound))
    actor = successor(tools, dossier, planned.name)
    then = policies_of(planned.spec, policies)
    made = [(f.action, as_resource(f.resource)) for f in calls if f.action and not f.refused]
    found = compare(before, View(actor, then), made)
    heir = heir_of(dossier, planned.name, facts)
    covered = dossier.coverage
    return {
        "user": user.key,
        "person": user.person,
        "coverage": None
        if covered is None
        else {"allowed": covered.allowed, "denied": covered.denied, "unknown": covered.unknown},
        "doubts": list(covered.doubts) if covered else [],
        "gaps": [
            {"action": g.action, "resource": g.resource, "calls": g.calls, "why": g.why, "statement": g.statement}
            for g in (covered.gaps if covered else ())
        ],
        "lost": [_access(one) for one in found.lost],
        "gained": [_access(one) for one in found.gained],
        "unknown": [_access(one) for one in found.unknown],
        "changed_meaning": [
            {"statement": c.statement, "key": c.key, "why": c.why, "rewrite": c.rewrite, "drop": c.drop}
            for c in changes_of_meaning(own, heir)
        ],
        **_beyond(tools, before.policies, then, calls),
    }


def heir_of(dossier: Dossier, name: str, facts: UserFacts) -> Successor:
    """Who the user becomes: a person's session of a set, or a machine's of its role, called by whoever assumes it."""
    if dossier.user.destination is Destination.IAM_ROLE:
        return Successor(facts.user_name, facts.arn, tags=facts.tags, role=name)
    return Successor(facts.user_name, facts.arn, dossier.user.person or facts.user_name, name, facts.tags)


_LISTS = ("lost", "gained", "unknown", "changed_meaning", "doubts", "gaps", "unused", "escalations")


def _beyond(tools: Tools, before: Policies, then: Policies, calls: list[UsageFact]) -> dict[str, Any]:
    """What the set grants beyond what was used; a way to more access is `new` where the user has it not today."""
    excess = unused_granted(then, calls, tools.catalogue)
    had = {one.path.actions for one in escalations(before)}
    return {
        "granted": excess.granted,
        "unused": list(excess.unused),
        "unused_percent": None if excess.percent is None else round(excess.percent, 1),
        "escalations": [{**escalation_shape(one), "new": one.path.actions not in had} for one in escalations(then)],
    }


def _access(one: Access) -> dict[str, Any]:
    return {
        "action": one.action,
        "resource": one.resource,
        "before": {"decision": str(one.before.result), "statement": one.before.statement, "layer": one.before.layer},
        "after": {"decision": str(one.after.result), "statement": one.after.statement, "layer": one.after.layer},
    }
