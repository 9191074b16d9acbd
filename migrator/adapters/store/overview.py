"""The overview that `status` shows, read with the driver alone: SQLAlchemy costs more than the whole command may."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from migrator.adapters.store import overview_sql as sql
from migrator.adapters.store.raw import Ask, moment, reading
from migrator.domain.errors import NotFound
from migrator.domain.lifecycle import Move, State, next_move
from migrator.domain.model import Kind
from migrator.domain.overview import (
    AccountStanding,
    Approved,
    Credentials,
    Cry,
    Holding,
    OpenRun,
    Overview,
    Pulse,
    Screaming,
    Series,
    Standing,
    WaveStanding,
)
from migrator.domain.screams import Scream
from migrator.domain.waiting import Held, Ready
from migrator.domain.waves import Stage, WaveState


def overview(database_url: str, now: datetime, wave: str | None = None) -> Overview:
    """Where everything stands, of all users or of one wave's. Raises Unreachable, and NotFound for the wave."""
    with reading(database_url) as ask:
        return gather(ask, now, wave)


def gather(ask: Ask, now: datetime, wave: str | None = None) -> Overview:
    """The overview from the answers to a fixed number of questions, however many users there are."""
    waves = ask(sql.WAVES)
    names = {row[0]: row[1] for row in waves}
    if wave is not None and wave not in names.values():
        raise NotFound(f"no wave {wave!r}", next_step="see: migrator wave list")
    of = _Of(names, wave)
    standings = tuple(of.named(_standing, ask(sql.STANDINGS)))
    judged = [row for row in of.rows(ask(sql.JUDGED)) if _next(row[1], row[2])]
    accounts = ask(sql.ACCOUNTS)
    read = bool(standings) or any(row[3] is not None for row in accounts)
    holdings = ask(sql.HOLDINGS)
    pulse = Pulse(*_times(ask(sql.WORKERS)[0], 1, 2))
    return Overview(
        as_of=now,
        organization=next((row[0] for row in ask(sql.ORGANIZATION)), None),
        wave=wave,
        standings=standings,
        unjudged=_waiting_users(standings) - sum(row[4] for row in judged),
        credentials=_credentials(of, ask(sql.CREDENTIALS)) if read else Credentials(),
        held=tuple(of.named(_held, (row for row in ask(sql.HELD) if _next(row[2], row[3])))),
        ready=tuple(Ready(names.get(r[0]), State(r[1]), Move(r[2]), r[4], r[5]) for r in judged if not r[3]),
        waves=_waves(of, waves, ask(sql.APPROVALS), standings),
        screams=_screams(of, ask, now, listened=pulse.workers > 0),
        series=_series(ask(sql.SAMPLES, quarter=now - timedelta(days=90))),
        accounts=_accounts(accounts, holdings),
        owners=_owners(holdings),
        runs=tuple(_run(row) for row in of.rows(ask(sql.RUNS))),
        pulse=pulse,
    )


class _Of:
    """Which wave the rows are about: their first column is its id. No wave means all."""

    def __init__(self, names: Mapping[int, str], wave: str | None) -> None:
        self.names = names
        self.wave = wave

    def rows(self, rows: Iterable[Any]) -> list[Any]:
        """The rows of the wave."""
        return [row for row in rows if self.wave is None or self.names.get(row[0]) == self.wave]

    def named(self, make: Any, rows: Iterable[Any]) -> Iterable[Any]:
        """What `make(name, row)` makes of each row of the wave."""
        return (one for one in (make(self.names, row) for row in rows) if self.wave in (None, one.wave))


def _next(state: str, move: str) -> bool:
    """Whether the stored gates are about what comes next: those of a user that moved on are not."""
    return str(next_move(State(state))) == move


def _waiting_users(standings: Iterable[Standing]) -> int:
    return sum(one.users for one in standings if not one.vanished and next_move(one.state) is not None)


