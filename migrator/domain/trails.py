"""CloudTrail's trails as facts, and which calls their event selectors take.

Source: CloudTrail API, EventSelector and AdvancedFieldSelector; CloudTrail user guide, "Logging data events".
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from migrator.domain.model import Json

DEFAULT_SELECTOR = {"ReadWriteType": "All", "IncludeManagementEvents": True}
"""What a trail records that nobody configured (CloudTrail API, EventSelector)."""

_WHOLE_SERVICE = 2  # colons in `arn:aws:s3`: nothing narrower was chosen


class Taken(StrEnum):
    """How much of some calls is recorded. `some`: only for some resources, names, regions, or only reads or writes."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail as it is: `basic` and `advanced` are its selectors as AWS gives them, one of them empty.

    `regions` is `all` or the one region it records; `logging_since` when its present logging began; `failing` why it
    cannot deliver; `read` whether a usage source of ours reads what it delivers; `unread` what of the trail nobody
    could look at.
    """

    arn: str
    logging: bool
    organization: bool
    bucket: str
    prefix: str = ""
    basic: tuple[Json, ...] = (DEFAULT_SELECTOR,)
    advanced: tuple[Json, ...] = ()
    regions: str = "all"
    logging_since: datetime | None = None
    failing: str = ""
    read: bool = True
    unread: str = ""

    @property
    def owner(self) -> str:
        """The account that the trail belongs to."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """Its home: only there can it be changed."""
        return self.arn.split(":")[3]

    @property
    def management_events(self) -> bool:
        """Whether it takes reading and writing management events; a noisy source left out does not count."""
        return {"read", "write"} <= {*_basic_halves(self.basic), *_advanced_halves(self.advanced)}

    @property
    def data_selectors(self) -> tuple[Json, ...]:
        """The selectors that take data events."""
        return (
            *(each for each in self.basic if each.get("DataResources")),
            *(each for each in self.advanced if "Management" not in equals(each, "eventCategory")),
        )

    @property
    def heard(self) -> bool:
        """Whether what it records comes to us: it logs, delivers, and we read it."""
        return self.logging and not self.failing and self.read


@dataclass(frozen=True, slots=True)
class AccountTrails:
    """The trails that record one account, as they were read; `error` says what of them could not be."""

    account_id: str
    at: datetime
    trails: tuple[Trail, ...] = ()
    error: str = ""

    @property
    def heard_since(self) -> datetime | None:
        """Since when management events of the account are recorded without a break; None where they are not."""
        now = [trail for trail in self.trails if trail.heard and trail.management_events]
        return min((trail.logging_since or self.at for trail in now), default=None)

    @property
    def unrecorded(self) -> str:
        """Why nothing of the account is heard, in words; empty where something is, or nobody could look."""
        if self.error or any(trail.heard for trail in self.trails):
            return ""
        if not self.trails:
            return f"no trail records account {self.account_id}"
        return "; ".join(f"{trail.arn} {_deafness(trail)}" for trail in self.trails)


@dataclass(frozen=True, slots=True)
class Calls:
    """Some calls that one user may make, as selectors tell them apart.

    `resource_type` is empty for management events; `region` where it may be any.
    """

    user_arn: str
    source: str
    resource_type: str = ""
    region: str = ""


def taken(trails: Iterable[Trail], calls: Calls) -> Taken:
    """How much of these calls the trails that we hear record, when they are refused as when they are not."""
    hearing = [trail for trail in trails if trail.heard]
    halves = [_best(_takes(trail, calls, reads) for trail in hearing) for reads in (True, False)]
    if all(half is True for half in halves):
        return Taken.ALL
    return Taken.NONE if all(half is False for half in halves) else Taken.SOME


def equals(selector: Json, field: str) -> tuple[str, ...]:
    """The values that an advanced selector wants a field to equal."""
    return tuple(
        value
        for each in selector.get("FieldSelectors", ())
        if each.get("Field") == field
        for value in each.get("Equals") or ()
    )


def selected_whole(values: Collection[str]) -> bool:
    """Whether a basic selector's values mean every resource of the type: `arn:aws:s3`, `arn:aws:lambda`."""
    return any(value.rstrip(":").count(":") <= _WHOLE_SERVICE for value in values)


