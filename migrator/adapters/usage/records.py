"""One CloudTrail log file in, counted calls out: who of those we move did what, and what they were refused."""

from datetime import UTC, datetime
from typing import Any, Protocol

from migrator.adapters.usage.resources import Place, resource_of
from migrator.adapters.usage.shapes import Event, Identity, Unreadable, events, opened
from migrator.domain.usage import REFUSALS, Part, PartUsage, Refusal, UsageFact

SESSION = "session"
"""`via` of calls made with temporary credentials of the user itself: GetSessionToken, the console."""
FEDERATED = "federated-session"
"""`via` of calls made in a GetFederationToken session; their principal is the user whose keys minted it."""
RESERVED_ROLE = "AWSReservedSSO_"
"""How Identity Center's roles begin."""

_OWN_KEYS = frozenset({"IAMUser", "FederatedUser"})
_EMPTY = frozenset({b"", b"null"})
_ERROR_SIGNS = (b"rror", b"Denied", b"Unauthorized", b"Exception")


class ActionNames(Protocol):
    """What decoding needs of the action catalogue."""

    def action_for(self, event_source: str, event_name: str) -> str | None:
        """The IAM action an event needed; None where there is no mapping."""
        ...

    def versioned(self, action: str) -> str:
        """The action that the same S3 call needs when it names an object version."""
        ...


def part_usage(
    part: Part, data: bytes, catalogue: ActionNames, *, since: datetime | None = None, until: datetime | None = None
) -> PartUsage:
    """Everything that one log file says of IAM users and Identity Center people.

    Other identities are counted in `events` only. A file that is broken anywhere gives nothing but `bad`. With `since`
    (inclusive) and `until` (exclusive) events outside are left out, as if they were not in the file.
    """
    try:
        found = _once(events(data))
        times = _times(found)
    except Unreadable as error:
        return PartUsage(part=part, bad=str(error))
    timed = [
        (event, at)
        for event, at in zip(found, times, strict=True)
        if (since is None or at >= since) and (until is None or at < until)
    ]
    count = _Count(catalogue)
    for event, at in timed:
        if event.identity is not None:
            known = _principal(event.identity)
            if known is not None:
                count.add(event, at, event.identity, *known)
    return PartUsage(
        part=part,
        events=len(timed),
        facts=count.facts(),
        refusals=tuple(sorted(count.refusals, key=lambda each: (each.at, each.event_id))),
        first=min((at for _, at in timed), default=None),
        newest=max((at for _, at in timed), default=None),
    )


def _once(found: list[Event]) -> list[Event]:
    """The events without copies of one and the same; those without an id are never taken for copies."""
    ids = [event.id for event in found if event.id]
    if len(set(ids)) == len(ids):
        return found
    kept: dict[object, Event] = {}
    for number, event in enumerate(found):
        arn = event.identity.arn if event.identity is not None else None
        kept.setdefault((event.id, event.time, event.source, event.name, arn) if event.id else number, event)
    return [*kept.values()]


def _times(found: list[Event]) -> list[datetime]:
    """The time of each event, in UTC; one without gets the newest of its file, so that it is not lost."""
    known = [event.time for event in found if event.time is not None]
    if len(known) < len(found):
        if not known:
            raise Unreadable("no event has a time")
        newest = max(map(_utc, known))
        known = [newest if event.time is None else event.time for event in found]
    return known if {at.tzinfo for at in known} <= {UTC} else [_utc(at) for at in known]


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class _Count:
    """The calls of one file, by everything that tells one kind of call from another."""

    def __init__(self, catalogue: ActionNames) -> None:
        self.refusals: list[Refusal] = []
        self._catalogue = catalogue
        self._calls: dict[tuple[str, ...], list[Any]] = {}
        self._touched: dict[tuple[str | bytes, ...], tuple[str, str]] = {}
        """A user mostly asks the same again: what was asked of what, by the text of the request."""

    def add(self, event: Event, at: datetime, who: Identity, principal: str, via: str) -> None:
        """Count one call of a principal."""
        source, name, region = event.source or "", event.name or "", event.region or ""
        account = _account(principal, who)
        asked = (source, name, region, event.recipient or account, bytes(event.parameters), bytes(event.resources))
        touched = self._touched.get(asked)
        if touched is None:
            touched = self._touched[asked] = self._touch(event, Place(_partition(principal), region, asked[3]))
        error = error_of(event)
        key = (
            *(principal, source, name, *touched, who.access_key or "", region),
            *(event.address or "", event.agent or "", error, via, account),
        )
        tally = self._calls.get(key)
        if tally is None:
            self._calls[key] = [1, at, at]
        else:
            tally[0] += 1
            tally[1] = min(tally[1], at)
            tally[2] = max(tally[2], at)
        if error in REFUSALS and who.type in _OWN_KEYS:
            self.refusals.append(_refusal(event, at, who, principal, account, error))

    def _touch(self, event: Event, place: Place) -> tuple[str, str]:
        """(the action a call needed, empty where there is no mapping; the resource it touched)."""
        action = self._catalogue.action_for(event.source or "", event.name or "") or ""
        if action.startswith("s3:") and _within(opened(event.parameters), "versionId"):
            action = self._catalogue.versioned(action)
        return action, resource_of(event, place)

    def facts(self) -> tuple[UsageFact, ...]:
        """What was counted, in an order that does not depend on the file's."""
        return tuple(_fact(key, tally) for key, tally in sorted(self._calls.items()))


