"""A trail's event selectors with ours among them: data events of users under test, by resource type.

A state is `{"basic": […]}` or `{"advanced": […]}`, never both, as AWS has it; lists are sorted, because their order
means nothing. Ours are advanced selectors named `migrator-listen TYPE`, so that anyone can recognise and remove them.
Source: CloudTrail API, PutEventSelectors, AdvancedFieldSelector; CloudTrail user guide, "Quotas".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from migrator.domain.canonical import canonical
from migrator.domain.model import Json
from migrator.domain.trails import DEFAULT_SELECTOR, equals, selected_whole

LIMIT = 500
"""Values of all conditions in all advanced selectors of a trail; not adjustable."""

NAME = "migrator-listen "
WHO = "userIdentity.arn"

Listeners = Mapping[str, Collection[str]]
"""Resource type → ARNs of the users whose data events are wanted."""

_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


def normal(basic: Iterable[Json], advanced: Iterable[Json]) -> Json:
    """Selectors as we compare them; a trail without any has AWS's default."""
    named = [_normal_advanced(each) for each in advanced]
    if named:
        return {"advanced": sorted(named, key=canonical)}
    return {"basic": sorted((_normal_basic(each) for each in basic or (DEFAULT_SELECTOR,)), key=canonical)}


def listeners(state: Json) -> dict[str, frozenset[str]]:
    """Whom our selectors listen to, by resource type."""
    found: dict[str, frozenset[str]] = {}
    for selector in filter(is_ours, state.get("advanced", ())):
        for kind in equals(selector, "resources.type"):
            found[kind] = found.get(kind, frozenset()) | set(equals(selector, WHO))
    return found


def ours(state: Json) -> list[Json]:
    """Our selectors, whole."""
    return [selector for selector in state.get("advanced", ()) if is_ours(selector)]


def others(state: Json) -> list[Json]:
    """Every other selector, as an advanced one."""
    if "basic" in state:
        return [each for selector in state["basic"] for each in _converted(selector)]
    return [selector for selector in state["advanced"] if not is_ours(selector)]


def is_ours(selector: Json) -> bool:
    """Whether a selector is named as ours."""
    return str(selector.get("Name", "")).startswith(NAME)


def with_listeners(state: Json, wanted: Listeners) -> Json:
    """The same selectors, with ours listening to exactly these users; a trail of basic ones gets advanced ones."""
    mine = [_listener(kind, arns) for kind, arns in wanted.items() if arns]
    return normal((), (*others(state), *mine))


def count(state: Json) -> int:
    """How many values the conditions hold, of `LIMIT`; basic selectors as they would be as advanced ones."""
    selectors = (*others(state), *ours(state))
    fields = (field for selector in selectors for field in selector["FieldSelectors"])
    return sum(len(field.get(operator, ())) for field in fields for operator in _OPERATORS)


def merged(one: Listeners, other: Listeners) -> dict[str, frozenset[str]]:
    """Both together."""
    return {kind: frozenset((*one.get(kind, ()), *other.get(kind, ()))) for kind in {*one, *other}}


def without(one: Listeners, arns: Collection[str]) -> dict[str, frozenset[str]]:
    """The same without these users."""
    return {kind: frozenset(known) - set(arns) for kind, known in one.items()}


def _listener(kind: str, arns: Collection[str]) -> Json:
    return _advanced(f"{NAME}{kind}", ("eventCategory", ["Data"]), ("resources.type", [kind]), (WHO, list(arns)))


def _advanced(name: str, *wanted: tuple[str, list[str]]) -> Json:
    return {"Name": name, "FieldSelectors": [{"Field": field, "Equals": values} for field, values in wanted]}


def _converted(selector: Json) -> Iterator[Json]:
    """A basic selector as the advanced ones that take exactly the same events."""
    reads = {"ReadOnly": ["true"], "WriteOnly": ["false"]}.get(selector["ReadWriteType"])
    half = [{"Field": "readOnly", "Equals": reads}] if reads else []
    if selector["IncludeManagementEvents"]:
        excluded = selector["ExcludeManagementEventSources"]
        noisy = [{"Field": "eventSource", "NotEquals": excluded}] if excluded else []
        yield _with(_advanced("Management events", ("eventCategory", ["Management"])), *half, *noisy)
    for resource in selector["DataResources"]:
        kind, values = resource["Type"], resource["Values"]
        if not values:
            continue
        # Objects are chosen by prefix, functions and tables by their whole ARN (CloudTrail API, DataResource).
        operator = "StartsWith" if kind == "AWS::S3::Object" else "Equals"
        narrow = [] if selected_whole(values) else [{"Field": "resources.ARN", operator: values}]
        whole = _advanced(f"Data events of {kind}", ("eventCategory", ["Data"]), ("resources.type", [kind]))
        yield _with(whole, *half, *narrow)


def _with(selector: Json, *fields: Json) -> Json:
    return _normal_advanced({**selector, "FieldSelectors": [*selector["FieldSelectors"], *fields]})


def _normal_basic(selector: Json) -> Json:
    resources = [
        {"Type": each["Type"], "Values": sorted(each.get("Values") or ())}
        for each in selector.get("DataResources") or ()
    ]
    return {
        "ReadWriteType": selector.get("ReadWriteType") or "All",
        "IncludeManagementEvents": bool(selector.get("IncludeManagementEvents", True)),
        "DataResources": sorted(resources, key=canonical),
        "ExcludeManagementEventSources": sorted(selector.get("ExcludeManagementEventSources") or ()),
    }


def _normal_advanced(selector: Json) -> Json:
    fields = [
        {"Field": each["Field"], **{name: sorted(each[name]) for name in _OPERATORS if each.get(name)}}
        for each in selector["FieldSelectors"]
    ]
    named = {"Name": selector["Name"]} if selector.get("Name") else {}
    return {**named, "FieldSelectors": sorted(fields, key=canonical)}
