"""One transaction with everything it may touch; rolled back unless committed."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

import migrator
from migrator.adapters.store import tables as t
from migrator.adapters.store import work_tables as w
from migrator.adapters.store.access import SqlAccess
from migrator.adapters.store.dossiers import Dossiers
from migrator.adapters.store.engine import READING, unreachable
from migrator.adapters.store.journal import SqlJournal
from migrator.adapters.store.outbox import SqlOutbox
from migrator.adapters.store.people import SqlPeople
from migrator.adapters.store.record import SqlRecord
from migrator.adapters.store.screams import SqlScreams
from migrator.adapters.store.statements import chunks, insert_new, lock_users, put_documents, upsert
from migrator.adapters.store.trails import SqlTrails
from migrator.adapters.store.trouble import without_password
from migrator.adapters.store.usage import SqlUsage
from migrator.adapters.store.users import SqlUsers
from migrator.adapters.store.waves import SqlWaves
from migrator.domain.changes import Change
from migrator.domain.dossier import Dossier
from migrator.domain.errors import NotFound
from migrator.domain.gates.result import GateResult
from migrator.domain.lifecycle import Move
from migrator.domain.model import Json
from migrator.ports.aws import Account
from migrator.ports.store import AnotherOrganization, Entry, Reading

OnCommit = Callable[[int], None]
"""The seam that crash tests use: called with n before the n-th commit takes effect."""


OnRecord = Callable[[Entry, str], None]
"""Called with each new entry of the record, once it is there for good, and the key of the user it is about."""


class SqlStore:
    """Units of work on one engine; `on_commit(n)` is called just before the n-th commit of this process."""

    def __init__(self, engine: Engine, on_commit: OnCommit | None = None, on_record: OnRecord | None = None) -> None:
        self.engine = engine
        self._on_commit = on_commit
        self._on_record = on_record
        self._commits = 0

    @property
    def place(self) -> str:
        """The file's whole path, or the server's URL without its password."""
        url = self.engine.url
        whole = url.render_as_string(hide_password=False)
        return without_password(whole, whole) if self.guarded else f"file {Path(url.database or '').absolute()}"

    @property
    def guarded(self) -> bool:
        """Whether a server decides who may write."""
        return self.engine.dialect.name != "sqlite"

    @contextmanager
    def begin(self) -> Iterator["SqlUnitOfWork"]:
        """A unit of work; leaving it without commit rolls everything back. Database trouble raises Unreachable."""
        with self._open(self._committing) as work:
            yield work

    @contextmanager
    def read(self) -> Iterator["SqlUnitOfWork"]:
        """A unit of work that only reads: it waits for nobody, nobody waits for it, and it cannot be committed."""
        with self._open(_only_read, **READING) as work:
            yield work

    @contextmanager
    def _open(self, committing: Callable[[], None], **options: Any) -> Iterator["SqlUnitOfWork"]:
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                work = SqlUnitOfWork(connection, committing, self._on_record)
                yield work
                if not work.committed:
                    connection.rollback()
        except DBAPIError as error:
            raise unreachable(self.engine.url, error) from error

    def _committing(self) -> None:
        self._commits += 1
        if self._on_commit is not None:
            self._on_commit(self._commits)


class SqlUnitOfWork:
    """The port's `UnitOfWork` on one connection."""

    def __init__(
        self, connection: Connection, committing: Callable[[], None], on_record: OnRecord | None = None
    ) -> None:
        self._do = connection
        self._committing = committing
        self._on_record = on_record
        self.committed = False
        self.users = SqlUsers(connection)
        self.people = SqlPeople(connection)
        self.journal = SqlJournal(connection)
        self.waves = SqlWaves(connection)
        self.usage = SqlUsage(connection)
        self.access = SqlAccess(connection)
        self.screams = SqlScreams(connection)
        self.outbox = SqlOutbox(connection)
        self.trails = SqlTrails(connection)
        self.record = SqlRecord(connection)

    def commit(self) -> None:
        """Make it last: the record's entries are chained, then the transaction is committed. Once per unit."""
        entries, told = self.record.flush(), self._on_record
        keys = self._keys(entries) if told else {}
        self._committing()
        self._do.commit()
        self.committed = True
        if told:
            for entry in entries:
                told(entry, keys.get(entry.subject, ""))

    def _keys(self, entries: Sequence[Entry]) -> dict[str, str]:
        ids = {int(e.subject[5:]) for e in entries if e.subject.startswith("user:") and e.subject[5:].isdigit()}
        return {user.subject: user.key for user in self.users.many(ids)} if ids else {}

    def claim(self, organization_id: str, partition: str, instance_arn: str | None = None) -> None:
        """Tie this database to one organization; raises Refused for another."""
        known = self._do.execute(select(t.installation)).first()
        if known is not None and known.organization_id != organization_id:
            raise AnotherOrganization(known.organization_id, organization_id)
        arn = instance_arn or (known.instance_arn if known else None)
        row = {"only": 1, "organization_id": organization_id, "partition": partition, "instance_arn": arn}
        upsert(self._do, t.installation, [row], ("only",))

    def organization(self) -> str | None:
        """The organization this database belongs to."""
        return self._do.execute(select(t.installation.c.organization_id)).scalar()

    def put_accounts(self, accounts: Sequence[Account]) -> None:
        """Write the organization's accounts."""
        rows = [{"account_id": a.id, "name": a.name, "ou_path": a.ou_path, "status": a.status} for a in accounts]
        upsert(self._do, t.accounts, rows, ("account_id",))

    def accounts(self) -> list[Account]:
        """Every known account, by id."""
        rows = self._do.execute(select(t.accounts).order_by(t.accounts.c.account_id))
        return [Account(row.account_id, row.name, row.status, row.ou_path) for row in rows]

    def read(self, reading: Reading) -> None:
        """Append a reading."""
        row = {"account_id": reading.account_id, "at": reading.at, "complete": reading.complete}
        self._do.execute(insert(t.readings).values(**row, root=reading.root, error=reading.error))

    def readings(self) -> Mapping[str, Reading]:
        """The newest reading of each account."""
        newest = select(func.max(t.readings.c.id)).group_by(t.readings.c.account_id)
        rows = self._do.execute(select(t.readings).where(t.readings.c.id.in_(newest)))
        return {row.account_id: Reading(row.account_id, row.at, row.complete, row.root, row.error) for row in rows}

    def reflect(self, change: Change) -> None:
        """Forget what AWS called a set or a person that a change took away."""
        if not change.deletes:
            return
        if change.kind == "permission-set":
            self.access.set_arn(change.target[1], None)
        if change.kind == "identity-store-user":
            for person in self.people.all():
                if (person.user_name or person.email) == change.target[1]:
                    self.people.set_identity(person.email, None, None)

    def put_document(self, value: Json) -> str:
        """Store a document once; its hash."""
        return put_documents(self._do, [value])[0]

    def document(self, sha256: str) -> Json:
        """A stored document."""
        body = self._do.execute(select(t.documents.c.body).where(t.documents.c.sha256 == sha256)).scalar()
        if body is None:
            raise NotFound(f"no document {sha256}")
        return json.loads(body)

    def dossiers(self, users: Collection[int], now: datetime, lookback: timedelta) -> list[Dossier]:
        """Everything known about these users, sorted by key."""
        return Dossiers(self._do).load(users, now, lookback)

    def put_gates(self, results: Mapping[int, tuple[Move, Sequence[GateResult]]], at: datetime) -> None:
        """Replace the stored gates of these users."""
        lock_users(self._do, results)
        for ids in chunks(results):
            self._do.execute(delete(t.gate_results).where(t.gate_results.c.user_ref.in_(ids)))
        rows = [
            _gate(user, position, move, result, at)
            for user, (move, gates) in results.items()
            for position, result in enumerate(gates)
        ]
        if rows:
            self._do.execute(insert(t.gate_results), rows)

    def gates(self, users: Collection[int]) -> Mapping[int, tuple[str, tuple[GateResult, ...]]]:
        """The stored gates: (move, results)."""
        found: dict[int, tuple[str, tuple[GateResult, ...]]] = {}
        g = t.gate_results
        for ids in chunks(users):
            for r in self._do.execute(select(g).where(g.c.user_ref.in_(ids)).order_by(g.c.user_ref, g.c.position)):
                result = GateResult(r.gate, r.open, r.why, r.opens, r.opens_at, tuple(r.not_checked))
                found[r.user_ref] = (r.move, (*found.get(r.user_ref, ("", ()))[1], result))
        return found

    def pulse(self, worker: str) -> tuple[datetime | None, datetime | None]:
        """(when it last beat, since when it listens without a gap)."""
        row = self._do.execute(select(w.workers).where(w.workers.c.id == worker)).first()
        return (row.beat_at, row.heard_since) if row else (None, None)

    def sample(self, at: datetime, values: Mapping[str, float | None]) -> None:
        """Append a sample of the KPIs."""
        rows = [{"at": at, "kpi": kpi, "owner": "", "cost_center": "", "value": v} for kpi, v in values.items()]
        insert_new(self._do, w.kpi_samples, rows)

    def beat(self, worker: str, at: datetime, heard_since: datetime | None) -> None:
        """Tell that a worker is alive."""
        row = {"id": worker, "beat_at": at, "heard_since": heard_since, "version": migrator.__version__}
        upsert(self._do, w.workers, [row], ("id",))


def _only_read() -> None:
    raise RuntimeError("a unit of work that only reads was committed")


def _gate(user: int, position: int, move: Move, result: GateResult, at: datetime) -> dict[str, Any]:
    return {
        "user_ref": user,
        "gate": result.gate,
        "position": position,
        "move": str(move),
        "open": result.open,
        "why": result.why,
        "opens": result.opens,
        "opens_at": result.opens_at,
        "not_checked": list(result.not_checked),
        "evaluated_at": at,
    }