def _fact(key: tuple[str, ...], tally: list[Any]) -> UsageFact:
    principal, source, event, action, resource, access_key, region, address, agent, error, via, account = key
    calls, first, last = tally
    return UsageFact(
        *(principal, account, source, event, action or None, resource, calls, first, last),
        *(access_key, region, address, agent, error, via),
    )


def _principal(who: Identity) -> tuple[str, str] | None:
    """(whom we count the call for, through what), or None for everybody we do not move: roles, services, root."""
    match who.type:
        case "IAMUser":
            session = SESSION if (who.access_key or "").startswith("ASIA") else ""
            return (who.arn, who.invoked_by or session) if who.arn else None
        case "AssumedRole":
            return (who.arn, who.invoked_by or "") if who.arn and _is_reserved(who.arn) else None
        case "FederatedUser":
            issuer = _within(opened(who.session), "sessionIssuer")
            arn = _within(issuer, "arn")
            issued = _within(issuer, "type") == "IAMUser" and isinstance(arn, str) and bool(arn)
            return (arn, FEDERATED) if issued else None
        case "IdentityCenterUser":
            user = _within(opened(who.on_behalf_of), "userId")
            return (f"identitystore:{user}", who.invoked_by or "") if isinstance(user, str) and user else None
        case _:
            return None


def _is_reserved(arn: str) -> bool:
    """Whether a session is of one of Identity Center's roles: the ARN names the role, then the session."""
    if RESERVED_ROLE not in arn:
        return False
    kind, _, session = arn.split(":", 5)[-1].partition("/")
    return kind == "assumed-role" and session.startswith(RESERVED_ROLE) and "/" in session


def _account(principal: str, who: Identity) -> str:
    """The account of the principal: field five of its ARN, else what the identity says."""
    fields = principal.split(":", 5)
    return fields[4] if fields[0] == "arn" and len(fields) > 5 else who.account_id or ""  # noqa: PLR2004  # an ARN has six


def _partition(principal: str) -> str:
    return principal.split(":", 2)[1] if principal.startswith("arn:") else "aws"


def _within(value: Any, name: str) -> Any:
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
    if any(sign in response for sign in _ERROR_SIGNS):
        found = _hidden_error(opened(event.response))
        if found:
            return found
    failed = b'"Failure"' in response or b'"Failure"' in details
    told = [_within(opened(raw), event.name or "") for raw in (event.response, event.details)] if failed else []
    return "Failure" if "Failure" in told else ""


def _hidden_error(response: Any) -> str:
    inner = next((found for name in ("error", "Error") if isinstance(found := _within(response, name), dict)), response)
    for name in ("errorCode", "ErrorCode", "__type", "code", "Code"):
        code = _within(inner, name)
        if isinstance(code, str) and (inner is not response or "rror" in name or _bare(code) in REFUSALS):
            return _bare(code)
    return ""


def _bare(code: str) -> str:
    """`AccessDeniedException` out of `com.amazon.coral#AccessDeniedException:http://…`."""
    return code.rpartition("#")[2].partition(":")[0].strip()


def _refusal(event: Event, at: datetime, who: Identity, principal: str, account: str, error: str) -> Refusal:
    hidden = _within(opened(event.response), "errorMessage") if not event.message else None
    return Refusal(
        event_id=event.id or "",
        at=at,
        principal=principal,
        account_id=account,
        source=event.source or "",
        event=event.name or "",
        address=event.address or "",
        agent=event.agent or "",
        error=error,
        message=event.message or (hidden if isinstance(hidden, str) else ""),
        access_key=who.access_key or "",
    )
