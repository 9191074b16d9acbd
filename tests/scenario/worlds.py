"""Worlds that moves are tried in: an AWS in memory, a database, a clock, and processes that come and go."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, event

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.changes import KINDS, Change, Plan
from migrator.domain.cuts import deactivate, delete, put_back, quarantine, quarantine_arn
from migrator.domain.dossier import User
from migrator.domain.lifecycle import Move, State, reached
from migrator.domain.model import UserFacts
from migrator.domain.record import Link, Verdict, verify
from migrator.operations.apply import Apply, Order
from migrator.ports.aws import Hands
from tests.builders import a_recorded, a_user
from tests.fakes.clock import FakeClock
from tests.fakes.hands import FakeAws

CUTS = ("quarantine", "deactivate", "delete", "rollback")
TARGETS = {
    Move.QUARANTINE: State.QUARANTINED,
    Move.DEACTIVATE: State.DEACTIVATED,
    Move.DELETE: State.DELETED,
    Move.ROLLBACK: State.ROLLED_BACK,
}


class Databases(Protocol):
    """Where databases come from: an empty one with every table, and copies of one that nobody is connected to."""

    def empty(self) -> str: ...
    def copy(self, name: str) -> str: ...
    def drop(self, name: str) -> None: ...
    def engine(self, name: str) -> Engine: ...


class Switch:
    """One engine for many databases, one after the other, because compiling statements anew takes most of the time."""

    def __init__(self, url: str, point: Callable[[str, list[Any], dict[str, Any]], None]) -> None:
        self._engine, self._name = connect(url), ""
        event.listen(self._engine, "do_connect", lambda _d, _r, words, named: point(self._name, words, named))

    def to(self, name: str) -> Engine:
        if name != self._name:
            self._engine.dispose()
            self._name = name
        return self._engine


class SqliteFiles:
    """Databases in files of one folder. They are never synced: what dies here is a process, not the machine."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._folder, self._template, self._numbers = folder, template, count()
        self._switch = Switch("sqlite:///unused", lambda name, words, _: words.__setitem__(0, name))
        unsynced = "PRAGMA synchronous=OFF"
        event.listen(self._switch.to(""), "connect", lambda connection, _: connection.execute(unsynced))

    def empty(self) -> str:
        return self.copy(str(self._template))

    def copy(self, name: str) -> str:
        return str(shutil.copy(name, self._folder / f"{next(self._numbers)}.db"))

    def drop(self, name: str) -> None:
        self._switch.to("").dispose()
        Path(name).unlink()

    def engine(self, name: str) -> Engine:
        return self._switch.to(name)


class PostgresDatabases:
    """Databases on the run's server."""

    def __init__(self, server: Any, template: str) -> None:
        self._server, self._template, self._numbers = server, template, count()
        self._prefix = f"{server.run}_{os.getpid()}_s"
        self._switch = Switch(server.url(template), lambda name, _, named: named.__setitem__("dbname", name))

    def empty(self) -> str:
        return self.copy(self._template)

    def copy(self, name: str) -> str:
        made = f"{self._prefix}{next(self._numbers)}"
        self._server.create(made, template=name)
        return made

    def drop(self, name: str) -> None:
        self._server.drop(name)

    def engine(self, name: str) -> Engine:
        return self._switch.to(name)


@dataclass
class World:
    """One AWS with one known user, and the database that knows it. `effects` lists every change that took effect."""

    databases: Databases
    database: str
    aws: FakeAws
    clock: FakeClock
    user: int = 1
    born: int = 0
    effects: list[Change] = field(default_factory=list)

    def copy(self) -> "World":
        """The same world once more, with a database of its own; nobody may be at work in this one."""
        aws, clock = deepcopy((self.aws, self.clock))
        database = self.databases.copy(self.database)
        return World(self.databases, database, aws, clock, self.user, self.born, list(self.effects))

    @contextmanager
    def process(
        self,
        on_call: Callable[[str, int], None] = lambda _moment, _n: None,
        on_commit: Callable[[int], None] | None = None,
        *,
        hands: Hands | None = None,
        others_gone: bool = True,
    ) -> Iterator["Process"]:
        """A new process with its own worker name; calls and commits are counted from 1 for its hooks."""
        self.born += 1
        number = self.born
        begun, before = len(self.aws.calls), self.aws.on_call

        def hook(moment: str, n: int) -> None:
            verb, change = self.aws.calls[n - 1]
            if (moment, verb) == ("after", "make"):
                self.effects.append(change)
            on_call(moment, n - begun)

        self.aws.on_call = hook
        engine = self.databases.engine(self.database)
        store = SqlStore(engine, on_commit)
        worker = f"host:{number}:x"
        apply = Apply(store, hands or self.aws, self.clock, worker, lambda other: others_gone and other != worker)
        try:
            yield Process(self, store, apply)
        finally:
            engine.dispose()
            self.aws.on_call = before

    def drop(self) -> None:
        """The database is not needed any more."""
        self.databases.drop(self.database)


