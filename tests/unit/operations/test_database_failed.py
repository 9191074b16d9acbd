"""The database fails while many users are moved: all of it ends, nobody is called failed, and the rest comes later."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from migrator.adapters.pool import ThreadPool
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.errors import DatabaseFailed, Stale
from migrator.domain.lifecycle import State
from migrator.operations.advance import Advance, advance
from migrator.operations.roll_back import Undo, roll_back
from migrator.operations.watch import watch
from tests.builders import a_key, a_password, a_scream, a_user_facts

NAMES = ("alice", "bob", "carol")


class FailsOnce(SqlStore):
    """A store that works no more from its k-th unit of work until it is mended."""

    def __init__(self, engine: Any, k: int) -> None:
        super().__init__(engine)
        self.left = k

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self._work()
        with super().begin() as work:
            yield work

    @contextmanager
    def read(self) -> Iterator[Any]:
        self._work()
        with super().read() as work:
            yield work

    def _work(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise DatabaseFailed("the database did not work: it was restarted")


def team(tools, state=State.VERIFIED):
    people = [
        tools.add(a_user_facts(name, credentials=(a_password(), a_key(f"AKIA{name.upper()}"))), state=state)
        for name in NAMES
    ]
    return [tools.line(person) for person in people]


def states(tools):
    with tools.store.begin() as work:
        return {line.user.user_name: line.user.state for line in work.users.lines()}


def forward(tools, lines):
    return advance(tools, tools.apply, lines, Advance())


def back(tools, lines):
    return roll_back(tools, tools.apply, lines, Undo("it broke"))


@pytest.mark.parametrize("k", [1, 2, 4, 7, 11, 16, 22, 29])
@pytest.mark.parametrize(
    ("act", "done", "end"),
    [(forward, False, State.DEACTIVATED), (back, True, State.ROLLED_BACK)],
    ids=["advance", "rollback"],
)
def test_all_of_it_ends_and_the_same_command_finishes_it(tools, k, act, done, end):
    lines = team(tools)
    if done:
        forward(tools, lines)
    whole = tools.store
    tools.store = FailsOnce(whole.engine, k)
    with pytest.raises(DatabaseFailed):
        act(tools, lines)
    assert set(states(tools).values()) != {end}

    tools.store = whole
    moved = act(tools, lines)

    assert (moved.exit_code, set(states(tools).values())) == (0, {end})
    made = [change for verb, change in tools.aws.calls if verb == "make"]
    assert len(made) == len({(change.kind, change.target, str(change.after)) for change in made})
    with whole.begin() as work:
        assert work.journal.unfinished() == []


def test_nobody_after_the_failure_is_touched(tools):
    lines = team(tools)
    tools.store = FailsOnce(tools.store.engine, 12)
    with pytest.raises(DatabaseFailed):
        forward(tools, lines)
    assert [name for name, state in states(tools).items() if state is not State.VERIFIED] in ([], ["alice"])


def test_a_trail_that_cannot_be_written_down_is_not_called_deaf(tools):
    (line, *_) = team(tools)
    forward(tools, [line])
    with tools.store.begin() as work:
        work.screams.save(a_scream(line.user.id))
        work.commit()
    tools.store = FailsOnce(tools.store.engine, 1)
    with pytest.raises(DatabaseFailed):
        watch(tools, tools.apply)


@pytest.mark.parametrize("size", [1, 3])
def test_a_pool_gives_errors_as_results_but_for_the_database(size):
    def work(item) -> str:
        if item == "stale":
            raise Stale("somebody was faster")
        if item == "down":
            raise DatabaseFailed("the database did not work")
        return item

    pool = ThreadPool(size)
    found = dict(pool.each(work, ["one", "stale", "two"]))
    assert (found["one"], found["two"], type(found["stale"])) == ("one", "two", Stale)
    with pytest.raises(DatabaseFailed):
        list(pool.each(work, ["one", "down", "two"]))
