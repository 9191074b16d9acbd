"""The shapes CloudTrail records come in, decoded into one: log files, bare lists, lines, EventBridge envelopes."""

import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import DecodeError, Raw, Struct, ValidationError, field
from msgspec.json import Decoder, decode

GZIP = b"\x1f\x8b"
LARGEST = 512 * 2**20
"""Bytes of one unpacked file that are still read; CloudTrail's own stay under 50 MB, so more is a bomb or a mistake."""


class Unreadable(ValueError):
    """This is no CloudTrail log, or only a piece of one. The text says why, in a few words."""


class Identity(Struct, gc=False):
    """Who called: CloudTrail's `userIdentity`, as far as we read it."""

    type: str | None = None
    arn: str | None = None
    account_id: str | None = field(default=None, name="accountId")
    access_key: str | None = field(default=None, name="accessKeyId")
    invoked_by: str | None = field(default=None, name="invokedBy")
    session: Raw = field(default=Raw(), name="sessionContext")
    on_behalf_of: Raw = field(default=Raw(), name="onBehalfOf")


class Event(Struct, gc=False):
    """One CloudTrail record. What changes its type from event to event stays raw until somebody needs it."""

    identity: Identity | None = field(default=None, name="userIdentity")
    time: datetime | None = field(default=None, name="eventTime")
    source: str | None = field(default=None, name="eventSource")
    name: str | None = field(default=None, name="eventName")
    region: str | None = field(default=None, name="awsRegion")
    address: str | None = field(default=None, name="sourceIPAddress")
    agent: str | None = field(default=None, name="userAgent")
    error: str | None = field(default=None, name="errorCode")
    message: str | None = field(default=None, name="errorMessage")
    id: str | None = field(default=None, name="eventID")
    recipient: str | None = field(default=None, name="recipientAccountId")
    parameters: Raw = field(default=Raw(), name="requestParameters")
    response: Raw = field(default=Raw(), name="responseElements")
    details: Raw = field(default=Raw(), name="serviceEventDetails")
    resources: Raw = field(default=Raw(), name="resources")


class _Top(Event, gc=False):
    records: list[Event] | None = field(default=None, name="Records")
    detail: Event | None = None


_FILE = Decoder(_Top)
_LIST = Decoder(list[_Top])
_TEXTS = {
    each: name
    for each, name in zip(Event.__struct_fields__, Event.__struct_encode_fields__, strict=True)
    if each not in {"identity", "time", "parameters", "response", "details", "resources"}
}
_RAWS = {"parameters": "requestParameters", "response": "responseElements", "details": "serviceEventDetails"}


def unpack(data: bytes, largest: int = LARGEST) -> bytes:
    """The JSON text of a log file, whether packed (several gzip members are joined) or not; raises Unreadable."""
    if not data.startswith(GZIP):
        return data
    whole, left = [], largest
    while data.startswith(GZIP):
        member = zlib.decompressobj(wbits=31)
        try:
            whole.append(member.decompress(data, left + 1))
        except zlib.error as error:
            raise Unreadable("broken gzip") from error
        left -= len(whole[-1])
        if left < 0:
            raise Unreadable(f"larger than {largest >> 20} MiB unpacked")
        if not member.eof:
            raise Unreadable("truncated gzip")
        data = member.unused_data
    return whole[0] if len(whole) == 1 else b"".join(whole)


def events(data: bytes) -> list[Event]:
    """Every record in a file's bytes, in any of the shapes; raises Unreadable. An empty list of records is fine."""
    text = unpack(data).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise Unreadable("empty file")
    if text[:1] not in b"{[":
        raise Unreadable("not JSON")
    try:
        found = _decode(text)
    except (DecodeError, ValueError, RecursionError):
        found = _decode_slowly(text)
    return _only_records(found)


def opened(raw: Raw) -> Any:
    """The value of a raw part of an event; None where there is none or it is broken."""
    try:
        return decode(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def _decode(text: bytes) -> list[Event]:
    if text.startswith(b"["):
        return [each for top in _LIST.decode(text) for each in _flat(top)]
    try:
        top = _FILE.decode(text)
    except ValidationError:
        raise
    except DecodeError:
        if not _is_lines(text):
            raise
        return [each for top in _FILE.decode_lines(text) for each in _flat(top)]
    return _flat(top)


def _flat(top: _Top) -> list[Event]:
    if top.records is not None:
        return top.records
    return [top.detail if top.detail is not None else top]


def _is_lines(text: bytes) -> bool:
    """Whether the first line is a whole JSON value, so that the file is newline-delimited rather than cut off."""
    first, _, rest = text.partition(b"\n")
    if not rest.strip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _only_records(found: list[Event]) -> list[Event]:
    records = [each for each in found if each.name is not None or each.identity is not None]
    if found and not records:
        raise Unreadable("no CloudTrail records")
    if records and all((each.source or "").startswith("aws:") for each in records):
        raise Unreadable("event notifications, not CloudTrail records")
    return records


def _decode_slowly(text: bytes) -> list[Event]:
    """Decode what the fast way refuses: fields of an unexpected type, broken characters in a text, odd dates."""
    whole = text.decode("utf-8", "replace")
    try:
        pieces = [line for line in whole.splitlines() if line.strip()] if _is_lines(text) else [whole]
        values = [json.loads(piece, parse_constant=_nothing) for piece in pieces]
    except RecursionError as error:
        raise Unreadable("JSON nested too deeply") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(whole.rstrip()) - 1 or "Unterminated" in error.msg
        raise Unreadable("truncated JSON" if cut else "malformed JSON") from error
    except ValueError as error:
        raise Unreadable("malformed JSON") from error
    return [_event(each) for value in values for each in _items(value)]


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _items(each)
    elif isinstance(value, dict):
        inner = value.get("Records")
        if isinstance(inner, list):
            yield from _items(inner)
        else:
            yield value["detail"] if isinstance(value.get("detail"), dict) else value
    else:
        yield {}


def _event(value: Mapping[str, Any]) -> Event:
    event = Event(time=_time(value.get("eventTime")))
    for ours, theirs in _TEXTS.items():
        setattr(event, ours, _text(value.get(theirs)))
    for ours, theirs in (*_RAWS.items(), ("resources", "resources")):
        setattr(event, ours, _raw(value.get(theirs)))
    who = value.get("userIdentity")
    if isinstance(who, dict):
        event.identity = Identity(
            type=_text(who.get("type")),
            arn=_text(who.get("arn")),
            account_id=_text(who.get("accountId")),
            access_key=_text(who.get("accessKeyId")),
            invoked_by=_text(who.get("invokedBy")),
            session=_raw(who.get("sessionContext")),
            on_behalf_of=_raw(who.get("onBehalfOf")),
        )
    return event


def _text(value: Any) -> str | None:
    """A text as it is (lone surrogates replaced), a number spelled out, None for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _nothing(_name: str) -> None:
    """NaN and its like are no JSON."""


def _raw(value: Any) -> Raw:
    return Raw() if value is None else Raw(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
