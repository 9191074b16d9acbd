"""The JSON of the contract, made from the domain's objects. Keys are public; what has no source is null."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from migrator.domain.dossier import Covered, Dossier, Listening, User
from migrator.domain.gates.result import GateResult
from migrator.domain.screams import Scream
from migrator.domain.selection import Line
from migrator.operations.report import Done, Moved, Movement
from migrator.ports.store import Entry

Gates = Mapping[int, tuple[str, tuple[GateResult, ...]]]


def moment(at: datetime | None) -> str | None:
    """A time as JSON has it."""
    return at.isoformat() if at else None


def gate_shape(gate: GateResult) -> dict[str, Any]:
    """One gate."""
    return {
        "gate": gate.gate,
        "open": gate.open,
        "why": gate.why,
        "opens": gate.opens or None,
        "opens_at": moment(gate.opens_at),
        "not_checked": list(gate.not_checked),
    }


def user_shape(line: Line, gates: Gates) -> dict[str, Any]:
    """One user of `users list`."""
    user = line.user
    transition, results = gates.get(user.id, (None, ()))
    return {
        "user": user.key,
        "account_id": user.account_id,
        "user_name": user.user_name,
        "user_id": user.user_id,
        "kind": str(user.kind),
        "kind_confidence": round(user.kind_confidence, 2),
        "destination": str(user.destination) if user.destination else None,
        "person": user.person,
        "persons": list(user.persons),
        "owner": user.owner,
        "cost_center": user.cost_center,
        "state": str(user.state),
        "state_since": moment(user.state_since),
        "wave": user.wave,
        "held": user.held,
        "last_used": moment(line.last_used),
        "vanished_at": moment(user.vanished_at),
        "credentials": {"active": line.active, "total": line.total},
        "next": {"transition": transition, "gates": [gate_shape(gate) for gate in results]},
    }


def dossier_shape(dossier: Dossier) -> dict[str, Any]:
    """What `users show` adds: evidence, credentials, permissions."""
    covered, planned = dossier.coverage, dossier.planned
    return {
        "evidence": [
            {
                "claim": e.claim,
                "value": e.value,
                "confidence": e.confidence,
                "source": e.source,
                "observed_at": moment(e.observed_at),
                "window": e.window,
                "not_checked": list(e.not_checked),
            }
            for e in dossier.evidence
        ],
        "credentials": [
            {
                "kind": str(t.credential.kind),
                "id": t.credential.id,
                "status": t.credential.status if t.gone_at is None else "Deleted",
                "original_status": t.original_status,
                "created_at": moment(t.credential.created_at),
                "last_used_at": moment(t.credential.last_used_at),
                "last_used_service": t.credential.last_used_service,
                "last_used_region": t.credential.last_used_region,
            }
            for t in dossier.credentials
        ],
        "permissions": {
            "permission_set": planned.name if planned else None,
            "coverage": coverage_shape(covered) if covered else None,
            "unused_granted": covered.unused_granted if covered else None,
            "unused_granted_percent": covered.unused_granted_percent if covered else None,
            "escalations": list(covered.escalations) if covered else None,
            "audibility": audibility_shape(dossier.listening),
        },
        "references": {
            "checked_at": moment(dossier.references.at),
            "found": [{"where": r.where, "effect": r.effect} for r in dossier.references.found],
            "not_checked": list(dossier.references.not_checked),
        },
    }


def audibility_shape(heard: Listening) -> dict[str, Any]:
    """What of a user's calls would be recorded when refused."""
    return {
        "audible": list(heard.audible),
        "partly": list(heard.partly),
        "deaf": list(heard.deaf),
        "newest_event": moment(heard.newest),
        "read_since": moment(heard.heard_since),
        "recorded_since": moment(heard.recorded_since),
        "unrecorded": heard.unrecorded or None,
        "not_checked": list(heard.not_checked),
    }


def coverage_shape(covered: Covered) -> dict[str, Any]:
    """A coverage with its gaps."""
    return {
        "calls": covered.calls,
        "allowed": covered.allowed,
        "denied": covered.denied,
        "unknown": covered.unknown,
        "gaps": [
            {
                "action": g.action,
                "resource": g.resource,
                "calls": g.calls,
                "last_seen": moment(g.last_seen),
                "why": g.why,
                "statement": g.statement,
            }
            for g in covered.gaps
        ],
        "doubts": list(covered.doubts),
    }


def timeline_shape(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """A user's past, from the record."""
    return [{"at": moment(e.at), "event": e.event, "actor": e.actor, "details": json.loads(e.details)} for e in entries]


def movement_shape(movement: Movement) -> dict[str, Any]:
    """`advance` and `rollback`."""
    return {
        "users": [moved_shape(moved) for moved in movement.users],
        "irreversible": list(movement.irreversible),
        "not_checked": sorted({what for moved in movement.users for what in moved.not_checked}),
    }


def moved_shape(moved: Moved) -> dict[str, Any]:
    """One user's move."""
    return {
        "user": moved.user,
        "from": moved.before,
        "to": moved.after,
        "outcome": moved.outcome,
        "changes": [_done_shape(done) for done in moved.changes],
        "held_by": list(moved.held_by),
        "gates": [gate_shape(gate) for gate in moved.gates if not gate.open],
        "why": moved.why or None,
    }


def _done_shape(done: Done) -> dict[str, Any]:
    shape: dict[str, Any] = {"kind": done.kind, "target": done.target, "outcome": done.outcome}
    if done.outcome == "planned":
        shape |= {"before": done.before, "after": done.after}
    if done.error:
        shape["error"] = done.error
    return shape


def scream_shape(scream: Scream, user: str) -> dict[str, Any]:
    """One scream."""
    return {
        "id": scream.id,
        "user": user,
        "at": moment(scream.first),
        "last": moment(scream.last),
        "signal": scream.signal,
        "event_source": scream.event_source or None,
        "event_name": scream.event_name or None,
        "source_ip": scream.address or None,
        "user_agent": scream.agent or None,
        "count": scream.count,
        "disposition": scream.disposition,
        "reason": scream.reason or None,
    }


def person_shape(email: str, users: Sequence[User], sets: Mapping[int, str | None]) -> dict[str, Any]:
    """One person with what is left to do."""
    return {
        "email": email,
        "users": [user.key for user in users],
        "accounts": sorted({user.account_id for user in users}),
        "states": {user.key: str(user.state) for user in users},
        "permission_sets": sorted({name for user in users if (name := sets.get(user.id))}),
    }
