"""Letters to people: kept with what caused them, sent after, marked."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from migrator.adapters.store.statements import chunks, insert_new
from migrator.adapters.store.work_tables import notifications as n
from migrator.ports.post import Letter


class SqlOutbox:
    """The port's `Outbox` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def put(self, letters: Sequence[Letter]) -> list[Letter]:
        """Keep letters; those that are new."""
        known: set[str] = set()
        for keys in chunks(letter.dedupe_key for letter in letters):
            known |= set(self._do.scalars(select(n.c.dedupe_key).where(n.c.dedupe_key.in_(keys))))
        new = [letter for letter in letters if letter.dedupe_key not in known]
        insert_new(self._do, n, [asdict(letter) for letter in new])
        return new

    def take(self, now: datetime, until: datetime, most: int) -> list[Letter]:
        """The oldest letters to be sent by now; nobody else takes them before `until`."""
        waiting = select(n).where(n.c.status == "waiting", n.c.next_at <= now).order_by(n.c.next_at, n.c.dedupe_key)
        found = [_letter(row) for row in self._do.execute(waiting.limit(most).with_for_update(skip_locked=True))]
        keys = [letter.dedupe_key for letter in found]
        self._do.execute(update(n).where(n.c.dedupe_key.in_(keys)).values(next_at=until))
        return found

    def mark(self, letter: Letter) -> None:
        """Write what became of a letter."""
        values = {"status": letter.status, "attempts": letter.attempts, "next_at": letter.next_at}
        self._do.execute(update(n).where(n.c.dedupe_key == letter.dedupe_key).values(**values, error=letter.error))

    def newest(self, most: int) -> list[Letter]:
        """The newest letters, newest first."""
        rows = self._do.execute(select(n).order_by(n.c.at.desc(), n.c.dedupe_key).limit(most))
        return [_letter(row) for row in rows]


def _letter(row: Row[Any]) -> Letter:
    return Letter(**row._mapping)  # noqa: SLF001  # SQLAlchemy's own name for a row as a mapping
