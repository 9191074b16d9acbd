"""One CloudTrail log file in, counted calls out: who of those we move did what, and what they were refused."""

from collections.abc import Iterator
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
        found = _dated(events(data))
    except Unreadable as error:
        return PartUsage(part=part, bad=str(error))
    count = _Count(part, catalogue)
    for event in found:
        at = event.time
        if at is not None and (since is None or at >= since) and (until is None or at < until):
            count.add(event, at)
    return count.result()


def _dated(found: list[Event]) -> list[Event]:
    """The same events, each with an aware time; one without gets the newest of its file, so that it is not lost."""
    undated = []
    for event in found:
        if event.time is None:
            undated.append(event)
        elif event.time.tzinfo is not UTC:
            event.time = _utc(event.time)
    if undated:
        newest = max((event.time for event in found if event.time is not None), default=None)
        if newest is None:
            raise Unreadable("no event has a time")
        for event in undated:
            event.time = newest
    return found


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class _Count:
    """The calls of one file, by everything that tells one kind of call from another."""

    def __init__(self, part: Part, catalogue: ActionNames) -> None:
        self._part = part
        self._catalogue = catalogue
        self._calls: dict[tuple[str | None, ...], list[Any]] = {}
        self._refusals: list[Refusal] = []
        self._seen: set[tuple[str, datetime, str | None, str]] = set()
        self._first: datetime | None = None
        self._newest: datetime | None = None
        self._events = 0

    def add(self, event: Event, at: datetime) -> None:
        """Count one event."""
        who = event.identity
        known = _principal(who) if who is not None else None
        if event.id:
            key = (event.id, at, event.name, known[0] if known else "")
            if key in self._seen:
                return
            self._seen.add(key)
        self._events += 1
        if self._first is None or at < self._first:
            self._first = at
        if self._newest is None or at > self._newest:
            self._newest = at
        if who is not None and known is not None:
            self._call(event, at, who, *known)

    def _call(self, event: Event, at: datetime, who: Identity, principal: str, via: str) -> None:
        source, name = event.source or "", event.name or ""
        error = error_of(event)
        account = _account(principal, who)
        resource = resource_of(event, Place(_partition(principal), event.region or "", event.recipient or account))
        key = (
            principal,
            account,
            source,
            name,
            self._action(event, source, name),
            resource,
            who.access_key or "",
            event.region or "",
            event.address or "",
            event.agent or "",
            error,
            via,
        )
        tally = self._calls.get(key)
        if tally is None:
            self._calls[key] = [1, at, at]
        else:
            tally[0] += 1
            tally[1] = min(tally[1], at)
            tally[2] = max(tally[2], at)
        if error in REFUSALS and who.type in _OWN_KEYS:
            self._refusals.append(_refusal(event, at, who, principal, account, error))

    def _action(self, event: Event, source: str, name: str) -> str | None:
        action = self._catalogue.action_for(source, name)
        if action is not None and action.startswith("s3:") and b'"versionId"' in bytes(event.parameters):
            return self._catalogue.versioned(action)
        return action

    def result(self) -> PartUsage:
        """What was counted, in an order that does not depend on the file's."""
        return PartUsage(
            part=self._part,
            events=self._events,
            facts=tuple(sorted(self._facts(), key=_order)),
            refusals=tuple(sorted(self._refusals, key=lambda each: (each.at, each.event_id))),
            first=self._first,
            newest=self._newest,
        )

    def _facts(self) -> Iterator[UsageFact]:
        for key, (calls, first, last) in self._calls.items():
            principal, account, source, event, action, resource, access_key, region, address, agent, error, via = key
            yield UsageFact(
                principal=principal or "",
                account_id=account or "",
                source=source or "",
                event=event or "",
                action=action,
                resource=resource or "",
                calls=calls,
                first=first,
                last=last,
                access_key=access_key or "",
                region=region or "",
                address=address or "",
                agent=agent or "",
                error=error or "",
                via=via or "",
            )


def _order(fact: UsageFact) -> tuple[str, ...]:
    return (
        *(fact.principal, fact.source, fact.event, fact.action or "", fact.resource, fact.access_key, fact.region),
        *(fact.address, fact.agent, fact.error, fact.via, fact.account_id),
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
