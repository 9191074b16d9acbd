"""Screams and their events."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.mapping import to_scream
from migrator.adapters.store.statements import chunks, insert_new
from migrator.domain.errors import Stale
from migrator.domain.screams import UNSETTLED, Scream


class SqlScreams:
    """The port's `Screams` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def all(self, users: Collection[int] | None = None) -> list[Scream]:
        """Every scream, newest last."""
        query = select(w.screams).order_by(w.screams.c.last, w.screams.c.id)
        found: list[Scream] = []
        for ids in [None] if users is None else chunks(users):
            only = query if ids is None else query.where(w.screams.c.user_ref.in_(ids))
            found += [to_scream(row) for row in self._do.execute(only)]
        return found

    def known(self, event_ids: Collection[str]) -> set[str]:
        """Which of these events were counted already."""
        found: set[str] = set()
        for ids in chunks(event_ids):
            query = select(w.scream_events.c.event_id).where(w.scream_events.c.event_id.in_(ids))
            found.update(self._do.execute(query).scalars())
        return found

    def save(self, scream: Scream, events: Sequence[tuple[str, datetime]] = ()) -> Scream:
        """Insert (id 0) or update a scream, with the events that are new in it."""
        saved = self._update(scream) if scream.id else self._insert(scream)
        rows = [{"event_id": event, "scream": saved.id, "at": at} for event, at in events]
        insert_new(self._do, w.scream_events, rows)
        return saved

    def answer(self, user: int, disposition: str, reason: str) -> None:
        """Settle every open scream of a user."""
        for scream in self.all([user]):
            if scream.disposition in UNSETTLED:
                self._update(replace(scream, disposition=disposition, reason=reason))

    def _insert(self, scream: Scream) -> Scream:
        made = self._do.execute(insert(w.screams).values(**_columns(scream)).returning(w.screams.c.id)).scalar_one()
        return replace(scream, id=made)

    def _update(self, scream: Scream) -> Scream:
        same = (w.screams.c.id == scream.id, w.screams.c.version == scream.version)
        values = {**_columns(scream), "version": scream.version + 1}
        if self._do.execute(update(w.screams).where(*same).values(**values)).rowcount != 1:
            raise Stale(f"scream {scream.id} was changed just now", next_step="run the same command again")
        return replace(scream, version=scream.version + 1)


def _columns(scream: Scream) -> dict[str, Any]:
    return {
        "user_ref": scream.user,
        "signal": scream.signal,
        "event_source": scream.event_source,
        "event_name": scream.event_name,
        "address": scream.address,
        "agent": scream.agent,
        "count": scream.count,
        "first": scream.first,
        "last": scream.last,
        "disposition": scream.disposition,
        "reason": scream.reason,
    }