def _best(answers: Iterable[bool | None]) -> bool | None:
    """Yes beats perhaps (None), perhaps beats no."""
    known = set(answers)
    return True if True in known else None if None in known else False


def _worst(answers: Iterable[bool | None]) -> bool | None:
    known = set(answers)
    return False if False in known else None if None in known else True


def _takes(trail: Trail, calls: Calls, reads: bool) -> bool | None:
    """Yes, no, or perhaps."""
    there = trail.regions == "all" or (trail.regions == calls.region if calls.region else None)
    selected = (
        *(_basic(selector, calls, reads) for selector in trail.basic),
        *(_advanced(selector, calls, reads) for selector in trail.advanced),
    )
    return _worst((there, _best(selected)))


def _basic(selector: Json, calls: Calls, reads: bool) -> bool | None:
    if selector.get("ReadWriteType", "All") not in {"All", "ReadOnly" if reads else "WriteOnly"}:
        return False
    if not calls.resource_type:
        excluded = selector.get("ExcludeManagementEventSources") or ()
        return bool(selector.get("IncludeManagementEvents", True)) and calls.source not in excluded
    of_type = [each for each in selector.get("DataResources") or () if each.get("Type") == calls.resource_type]
    return _best(True if selected_whole(each.get("Values") or ()) else None for each in of_type)


def _advanced(selector: Json, calls: Calls, reads: bool) -> bool | None:
    known = {
        "eventCategory": "Data" if calls.resource_type else "Management",
        "eventSource": calls.source,
        "eventType": "AwsApiCall",
        "readOnly": str(reads).lower(),
        "resources.type": calls.resource_type,
        "userIdentity.arn": calls.user_arn,
    }
    return _worst(_field(each, known.get(each.get("Field", ""))) for each in selector.get("FieldSelectors") or ())


def _field(condition: Json, value: str | None) -> bool | None:
    """Whether a value fits a field's condition; None where the value is not known."""
    if value is None or (value == "" and condition.get("Field") == "userIdentity.arn"):
        return None
    tests = {
        "Equals": value in (condition.get("Equals") or ()),
        "StartsWith": value.startswith(tuple(condition.get("StartsWith") or ())),
        "EndsWith": value.endswith(tuple(condition.get("EndsWith") or ())),
        "NotEquals": value not in (condition.get("NotEquals") or ()),
        "NotStartsWith": not value.startswith(tuple(condition.get("NotStartsWith") or ())),
        "NotEndsWith": not value.endswith(tuple(condition.get("NotEndsWith") or ())),
    }
    return all(fits for operator, fits in tests.items() if condition.get(operator))


def _basic_halves(selectors: Sequence[Json]) -> Iterator[str]:
    """Which management events basic selectors take: reading, writing or both."""
    for selector in selectors:
        if selector.get("IncludeManagementEvents", True):
            chosen = selector.get("ReadWriteType", "All")
            yield from (half for half in ("read", "write") if chosen in {"All", f"{half.capitalize()}Only"})


def _advanced_halves(selectors: Sequence[Json]) -> Iterator[str]:
    """The same of advanced selectors, where the field `readOnly` chooses; one about single sources counts as none."""
    for selector in selectors:
        if "Management" in equals(selector, "eventCategory") and not equals(selector, "eventSource"):
            chosen = equals(selector, "readOnly")
            yield from (half for half, value in (("read", "true"), ("write", "false")) if not chosen or value in chosen)


def _deafness(trail: Trail) -> str:
    if not trail.logging:
        return "is not logging"
    return f"cannot deliver: {trail.failing}" if trail.failing else "delivers where no usage source reads"
