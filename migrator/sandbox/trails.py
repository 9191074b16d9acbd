"""Which trails record an event, and the files they write it to.

Source: CloudTrail User Guide, "Finding your CloudTrail log files" (keys), "Logging data events" (selectors).
"""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudtrail.models import Trail, cloudtrail_backends
from moto.s3.models import s3_backends

from migrator.sandbox.events import EventKind
from migrator.sandbox.grants import organization_id
from migrator.sandbox.state import Store

_SLOT = timedelta(minutes=5)
_NAME_LENGTH = 16
_CATEGORY = {True: "Data", False: "Management"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One record on its way to one trail's bucket."""

    trail: str
    account: str
    region: str
    moment: datetime
    text: str


WAITING: Store[list[Waiting]] = Store("waiting-records", list)


def send(record: Mapping[str, Any], kind: EventKind, account: str, moment: datetime, text: str) -> None:
    """Put a record on its way to every trail that logs now and asks for it."""
    for trail in _logging_trails():
        if _covers(trail, account, kind.region) and selects(trail, record, kind):
            WAITING.value.append(Waiting(trail.arn, account, kind.region, moment, text))


def deliver() -> int:
    """Write what waits, a file for each trail, account, region and five minutes; return how many files."""
    groups: dict[tuple[str, str, str, datetime], list[str]] = defaultdict(list)
    for each in WAITING.value:
        groups[each.trail, each.account, each.region, _slot(each.moment)].append(each.text)
    WAITING.value.clear()
    trails = {trail.arn: trail for trail in _trails()}
    written = 0
    for (arn, account, region, slot), records in groups.items():
        written += arn in trails and _write(trails[arn], account, region, slot, records)
    return written


def _trails() -> Iterator[Trail]:
    for regions in list(cloudtrail_backends.values()):
        for backend in list(regions.values()):
            yield from backend.trails.values()


def _logging_trails() -> list[Trail]:
    return [trail for trail in _trails() if trail.status.is_logging]


def _covers(trail: Trail, account: str, region: str) -> bool:
    if trail.account_id != account:
        organization = organization_id(trail.account_id)
        if not trail.is_org_trail or organization is None or organization != organization_id(account):
            return False
    return bool(trail.is_multi_region or trail.region_name == region)


def selects(trail: Trail, record: Mapping[str, Any], kind: EventKind) -> bool:
    """Tell whether a trail's selectors ask for an event; without selectors a trail takes every management event."""
    if trail.advanced_event_selectors and not trail.event_selectors:
        return any(_advanced(selector, record, kind) for selector in trail.advanced_event_selectors)
    if trail.event_selectors:
        return any(_basic(selector, kind) for selector in trail.event_selectors)
    return not kind.data


def _basic(selector: Mapping[str, Any], kind: EventKind) -> bool:
    if selector.get("ReadWriteType", "All") not in {"All", "ReadOnly" if kind.read_only else "WriteOnly"}:
        return False
    if not kind.data:
        return bool(selector.get("IncludeManagementEvents", True))
    return any(
        resource["Type"] == kind.resource_type and any(kind.resource.startswith(value) for value in resource["Values"])
        for resource in selector.get("DataResources") or ()
    )


def _advanced(selector: Mapping[str, Any], record: Mapping[str, Any], kind: EventKind) -> bool:
    fields = {
        "eventCategory": _CATEGORY[kind.data],
        "eventName": kind.name,
        "eventSource": kind.source,
        "eventType": str(record["eventType"]),
        "readOnly": str(kind.read_only).lower(),
        "resources.type": kind.resource_type,
        "resources.ARN": kind.resource,
        "userIdentity.arn": str(record["userIdentity"].get("arn", "")),
        "errorCode": str(record.get("errorCode", "")),
    }
    return all(_field(each, fields.get(each["Field"], "")) for each in selector["FieldSelectors"])


def _field(selector: Mapping[str, Any], value: str) -> bool:
    tests = {
        "Equals": lambda wanted: value in wanted,
        "StartsWith": lambda wanted: value.startswith(tuple(wanted)),
        "EndsWith": lambda wanted: value.endswith(tuple(wanted)),
        "NotEquals": lambda wanted: value not in wanted,
        "NotStartsWith": lambda wanted: not value.startswith(tuple(wanted)),
        "NotEndsWith": lambda wanted: not value.endswith(tuple(wanted)),
    }
    return all(test(selector[name]) for name, test in tests.items() if selector.get(name))


def _slot(moment: datetime) -> datetime:
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(_SLOT.total_seconds()), UTC)


def _write(trail: Trail, account: str, region: str, slot: datetime, records: list[str]) -> bool:
    owner = s3_backends.bucket_accounts.get(trail.bucket_name)
    if owner is None:
        return False
    body = '{"Records":[' + ",".join(records) + "]}"
    key = _key(trail, account, region, slot, body)
    # mtime 0: the same records make the same file.
    content = gzip.compress(body.encode(), mtime=0)
    partition, bucket_account = owner
    s3_backends[bucket_account][partition].put_object(trail.bucket_name, key, content)
    trail.status.latest_delivery_time = int(slot.timestamp())
    return True


def _key(trail: Trail, account: str, region: str, slot: datetime, body: str) -> str:
    organization = organization_id(trail.account_id) if trail.is_org_trail else None
    prefix = f"{trail.s3_key_prefix.strip('/')}/" if trail.s3_key_prefix else ""
    folder = f"{prefix}AWSLogs/{f'{organization}/' if organization else ''}{account}/CloudTrail/{region}"
    name = hashlib.sha256(body.encode()).hexdigest()[:_NAME_LENGTH].upper()
    moment = (slot + _SLOT).strftime("%Y%m%dT%H%MZ")
    return f"{folder}/{slot:%Y/%m/%d}/{account}_CloudTrail_{region}_{moment}_{name}.json.gz"


def as_text(record: Mapping[str, Any]) -> str:
    """Write a record on one line, as CloudTrail's files do."""
    return json.dumps(record, separators=(",", ":"), default=str)
