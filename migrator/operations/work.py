"""A worker's turn: listen, roll back who screams, open what time has opened, move running waves on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from migrator.domain.errors import DatabaseFailed, MigratorError
from migrator.domain.notices import told
from migrator.domain.rules import SILENCE
from migrator.domain.selection import Line
from migrator.domain.waves import WaveState
from migrator.operations.advance import LISTENING, Advance, advance
from migrator.operations.apply import Apply
from migrator.operations.end_exclusions import end_exclusions
from migrator.operations.measure import measure
from migrator.operations.notify import Sent, keep, keep_alarms, keep_put_back, keep_stages, send
from migrator.operations.read_trails import refresh_trails
from migrator.operations.report import Moved
from migrator.operations.watch import Watched, watch
from migrator.operations.waves import finish, start_scheduled
from migrator.operations.weigh import weigh_all
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

SHORTEST = timedelta(minutes=1)
"""How long a turn may move users at least."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did."""

    watched: Watched
    moved: tuple[Moved, ...] = ()
    finished: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    letters: Sent = field(default_factory=Sent)

    @property
    def exit_code(self) -> int:
        """1 where somebody failed; the error's own code where no trail could be read."""
        failed = any(one.outcome == "failed" for one in (*self.watched.rolled_back, *self.moved))
        if self.watched.deaf is not None and not failed:
            return self.watched.deaf.exit_code
        return 1 if failed or self.errors else 0


def work(tools: Tools, apply: Apply) -> Turn:
    """One turn, bounded: what is left is there at the next. Whoever is deaf cuts nobody and gives no sign of life."""
    tools.actor  # noqa: B018  # STS is asked first: an outsider's trail must not get into the database
    heard_since = _listening_since(tools)
    watched = watch(tools, apply)
    keep_put_back(tools, watched.rolled_back)
    keep_alarms(tools)
    if watched.deaf is not None:
        error = f"the trails were not read: {watched.deaf.what}"
        return Turn(watched, errors=(error,), letters=_complain(tools, error))
    with tools.store.begin() as unit:
        unit.beat("worker", tools.clock.now(), heard_since)
        unit.commit()
    end_exclusions(tools)
    start_scheduled(tools)
    moved, errors = _waves(tools, apply, {one.user for one in watched.rolled_back})
    with tools.store.read() as unit:
        there = [line.user.id for line in unit.users.lines() if line.user.vanished_at is None]
    weighed = weigh_all(tools, there)
    with tools.store.begin() as unit:
        done = tuple(wave.name for wave in unit.waves.all() if finish(tools, unit, wave))
        keep_stages(tools, unit, weighed)
        keep(tools, unit, [told("wave-done", name, {"wave": name}) for name in done])
        unit.commit()
    measure(tools)
    return Turn(watched, moved, done, errors, send(tools))


def _complain(tools: Tools, error: str) -> Sent:
    """Tell the channel once a day that nobody listens."""
    with tools.store.begin() as unit:
        keep(tools, unit, [told("worker-failed", f"{tools.clock.now():%Y-%m-%d}", {"why": error})])
        unit.commit()
    return send(tools)


def _listening_since(tools: Tools) -> datetime:
    """When the present unbroken stretch of listening began: a gap longer than a few polls begins a new one."""
    now = tools.clock.now()
    with tools.store.read() as unit:
        beat, since = unit.pulse("worker")
    gap = max(tools.rules.poll * SILENCE, timedelta(minutes=1))
    return since if beat is not None and since is not None and now - beat <= gap else now


def _waves(tools: Tools, apply: Apply, put_back: Collection[str]) -> tuple[tuple[Moved, ...], tuple[str, ...]]:
    with tools.store.read() as unit:
        running = [wave.name for wave in unit.waves.all() if wave.state is WaveState.RUNNING]
    moved: list[Moved] = []
    errors: list[str] = []
    # No longer than a poll, so that a scream is heard in time however many users move.
    now = tools.clock.now()
    asked = Advance(until=now + max(tools.rules.poll, SHORTEST), renew=False)
    for name in running:
        with tools.store.read() as unit:
            there = [line for line in unit.users.lines(wave=name) if line.user.key not in put_back]
            lines = _due(unit, there, now)
        refresh_trails(tools, {line.user.account_id for line in there if line.user.state in LISTENING})
        try:
            moved += [one for one in advance(tools, apply, lines, asked).users if one.outcome != "unchanged"]
        except DatabaseFailed:
            raise
        except MigratorError as error:
            errors.append(f"wave {name}: {error.what}")
    return tuple(moved), tuple(errors)


def _due(work: UnitOfWork, lines: Sequence[Line], now: datetime) -> list[Line]:
    """Those whom this turn may move: before the first of a user's gates can open, AWS need not be asked about it.

    What a dead process left goes on at once.
    """
    left = {run.subject for run in work.journal.unfinished()}
    return [
        line
        for line in lines
        if line.user.next_check_at is None or line.user.next_check_at <= now or line.user.subject in left
    ]
