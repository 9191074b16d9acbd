"""The hash-chained record: each entry carries the SHA-256 of its canonical content and its predecessor's.

Entries are queued and chained last in the unit of work, under one lock (SQLite's BEGIN IMMEDIATE; a row lock on
`audit_head` in PostgreSQL), so that concurrent writers append one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, cast, insert, select, text, update

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.statements import CHUNK, insert_new
from migrator.domain.canonical import canonical
from migrator.domain.model import Json
from migrator.domain.record import GENESIS, Link, entry_hash
from migrator.ports.store import Entry


@dataclass(frozen=True, slots=True)
class _Queued:
    actor: str
    event: str
    subject: str
    details: str
    at: datetime


class SqlRecord:
    """The port's `Record` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection
        self._queue: list[_Queued] = []

    def append(self, actor: str, event: str, subject: str, details: Json, at: datetime) -> None:
        """Queue an entry; it is chained last, when the unit of work commits."""
        self._queue.append(_Queued(actor, event, subject, canonical(details), at.astimezone(UTC)))

    def flush(self) -> list[Entry]:
        """Chain what is queued onto the head; the entries as they are now."""
        if not self._queue:
            return []
        insert_new(self._do, w.audit_head, [{"only": 1, "seq": 0, "hash": GENESIS}])
        seq, prev = self._do.execute(select(w.audit_head.c.seq, w.audit_head.c.hash).with_for_update()).one()
        rows: list[dict[str, Any]] = []
        for queued in self._queue:
            seq += 1
            at = queued.at.isoformat()
            digest = entry_hash(seq, at, queued.actor, queued.event, queued.subject, queued.details, prev)
            rows.append(
                {
                    "seq": seq,
                    "at": queued.at,
                    "actor": queued.actor,
                    "event": queued.event,
                    "subject": queued.subject,
                    "details": queued.details,
                    "prev": prev,
                    "hash": digest,
                }
            )
            prev = digest
        self._do.execute(insert(w.audit), rows)
        self._do.execute(update(w.audit_head).values(seq=seq, hash=prev))
        self._queue.clear()
        return [Entry(**row) for row in rows]

    def entries(self, subject: str | None = None, after: int = 0) -> list[Entry]:
        """Entries in order."""
        query = select(w.audit).where(w.audit.c.seq > after).order_by(w.audit.c.seq)
        if subject is not None:
            query = query.where(w.audit.c.subject == subject)
        return [
            Entry(r.seq, r.at, r.actor, r.event, r.subject, r.details, r.prev, r.hash) for r in self._do.execute(query)
        ]

    def freeze(self) -> None:
        """See one moment of it, whoever appends meanwhile; on SQLite every transaction does."""
        if self._do.dialect.name == "postgresql":
            self._do.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))

    def links(self) -> Iterator[Link]:
        """The chain as it is stored: whatever does not read as it was written is passed on as it is, and breaks it."""
        columns: list[ColumnElement[Any]] = [column for column in w.audit.c if column.name in Link.__slots__]
        if self._do.dialect.name == "sqlite":
            # There a column holds what anybody put into it: bytes that are no text, a text that is no time.
            columns = [c if c.name == "seq" else cast(c, LargeBinary).label(c.name) for c in columns]
        after = None
        while True:
            page = select(*columns).order_by(w.audit.c.seq).limit(CHUNK)
            rows = self._do.execute(page if after is None else page.where(w.audit.c.seq > after)).mappings().all()
            if not rows:
                return
            yield from (Link(**{name: _as_written(name, row[name]) for name in Link.__slots__}) for row in rows)
            after = rows[-1]["seq"]

    def actors(self) -> set[str]:
        """Every identity that ever did anything here."""
        return set(self._do.execute(select(w.audit.c.actor).distinct()).scalars())

    def head(self) -> tuple[int, str]:
        """The last sequence number and its hash."""
        row = self._do.execute(select(w.audit_head.c.seq, w.audit_head.c.hash)).first()
        return (row.seq, row.hash) if row else (0, GENESIS)


def _as_written(name: str, value: Any) -> Any:
    """A stored value as it went into the hash."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if not isinstance(value, bytes):
        return value
    try:
        word = value.decode()
        at = datetime.fromisoformat(word) if name == "at" else None
    except ValueError:
        return repr(value)
    return word if at is None else at.isoformat() if at.tzinfo else at.replace(tzinfo=UTC).isoformat()
