"""The database fails in the middle of a move: one clear error, and the same command ends as if it had not."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.errors import DatabaseFailed
from migrator.domain.lifecycle import Move
from tests.builders import ACCOUNT, NOW, a_user_facts, every_credential
from tests.fakes.crash import Counted
from tests.own_server import own_server
from tests.scenario.worlds import TARGETS, PostgresDatabases, Process, SqliteFiles, World, a_world

ALICE = a_user_facts(
    groups=("devs",),
    boundary=f"arn:aws:iam::{ACCOUNT}:policy/limits",
    attached_policies=tuple(f"arn:aws:iam::aws:policy/P{n}" for n in range(10)),
    credentials=every_credential(),
)
STAGES = {
    "quarantine": ((), Move.QUARANTINE),
    "deactivate": ((Move.QUARANTINE,), Move.DEACTIVATE),
    "delete": ((Move.QUARANTINE, Move.DEACTIVATE), Move.DELETE),
    "rollback": ((Move.QUARANTINE, Move.DEACTIVATE), Move.ROLLBACK),
}


def stages(*names: str):
    return pytest.mark.parametrize(("done", "move"), [pytest.param(*STAGES[name], id=name) for name in names])


def at_the_start(databases: Any, done: tuple[Move, ...]) -> World:
    """A world in which these moves were made."""
    world = a_world(databases, ALICE, NOW)
    for move in done:
        with world.process() as process:
            process.carry_out(move)
        world.clock.pass_time(hours=48)
    return world


def look(process: Process) -> dict[str, Any]:
    """All that two ends are compared by."""
    return {
        "aws": process.world.aws.state(volatile=True),
        "state": process.row().state,
        "questions": process.questions(),
        "record is whole": process.verdict().intact,
        "effects": process.world.effects,
        "history": process.history(),
    }


def uncut(template: World, move: Move) -> tuple[dict[str, Any], int, int]:
    """How the move ends when nothing fails; how many calls and commits it takes."""
    world, calls, commits = template.copy(), Counted(), Counted()
    with world.process(calls.on_call, commits.on_commit) as process:
        process.carry_out(move)
        counted = calls.count, commits.count
        expected = look(process)
    assert (expected["state"], expected["questions"], expected["record is whole"]) == (TARGETS[move], 0, True)
    return expected, *counted


def one_line(error: DatabaseFailed) -> bool:
    """Whether it can be printed as one clear line, with what to do in another."""
    return "did not work: " in error.what and "\n" not in error.what and "run the same command again" in error.next_step


def failure(process: Process, move: Move) -> DatabaseFailed | None:
    """Carry the move out; what the database failed with, if it did."""
    try:
        process.carry_out(move)
    except DatabaseFailed as error:
        return error
    return None


@dataclass
class Trouble:
    """Something that happens to the database at a call, and passes; `said` is what the database said of it."""

    begin: Callable[[], object]
    end: Callable[[], object]
    said: list[str] = field(default_factory=list)

    def strike(self, world: World, move: Move, moment: str, k: int) -> bool:
        """Carry the move out with the trouble at one call, and again without; whether it failed the first time."""
        struck: list[int] = []

        def on_call(now: str, n: int) -> None:
            if (now, n) == (moment, k):
                struck.append(n)
                self.begin()

        with world.process(on_call) as process:
            error = failure(process, move)
        self.end()
        assert struck
        if error is not None:
            assert one_line(error), (error.what, error.next_step)
            self.said.append(error.what.partition("did not work: ")[2])
        with world.process() as process:
            process.carry_out(move)
        return error is not None


def some(calls: int, step: int) -> Iterator[tuple[str, int]]:
    """Every so manieth of the places before and after the calls."""
    places = [(moment, k) for k in range(1, calls + 1) for moment in ("before", "after")]
    yield from places[::step]


# -- SQLite ------------------------------------------------------------------------------------------------------------


class FullDisk:
    """A disk that is full while `full`: the file may not grow by a single page."""

    def __init__(self, databases: SqliteFiles) -> None:
        self.full = False
        event.listen(databases.engine(""), "checkout", self._limit)

    def _limit(self, connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {1 if self.full else 2**30}")

    def begin(self) -> None:
        self.full = True

    def end(self) -> None:
        self.full = False


class OtherProcess:
    """Somebody else who writes for longer than anybody waits."""

    def __init__(self) -> None:
        self.file = ""
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> None:
        self._connection = sqlite3.connect(self.file, isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        assert self._connection is not None
        self._connection.close()


@pytest.fixture
def files(tmp_path, migrated_sqlite):
    """Databases in files, whose lock is waited for a moment only."""
    made = SqliteFiles(tmp_path, migrated_sqlite)
    event.listen(made.engine(""), "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 20"))
    return made


@pytest.fixture
def small_pages(tmp_path, migrated_sqlite):
    """Databases whose pages hold so little that almost every transaction needs a new one."""
    template = shutil.copy(migrated_sqlite, tmp_path / "template")
    with closing(sqlite3.connect(template)) as connection:
        for words in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"):
            connection.execute(words)
    return SqliteFiles(tmp_path, template)


@stages("quarantine", "deactivate", "delete", "rollback")
def test_a_database_that_somebody_locks_in_the_middle(files, done, move):
    template = at_the_start(files, done)
    expected, calls, _ = uncut(template, move)
    other = OtherProcess()
    trouble = Trouble(other.begin, other.end)
    for moment, k in some(calls, 5):
        world = template.copy()
        other.file = world.database
        assert trouble.strike(world, move, moment, k)
        with world.process() as process:
            assert look(process) == expected, f"locked {moment} call {k}"
        world.drop()
    assert set(trouble.said) == {"database is locked"}


@stages("quarantine", "delete", "rollback")
def test_a_disk_that_is_full_in_the_middle(small_pages, done, move):
    template = at_the_start(small_pages, done)
    expected, calls, _ = uncut(template, move)
    disk = FullDisk(small_pages)
    trouble = Trouble(disk.begin, disk.end)
    for moment, k in some(calls, 5):
        world = template.copy()
        trouble.strike(world, move, moment, k)
        with world.process() as process:
            assert look(process) == expected, f"full {moment} call {k}"
        world.drop()
    # What still fits into a page that is there is written: not every transaction is one too many.
    assert set(trouble.said) == {"database or disk is full"}


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(upgrade):
    """A server that may fall, with a template on it."""
    with own_server() as made:
        upgrade(made.server.create("own_template"))
        yield made


@pytest.fixture(scope="module")
def on_own(own):
    return PostgresDatabases(own.server, "own_template")


@stages("deactivate", "delete")
def test_a_server_that_falls_in_the_middle_and_comes_back_later(own, on_own, done, move):
    template = at_the_start(on_own, done)
    expected, calls, _ = uncut(template, move)
    trouble = Trouble(own.stop, own.start)
    for moment, k in some(calls, 9):
        world = template.copy()
        assert trouble.strike(world, move, moment, k)
        with world.process() as process:
            assert look(process) == expected, f"down {moment} call {k}"
        world.drop()
    assert trouble.said


@stages("rollback")
def test_a_server_that_is_restarted_between_two_transactions_is_not_even_noticed(own, on_own, done, move):
    template = at_the_start(on_own, done)
    expected, calls, _ = uncut(template, move)
    trouble = Trouble(own.restart, lambda: None)
    for moment, k in some(calls, 17):
        world = template.copy()
        assert not trouble.strike(world, move, moment, k)
        with world.process() as process:
            assert look(process) == expected, f"restarted {moment} call {k}"
        world.drop()


def test_while_a_server_is_down_every_try_says_so_and_changes_nothing(own, on_own):
    world = at_the_start(on_own, ())
    own.stop()
    before, effects = world.aws.state(volatile=True), list(world.effects)
    for _ in range(2):
        with world.process() as process, pytest.raises(DatabaseFailed) as error:
            process.carry_out(Move.QUARANTINE)
        assert one_line(error.value)
        assert "see that the server runs" in error.value.next_step
    assert (world.aws.state(volatile=True), world.effects) == (before, effects)
    own.start()
    with world.process() as process:
        process.carry_out(Move.QUARANTINE)
        assert look(process)["state"] == TARGETS[Move.QUARANTINE]


@stages("quarantine", "delete", "rollback")
def test_a_connection_that_breaks_at_a_commit(postgres, postgres_databases, done, move):
    template = at_the_start(postgres_databases, done)
    expected, _, commits = uncut(template, move)
    for n in range(1, commits + 1, 3):
        world = template.copy()

        def broken(now: int, n: int = n, world: World = world) -> None:
            if now == n:
                with psycopg.connect(postgres.admin, autocommit=True) as admin:
                    words = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                    admin.execute(words, [world.database])

        with world.process(on_commit=broken) as process, pytest.raises(DatabaseFailed) as error:
            process.carry_out(move)
        assert one_line(error.value), (error.value.what, error.value.next_step)
        with world.process() as process:
            process.carry_out(move)
            assert look(process) == expected, f"broken at commit {n}"
        world.drop()


# -- both --------------------------------------------------------------------------------------------------------------


class LosesAnswers(SqlStore):
    """A store whose n-th commit takes effect, and nobody is told."""

    def __init__(self, store: SqlStore, lost: int) -> None:
        super().__init__(store.engine)
        self._lost = lost

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with super().begin() as work:
            yield work
        if work.committed and self._commits == self._lost:
            raise DatabaseFailed("the database did not work: the connection was lost")


@stages("quarantine", "delete", "rollback")
def test_a_commit_whose_answer_is_lost(databases, done, move):
    template = at_the_start(databases, done)
    expected, _, commits = uncut(template, move)
    for n in range(1, commits + 1, 1 if isinstance(databases, SqliteFiles) else 7):
        world = template.copy()
        with world.process() as process:
            store = LosesAnswers(process.store, n)
            unsure = replace(process, store=store, apply=replace(process.apply, store=store))
            with pytest.raises(DatabaseFailed):
                unsure.carry_out(move)
        with world.process() as process:
            process.carry_out(move)
            assert look(process) == expected, f"the answer of commit {n} was lost"
        world.drop()
