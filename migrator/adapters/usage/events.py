"""One CloudTrail record, decoded as far as we read it; whose it may be is told before it is decoded."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import DecodeError, Raw, Struct, field
from msgspec.json import Decoder, decode

RESERVED_ROLE = "AWSReservedSSO_"
"""How Identity Center's roles begin."""

_START = rb'\{"eventVersion":"[^"\\]*+","userIdentity":\{"type":"'
_SESSION = rb'AssumedRole","principalId":"[^"\\]*+","arn":"[^"\\/]*+(?<=:assumed-role)/(?!AWSReservedSSO_)[^"\\/]*+/'
_PERHAPS = re.compile(rb'(?!%b(?:%b|AWSService"|AWSAccount"|Root"))' % (_START, _SESSION))
"""What does not begin like the record of somebody we do not move.

A record begins with its version and its identity, a quote within a text follows a backslash, and a name stands once in
an object: so what begins like that is that, whatever its parameters quote. Everything else is decoded.
"""


class Identity(Struct, gc=False):
    """Who called: CloudTrail's `userIdentity`, as far as we read it."""

    type: str | None = None
    arn: str | None = None
    account_id: str | None = field(default=None, name="accountId")
    access_key: str | None = field(default=None, name="accessKeyId")
    session: Raw = field(default=Raw(), name="sessionContext")
    invoked_by: str | None = field(default=None, name="invokedBy")
    on_behalf_of: Raw = field(default=Raw(), name="onBehalfOf")


class Event(Struct, gc=False):
    """One CloudTrail record. What changes its type from event to event stays raw until somebody needs it."""

    identity: Raw = field(default=Raw(), name="userIdentity")
    time: datetime | None = field(default=None, name="eventTime")
    source: str | None = field(default=None, name="eventSource")
    name: str | None = field(default=None, name="eventName")
    region: str | None = field(default=None, name="awsRegion")
    address: str | None = field(default=None, name="sourceIPAddress")
    agent: str | None = field(default=None, name="userAgent")
    error: str | None = field(default=None, name="errorCode")
    message: str | None = field(default=None, name="errorMessage")
    parameters: Raw = field(default=Raw(), name="requestParameters")
    response: Raw = field(default=Raw(), name="responseElements")
    id: str | None = field(default=None, name="eventID")
    resources: Raw = field(default=Raw(), name="resources")
    recipient: str | None = field(default=None, name="recipientAccountId")
    details: Raw = field(default=Raw(), name="serviceEventDetails")


_EVENT = Decoder(Event)
_IDENTITY = Decoder(Identity)
_RAWS = {
    "parameters": "requestParameters",
    "response": "responseElements",
    "details": "serviceEventDetails",
    "resources": "resources",
    "identity": "userIdentity",
}
_TEXTS = {
    each: name
    for each, name in zip(Event.__struct_fields__, Event.__struct_encode_fields__, strict=True)
    if each not in {"time", *_RAWS}
}


def perhaps_ours(records: Iterable[Raw]) -> list[Raw]:
    """The records that may be of an IAM user or of Identity Center; the others surely are not."""
    return [*filter(_PERHAPS.match, records)]


def decoded(records: Iterable[Raw]) -> list[Event]:
    """Events of records; a field of an unexpected type is as if it were not there."""
    listed = [*records]
    try:
        return [*map(_EVENT.decode, listed)]
    except (DecodeError, ValueError):
        return [*map(_carefully, listed)]


def _carefully(record: Raw) -> Event:
    try:
        return _EVENT.decode(record)
    except (DecodeError, ValueError):
        value = json.loads(bytes(record).decode("utf-8", "replace"))
        return event_of(value) if isinstance(value, dict) else Event()


def opened(raw: Raw) -> Any:
    """The value of a raw part of an event; None where there is none or it is broken."""
    try:
        return decode(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def event_of(value: Mapping[str, Any]) -> Event:
    """The event of a record that is no text any more."""
    event = Event(time=_time(value.get("eventTime")))
    for ours, theirs in _TEXTS.items():
        setattr(event, ours, _text(value.get(theirs)))
    for ours, theirs in _RAWS.items():
        setattr(event, ours, _raw(value.get(theirs)))
    return event


def identity_of(event: Event) -> Identity | None:
    """Who called; None where the record does not say."""
    if not event.identity:
        return None
    try:
        return _IDENTITY.decode(event.identity)
    except (DecodeError, ValueError, RecursionError):
        who = opened(event.identity)
    if not isinstance(who, dict):
        return None
    return Identity(
        type=_text(who.get("type")),
        arn=_text(who.get("arn")),
        account_id=_text(who.get("accountId")),
        access_key=_text(who.get("accessKeyId")),
        invoked_by=_text(who.get("invokedBy")),
        session=_raw(who.get("sessionContext")),
        on_behalf_of=_raw(who.get("onBehalfOf")),
    )


def _text(value: Any) -> str | None:
    """A text as it is (lone surrogates replaced), a number spelled out, None for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _raw(value: Any) -> Raw:
    return Raw() if value is None else Raw(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
