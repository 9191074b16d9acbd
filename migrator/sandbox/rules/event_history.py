"""LookupEvents answers from what was really called: the account's own management events of 90 days, in this region.

Deviation: moto lacks the operation, and its trails deliver nothing (see `trails`). A trail here says that it has
custom selectors once it has. Source: CloudTrail API, LookupEvents: at most 50 events a page, one attribute a call,
newest first.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudtrail.models import Trail
from moto.cloudtrail.responses import CloudTrailResponse

from migrator.sandbox.clock import CLOCK
from migrator.sandbox.recorder import EVENTS
from migrator.sandbox.rules.wire import Call, Fault, page, serve

_DAYS = timedelta(days=90)
_PAGE = 50


def install() -> None:
    """Add the operation."""
    serve(CloudTrailResponse, "cloudtrail", {"LookupEvents": lookup_events}, "InvalidParameterCombinationException")
    describe = Trail.description

    def description(trail: Trail, include_region: bool = False) -> dict[str, Any]:
        custom = bool(trail.event_selectors or trail.advanced_event_selectors)
        return {**describe(trail, include_region), "HasCustomEventSelectors": custom}

    Trail.description = description


def lookup_events(call: Call) -> dict[str, Any]:
    """Look events up by one attribute and by time."""
    attributes = call.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise Fault("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    start, end = _moment(call.get("StartTime")), _moment(call.get("EndTime"))
    if start and end and start > end:
        raise Fault("InvalidTimeRangeException", "StartTime must be before EndTime.")
    if int(call.get("MaxResults") or _PAGE) > _PAGE:
        raise Fault("InvalidMaxResultsException", f"MaxResults must be at most {_PAGE}.")
    oldest = max(start or datetime.min.replace(tzinfo=UTC), CLOCK.now() - _DAYS)
    rows = [
        event
        for event in _events(call, oldest, end)
        if all(_matches(event, each["AttributeKey"], each["AttributeValue"]) for each in attributes)
    ]
    return page(call, rows, "Events", default=_PAGE, invalid="InvalidNextTokenException")


def _events(call: Call, oldest: datetime, newest: datetime | None) -> Iterator[dict[str, Any]]:
    for event in reversed(EVENTS.value):
        mine = (event.account, event.region) == (call.account, call.region)
        if mine and event.moment >= oldest and (newest is None or event.moment <= newest):
            yield _row(event.text, event.moment)


def _row(text: str, moment: datetime) -> dict[str, Any]:
    record = json.loads(text)
    identity = record["userIdentity"]
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record["readOnly"]).lower(),
        "AccessKeyId": identity.get("accessKeyId") or None,
        "EventTime": moment,
        "EventSource": record["eventSource"],
        "Username": _user_name(identity),
        "Resources": [{"ResourceType": r["type"], "ResourceName": r["ARN"]} for r in record.get("resources", ())],
        "CloudTrailEvent": text,
    }


def _user_name(identity: Mapping[str, Any]) -> str | None:
    if identity["type"] == "Root":
        return "root"
    name = identity.get("userName") or str(identity.get("arn", "")).rpartition("/")[2]
    return str(name) or None


def _matches(event: Mapping[str, Any], key: str, value: str) -> bool:
    if key in {"ResourceName", "ResourceType"}:
        return any(resource[key] == value for resource in event["Resources"])
    return event.get(key) == value


def _moment(value: float | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value, UTC)
