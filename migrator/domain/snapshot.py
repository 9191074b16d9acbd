"""A user's facts as a document: what a deleted user is recreated from, and what drift is told by.

Times of reading and of last use are left out, so that two readings of an unchanged user give the same document.
"""

from datetime import datetime

from migrator.domain.model import Credential, CredentialKind, Json, UserFacts


def to_document(facts: UserFacts) -> Json:
    """The snapshot, as a JSON value."""
    return {
        "account_id": facts.account_id,
        "user_name": facts.user_name,
        "user_id": facts.user_id,
        "arn": facts.arn,
        "path": facts.path,
        "created_at": _text(facts.created_at),
        "tags": dict(facts.tags),
        "groups": sorted(facts.groups),
        "inline_policies": dict(facts.inline_policies),
        "attached_policies": sorted(facts.attached_policies),
        "boundary": facts.boundary,
        "credentials": [_credential(c) for c in sorted(facts.credentials, key=lambda c: (c.kind, c.id))],
        "not_checked": sorted(facts.not_checked),
    }


def from_document(document: Json, observed_at: datetime) -> UserFacts:
    """The facts that `to_document` wrote down."""
    return UserFacts(
        account_id=document["account_id"],
        user_name=document["user_name"],
        user_id=document["user_id"],
        arn=document["arn"],
        observed_at=observed_at,
        path=document["path"],
        created_at=_time(document["created_at"]),
        tags=document["tags"],
        groups=tuple(document["groups"]),
        inline_policies=document["inline_policies"],
        attached_policies=tuple(document["attached_policies"]),
        boundary=document["boundary"],
        credentials=tuple(
            Credential(
                CredentialKind(c["kind"]), c["id"], c["status"], _time(c["created_at"]), detail=c.get("detail", {})
            )
            for c in document["credentials"]
        ),
        not_checked=tuple(document["not_checked"]),
    )


def _credential(credential: Credential) -> Json:
    return {
        "kind": str(credential.kind),
        "id": credential.id,
        "status": credential.status,
        "created_at": _text(credential.created_at),
        "detail": dict(credential.detail),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
