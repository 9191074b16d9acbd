"""Runs and their changes. Every write proves the fence first, in the same transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.mapping import to_change, to_run, to_step
from migrator.adapters.store.statements import put_documents
from migrator.domain.changes import Change
from migrator.domain.errors import Busy
from migrator.domain.forecast import Pace
from migrator.domain.journal import Outcome, Run, RunStatus, Step
from migrator.domain.model import Json

BEGINNING = 7_243_001
"""The number of PostgreSQL's advisory lock under which runs begin."""


class SqlJournal:
    """The port's `Journal` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def queue(self) -> None:
        """Wait until nobody else is beginning a run; on SQLite BEGIN IMMEDIATE has seen to that."""
        if self._do.dialect.name == "postgresql":
            self._do.execute(select(func.pg_advisory_xact_lock(BEGINNING)))

    def start(self, run: Run, changes: Sequence[Change], facts_hash: str) -> Run:
        """Insert a run with all its changes; raises Busy if one is running for that subject."""
        rows = [{"kind": c.kind, "target": list(c.target), "before": c.before, "after": c.after} for c in changes]
        plan_sha = put_documents(self._do, [rows])[0]
        try:
            started = self._do.execute(
                insert(w.runs)
                .values(
                    subject=run.subject,
                    kind=run.kind,
                    from_state=run.from_state,
                    to_state=run.to_state,
                    plan_sha=plan_sha,
                    facts_hash=facts_hash,
                    actor=run.actor,
                    reason=run.reason,
                    wave=run.wave,
                    status=str(RunStatus.RUNNING),
                    worker=run.worker,
                    started_at=run.started_at,
                    lease_until=run.lease_until,
                    fence=run.fence,
                )
                .returning(w.runs.c.id)
            ).scalar_one()
        except IntegrityError as error:
            raise _busy(run) from error
        if rows:
            self._do.execute(insert(w.changes), [{"run": started, "seq": n, **row} for n, row in enumerate(rows)])
        return replace(run, id=started)

    def running(self, subject: str) -> Run | None:
        """The run that is not finished, whoever owns it."""
        query = select(w.runs).where(w.runs.c.subject == subject, w.runs.c.status == "running")
        row = self._do.execute(query).first()
        return to_run(row) if row else None

    def unfinished(self) -> list[Run]:
        """Every run that is not finished."""
        query = select(w.runs).where(w.runs.c.status == "running").order_by(w.runs.c.id)
        return [to_run(row) for row in self._do.execute(query)]

    def take_over(self, run: Run, worker: str, lease_until: datetime) -> Run:
        """Raise the fence and own the run; raises Busy if somebody else was faster."""
        owned = replace(run, worker=worker, fence=run.fence + 1, lease_until=lease_until)
        values = {"worker": worker, "fence": owned.fence, "lease_until": lease_until}
        self._fenced(run, values)
        return owned

    def hold(self, run: Run, lease_until: datetime) -> None:
        """Prove the fence and lengthen the lease; raises Busy where the run is no longer ours."""
        self._fenced(run, {"lease_until": lease_until})

    def steps(self, run: Run) -> list[Step]:
        """The changes of a run, in order."""
        query = select(w.changes).where(w.changes.c.run == run.id).order_by(w.changes.c.seq)
        return [to_step(row) for row in self._do.execute(query)]

    def intend(self, step: Step, at: datetime) -> Step:
        """Write down that it is about to be made."""
        intended = replace(step, intent_at=at, attempts=step.attempts + 1)
        self._write(step, {"intent_at": at, "attempts": intended.attempts})
        return intended

    def conclude(self, step: Step, outcome: Outcome, at: datetime, error: str = "") -> Step:
        """Write down how it ended."""
        self._write(step, {"outcome": str(outcome), "ended_at": at, "error": error})
        return replace(step, outcome=outcome, error=error)

    def finish(self, run: Run, status: str, at: datetime) -> None:
        """End a run."""
        self._fenced(run, {"status": status, "ended_at": at})

    def done(self, subject: str, kinds: Collection[str]) -> list[Change]:
        """Every change of these run kinds that we carried out on a subject, oldest first."""
        query = (
            select(w.changes)
            .join(w.runs, w.runs.c.id == w.changes.c.run)
            .where(w.runs.c.subject == subject, w.runs.c.kind.in_(kinds), w.changes.c.outcome == "done")
            .order_by(w.changes.c.run, w.changes.c.seq)
        )
        return [to_change(row) for row in self._do.execute(query)]

    def created(self, kind: str, target: Sequence[str]) -> bool:
        """Whether our own journal created that thing and has not removed it since."""
        return tuple(target) in {at for _, at in self.made([kind])}

    def since_rollback(
        self, kinds: Collection[str], subject: str | None = None, changed: Collection[str] = ()
    ) -> Mapping[str, list[Change]]:
        """Changes of these run kinds that we carried out since each subject's last rollback came to its end."""
        c, r = w.changes, w.runs
        closing = select(r.c.subject, func.max(r.c.id).label("run")).where(_came_to_its_end()).group_by(r.c.subject)
        last = closing.subquery()
        query = (
            select(c, r.c.subject)
            .join(r, r.c.id == c.c.run)
            .join(last, last.c.subject == r.c.subject, isouter=True)
            .where(r.c.kind.in_(kinds), c.c.outcome == "done", r.c.id > func.coalesce(last.c.run, 0))
            .order_by(c.c.run, c.c.seq)
        )
        query = query.where(r.c.subject == subject) if subject else query
        found: dict[str, list[Change]] = {}
        for row in self._do.execute(query.where(c.c.kind.in_(changed)) if changed else query):
            found.setdefault(row.subject, []).append(to_change(row))
        return found

    def cuts(self) -> Mapping[int, datetime]:
        """Users whose access was cut and not put back, with the time at which the cut began."""
        r = w.runs
        began = and_(r.c.kind == "quarantine", or_(r.c.status.in_(("running", "done")), _has_cut()))
        query = select(r.c.subject, r.c.kind, r.c.started_at).where(or_(began, _came_to_its_end())).order_by(r.c.id)
        found: dict[int, datetime] = {}
        for subject, kind, started in self._do.execute(query):
            user = int(subject.partition(":")[2])
            if kind == "rollback":
                found.pop(user, None)
            else:
                found[user] = started
        return found

    def last(self, kind: str, target: Sequence[str]) -> Json:
        """What our own journal last left there."""
        left = [change.after for change in self._ours([kind]) if change.target == tuple(target)]
        return left[-1] if left else None

    def made(self, prefixes: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        """(kind, target) of everything of these kinds (by prefix) that we created and have not removed since."""
        there: dict[tuple[str, tuple[str, ...]], bool] = {}
        for change in self._ours(prefixes):
            if change.creates or change.deletes:
                there[change.kind, change.target] = change.creates
        return [key for key, exists in there.items() if exists]

    def pace(self) -> Pace:
        """How fast assignments were made here so far."""
        made = select(w.changes.c.intent_at, w.changes.c.ended_at).where(
            w.changes.c.kind == "account-assignment",
            w.changes.c.outcome == "done",
            w.changes.c.attempts == 1,
            w.changes.c.intent_at.is_not(None),
        )
        taken = [row.ended_at - row.intent_at for row in self._do.execute(made)]
        return Pace(len(taken), sum(taken, timedelta()))

    def _ours(self, prefixes: Collection[str]) -> Iterator[Change]:
        kinds = or_(*(w.changes.c.kind.startswith(prefix, autoescape=True) for prefix in prefixes))
        query = select(w.changes).where(kinds, w.changes.c.outcome == "done")
        for row in self._do.execute(query.order_by(w.changes.c.run, w.changes.c.seq)):
            yield to_change(row)

    def _write(self, step: Step, values: dict[str, object]) -> None:
        where = (w.changes.c.run == step.run, w.changes.c.seq == step.seq, w.changes.c.outcome.is_(None))
        if self._do.execute(update(w.changes).where(*where).values(**values)).rowcount != 1:
            raise Busy(f"change {step.seq} of run {step.run} was concluded by somebody else")

    def _fenced(self, run: Run, values: dict[str, object]) -> None:
        mine = (w.runs.c.id == run.id, w.runs.c.fence == run.fence, w.runs.c.status == "running")
        if self._do.execute(update(w.runs).where(*mine).values(**values)).rowcount != 1:
            raise _busy(run)


def _came_to_its_end() -> ColumnElement[bool]:
    """A rollback after which nothing of ours is left: done, but for what somebody's hand had made its own.

    As in `domain.journal.reaches`, the account's managed deny is nobody's own.
    """
    c, r = w.changes, w.runs
    open_ones = or_(c.c.outcome.is_(None), c.c.outcome.in_(("failed", "undone")))
    left = exists().where(c.c.run == r.c.id, c.c.kind != "managed-policy", open_ones)
    return and_(r.c.kind == "rollback", r.c.status.in_(("done", "failed")), ~left)


def _has_cut() -> ColumnElement[bool]:
    """A run that failed or was given up after its deny had been put on the user."""
    c = w.changes
    return exists().where(c.c.run == w.runs.c.id, c.c.kind != "managed-policy", c.c.outcome == "done")


def _busy(run: Run) -> Busy:
    return Busy(
        f"{run.subject} is being moved by another process",
        next_step="wait for it, or see who: migrator users show USER",
    )
