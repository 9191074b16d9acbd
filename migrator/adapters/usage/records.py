"""One CloudTrail log file in, counted calls out: who of those we move did what, and what they were refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

from migrator.adapters.usage.events import Event, Identity, decoded, identity_of, opened, perhaps_ours
from migrator.adapters.usage.identities import (
    OWN_KEYS,
    account_of,
    error_of,
    partition_of,
    principal_of,
    refusal_of,
    within,
)
from migrator.adapters.usage.inflate import Unreadable
from migrator.adapters.usage.resources import Place, resource_of
from migrator.adapters.usage.shapes import records
from migrator.domain.usage import REFUSALS, Part, PartUsage, Refusal, UsageFact


class ActionNames(Protocol):
    """What decoding needs of the action catalogue."""

    def action_for(self, event_source: str, event_name: str) -> str | None:
        """The IAM action an event needed; None where there is no mapping."""
        ...

    def versioned(self, action: str) -> str:
        """The action that the same S3 call needs when it names an object version."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (inclusive) to `until` (exclusive); None is no bound."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def bounded(self) -> bool:
        """Whether it leaves anything out."""
        return self.since is not None or self.until is not None

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies within."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


ALL = Window()


def timed_events(
    stream: BinaryIO, window: Window, *, everybody: bool
) -> Iterator[tuple[int, list[tuple[Event, datetime]]]]:
    """A log file in groups of (number of events in the window, those to look at with their times in UTC).

    Unless `everybody` is asked for, events that surely are of nobody we move are numbered only. Copies of one event
    within a group count once. Raises Unreadable, perhaps after some groups.
    """
    for group in records(stream):
        known = group if everybody or window.bounded else perhaps_ours(group)
        found = _only_records(decoded(known), len(group) - len(known))
        others = len(group) - len(known)
        if others and any(event.time is None for event in found):
            found, others = _only_records(decoded(group), 0), 0
        kept = _once(found)
        timed = [*zip(kept, _times(kept), strict=True)]
        if window.bounded:
            timed = [(event, at) for event, at in timed if window.holds(at)]
        yield len(timed) + others, timed


def part_usage(
    part: Part,
    stream: BinaryIO,
    catalogue: ActionNames,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PartUsage:
    """Everything that one log file says of IAM users and Identity Center people.

    Other identities are counted in `events` only. A file that is broken anywhere gives nothing but `bad`. With `since`
    (inclusive) and `until` (exclusive) events outside are left out, as if they were not in the file.
    """
    count, events = FactCount(catalogue), 0
    first: datetime | None = None
    newest: datetime | None = None
    try:
        for number, timed in timed_events(stream, Window(since, until), everybody=True):
            events += number
            times = [at for _, at in timed]
            first = min((*times, *((first,) if first else ())), default=None)
            newest = max((*times, *((newest,) if newest else ())), default=None)
            for event, at in timed:
                count.add(event, at)
    except Unreadable as error:
        return PartUsage(part=part, bad=str(error))
    return PartUsage(part, events, count.facts(), count.refused(), first, newest)


def _only_records(found: list[Event], others: int) -> list[Event]:
    kept = [each for each in found if each.name is not None or identity_of(each) is not None]
    if found and not kept and not others:
        raise Unreadable("no CloudTrail records")
    if kept and not others and all((each.source or "").startswith("aws:") for each in kept):
        raise Unreadable("event notifications, not CloudTrail records")
    return kept


def _once(found: list[Event]) -> list[Event]:
    """The events without copies of one and the same; those without an id are never taken for copies."""
    ids = [event.id for event in found if event.id]
    if len(set(ids)) == len(ids):
        return found
    kept: dict[object, Event] = {}
    for number, event in enumerate(found):
        same = (event.id, event.time, event.source, event.name, bytes(event.identity))
        kept.setdefault(same if event.id else number, event)
    return [*kept.values()]


def _times(found: list[Event]) -> list[datetime]:
    """The time of each event, in UTC; one without gets the newest of its group, so that it is not lost."""
    known = [event.time for event in found if event.time is not None]
    if len(known) < len(found):
        if not known:
            raise Unreadable("no event has a time")
        newest = max(map(_utc, known))
        known = [newest if event.time is None else event.time for event in found]
    return known if {at.tzinfo for at in known} <= {UTC} else [_utc(at) for at in known]


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def action_of(event: Event, catalogue: ActionNames) -> str:
    """The action a call needed; empty where there is no mapping."""
    action = catalogue.action_for(event.source or "", event.name or "") or ""
    if action.startswith("s3:") and within(opened(event.parameters), "versionId"):
        return catalogue.versioned(action)
    return action


def place_of(event: Event, principal: str, who: Identity) -> Place:
    """Where an ARN that is built from an event's parameters lives."""
    return Place(partition_of(principal), event.region or "", event.recipient or account_of(principal, who))


class FactCount:
    """The calls of one part, by everything that tells one kind of call from another."""

    def __init__(self, catalogue: ActionNames) -> None:
        self._refusals: list[Refusal] = []
        self._catalogue = catalogue
        self._calls: dict[tuple[str, ...], list[Any]] = {}
        self._touched: dict[tuple[str | bytes | Place, ...], tuple[str, str]] = {}
        """A user mostly asks the same again: what was asked of what, by the text of the request."""

    def add(self, event: Event, at: datetime, *, calls: int = 1, last: datetime | None = None) -> None:
        """Count a call, or several alike until `last`; those of nobody we move are passed over."""
        who = identity_of(event)
        known = principal_of(who) if who is not None else None
        if who is not None and known is not None:
            self._add(event, who, known, (calls, at, last or at))

    def _add(self, event: Event, who: Identity, known: tuple[str, str], made: tuple[int, datetime, datetime]) -> None:
        (principal, via), (calls, first, last) = known, made
        source, name, region = event.source or "", event.name or "", event.region or ""
        place = place_of(event, principal, who)
        asked = (source, name, place, bytes(event.parameters), bytes(event.resources))
        touched = self._touched.get(asked)
        if touched is None:
            touched = self._touched[asked] = (action_of(event, self._catalogue), resource_of(event, place))
        error = error_of(event)
        key = (
            *(principal, source, name, *touched, who.access_key or "", region),
            *(event.address or "", event.agent or "", error, via, account_of(principal, who)),
        )
        tally = self._calls.get(key)
        if tally is None:
            self._calls[key] = [calls, first, last]
        else:
            tally[0] += calls
            tally[1] = min(tally[1], first)
            tally[2] = max(tally[2], last)
        if error in REFUSALS and who.type in OWN_KEYS:
            self._refusals.append(refusal_of(event, first, who, principal, error))

    def refused(self) -> tuple[Refusal, ...]:
        """What users (and sessions of their keys) were refused, oldest first."""
        return tuple(sorted(self._refusals, key=lambda each: (each.at, each.event_id)))

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
