"""One transaction with everything it may touch: rolled back by default, chained at the end, honest when it cannot."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import InvalidRequestError

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.errors import Busy, Refused, Unreachable
from migrator.domain.gates.result import closed, opened
from migrator.domain.lifecycle import Move
from migrator.domain.record import GENESIS, Link, verify
from migrator.ports.aws import Account
from migrator.ports.store import Reading
from tests.builders import (
    ACCOUNT,
    NOW,
    a_change,
    a_decision,
    a_key,
    a_part,
    a_recorded,
    a_run,
    a_scream,
    a_usage_fact,
    a_user_facts,
    a_wave,
    record,
    recorded,
    some_evidence,
)
from tests.fakes.crash import Crash, at_commit

LATER = NOW + timedelta(hours=1)
LOOKBACK = timedelta(days=90)


def write(store, act):
    with store.begin() as work:
        result = act(work)
        work.commit()
    return result


def append(store, event_name="noted", subject="user:1"):
    write(store, lambda work: work.record.append("ops", event_name, subject, {"b": 1, "a": "é"}, NOW))


def links(store):
    with store.begin() as work:
        entries, head = work.record.entries(), work.record.head()
    return [
        Link(e.seq, e.at.isoformat(), e.actor, e.event, e.subject, e.details, e.prev, e.hash) for e in entries
    ], head


# -- all or nothing ----------------------------------------------------------------------------------------------------


def test_what_is_not_committed_never_was(store):
    with store.begin() as work:
        work.users.record([a_recorded()])
        work.record.append("ops", "noted", "user:1", {}, NOW)
    with store.begin() as work:
        assert work.users.lines() == []
        assert work.record.head() == (0, GENESIS)


class Oops(Exception):
    """Something that nobody foresaw."""


@pytest.mark.parametrize("error", [Oops, Crash])
def test_an_error_takes_everything_back_and_is_not_swallowed(store, error):
    def fail(work) -> None:
        work.users.record([a_recorded()])
        raise error

    with pytest.raises(error):
        write(store, fail)
    with store.begin() as work:
        assert work.users.lines() == []


def test_a_death_at_the_commit_leaves_nothing_and_no_gap_in_the_record(store):
    append(store)
    dying = SqlStore(store.engine, at_commit(1))
    with pytest.raises(Crash):
        append(dying)
    append(store)
    chain, head = links(store)
    assert (len(chain), verify(chain, head).intact) == (2, True)


def test_a_unit_is_committed_once(store):
    with store.begin() as work:
        work.commit()
        with pytest.raises(InvalidRequestError):
            work.users.lines()


def test_commits_are_counted_before_they_take_effect(store):
    seen = []
    counting = SqlStore(store.engine, seen.append)
    for _ in range(3):
        append(counting)
    assert seen == [1, 2, 3]


# -- the record --------------------------------------------------------------------------------------------------------


def test_entries_are_chained_in_the_order_they_were_queued(store):
    def two(work) -> None:
        work.record.append("ops", "first", "user:1", {"n": 1}, NOW)
        work.record.append("ops", "second", "user:2", None, NOW)

    write(store, two)
    append(store, "third", "user:2")
    chain, head = links(store)
    assert [(link.seq, link.event, link.details) for link in chain] == [
        (1, "first", '{"n":1}'),
        (2, "second", "null"),
        (3, "third", '{"a":"é","b":1}'),
    ]
    assert all(after.prev == before.hash for before, after in pairwise(chain))
    assert verify(chain, head).intact
    with store.begin() as work:
        assert [e.seq for e in work.record.entries("user:2")] == [2, 3]
        assert [e.seq for e in work.record.entries(after=2)] == [3]
        assert work.record.actors() == {"ops"}


def test_an_entry_changed_behind_our_back_is_found(store):
    for _ in range(3):
        append(store)
    sqlite = store.engine.dialect.name == "sqlite"
    off = "DROP TRIGGER audit_no_update" if sqlite else "ALTER TABLE audit DISABLE TRIGGER ALL"
    with store.engine.begin() as connection:
        connection.execute(text(off))
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))
    verdict = verify(*links(store))
    assert (verdict.intact, verdict.first_bad) == (False, 2)


def test_writers_at_once_append_one_after_the_other(store):
    together = Barrier(4)

    def appender(name) -> None:
        together.wait()
        for n in range(8):
            append(store, f"{name}-{n}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(appender, "abcd"))
    chain, head = links(store)
    assert (len(chain), head[0], verify(chain, head).intact) == (32, 32, True)
    assert [link.event for link in chain if link.event.startswith("a")] == [f"a-{n}" for n in range(8)]


def test_readings_at_once_that_find_the_same_people_do_not_lock_each_other_out(store):
    recorded(store, "alice", "bob")
    together = Barrier(2)

    def link(order) -> None:
        for attempt in range(5):
            together.wait()
            write(
                store, lambda work, n=attempt: [work.people.link({u: [f"{u}-{n}@example.com"]}, "tag") for u in order]
            )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(link, [(1, 2), (2, 1)]))
    with store.begin() as work:
        assert [user.persons for user in work.users.many([1, 2])] == [("1-4@example.com",), ("2-4@example.com",)]


def test_one_of_two_runs_begun_at_once_is_told_that_it_is_too_late(store):
    together = Barrier(2)

    def start(worker) -> str:
        together.wait()
        try:
            write(store, lambda work: work.journal.start(a_run(worker=worker), [a_change()], ""))
        except Busy:
            return "busy"
        return "runs"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(start, ["host:1:a", "host:2:b"])) == ["busy", "runs"]


# -- the rest of the unit ----------------------------------------------------------------------------------------------


def test_a_database_belongs_to_one_organization(store):
    write(store, lambda work: work.claim("o-acme", "aws"))
    write(store, lambda work: work.claim("o-acme", "aws", "arn:aws:sso:::instance/x"))
    with store.begin() as work:
        assert work.organization() == "o-acme"
        with pytest.raises(Refused, match="belongs to organization o-acme"):
            work.claim("o-other", "aws")


def test_accounts_are_written_again_as_they_are_now(store):
    write(store, lambda work: work.put_accounts([Account("2", "dev"), Account("1", "prod", ou_path="/root")]))
    write(store, lambda work: work.put_accounts([Account("2", "dev", "SUSPENDED")]))
    with store.begin() as work:
        assert work.accounts() == [Account("1", "prod", ou_path="/root"), Account("2", "dev", "SUSPENDED")]


def test_the_newest_reading_of_each_account_counts(store):
    for reading in (
        Reading("1", NOW, complete=False, error="AccessDenied"),
        Reading("2", NOW, complete=True),
        Reading("1", LATER, complete=True, root={"mfa": True}),
    ):
        write(store, lambda work, reading=reading: work.read(reading))
    with store.begin() as work:
        assert work.readings() == {
            "1": Reading("1", LATER, complete=True, root={"mfa": True}),
            "2": Reading("2", NOW, complete=True),
        }


def test_gates_are_replaced_with_those_of_the_next_move(store):
    recorded(store, "alice", "bob")
    old = (Move.QUARANTINE, (closed("approval", "nobody approved", "migrator wave approve", LATER),))
    new = (Move.DELETE, (opened("usage", "nothing is used", ("data events",)), closed("window", "2 of 7 days", "")))
    write(store, lambda work: work.put_gates({1: old, 2: old}, NOW))
    write(store, lambda work: work.put_gates({1: new}, LATER))
    with store.begin() as work:
        assert work.gates([1, 2]) == {1: ("delete", new[1]), 2: ("quarantine", old[1])}


def test_listening_began_when_the_worker_that_is_alive_began(store):
    recorded(store)
    write(store, lambda work: work.beat("host:1:a", NOW, NOW - timedelta(days=3)))
    write(store, lambda work: work.beat("host:1:a", NOW, NOW - timedelta(days=2)))
    with store.begin() as work:
        assert work.dossiers([1], NOW, LOOKBACK)[0].listening.heard_since == NOW - timedelta(days=2)


# -- dossiers ----------------------------------------------------------------------------------------------------------


def populate(store, count):
    """Users of whom everything is known that a dossier holds."""
    names = [f"user-{n:03}" for n in range(count)]
    users = record(
        store,
        *(
            a_recorded(a_user_facts(name, credentials=(a_key(f"AKIA{name}"),)), evidence=(some_evidence(),))
            for name in names
        ),
    )

    def everything(work) -> None:
        work.waves.create(a_wave(), [(user.id, "") for user in users])
        work.access.plan_set("dev", {}, "ours")
        for user in users:
            work.people.link({user.id: [f"{user.user_name}@example.com"]}, "tag")
            work.people.decide(a_decision("owner", "data", subject=user.subject))
            work.access.want(user.id, f"{user.user_name}@example.com", "dev", ACCOUNT)
            work.screams.save(a_scream(user.id))
        work.usage.add([a_part(facts=[a_usage_fact(name) for name in names])], NOW)
        work.usage.note_reading(NOW)
        work.usage.last_accessed([(user.id, "s3", "", NOW) for user in users], NOW)
        work.usage.refer([user.id for user in users], [], [], NOW)

    write(store, everything)
    return [user.id for user in users]


def statements(store, act):
    """How many statements an act sends."""
    sent = []

    def note(_connection, _cursor, statement, *_rest: object) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    with store.begin() as work:
        act(work)
    event.remove(store.engine, "before_cursor_execute", note)
    return len(sent)


def test_dossiers_of_many_users_take_as_many_queries_as_that_of_one(store):
    users = populate(store, 120)
    one = statements(store, lambda work: work.dossiers(users[:1], NOW, LOOKBACK))
    many = statements(store, lambda work: work.dossiers(users, NOW, LOOKBACK))
    assert one == many < 35


def test_a_dossier_holds_all_that_is_known_of_its_user(store):
    users = populate(store, 3)
    with store.begin() as work:
        found = work.dossiers(reversed(users), NOW, LOOKBACK)
    assert [dossier.user.id for dossier in found] == users
    second = found[1]
    assert second.facts.user_name == "user-001"
    assert [c.credential.id for c in second.credentials] == ["AKIAuser-001"]
    assert [e.claim for e in second.evidence] == ["kind"]
    assert second.decisions["owner"].value == "data"
    assert (second.planned.name, second.wave.name) == ("dev", "wave-1")
    assert (second.used.calls, second.used.mined_at, second.used.services) == (2, NOW, ("s3",))
    assert [scream.user for scream in second.screams] == [2]
    assert second.references.at == NOW
    assert (second.population.total, second.population.under_test) == (3, 0)


def test_listing_users_takes_as_many_queries_however_many_there_are(store):
    populate(store, 40)
    assert statements(store, lambda work: work.users.lines()) < 6


# -- a database that does not answer -----------------------------------------------------------------------------------

DEAD = {
    "a folder that is not there": "sqlite:////no/such/folder/migrator.db",
    "no server at that port": "postgresql+psycopg://migrator:open-sesame@127.0.0.1:9/migrator",
}


@pytest.mark.parametrize("url", DEAD.values(), ids=DEAD)
def test_a_dead_database_is_told_in_words_without_its_password(url):
    engine = connect(url)
    with pytest.raises(Unreachable) as error, SqlStore(engine).begin() as work:
        work.users.lines()
    engine.dispose()
    assert "did not work" in error.value.what
    assert "open-sesame" not in f"{error.value.what} {error.value.next_step} {error.value}"
    assert error.value.exit_code == 4


def test_a_database_that_goes_away_in_the_middle_is_unreachable(postgres, upgrade):
    with postgres.fresh(template=postgres.template(upgrade)) as url:
        engine = connect(url)

        def lose(work) -> None:
            work.users.lines()
            postgres.drop(engine.url.database)
            work.users.lines()

        with pytest.raises(Unreachable):
            write(SqlStore(engine), lose)
        engine.dispose()