@dataclass(frozen=True)
class Process:
    """One process at work in a world."""

    world: World
    store: SqlStore
    apply: Apply

    def row(self) -> User:
        with self.store.begin() as work:
            return work.users.get(self.world.user)

    def facts(self) -> UserFacts:
        """What a fresh look at AWS says of the user."""
        row = self.row()
        found = self.world.aws.read_user(row.account_id, row.user_name)
        assert found is not None
        return found

    def plan(self, move: Move) -> Plan:
        """What the move comes to, from fresh facts."""
        if move is Move.ROLLBACK:
            return put_back(self.history())
        facts = self.facts()
        arn = quarantine_arn(facts)
        managed = self.world.aws.there.get(("managed-policy", (facts.account_id, arn)))
        if move is Move.QUARANTINE:
            return quarantine(facts, managed)
        return deactivate(facts) if move is Move.DEACTIVATE else delete(facts)

    def history(self) -> list[Change]:
        """Every cut, and every way back, that the journal calls done."""
        with self.store.begin() as work:
            return work.journal.done(f"user:{self.world.user}", CUTS)

    def order(self, move: Move, plan: Plan | None = None) -> Order:
        user = self.row()
        return Order(user.subject, str(move), plan or self.plan(move), "ops@example.com", user, TARGETS[move])

    def carry_out(self, move: Move) -> None:
        """What a command does: finish what a dead process left, then carry the move out from fresh facts."""
        user = self.row()
        left = self.apply.unfinished(user.subject)
        if left is not None:
            self.apply.resume(left, user)
        if self.row().state != TARGETS[move]:
            self.apply.carry_out(self.order(move))

    def go(self, *moves: Move) -> None:
        """One move after the other, up to the last state: those whose state was reached before are left out."""
        for each in moves:
            if not reached(self.row().state, TARGETS[each]) or each is Move.ROLLBACK:
                self.carry_out(each)

    def give_up(self) -> None:
        """Abandon what a dead process left, then roll back whatever was done."""
        left = self.apply.unfinished(self.row().subject)
        if left is not None:
            self.apply.abandon(left, self.row())
        if self.row().state != State.ROLLED_BACK:
            self.apply.carry_out(self.order(Move.ROLLBACK))

    def questions(self) -> int:
        """Runs that are not finished, and steps of any run that nobody answered."""
        with self.store.begin() as work:
            unfinished = work.journal.unfinished()
            steps = [step for run in unfinished for step in work.journal.steps(run)]
        return len(unfinished) + sum(step.question for step in steps)

    def verdict(self) -> Verdict:
        """Whether the record's chain is whole."""
        with self.store.begin() as work:
            entries, head = work.record.entries(), work.record.head()
        links = (Link(e.seq, e.at.isoformat(), e.actor, e.event, e.subject, e.details, e.prev, e.hash) for e in entries)
        return verify(links, head)


def a_world(databases: Databases, facts: UserFacts, now: Any) -> World:
    """A world with one verified user."""
    clock = FakeClock(now)
    world = World(databases, databases.empty(), FakeAws(clock.now), clock)
    world.aws.add_user(facts)
    with world.process() as process, process.store.begin() as work:
        row = a_user(facts, state=State.VERIFIED)
        world.user = work.users.record([a_recorded(facts, row)])[0].id
        work.commit()
    return world


def remains(start: dict[str, dict[str, Any]], effects: list[Change]) -> dict[str, dict[str, Any]]:
    """The state at the start less what was deleted and nobody can make again."""
    lost = {(c.kind, " ".join(c.target)) for c in effects if c.deletes and not KINDS[c.kind].returns}
    left = {
        kind: {target: value for target, value in things.items() if (kind, target) not in lost}
        for kind, things in start.items()
    }
    return {kind: things for kind, things in left.items() if things}
