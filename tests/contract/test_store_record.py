"""The record in real databases, and its owner at work behind our back: whatever is forged is found where it begins."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from migrator.adapters.store.engine import connect
from migrator.adapters.store.record import SqlRecord
from migrator.adapters.store.statements import CHUNK
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.adapters.store.work_tables import audit, audit_head
from migrator.domain.record import GENESIS, entry_hash, verify
from tests.builders import NOW

LENGTH = 6
TEXTS = ("actor", "event", "subject", "details", "prev", "hash")
PLACES = st.integers(1, LENGTH)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ON_BOTH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Examples share a database: each is undone before the next begins."""


@pytest.fixture
def written(store):
    """A record of six entries with hostile text."""
    return filled(store)


@pytest.fixture
def written_on_sqlite(migrated_sqlite_url):
    engine = connect(migrated_sqlite_url)
    yield filled(SqlStore(engine))
    engine.dispose()


def filled(store):
    with store.begin() as work:
        for n in range(LENGTH):
            at = NOW + timedelta(seconds=n, microseconds=n * 7)
            work.record.append("ops", f"event {n}", "user:1", {"n": n, "t": "\x1b[31m\u2028'; DROP"}, at)
        work.commit()
    return store


@contextmanager
def owner(store):
    """The owner of the database, past every trigger; what it did is undone at the end."""
    with store.engine.connect() as connection:
        if store.engine.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{verb}"))
            connection.execute(text("DROP TRIGGER audit_head_kept"))
        else:
            for table in ("audit", "audit_head"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        yield connection
        connection.rollback()


def check(connection, *anchors: tuple[int, str]):
    record = SqlRecord(connection)
    return verify(record.links(), record.head(), *anchors)


def rows_of(connection):
    return [dict(row) for row in connection.execute(select(audit).order_by(audit.c.seq)).mappings()]


def rewrite(connection, rows):
    """Put these rows, numbered anew, in the place of all."""
    connection.execute(delete(audit))
    connection.execute(insert(audit), [{**row, "seq": n} for n, row in enumerate(rows, 1)])


def sealed(row, prev):
    """The row with the hash that its content calls for after another: what a forger would write."""
    at = row["at"].isoformat()
    digest = entry_hash(row["seq"], at, row["actor"], row["event"], row["subject"], row["details"], prev)
    return {**row, "prev": prev, "hash": digest}


def test_what_was_written_is_whole(written):
    with owner(written) as connection:
        verdict = check(connection)
        assert (verdict.intact, verdict.entries, verdict.first_bad) == (True, LENGTH, None)


@ON_BOTH
@given(n=PLACES, column=st.sampled_from(TEXTS), value=WORDS)
def test_an_edited_row_is_found_where_it_is(written, n, column, value):
    with owner(written) as connection:
        assume(rows_of(connection)[n - 1][column] != value)
        connection.execute(update(audit).where(audit.c.seq == n).values({column: value}))
        assert (check(connection).intact, check(connection).first_bad) == (False, n)


@ON_BOTH
@given(n=PLACES, by=st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_an_edited_time_is_found_where_it_is(written, n, by):
    with owner(written) as connection:
        connection.execute(update(audit).where(audit.c.seq == n).values(at=NOW - by))
        assert (check(connection).intact, check(connection).first_bad) == (False, n)


@ON_BOTH
@given(n=PLACES, renumbered=st.booleans())
def test_a_removed_row_is_found_where_it_was(written, n, renumbered):
    with owner(written) as connection:
        rows = rows_of(connection)
        connection.execute(delete(audit).where(audit.c.seq == n))
        if renumbered:
            rewrite(connection, [*rows[: n - 1], *rows[n:]])
        assert (check(connection).intact, check(connection).first_bad) == (False, n)


@ON_BOTH
@given(n=st.integers(1, LENGTH + 1), well_made=st.booleans())
def test_an_inserted_row_is_found(written, n, well_made):
    with owner(written) as connection:
        rows = rows_of(connection)
        extra = {**rows[0], "seq": n, "event": "never happened", "hash": "0" * 64}
        if well_made:
            extra = sealed(extra, rows[n - 2]["hash"] if n > 1 else GENESIS)
        rewrite(connection, [*rows[: n - 1], extra, *rows[n - 1 :]])
        # One that is well made belongs where it stands; what came next follows it no more.
        assert (check(connection).intact, check(connection).first_bad) == (False, min(n + well_made, LENGTH + 1))


@ON_BOTH
@given(order=st.permutations(range(LENGTH)))
def test_reordered_rows_are_found_where_the_order_breaks(written, order):
    assume(order != sorted(order))
    with owner(written) as connection:
        rows = rows_of(connection)
        rewrite(connection, [rows[n] for n in order])
        first = next(place for place, n in enumerate(order, 1) if n != place - 1)
        assert (check(connection).intact, check(connection).first_bad) == (False, first)


@pytest.mark.parametrize("cut", range(1, LENGTH + 1))
def test_a_tail_that_was_cut_off_is_found_by_the_head(written, cut):
    with owner(written) as connection:
        connection.execute(delete(audit).where(audit.c.seq > LENGTH - cut))
        assert (check(connection).intact, check(connection).first_bad) == (False, LENGTH - cut + 1)


def test_a_head_that_was_taken_away_is_missed(written):
    with owner(written) as connection:
        connection.execute(delete(audit_head))
        assert (check(connection).intact, check(connection).first_bad) == (False, 1)


def test_a_tail_cut_off_with_its_head_is_seen_only_by_a_head_kept_elsewhere(written):
    with owner(written) as connection:
        kept = SqlRecord(connection).head()
        connection.execute(delete(audit).where(audit.c.seq > 4))
        connection.execute(update(audit_head).values(seq=4, hash=rows_of(connection)[-1]["hash"]))
        unseen, seen = check(connection), check(connection, kept)
    assert (unseen.intact, unseen.anchored) == (True, 0)
    assert (seen.intact, seen.first_bad, seen.why) == (False, 5, "the kept head is 6")


def test_a_record_written_anew_is_seen_only_by_a_head_kept_elsewhere(written):
    with owner(written) as connection:
        kept, rows = SqlRecord(connection).head(), rows_of(connection)
        for n in range(2, LENGTH):
            rows[n] = sealed({**rows[n], "actor": "somebody else"}, rows[n - 1]["hash"])
        rewrite(connection, rows)
        connection.execute(update(audit_head).values(hash=rows[-1]["hash"]))
        assert check(connection).intact
        assert not check(connection, kept).intact
        verdict = check(connection, (3, "of old"), kept)
    assert (verdict.first_bad, verdict.why) == (3, "entry 3 is not the one that the kept head names")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'the day before yesterday'"),
        ("at", "'2026-11-23 12:00:02.000014+05:00'"),
        ("at", "x'ff'"),
        ("at", "12"),
        ("actor", "x'ff00fe'"),
        ("actor", "CAST('ops' AS BLOB) || x'00'"),
        ("details", "x'c328'"),
        ("hash", "7"),
    ],
)
def test_what_is_not_even_text_breaks_the_chain_where_it_is(written_on_sqlite, column, value):
    """SQLite keeps in any column whatever its owner puts there; PostgreSQL refuses it by itself."""
    with owner(written_on_sqlite) as connection:
        connection.execute(text(f"UPDATE audit SET {column} = {value} WHERE seq = 3"))  # noqa: S608  # a forger's own
        assert (check(connection).intact, check(connection).first_bad) == (False, 3)


