"""How much of what users did their planned sets would allow, as the principal they will be."""

from collections.abc import Sequence

from migrator.domain.coverage import Coverage, Excess, cover, unused_granted
from migrator.domain.dossier import Dossier
from migrator.domain.model import Destination, Json
from migrator.domain.policy.actors import Actor, identity_center_session, role_session
from migrator.domain.ruling import policies_of
from migrator.operations.weigh import dossiers
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def refresh_coverage(tools: Tools, work: UnitOfWork, users: Sequence[int]) -> None:
    """Replay what these users did against what is planned for them; a result that changed is appended."""
    granted = work.users.policies(users)
    services = work.usage.services(users)
    since = tools.clock.now() - tools.rules.lookback
    known = dossiers(tools, work, users)
    facts = work.usage.facts([d.facts.arn for d in known if d.facts], since)
    for dossier in known:
        if dossier.planned is None or dossier.facts is None:
            continue
        calls = facts.get(dossier.facts.arn, [])
        logged = {fact.action.partition(":")[0] for fact in calls if fact.action}
        used = {s for s, at in services.get(dossier.user.id, {}).items() if at and at >= since}
        policies = {name: document for _, name, document in granted.get(dossier.user.id, ())}
        compiled = policies_of(dossier.planned.spec, policies)
        actor = successor(tools, dossier, dossier.planned.name)
        found = cover(compiled, actor, calls, not_logged=sorted(used - logged), at=tools.clock.now())
        excess = unused_granted(compiled, calls, tools.catalogue)
        body = coverage_document(found, excess)
        if _differs(dossier, body):
            work.access.cover(dossier.user.id, dossier.planned.spec_sha, body, tools.clock.now())


def successor(tools: Tools, dossier: Dossier, name: str) -> Actor:
    """Who the user will be under the planned set or role of that name: a person's session, or a machine's."""
    user = dossier.user
    partition = dossier.facts.arn.split(":")[1] if dossier.facts else "aws"
    if user.destination is Destination.IAM_ROLE:
        return role_session(user.account_id, name, user.user_name, partition=partition)
    session = user.person or user.user_name
    return identity_center_session(user.account_id, name, session, partition=partition, region=tools.rules.home_region)


def coverage_document(found: Coverage, excess: Excess) -> Json:
    """A coverage as it is stored."""
    return {
        "calls": found.calls,
        "allowed": found.allowed,
        "denied": found.denied,
        "unknown": found.unknown,
        "gaps": [
            {"action": g.action, "resource": g.resource, "calls": g.calls, "last_seen": g.last_seen.isoformat()}
            for g in found.gaps
        ],
        "doubts": [{"what": d.what, "resource": d.resource, "calls": d.calls, "why": d.why} for d in found.doubts],
        "granted": excess.granted,
        "unused_granted": len(excess.unused),
        "unused_granted_percent": round(100 * len(excess.unused) / excess.granted, 1) if excess.granted else None,
    }


def _differs(dossier: Dossier, body: Json) -> bool:
    known = dossier.coverage
    if known is None or dossier.planned is None or known.spec_sha != dossier.planned.spec_sha:
        return True
    return (known.calls, known.allowed, known.denied) != (body["calls"], body["allowed"], body["denied"])
