"""How much of what users did their planned sets would allow, as the principal they will be."""

from collections.abc import Mapping, Sequence

from migrator.domain.coverage import Coverage, cover
from migrator.domain.dossier import Dossier, PlannedSet
from migrator.domain.excess import Excess, unused_granted
from migrator.domain.model import Destination, Json
from migrator.domain.policy.actors import Actor, identity_center_session, role_session
from migrator.domain.policy.consents import Consents
from migrator.domain.policy.escalation import Escalation, escalations
from migrator.domain.policy.evaluate import Policies
from migrator.domain.ruling import policies_of
from migrator.domain.usage import UsageFact
from migrator.operations.read_guards import Read, guards_of
from migrator.operations.weigh import dossiers
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

Grants = tuple[tuple[str, str, Json], ...]
"""What grants to a user or bounds it: (source, name, document)."""


def refresh_coverage(tools: Tools, work: UnitOfWork, users: Sequence[int], guards: Read | None = None) -> None:
    """Replay what these users did against what is planned for them; a result that changed is appended.

    `guards` are policies of resources that were just read; of the others, those of the last time count.
    """
    granted = work.users.policies(users)
    services = work.usage.services(users)
    since = tools.clock.now() - tools.rules.lookback
    known = [d for d in dossiers(tools, work, users) if d.planned and d.facts]
    facts = work.usage.facts([d.facts.arn for d in known if d.facts], since)
    judge = _Judge(tools, work, {**_read_before(work, known), **(guards or {})})
    for dossier in known:
        calls = facts.get(dossier.facts.arn, []) if dossier.facts else []
        logged = {fact.action.partition(":")[0] for fact in calls if fact.action}
        used = {s for s, at in services.get(dossier.user.id, {}).items() if at and at >= since}
        body = judge.body(dossier, granted.get(dossier.user.id, ()), calls, sorted(used - logged))
        if dossier.planned and _differs(dossier, body):
            work.access.cover(dossier.user.id, dossier.planned.spec_sha, body, tools.clock.now())


def _read_before(work: UnitOfWork, known: Sequence[Dossier]) -> Read:
    shas = {arn: sha for d in known if d.coverage for arn, sha in d.coverage.guards.items()}
    documents = {sha: work.document(sha) for sha in sorted({sha for sha in shas.values() if sha})}
    return {arn: documents[sha] if sha else None for arn, sha in shas.items()}


class _Judge:
    """Coverages of many users: what they share is compiled once."""

    def __init__(self, tools: Tools, work: UnitOfWork, guards: Read) -> None:
        self._tools, self._work, self._guards = tools, work, guards
        self._consents = Consents(guards)
        self._organization = work.organization() or ""
        self._compiled: dict[tuple[str, ...], tuple[Policies, tuple[Escalation, ...]]] = {}
        self._kept: dict[str, str | None] = {}

    def body(self, dossier: Dossier, grants: Grants, calls: Sequence[UsageFact], not_logged: Sequence[str]) -> Json:
        """One user's coverage as it is stored."""
        if dossier.planned is None:
            raise ValueError(f"nothing is planned for {dossier.user.key}")
        policies, opened = self._policies(dossier.planned, dossier.user.account_id, grants)
        actor = successor(self._tools, dossier, dossier.planned.name, self._organization)
        now = self._tools.clock.now()
        found = cover(policies, actor, calls, not_logged=not_logged, at=now, consents=self._consents)
        body = coverage_document(found, unused_granted(policies, calls, self._tools.catalogue), opened)
        touched = sorted({arn for arn, _ in guards_of(calls, dossier.user.account_id)} & self._guards.keys())
        return {**body, "guards": {arn: self._keep(arn) for arn in touched}}

    def _policies(self, planned: PlannedSet, account: str, grants: Grants) -> tuple[Policies, tuple[Escalation, ...]]:
        named = {name: document for _, name, document in grants}
        wanted = {*planned.spec["managed_policies"], *planned.spec["customer_policies"], planned.spec["boundary"]}
        have = sorted(name for name in named if name in wanted or ":policy/" in name)
        key = (planned.spec_sha, account, *have)
        if key not in self._compiled:
            policies = policies_of(planned.spec, named)
            self._compiled[key] = (policies, escalations(policies))
        return self._compiled[key]

    def _keep(self, arn: str) -> str | None:
        if arn not in self._kept:
            document = self._guards[arn]
            self._kept[arn] = None if document is None else self._work.put_document(document)
        return self._kept[arn]


def successor(tools: Tools, dossier: Dossier, name: str, organization: str = "") -> Actor:
    """Who the user will be under the planned set or role of that name: a person's session, or a machine's.

    `organization` is the organization's id, empty where it is not known.
    """
    user = dossier.user
    partition = dossier.facts.arn.split(":")[1] if dossier.facts else "aws"
    known = organization if organization.startswith("o-") else ""
    if user.destination is Destination.IAM_ROLE:
        return role_session(user.account_id, name, user.user_name, partition=partition, organization=known)
    return identity_center_session(
        user.account_id,
        name,
        user.person or user.user_name,
        partition=partition,
        region=tools.rules.home_region,
        organization=known,
        identity_store_user=dossier.identity_store_id or "",
    )


def coverage_document(found: Coverage, excess: Excess, opened: Sequence[Escalation] = ()) -> dict[str, Json]:
    """A coverage as it is stored."""
    return {
        "calls": found.calls,
        "allowed": found.allowed,
        "denied": found.denied,
        "unknown": found.unknown,
        "gaps": [
            {
                "action": g.action,
                "resource": g.resource,
                "calls": g.calls,
                "last_seen": g.last_seen.isoformat(),
                "why": g.why,
                "statement": g.statement,
            }
            for g in found.gaps
        ],
        "doubts": [{"what": d.what, "resource": d.resource, "calls": d.calls, "why": d.why} for d in found.doubts],
        "granted": excess.granted,
        "unused_granted": len(excess.unused),
        "unused_granted_percent": round(100 * len(excess.unused) / excess.granted, 1) if excess.granted else None,
        "escalations": [escalation_shape(one) for one in opened],
    }


def escalation_shape(one: Escalation) -> dict[str, Json]:
    """A way to more access, for people and programs."""
    path = one.path
    return {"actions": sorted(path.actions), "how": path.how, "certain": one.certain, "source": path.source}


def _differs(dossier: Dossier, body: Mapping[str, Json]) -> bool:
    known = dossier.coverage
    if known is None or dossier.planned is None or known.spec_sha != dossier.planned.spec_sha:
        return True
    same = (known.calls, known.allowed, known.denied, known.unknown, dict(known.guards))
    return same != (body["calls"], body["allowed"], body["denied"], body["unknown"], body["guards"])
