"""Rows that stay: the database itself refuses to delete or rewrite what the journal and the identities are made of."""

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from migrator.adapters.store.engine import differences
from migrator.adapters.store.guards import missing_guards
from migrator.adapters.store.schema import APPEND_ONLY, FIXED, KEPT, metadata
from migrator.domain.journal import RunStatus
from tests.builders import NOW, a_change, a_key, a_recorded, a_run, a_scream, a_user_facts, a_wave, record

REFRESHED = {
    "accounts",
    "gate_results",
    "grants",
    "last_accessed",
    "last_use_reads",
    "name_references",
    "notifications",
    "permission_sets",
    "person_users",
    "persons",
    "trail_readings",
    "usage_facts",
    "usage_parts",
    "user_policies",
    "wave_users",
    "workers",
}
"""Tables of what was read last, or is wanted now: their rows may come and go. What was told is in the record, too."""


def write(store, act):
    with store.begin() as work:
        result = act(work)
        work.commit()
    return result


def execute(store, statement):
    with store.engine.begin() as connection:
        connection.execute(text(statement) if isinstance(statement, str) else statement)


@pytest.fixture
def filled(store):
    """A store with a row in every table whose rows are kept."""
    record(store, a_recorded(a_user_facts(credentials=(a_key(),))))

    def everything(work) -> None:
        work.claim("o-acme", "aws")
        work.waves.create(a_wave(), [(1, "")])
        work.screams.save(a_scream())
        work.journal.start(a_run(), [a_change()], "facts")
        work.record.append("ops", "noted", "user:1", {}, NOW)

    write(store, everything)
    return store


def rows(store, table):
    with store.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(metadata.tables[table])).mappings()]


def rewritten(table, column):
    """An update that leaves the very value that is there."""
    there = metadata.tables[table].c[column]
    return update(there.table).values({there: there})


def refused(store, statement, said):
    before = {table: rows(store, table) for table in KEPT}
    with pytest.raises(DBAPIError, match=said):
        execute(store, statement)
    assert {table: rows(store, table) for table in KEPT} == before


def test_a_row_that_is_kept_is_never_deleted_emptied_or_replaced(filled):
    for table in KEPT:
        one, *_ = rows(filled, table)
        said = f"rows of {table} are never deleted"
        refused(filled, delete(metadata.tables[table]), said)
        if filled.engine.dialect.name == "sqlite":
            refused(filled, insert(metadata.tables[table]).prefix_with("OR REPLACE").values(**one), said)
        else:
            # Whatever refers to it is emptied with it, and one of those may be the first to refuse.
            refused(filled, f"TRUNCATE {table} CASCADE", r"never deleted|append-only")


@pytest.mark.parametrize("table", FIXED)
def test_what_a_row_is_about_is_written_once(filled, table):
    for column in FIXED[table]:
        refused(filled, rewritten(table, column), f"what a row of {table} is about is fixed")


def test_a_run_that_ended_stays_as_it_is(filled):
    run = running(filled)
    write(filled, lambda work: work.journal.finish(run, RunStatus.DONE, NOW))
    for column in ("status", "worker", "lease_until", "ended_at"):
        refused(filled, rewritten("runs", column), "a run that ended is fixed")


def test_a_fence_never_falls(filled):
    run = running(filled)
    write(filled, lambda work: work.journal.take_over(run, "host:2:b", NOW))
    refused(filled, "UPDATE runs SET fence = fence - 1", "a fence never falls")


def running(store):
    with store.begin() as work:
        return work.journal.running("user:1")


def test_of_every_table_it_was_decided_whether_its_rows_stay():
    assert {*APPEND_ONLY, *KEPT, *REFRESHED} == set(metadata.tables)


# -- guards that are gone are noticed ----------------------------------------------------------------------------------


def off(store, table, name):
    """Take a trigger away as its owner can."""
    if store.engine.dialect.name == "sqlite":
        return f"DROP TRIGGER {name}"
    return f"ALTER TABLE {table} DISABLE TRIGGER {name}"


@pytest.mark.parametrize(
    ("table", "sqlite", "postgresql"),
    [
        ("audit", "audit_no_update", "audit_append_only"),
        ("changes", "changes_outcome_once", "changes_outcome_once"),
        ("runs", "runs_kept", "runs_kept"),
    ],
)
def test_a_guard_that_was_taken_away_is_named(store, migrated_url, table, sqlite, postgresql):
    name = sqlite if store.engine.dialect.name == "sqlite" else postgresql
    assert differences(migrated_url) == []
    execute(store, off(store, table, name))
    assert differences(migrated_url) == [f"trigger {name} of table {table} is missing"]


TRIGGERS = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def test_every_trigger_that_the_scripts_make_is_asked_for(store):
    """A guard that nobody looks for could be taken away unseen."""
    dialect = store.engine.dialect.name
    with store.engine.begin() as connection:
        made = connection.execute(text(TRIGGERS[dialect])).all()
        for table, name in made:
            connection.execute(text(f"DROP TRIGGER {name}" + ("" if dialect == "sqlite" else f" ON {table}")))
        missing = set(missing_guards(connection))
    assert missing == {f"trigger {name} of table {table} is missing" for table, name in made}
