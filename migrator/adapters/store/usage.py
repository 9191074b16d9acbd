"""What was mined, and how it is read back: parts with their facts, last-accessed data, references."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, false, func, insert, or_, select

from migrator.adapters.store import tables as t
from migrator.adapters.store.mapping import to_fact
from migrator.adapters.store.statements import chunks, lock_users, upsert
from migrator.domain.usage import Part, PartUsage, Refusal, UsageFact
from migrator.ports.aws import NameReference

READING = "-"
"""The account of the row in `usage_parts` that says when every source was last read to its end."""

MANY = 50
"""More names than these are not worth a condition each."""


class SqlUsage:
    """The port's `Usage` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def parts(self, source: str, account_id: str | None = None) -> Mapping[str, str]:
        """Part key → etag of everything read of a source."""
        p = t.usage_parts
        query = select(p.c.part, p.c.etag).where(p.c.source == source)
        if account_id is not None:
            query = query.where(p.c.account_id == account_id)
        return {part: etag for part, etag in self._do.execute(query)}  # noqa: C416  # rows are no pairs to mypy

    def add(self, parts: Sequence[PartUsage], at: datetime) -> list[Refusal]:
        """Write parts with their facts; a part read again replaces what it said before."""
        # The parts first: whoever reads the same ones at this moment waits here, and then replaces what we wrote.
        upsert(self._do, t.usage_parts, [_part(usage, at) for usage in parts], ("source", "account_id", "part"))
        for names in chunks([_key(usage.part) for usage in parts]):
            self._do.execute(delete(t.usage_facts).where(t.usage_facts.c.part.in_(names)))
        rows = [_fact(_key(usage.part), fact) for usage in parts for fact in usage.facts]
        if rows:
            self._do.execute(insert(t.usage_facts), rows)
        return [refusal for usage in parts for refusal in usage.refusals]

    def facts(self, principals: Collection[str], since: datetime) -> dict[str, list[UsageFact]]:
        """Facts of principals whose last call is not older than `since`, the same calls of all parts added up."""
        found: dict[str, list[UsageFact]] = {}
        for names in chunks(principals):
            query = _summed().where(t.usage_facts.c.principal.in_(names), t.usage_facts.c.last >= since)
            for row in self._do.execute(query):
                found.setdefault(row.principal, []).append(to_fact(row))
        return found

    def last_calls(self, principals: Collection[str], since: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Principal → access key → its newest event since then, refused or not."""
        f = t.usage_facts
        query = select(f.c.principal, f.c.access_key, func.max(f.c.last)).group_by(f.c.principal, f.c.access_key)
        found: dict[str, dict[str, datetime]] = {}
        for arns in chunks(principals):
            for principal, key, last in self._do.execute(query.where(f.c.principal.in_(arns), f.c.last >= since)):
                found.setdefault(principal, {})[key] = last
        return found

    def sessions(self, since: datetime, names: Collection[str] | None = None) -> list[UsageFact]:
        """Calls of Identity Center role sessions and portal events since then; role sessions of `names`, if given."""
        f = t.usage_facts
        who = or_(
            f.c.principal.like("%:assumed-role/AWSReservedSSO\\_%", escape="\\"), f.c.principal.like("identitystore:%")
        )
        query = _summed().where(who, f.c.last >= since)
        if names is not None and len(names) <= MANY:
            mine = (f.c.principal.iendswith(f"/{name}", autoescape=True) for name in sorted(names))
            query = query.where(or_(false(), *mine))
        return [to_fact(row) for row in self._do.execute(query)]

    def assumed(self, roles: Collection[str], principals: Collection[str]) -> set[str]:
        """Those of these principals that were seen assuming one of these roles, by name."""
        f, found = t.usage_facts, set[str]()
        names = tuple(f":role/{role}" for role in roles)
        query = select(f.c.principal, f.c.resource).where(f.c.event == "AssumeRole", f.c.error == "").distinct()
        for arns in chunks(principals if names else ()):
            rows = self._do.execute(query.where(f.c.principal.in_(arns)))
            found |= {principal for principal, resource in rows if resource.endswith(names)}
        return found

    def regions(self, account_id: str) -> set[str]:
        """The regions in which anybody was seen in an account."""
        f = t.usage_facts
        query = select(f.c.region).where(f.c.account_id == account_id, f.c.region != "").distinct()
        return set(self._do.execute(query).scalars())

    def heard(self) -> tuple[datetime | None, datetime | None, int]:
        """(when sources were last read, newest event seen, bad parts)."""
        p = t.usage_parts
        read = self._do.execute(select(func.max(p.c.read_at)).where(p.c.account_id == READING)).scalar()
        newest = self._do.execute(select(func.max(p.c.newest))).scalar()
        bad = self._do.execute(select(func.count()).where(p.c.bad != "")).scalar_one()
        return read, newest, bad

    def note_reading(self, at: datetime) -> None:
        """Remember that every source was read to its end just now."""
        row = {"part": READING, "source": READING, "account_id": READING, "etag": "", "first": None, "newest": None}
        rows = [{**row, "events": 0, "bad": "", "read_at": at}]
        upsert(self._do, t.usage_parts, rows, ("source", "account_id", "part"))

    def last_accessed(self, rows: Sequence[tuple[int, str, str, datetime | None]], at: datetime) -> None:
        """Replace last-accessed rows (user, service, action, at)."""
        values = [{"user_ref": u, "service": s, "action": a, "at": used, "read_at": at} for u, s, a, used in rows]
        upsert(self._do, t.last_accessed, values, ("user_ref", "service", "action"))

    def services(self, users: Collection[int]) -> Mapping[int, dict[str, datetime | None]]:
        """Service → last accessed, per user."""
        found: dict[int, dict[str, datetime | None]] = {}
        for ids in chunks(users):
            query = select(t.last_accessed).where(t.last_accessed.c.user_ref.in_(ids), t.last_accessed.c.action == "")
            for row in self._do.execute(query):
                found.setdefault(row.user_ref, {})[row.service] = row.at
        return found

    def refer(
        self,
        users: Collection[int],
        found: Sequence[tuple[int, NameReference]],
        unread: Sequence[str],
        at: datetime,
    ) -> None:
        """Replace what names these users; a row `searched` says that somebody looked, `not-checked` what was unread."""
        r = t.name_references
        lock_users(self._do, users)
        for ids in chunks(users):
            self._do.execute(delete(r).where(r.c.user_ref.in_(ids)))
        rows = [_reference(user, "", "", "searched", at) for user in users]
        rows += [_reference(user, "", where, "not-checked", at) for user in users for where in sorted(set(unread))]
        rows += [_reference(user, n.user_arn, n.where, n.effect, at) for user, n in dict.fromkeys(found)]
        if rows:
            self._do.execute(insert(r), rows)


def _reference(user: int, arn: str, where: str, effect: str, at: datetime) -> dict[str, Any]:
    return {"user_ref": user, "arn": arn, "where": where, "effect": effect, "checked_at": at}


def _key(part: Part) -> str:
    """A part's name among all sources: two of them may hold the same relative key."""
    return f"{part.source} {part.key}"


def _part(usage: PartUsage, at: datetime) -> dict[str, Any]:
    part = usage.part
    return {
        "part": part.key,
        "source": part.source,
        "account_id": part.account_id,
        "etag": part.etag,
        "first": usage.first,
        "newest": usage.newest,
        "events": usage.events,
        "bad": usage.bad,
        "read_at": at,
    }


def _fact(part: str, fact: UsageFact) -> dict[str, Any]:
    return {
        "part": part,
        "principal": fact.principal,
        "account_id": fact.account_id,
        "access_key": fact.access_key,
        "source": fact.source,
        "event": fact.event,
        "action": fact.action,
        "resource": fact.resource,
        "region": fact.region,
        "address": fact.address,
        "agent": fact.agent,
        "error": fact.error,
        "via": fact.via,
        "calls": fact.calls,
        "first": fact.first,
        "last": fact.last,
    }


def _summed() -> Any:
    f = t.usage_facts
    same = (
        f.c.principal,
        f.c.account_id,
        f.c.access_key,
        f.c.source,
        f.c.event,
        f.c.action,
        f.c.resource,
        f.c.region,
        f.c.address,
        f.c.agent,
        f.c.error,
        f.c.via,
    )
    totals = (func.sum(f.c.calls).label("calls"), func.min(f.c.first).label("first"), func.max(f.c.last).label("last"))
    return select(*same, *totals).group_by(*same).order_by(*same)
