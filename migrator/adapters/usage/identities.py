"""For whom a call counts, and what went wrong with it."""

from datetime import datetime
from typing import Any

from migrator.adapters.usage.events import RESERVED_ROLE, Event, Identity, opened
from migrator.domain.usage import REFUSALS, Refusal

SESSION = "session"
"""`via` of calls made with temporary credentials of the user itself: GetSessionToken, the console."""
FEDERATED = "federated-session"
"""`via` of calls made in a GetFederationToken session; their principal is the user whose keys minted it."""
OWN_KEYS = frozenset({"IAMUser", "FederatedUser"})

_EMPTY = frozenset({b"", b"null"})


def principal_of(who: Identity) -> tuple[str, str] | None:
    """(whom we count the call for, through what), or None for everybody we do not move: roles, services, root."""
    match who.type:
        case "IAMUser":
            session = SESSION if (who.access_key or "").startswith("ASIA") else ""
            return (who.arn, who.invoked_by or session) if who.arn else None
        case "AssumedRole":
            return (who.arn, who.invoked_by or "") if who.arn and _is_reserved(who.arn) else None
        case "FederatedUser":
            issuer = within(opened(who.session), "sessionIssuer")
            arn = within(issuer, "arn")
            issued = within(issuer, "type") == "IAMUser" and isinstance(arn, str) and bool(arn)
            return (arn, FEDERATED) if issued else None
        case "IdentityCenterUser":
            user = within(opened(who.on_behalf_of), "userId")
            return (f"identitystore:{user}", who.invoked_by or "") if isinstance(user, str) and user else None
        case _:
            return None


def _is_reserved(arn: str) -> bool:
    """Whether a session is of one of Identity Center's roles: the ARN names the role, then the session."""
    if RESERVED_ROLE not in arn:
        return False
    kind, _, session = arn.split(":", 5)[-1].partition("/")
    return kind == "assumed-role" and session.startswith(RESERVED_ROLE) and "/" in session


def account_of(principal: str, who: Identity) -> str:
    """The account of the principal: field five of its ARN, else what the identity says."""
    fields = principal.split(":", 5)
    return fields[4] if fields[0] == "arn" and len(fields) > 5 else who.account_id or ""  # noqa: PLR2004  # an ARN has six


def partition_of(principal: str) -> str:
    """`aws`, `aws-us-gov`, `aws-cn`."""
    return principal.split(":", 2)[1] if principal.startswith("arn:") else "aws"


def within(value: Any, name: str) -> Any:
    """A member of what may be an object."""
    return value.get(name) if isinstance(value, dict) else None


def error_of(event: Event) -> str:
    """What went wrong, in CloudTrail's word; empty where nothing did.

    Some services hide the code in `responseElements`, some put a namespace or an address around it; a sign-in that
    failed says `Failure` there.
    """
    if event.error:
        return _bare(event.error)
    response, details = bytes(event.response), bytes(event.details)
    if response in _EMPTY and not details:
        return ""
    if b"rror" in response or b"Denied" in response or b"Unauthorized" in response or b"Exception" in response:
        found = _hidden_error(opened(event.response))
        if found:
            return found
    failed = b'"Failure"' in response or b'"Failure"' in details
    told = [within(opened(raw), event.name or "") for raw in (event.response, event.details)] if failed else []
    return "Failure" if "Failure" in told else ""


def _hidden_error(response: Any) -> str:
    inner = next((found for name in ("error", "Error") if isinstance(found := within(response, name), dict)), response)
    for name in ("errorCode", "ErrorCode", "__type", "code", "Code"):
        code = within(inner, name)
        if isinstance(code, str) and (inner is not response or "rror" in name or _bare(code) in REFUSALS):
            return _bare(code)
    return ""


def _bare(code: str) -> str:
    """`AccessDeniedException` out of `com.amazon.coral#AccessDeniedException:http://…`."""
    return code.rpartition("#")[2].partition(":")[0].strip()


def refusal_of(event: Event, at: datetime, who: Identity, principal: str, error: str) -> Refusal:
    """What a scream is made of."""
    hidden = within(opened(event.response), "errorMessage") if not event.message else None
    return Refusal(
        event_id=event.id or "",
        at=at,
        principal=principal,
        account_id=account_of(principal, who),
        source=event.source or "",
        event=event.name or "",
        address=event.address or "",
        agent=event.agent or "",
        error=error,
        message=event.message or (hidden if isinstance(hidden, str) else ""),
        access_key=who.access_key or "",
    )
