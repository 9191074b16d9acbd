"""What a trail records, as strict as CloudTrail is about it, and since when it logs.

Deviation: moto takes any selectors, keeps basic and advanced ones side by side, shows none where AWS shows its default,
answers in every region, and knows only the machine's clock. Source: CloudTrail API, PutEventSelectors,
AdvancedFieldSelector, GetTrailStatus; CloudTrail user guide, "Quotas".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from moto.cloudtrail.models import Trail, TrailStatus, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse

from migrator.sandbox.clock import CLOCK
from migrator.sandbox.rules.wire import Call, Fault, serve

_BASIC, _RESOURCES, _VALUES = 5, 250, 500
_BASIC_TYPES = frozenset({"AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"})
_NOISY = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_FIELDS = {
    "Management": frozenset({"eventCategory", "eventSource", "readOnly"}),
    "Data": frozenset(
        {
            *("eventCategory", "eventName", "eventSource", "eventType", "readOnly", "resources.ARN", "resources.type"),
            *("sessionCredentialFromConsole", "userIdentity.arn"),
        }
    ),
    "NetworkActivity": frozenset({"eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId"}),
}
_EQUALS_ONLY = frozenset({"eventCategory", "readOnly", "resources.type"})
_DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def install() -> None:
    """Answer the two operations, and let trails go by the sandbox's clock."""
    operations = {"PutEventSelectors": put_event_selectors, "GetEventSelectors": get_event_selectors}
    serve(CloudTrailResponse, "cloudtrail", operations, "InvalidEventSelectorsException")
    TrailStatus.start_logging = _start
    TrailStatus.stop_logging = _stop
    described = TrailStatus.description

    def description(status: TrailStatus) -> dict[str, Any]:
        found = described(status)
        times = {"StartLoggingTime": status.started, "StopLoggingTime": status.stopped}
        return {**found, **{name: int(at.timestamp()) for name, at in times.items() if at is not None}}

    TrailStatus.description = description


def put_event_selectors(call: Call) -> dict[str, Any]:
    """Replace a trail's selectors: basic or advanced ones, never both."""
    basic, advanced = call.get("EventSelectors"), call.get("AdvancedEventSelectors")
    if bool(basic) == bool(advanced):
        raise _invalid("Specify either event selectors or advanced event selectors.")
    trail = _trail(call)
    if trail.account_id != call.account:
        raise Fault("NotOrganizationMasterAccountException", "Only the management account changes this trail.")
    for wrong in (*_wrong_basic(basic or ()), *_wrong_advanced(advanced or ())):
        raise _invalid(wrong)
    trail.event_selectors = [{**_DEFAULT, **selector} for selector in basic or ()]
    trail.advanced_event_selectors = list(advanced or ())
    return _shown(trail)


def get_event_selectors(call: Call) -> dict[str, Any]:
    """Show a trail's selectors; the default where nobody chose any."""
    return _shown(_trail(call))


def _shown(trail: Trail) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.event_selectors or [_DEFAULT]}


def _trail(call: Call) -> Trail:
    named = call["TrailName"]
    trails = [trail for backends in cloudtrail_backends.values() for trail in _of(backends)]
    for trail in trails:
        own = trail.account_id == call.account
        if named == trail.arn or (own and named == trail.trail_name and trail.region_name == call.region):
            if trail.region_name != call.region:
                raise Fault("InvalidHomeRegionException", f"The home region of the trail is {trail.region_name}.")
            if own or trail.is_org_trail:
                return trail
    raise Fault("TrailNotFoundException", f"Unknown trail: {named} for the user: {call.account}")


def _of(backends: Mapping[str, Any]) -> Iterator[Trail]:
    for backend in list(backends.values()):
        yield from backend.trails.values()


def _wrong_basic(selectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    resources = [each for selector in selectors for each in selector.get("DataResources") or ()]
    if len(selectors) > _BASIC:
        yield f"A trail has at most {_BASIC} event selectors."
    if sum(len(each.get("Values") or ()) for each in resources) > _RESOURCES:
        yield f"A trail has at most {_RESOURCES} data resources."
    if any(each.get("Type") not in _BASIC_TYPES for each in resources):
        yield "Event selectors know objects, functions and tables only."
    if any(set(selector.get("ExcludeManagementEventSources") or ()) - _NOISY for selector in selectors):
        yield f"Only {', '.join(sorted(_NOISY))} can be left out."


def _wrong_advanced(selectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    fields = [field for selector in selectors for field in selector["FieldSelectors"]]
    if sum(len(field.get(name) or ()) for field in fields for name in _OPERATORS) > _VALUES:
        yield f"A trail has at most {_VALUES} values in its advanced event selectors."
    for selector in selectors:
        yield from _wrong_fields(selector["FieldSelectors"])


def _wrong_fields(fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = [field["Field"] for field in fields]
    category = _only(fields, "eventCategory")
    if category not in _FIELDS:
        yield "An advanced event selector names one eventCategory."
        return
    if len(names) != len(set(names)) or not set(names) <= _FIELDS[category]:
        yield f"Fields of a selector of {category} events, each once: {', '.join(sorted(_FIELDS[category]))}."
    if category == "Data" and not _only(fields, "resources.type"):
        yield "A selector of data events names one resources.type."
    for field in fields:
        used = {name for name in _OPERATORS if field.get(name)}
        if not used or (field["Field"] in _EQUALS_ONLY and used != {"Equals"}):
            yield f"{field['Field']} has no value, or an operator other than Equals."
        if category == "Management" and field["Field"] == "eventSource" and used != {"NotEquals"}:
            yield "eventSource of management events takes NotEquals only."


def _only(fields: Iterable[Mapping[str, Any]], name: str) -> str:
    values = [value for field in fields if field["Field"] == name for value in field.get("Equals") or ()]
    return values[0] if len(values) == 1 else ""


def _invalid(message: str) -> Fault:
    return Fault("InvalidEventSelectorsException", message)


def _start(status: TrailStatus) -> None:
    if not status.is_logging:
        status.started = CLOCK.now()
    status.is_logging = True


def _stop(status: TrailStatus) -> None:
    status.is_logging = False
    status.stopped = CLOCK.now()
