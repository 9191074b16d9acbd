"""`migrator usage mine`: CloudTrail files in, one record per IAM user out; no database, no decision."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from migrator.domain.usage import Part, PartUsage, UsageFact

MOST = 1000
"""Resources named per row, and addresses, agents, keys and regions per user: the first by name; beyond, `…_more`."""

Carry = Callable[[Callable[[Part], PartUsage], Iterable[Part]], Iterable[PartUsage]]
"""How parts are read: `map` here and now, or a pool's. The answers may come in any order."""


class UsageSource(Protocol):
    """Where usage comes from, in parts that are read whole or not at all."""

    source: str

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None = None) -> Iterable[Part]:
        """The parts that may hold events of that time and these accounts (None: of all), sorted."""
        ...

    def read(self, part: Part, *, since: datetime | None = None, until: datetime | None = None) -> PartUsage:
        """What one part holds, of that time only; `bad` where it could not be read."""
        ...


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
            "calls": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class MiningReport:
    """Everything mined from one source in one window, and what could not be read."""

    source: str
    since: datetime
    until: datetime
    events: int
    files: int
    bad_files: tuple[tuple[str, str], ...]
    users: tuple[Mined, ...]
    sessions: tuple[Mined, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The content of `usage mine --json`. `files` counts those read whole; bad ones are listed apart."""
        return {
            "source": self.source,
            "since": _written(self.since),
            "until": _written(self.until),
            "events": self.events,
            "files": self.files,
            "bad_files": [{"file": name, "why": why} for name, why in self.bad_files],
            "users": [user.to_json() for user in self.users],
            "sessions": [session.to_json() for session in self.sessions],
        }


def mine_usage(
    source: UsageSource,
    since: datetime,
    until: datetime,
    *,
    accounts: Collection[str] | None = None,
    carry: Carry = map,
    progress: Callable[[int, int], None] | None = None,
) -> MiningReport:
    """Read every part of a source and count the calls of each IAM user from `since` (inclusive) to `until` (exclusive).

    Memory grows with the users and kinds of calls, not with the files. `progress` hears (files, events) after each.
    """
    sums = _Sums()
    read = partial(source.read, since=since, until=until)
    for usage in carry(read, source.list_parts(since, until, accounts)):
        sums.add(usage)
        if progress is not None:
            progress(sums.files, sums.events)
    people = sums.people()
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


class _Values:
    """The first MOST of the texts seen, by name, whatever the order they came in."""

    __slots__ = ("_kept", "more")

    def __init__(self) -> None:
        self._kept: set[str] = set()
        self.more = False

    def add(self, value: str) -> None:
        """Remember a text, unless it is empty."""
        if value:
            self._kept.add(value)
            if len(self._kept) > 2 * MOST:
                self._kept = set(self.listed())

    def listed(self) -> tuple[str, ...]:
        """What is kept, sorted."""
        self.more = self.more or len(self._kept) > MOST
        return tuple(sorted(self._kept)[:MOST])


@dataclass(slots=True)
class _Tally:
    """One row, while it is counted."""

    first: datetime
    last: datetime
    calls: int = 0
    denied: int = 0
    resources: _Values = field(default_factory=_Values)


@dataclass(slots=True)
class _Sums:
    """Everything counted so far."""

    events: int = 0
    files: int = 0
    bad: list[tuple[str, str]] = field(default_factory=list)
    rows: dict[tuple[str, str, str], dict[tuple[str, str, str, str], _Tally]] = field(default_factory=dict)
    seen: dict[tuple[str, str, str], dict[str, _Values]] = field(default_factory=dict)

    def add(self, usage: PartUsage) -> None:
        """Count one part."""
        if usage.bad:
            self.bad.append((usage.part.key, usage.bad))
            return
        self.files += 1
        self.events += usage.events
        for fact in usage.facts:
            self._count(fact)

    def _count(self, fact: UsageFact) -> None:
        who = (fact.principal, _kind(fact), fact.account_id)
        rows = self.rows.setdefault(who, {})
        what = (fact.source, fact.event, fact.action or "", fact.via)
        tally = rows.get(what)
        if tally is None:
            tally = rows[what] = _Tally(fact.first, fact.last)
        tally.calls += fact.calls
        tally.denied += fact.calls if fact.refused else 0
        tally.first = min(tally.first, fact.first)
        tally.last = max(tally.last, fact.last)
        tally.resources.add(fact.resource)
        seen = self.seen.get(who)
        if seen is None:
            seen = self.seen[who] = {name: _Values() for name in ("access_keys", "addresses", "agents", "regions")}
        for values, value in zip(seen.values(), (fact.access_key, fact.address, fact.agent, fact.region), strict=True):
            values.add(value)

    def people(self) -> tuple[Mined, ...]:
        """Every principal, sorted."""
        return tuple(
            Mined(
                principal=who[0],
                kind=who[1],
                account_id=who[2],
                rows=tuple(_row(what, tally) for what, tally in sorted(rows.items())),
                seen=tuple((name, values.listed()) for name, values in self.seen[who].items()),
            )
            for who, rows in sorted(self.rows.items())
        )


def _row(what: tuple[str, str, str, str], tally: _Tally) -> Row:
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


def _kind(fact: UsageFact) -> str:
    """What the principal is: federated and role sessions are never mixed with the user's own calls."""
    if fact.principal.startswith("identitystore:"):
        return "identity-center-portal"
    if ":assumed-role/" in fact.principal:
        return "identity-center"
    return "federated" if fact.via == "federated-session" else "user"


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