def test_whoever_appends_while_it_is_read_breaks_nothing(migrated_postgres_url):
    engine = connect(migrated_postgres_url)
    store = SqlStore(engine)

    def append() -> None:
        with store.begin() as work:
            work.record.append("ops", "noted", "user:1", {}, NOW)
            work.commit()

    append()
    with store.begin() as reading:
        reading.record.freeze()
        links = list(reading.record.links())
        append()
        assert verify([*links, *list(reading.record.links())[1:]], reading.record.head()).intact
    with store.begin() as reading:
        assert reading.record.head()[0] == 2
    engine.dispose()


def test_a_record_of_many_pages_is_read_whole_and_in_order(store):
    with store.begin() as work:
        for n in range(2 * CHUNK + 1):
            work.record.append("ops", f"{n}", "user:1", {}, NOW)
        work.commit()
    with store.begin() as work:
        verdict = verify(work.record.links(), work.record.head())
    assert (verdict.intact, verdict.entries) == (True, 2 * CHUNK + 1)


WRITER = """
import sys
from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from tests.builders import NOW

store = SqlStore(connect(sys.argv[1]))
sys.stdin.read(1)
for n in range(15):
    with store.begin() as work:
        work.record.append(sys.argv[2], f"{n}", "user:1", {}, NOW)
        work.record.append(sys.argv[2], f"{n} again", "user:1", {}, NOW)
        work.commit()
store.engine.dispose()
"""


def test_processes_at_once_append_one_after_the_other(store, migrated_url):
    names = ("first", "second", "third")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, migrated_url, name], stdin=subprocess.PIPE) for name in names
    ]
    for writer in writers:
        writer.communicate(b"!", timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with store.begin() as work:
        verdict = verify(work.record.links(), work.record.head())
        entries = work.record.entries()
    assert (verdict.intact, verdict.entries) == (True, 90)
    told = [word for n in range(15) for word in (f"{n}", f"{n} again")]
    assert {name: [e.event for e in entries if e.actor == name] for name in names} == dict.fromkeys(names, told)
    pairs = list(zip(entries[::2], entries[1::2], strict=True))
    assert all((one.actor, f"{one.event} again") == (two.actor, two.event) for one, two in pairs)
