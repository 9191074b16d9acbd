"""The hash-chained record: each entry carries the SHA-256 of its canonical content and its predecessor's.

Entries are queued and chained last in the unit of work, under one lock (SQLite's BEGIN IMMEDIATE; a row lock on
`audit_head` in PostgreSQL), so that concurrent writers append one after the other.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.statements import insert_new
from migrator.domain.canonical import canonical
from migrator.domain.model import Json
from migrator.domain.record import GENESIS, entry_hash
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

    def flush(self) -> None:
        """Chain what is queued onto the head."""
        if not self._queue:
            return
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

    def entries(self, subject: str | None = None, after: int = 0) -> list[Entry]:
        """Entries in order."""
        query = select(w.audit).where(w.audit.c.seq > after).order_by(w.audit.c.seq)
        if subject is not None:
            query = query.where(w.audit.c.subject == subject)
        return [
            Entry(r.seq, r.at, r.actor, r.event, r.subject, r.details, r.prev, r.hash) for r in self._do.execute(query)
        ]

    def actors(self) -> set[str]:
        """Every identity that ever did anything here."""
        return set(self._do.execute(select(w.audit.c.actor).distinct()).scalars())

    def head(self) -> tuple[int, str]:
        """The last sequence number and its hash."""
        row = self._do.execute(select(w.audit_head.c.seq, w.audit_head.c.hash)).first()
        return (row.seq, row.hash) if row else (0, GENESIS)
