"""Whole readings in the store: everything at once, each row its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from migrator.adapters.store import tables as t
from migrator.domain.errors import Stale
from migrator.domain.lifecycle import State
from migrator.operations.discover import discover
from tests.builders import ACCOUNT, NOW, a_key, a_recorded, a_user_facts, record, recorded
from tests.fakes.clock import FakeClock
from tests.fakes.hands import FakeAws
from tests.fakes.tools import FakeTools


@contextmanager
def statements(engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        sent.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def a_company(aws: FakeAws, users: int) -> None:
    """So many users of one account, each with a key, a tag with an address and a policy."""
    for number in range(users):
        name = f"user-{number:03}"
        email = {"Email": f"{name}@example.com"}
        aws.add_user(a_user_facts(name, user_id=f"AIDA{number:06}", tags=email, credentials=(a_key(f"AKIA{number}"),)))


def test_a_discovery_takes_as_many_statements_for_many_users_as_for_few(store):
    clock = FakeClock(NOW)
    aws = FakeAws(clock.now)
    tools = FakeTools(store, aws, clock)
    taken = []
    for users in (3, 60):
        a_company(aws, users)
        for _ in range(2):
            with statements(store.engine) as sent:
                read = discover(tools)
            taken.append(len(sent))
    assert [each.users for each in read.accounts if each.users] == [60]
    _, three_known, three_known_and_57_new, sixty_known = taken
    assert sixty_known == three_known
    assert three_known_and_57_new - three_known < 12
    with store.begin() as work:
        lines = work.users.lines(account=ACCOUNT)
    assert all(line.user.persons == (f"{line.user.user_name}@example.com",) for line in lines)


def test_new_users_among_known_ones_get_their_own_rows_and_identities(store):
    known = recorded(store, "bob", "dora")
    entries = [
        a_recorded(a_user_facts("alice")),
        a_recorded(a_user_facts("bob"), replace(known[0], owner="web")),
        a_recorded(a_user_facts("carol")),
        a_recorded(a_user_facts("dora"), known[1]),
    ]
    saved = record(store, *entries)
    assert [(user.id, user.user_name, user.version) for user in saved] == [
        (3, "alice", 0),
        (1, "bob", 1),
        (4, "carol", 0),
        (2, "dora", 1),
    ]
    with store.begin() as work:
        assert [(user.user_id, user.owner) for user in work.users.many([1, 2, 3, 4])] == [
            ("AIDAALICE", None),
            ("AIDABOB", "web"),
            ("AIDACAROL", None),
            ("AIDADORA", None),
        ]


def test_a_new_user_gets_a_row_of_its_own_beside_a_dead_one_of_that_name(store):
    recorded(store, state=State.DELETED)
    (saved,) = record(store, a_recorded(a_user_facts(user_id="AIDATWO")))
    assert saved.id == 2
    query = select(t.identities.c.aws_user_id, t.identities.c.user_ref).order_by(t.identities.c.user_ref)
    with store.engine.connect() as connection:
        assert connection.execute(query).all() == [("AIDAALICE", 1), ("AIDATWO", 2)]


def test_a_reading_with_one_row_that_somebody_else_changed_writes_nothing(store):
    alice, bob = recorded(store, "alice", "bob")
    with store.begin() as work:
        work.users.save(replace(bob, owner="data"))
        work.commit()
    mine = [a_recorded(a_user_facts(each.user_name), replace(each, owner="late")) for each in (alice, bob)]
    with pytest.raises(Stale, match="changed by somebody else"):
        record(store, *mine)
    with store.begin() as work:
        assert [user.owner for user in work.users.many([1, 2])] == [None, "data"]
