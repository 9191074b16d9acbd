"""Gates of many users, judged aside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.lifecycle import State
from migrator.operations.weigh import weigh_all
from tests.builders import a_user_facts


class Meanwhile(SqlStore):
    """A store in which somebody moves a user as soon as another has read it."""

    def move(self, user: Any) -> None:
        self.user = user

    @contextmanager
    def read(self) -> Iterator[Any]:
        with super().read() as work:
            yield work
        with self.begin() as work:
            work.users.move(work.users.get(self.user.id), State.QUARANTINED, self.user.state_since)
            work.commit()


def gates(tools, *users):
    with tools.store.read() as work:
        found = work.gates([user.id for user in users])
    return {user.user_name: found[user.id][0] if user.id in found else None for user in users}


def test_everybody_is_weighed_however_many_they_are(tools):
    users = [tools.add(a_user_facts(name)) for name in ("alice", "bob", "carol", "dave", "erin")]
    assert len(weigh_all(tools, [user.id for user in users], batch=2)) == 5
    assert set(gates(tools, *users).values()) == {"quarantine"}


def test_who_was_moved_while_it_was_judged_is_left_to_whoever_moved_it(tools):
    alice, bob = (tools.add(a_user_facts(name)) for name in ("alice", "bob"))
    store = Meanwhile(tools.store.engine)
    store.move(bob)
    weigh_all(replace(tools, store=store), [alice.id, bob.id])
    assert gates(tools, alice, bob) == {"alice": "quarantine", "bob": None}