def _standing(names: Mapping[int, str], row: Any) -> Standing:
    wave, state, kind, vanished, users, first, last, opens_at = _times(row, 5, 6, 7)
    return Standing(names.get(wave), State(state), Kind(kind), users, first, last, opens_at, bool(vanished))


def _held(names: Mapping[int, str], row: Any) -> Held:
    gate, wave, state, _, *rest = _times(row, 6, 7, 9)
    return Held(gate, names.get(wave), State(state), *rest)


def _times(row: Any, *columns: int) -> tuple[Any, ...]:
    """The row with these columns as aware times."""
    return tuple(moment(value) if n in columns else value for n, value in enumerate(row))


def _credentials(of: _Of, rows: list[Any]) -> Credentials:
    mine = of.rows(rows)
    long_term, keys, passwords, holders = (int(sum(row[column] for row in mine)) for column in (1, 2, 3, 4))
    return Credentials(long_term, keys, passwords, holders, int(sum(row[5] for row in rows)))


def _waves(
    of: _Of, rows: Iterable[Any], approvals: Iterable[Any], standings: Iterable[Standing]
) -> tuple[WaveStanding, ...]:
    given: dict[int, list[Approved]] = {}
    for row in approvals:
        wave, stage, by, at, expires_at, users = _times(row, 3, 4)
        given.setdefault(wave, []).append(Approved(Stage(stage), by, at, expires_at, users))
    members: dict[str | None, list[Standing]] = {}
    for one in standings:
        if not one.vanished:
            members.setdefault(one.wave, []).append(one)
    found = (_times(row, 4, 5) for row in of.rows(rows))
    return tuple(
        WaveStanding(name, WaveState(state), by, at, starts, tuple(members.get(name, ())), tuple(given.get(id_, ())))
        for id_, name, state, by, at, starts in found
    )


def _screams(of: _Of, ask: Ask, now: datetime, *, listened: bool) -> Screaming:
    counts = ask(sql.SCREAMS, day=now - timedelta(days=1))
    cries = tuple(_cry(row) for row in of.rows(ask(sql.CRIES, week=now - timedelta(days=7))))
    if not counts and not listened:
        return Screaming()
    mine = of.rows(counts)
    return Screaming(int(sum(row[1] for row in mine)), int(sum(row[2] for row in mine)), cries)


def _cry(row: Any) -> Cry:
    _, *values, user, put_back_at = _times(row, 9, 10, 14)
    scream = Scream(*values)
    return Cry(scream, user, put_back_at if scream.disposition == "rolled-back" else None)


def _series(rows: Iterable[Any]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for row in rows:
        kpi, at, value = _times(row, 1)
        found[kpi] = (*found.get(kpi, ()), (at, value))
    return found


def _accounts(rows: Iterable[Any], holdings: Iterable[Any]) -> tuple[AccountStanding, ...]:
    users, holders = _sums(holdings, 0)
    found = (_times(row, 3) for row in rows)
    return tuple(
        AccountStanding(
            account,
            name,
            status,
            read_at,
            None if complete is None else bool(complete),
            error,
            users[account],
            holders[account],
        )
        for account, name, status, read_at, complete, error in found
    )


def _owners(holdings: Iterable[Any]) -> tuple[Holding, ...]:
    """Owners, those with the most to do first; the name is empty where nobody is known."""
    users, holders = _sums(holdings, 1)
    found = (Holding(name, users[name], holders[name]) for name in users)
    return tuple(sorted(found, key=lambda one: (-one.holders, -one.users, one.name)))


def _sums(holdings: Iterable[Any], column: int) -> tuple[Counter[str], Counter[str]]:
    users: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for row in holdings:
        users[row[column]] += row[2]
        holders[row[column]] += row[3]
    return users, holders


def _run(row: Any) -> OpenRun:
    _, subject, user, kind, wave, status, started_at, lease_until, error = _times(row, 6, 7)
    run = OpenRun(subject, user or "", kind, wave, status, started_at, lease_until)
    return replace(run, error=error or "")
