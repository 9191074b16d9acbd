"""Rows into the domain's frozen objects, and back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from migrator.domain.changes import Change
from migrator.domain.dossier import Covered, Decision, TrackedCredential, Uncovered, User
from migrator.domain.journal import Outcome, Run, RunStatus, Step
from migrator.domain.lifecycle import CUT, State
from migrator.domain.model import Credential, CredentialKind, Destination, Evidence, Kind
from migrator.domain.screams import Scream
from migrator.domain.usage import UsageFact
from migrator.domain.waves import Approval, Stage, Wave, WaveState


def to_user(row: Row[Any], emails: tuple[str, ...], hold: str | None) -> User:
    """A row of `users` with its identity and wave."""
    return User(
        id=row.id,
        account_id=row.account_id,
        user_name=row.user_name,
        user_id=row.aws_user_id or "",
        state=State(row.state),
        state_since=row.state_since,
        path=row.path,
        kind=Kind(row.kind),
        kind_confidence=row.kind_confidence,
        destination=Destination(row.destination) if row.destination else None,
        persons=emails,
        owner=row.owner,
        cost_center=row.cost_center,
        wave=row.wave_name,
        held=hold,
        next_check_at=row.next_check_at,
        observed_at=row.observed_at,
        vanished_at=row.vanished_at,
        version=row.version,
    )


def credential_row(user: User, credential: Credential, known: Row[Any] | None) -> dict[str, Any]:
    """The row of a credential; `original_status` follows AWS until our first cut, then it stays."""
    keep = known is not None and known.gone_at is None and user.state in CUT
    return {
        "user_ref": user.id,
        "kind": str(credential.kind),
        "aws_id": credential.id,
        "status": credential.status,
        "original_status": known.original_status if known is not None and keep else credential.status,
        "created_at": credential.created_at,
        "last_used_at": credential.last_used_at or (known.last_used_at if known is not None else None),
        "last_used_service": credential.last_used_service or (known.last_used_service if known is not None else None),
        "last_used_region": credential.last_used_region or (known.last_used_region if known is not None else None),
        "detail": dict(credential.detail),
        "gone_at": None,
    }


def to_credential(row: Row[Any]) -> TrackedCredential:
    """A row of `credentials`."""
    credential = Credential(
        CredentialKind(row.kind),
        row.aws_id,
        row.status,
        row.created_at,
        row.last_used_at,
        row.last_used_service,
        row.last_used_region,
        row.detail,
    )
    return TrackedCredential(credential, row.original_status, row.gone_at)


def to_evidence(row: Row[Any]) -> Evidence:
    """A row of `evidence`."""
    return Evidence(
        row.claim, row.value, row.confidence, row.source, row.observed_at, row.window, tuple(row.not_checked)
    )


def evidence_row(user: int, evidence: Evidence) -> dict[str, Any]:
    """The row of a piece of evidence."""
    return {
        "user_ref": user,
        "claim": evidence.claim,
        "value": evidence.value,
        "confidence": evidence.confidence,
        "source": evidence.source,
        "observed_at": evidence.observed_at,
        "window": evidence.window,
        "not_checked": list(evidence.not_checked),
    }


def to_decision(row: Row[Any]) -> Decision:
    """A row of `decisions`."""
    return Decision(row.subject, row.what, row.value, row.reason, row.actor, row.at, row.until)


def to_wave(row: Row[Any]) -> Wave:
    """A row of `waves`."""
    return Wave(row.id, row.name, WaveState(row.state), row.created_by, row.created_at, row.starts_at, row.version)


def to_approval(row: Row[Any]) -> Approval:
    """A row of `approvals`."""
    return Approval(row.wave, Stage(row.stage), row.user_ref, row.subject_hash, row.approver, row.at, row.expires_at)


def to_run(row: Row[Any]) -> Run:
    """A row of `runs`."""
    return Run(
        id=row.id,
        subject=row.subject,
        kind=row.kind,
        from_state=row.from_state,
        to_state=row.to_state,
        actor=row.actor,
        worker=row.worker,
        fence=row.fence,
        lease_until=row.lease_until,
        started_at=row.started_at,
        status=RunStatus(row.status),
        reason=row.reason,
        wave=row.wave,
    )


def to_change(row: Row[Any]) -> Change:
    """The change of a row of `changes`."""
    return Change(row.kind, tuple(row.target), row.before, row.after)


def to_step(row: Row[Any]) -> Step:
    """A row of `changes`."""
    outcome = Outcome(row.outcome) if row.outcome else None
    return Step(row.run, row.seq, to_change(row), row.attempts, row.intent_at, outcome, row.error)


def to_scream(row: Row[Any]) -> Scream:
    """A row of `screams`."""
    return Scream(
        id=row.id,
        user=row.user_ref,
        signal=row.signal,
        event_source=row.event_source,
        event_name=row.event_name,
        address=row.address,
        agent=row.agent,
        count=row._mapping["count"],  # noqa: SLF001  # `count` is a method of tuples
        first=row.first,
        last=row.last,
        disposition=row.disposition,
        reason=row.reason,
        version=row.version,
    )


def to_fact(row: Row[Any]) -> UsageFact:
    """A row of `usage_facts`."""
    return UsageFact(
        principal=row.principal,
        account_id=row.account_id,
        source=row.source,
        event=row.event,
        action=row.action,
        resource=row.resource,
        calls=row.calls,
        first=row.first,
        last=row.last,
        access_key=row.access_key,
        region=row.region,
        address=row.address,
        agent=row.agent,
        error=row.error,
        via=row.via,
    )


def to_covered(row: Row[Any]) -> Covered:
    """A row of `coverage`."""
    body = row.body
    gaps = tuple(
        Uncovered(
            g["action"],
            g["resource"],
            g["calls"],
            datetime.fromisoformat(g["last_seen"]),
            g.get("why", ""),
            g.get("statement"),
        )
        for g in body["gaps"]
    )
    return Covered(
        row.spec_sha,
        row.at,
        body["calls"],
        body["allowed"],
        body["denied"],
        body["unknown"],
        gaps,
        tuple(f"{d['what']}: {d['why']}" for d in body["doubts"]),
        body["granted"],
        body["unused_granted"],
        body["unused_granted_percent"],
        tuple(body.get("escalations", ())),
        body.get("guards", {}),
    )
