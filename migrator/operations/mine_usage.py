"""`migrator usage mine`: CloudTrail files in, one record per IAM user out; no database, no decision."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Any, Protocol

from migrator.domain.usage import Doings, Part, Tally, UsageSums

Add = Callable[[Iterable[Part]], UsageSums]
"""Adds up parts, each call to those before it, and returns the sums of all."""
Progress = Callable[[int, int], None]
"""Hears how many files and events were read so far."""

BEGINNING, END = datetime(2006, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
"""Before AWS, and after everything."""


class UsageSource(Protocol):
    """Where usage comes from, in parts that count whole or not at all."""

    source: str

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None = None) -> Iterable[Part]:
        """The parts that may hold events of that time and these accounts (None: of all), sorted."""
        ...

    def summing(self, *, since: datetime | None = None, until: datetime | None = None) -> Add:
        """What adds up the events of that time."""
        ...


class Carry(Protocol):
    """How parts are added up: here and now, or by several processes."""

    def __call__(self, summing: Callable[[], Add], parts: Iterable[Part], progress: Progress | None) -> UsageSums:
        """The sums of all parts, whatever the order they were read in."""
        ...


def in_turn(summing: Callable[[], Add], parts: Iterable[Part], progress: Progress | None = None) -> UsageSums:
    """Add up part after part."""
    add, sums = summing(), UsageSums()
    for part in parts:
        sums = add([part])
        if progress is not None:
            progress(sums.files, sums.events)
    return sums


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of call of one user. `action` is None where the event needs none or has no mapping (`unmapped`)."""

    source: str
    event: str
    action: str | None
    via: str
    calls: int
    denied: int
    resources: tuple[str, ...]
    more: bool
    first: datetime
    last: datetime

    def to_json(self) -> dict[str, Any]:
        """As the contract writes it."""
        return {
            "event_source": self.source,
            "event_name": self.event,
            "action": self.action,
            "calls": self.calls,
            "denied": self.denied,
            "resources": list(self.resources),
            "resources_more": self.more,
            "first": _written(self.first),
            "last": _written(self.last),
            "via": self.via or None,
        }


@dataclass(frozen=True, slots=True)
class Mined:
    """What one principal did: an IAM user, or a session (`identity-center`, `identity-center-portal`, `federated`)."""

    principal: str
    kind: str
    account_id: str
    rows: tuple[Row, ...]
    seen: tuple[tuple[str, tuple[str, ...]], ...]
    cut: tuple[str, ...] = ()
    """The names of `seen` that were too many to name all."""

    @property
    def first(self) -> datetime:
        """Its earliest call."""
        return min(row.first for row in self.rows)

    @property
    def last(self) -> datetime:
        """Its latest call."""
        return max(row.last for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """As the contract writes a user; a session has its `principal` and `kind` instead."""
        named = (
            {"user_arn": self.principal} if self.kind == "user" else {"principal": self.principal, "kind": self.kind}
        )
        return {
            **named,
            "account_id": self.account_id,
            "first": _written(self.first),
            "last": _written(self.last),
            **{name: list(values) for name, values in self.seen},
            "more": list(self.cut),
            "calls": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class MiningReport:
    """Everything mined from one source in one window, and what could not be read."""

    source: str
    since: datetime | None
    until: datetime | None
    events: int
    files: int
    bad_files: tuple[tuple[str, str], ...]
    users: tuple[Mined, ...]
    sessions: tuple[Mined, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The content of `usage mine --json`. `files` counts those read whole; bad ones are listed apart."""
        return {
            "source": self.source,
            "since": _written(self.since) if self.since else None,
            "until": _written(self.until) if self.until else None,
            "events": self.events,
            "files": self.files,
            "bad_files": [{"file": name, "why": why} for name, why in self.bad_files],
            "users": [user.to_json() for user in self.users],
            "sessions": [session.to_json() for session in self.sessions],
        }


def mine_usage(
    source: UsageSource,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    accounts: Collection[str] | None = None,
    carry: Carry = in_turn,
    progress: Progress | None = None,
) -> MiningReport:
    """Add up the calls of each IAM user from `since` (inclusive) to `until` (exclusive); None is no bound.

    Memory grows with the users and kinds of calls, not with the files. `progress` hears (files, events) now and then.
    """
    parts = source.list_parts(since or BEGINNING, until or END, accounts)
    sums = carry(partial(source.summing, since=since, until=until), parts, progress)
    people = [_mined(who, doings) for who, doings in sorted(sums.doings.items(), key=itemgetter(0))]
    return MiningReport(
        source=source.source,
        since=since,
        until=until,
        events=sums.events,
        files=sums.files,
        bad_files=tuple(sorted(sums.bad)),
        users=tuple(each for each in people if each.kind == "user"),
        sessions=tuple(each for each in people if each.kind != "user"),
    )


def _mined(who: tuple[str, str, str], doings: Doings) -> Mined:
    principal, kind, account = who
    return Mined(
        principal=principal,
        kind=kind,
        account_id=account,
        rows=tuple(_row(what, tally) for what, tally in sorted(doings.rows.items(), key=itemgetter(0))),
        seen=tuple((name, names.listed()) for name, names in doings.seen.items()),
        cut=tuple(name for name, names in doings.seen.items() if names.more),
    )


def _row(what: tuple[str, str, str, str], tally: Tally) -> Row:
    source, event, action, via = what
    return Row(
        source=source,
        event=event,
        action=action or None,
        via=via,
        calls=tally.calls,
        denied=tally.denied,
        resources=tally.resources.listed(),
        more=tally.resources.more,
        first=tally.first,
        last=tally.last,
    )


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
