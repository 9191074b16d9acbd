"""Which trails record each account, as they were last read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from migrator.adapters.store.statements import chunks, upsert
from migrator.adapters.store.tables import trail_readings
from migrator.domain.model import Json
from migrator.domain.trails import AccountTrails, Trail


class SqlTrails:
    """The port's `TrailReadings` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def put(self, readings: Sequence[AccountTrails]) -> None:
        """Replace the readings of these accounts."""
        rows = [
            {"account_id": r.account_id, "at": r.at, "trails": [_document(t) for t in r.trails], "error": r.error}
            for r in sorted(readings, key=lambda reading: reading.account_id)
        ]
        upsert(self._do, trail_readings, rows, ("account_id",))

    def of(self, accounts: Collection[str]) -> Mapping[str, AccountTrails]:
        """The readings of these accounts; one that was never read is left out."""
        found: dict[str, AccountTrails] = {}
        r = trail_readings.c
        for ids in chunks(sorted(set(accounts))):
            for row in self._do.execute(select(trail_readings).where(r.account_id.in_(ids))):
                trails = tuple(_trail(each) for each in row.trails)
                found[row.account_id] = AccountTrails(row.account_id, row.at, trails, row.error)
        return found


def _document(trail: Trail) -> Json:
    since = trail.logging_since
    return {**asdict(trail), "logging_since": since.isoformat() if since else None}


def _trail(document: Json) -> Trail:
    since = document["logging_since"]
    whole = {"basic": tuple(document["basic"]), "advanced": tuple(document["advanced"])}
    return Trail(**{**document, **whole, "logging_since": datetime.fromisoformat(since) if since else None})
