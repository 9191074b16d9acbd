"""`migrator db upgrade` from every earlier revision with data in it: nothing is lost, and the guards stand."""

import json
import os
import subprocess
import sys
import warnings
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, MetaData, delete, select
from sqlalchemy.exc import DBAPIError, SAWarning

from migrator.adapters.store import engine as store_engine
from migrator.adapters.store.engine import connect
from migrator.adapters.store.schema import APPEND_ONLY, KEPT, metadata
from migrator.domain.record import GENESIS, entry_hash

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCRIPTS = ScriptDirectory.from_config(store_engine._config())
EARLIER = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))][:-1]
ROWS = 2
TOLD = {
    ("users", "state"): "verified",
    ("users", "kind"): "human",
    ("approvals", "stage"): "cut",
    ("screams", "disposition"): "open",
    ("users", "destination"): "permission-set",
    ("waves", "state"): "draft",
    ("credentials", "kind"): "access-key",
    ("gate_results", "move"): "quarantine",
    ("runs", "status"): "done",
    ("changes", "outcome"): "done",
    ("readings", "root"): {},
    ("coverage", "body"): {},
}
"""Values that are checked, or mean something; every other column gets one made of its type and the row's number."""
ONE_ROW = {"audit_head", "installation"}


def at_revision(url, revision):
    """Bring an empty database to an earlier revision."""
    config, engine = store_engine._config(), connect(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def reflected(connection):
    """The tables as they are there, whatever this program believes."""
    found = MetaData()
    with warnings.catch_warnings():
        # SQLite cannot tell of an index over an expression, which is not asked about here.
        warnings.filterwarnings("ignore", category=SAWarning)
        found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def value(table, column, n):
    """Something to store; references lead to the row of the same number."""
    if (table.name, column.name) in TOLD:
        return TOLD[table.name, column.name]
    for key in column.foreign_keys:
        return value(key.column.table, key.column, n)
    if isinstance(column.type, JSON):
        return [f"{column.name} {n}"]
    made = {int: n, float: float(n), bool: True, datetime: NOW, str: f"{column.name} {n}"}
    return made[column.type.python_type]


def a_chain(length):
    """Rows of the record that belong together."""
    prev = GENESIS
    for n in range(1, length + 1):
        digest = entry_hash(n, NOW.isoformat(), "ops", "noted", f"user:{n}", "{}", prev)
        yield {"seq": n, "at": NOW, "actor": "ops", "event": "noted", "subject": f"user:{n}", "details": "{}"} | {
            "prev": prev,
            "hash": digest,
        }
        prev = digest


def fill(connection):
    """Rows in every table."""
    chain = list(a_chain(ROWS))
    for table in reflected(connection).sorted_tables:
        rows = [{c.name: value(table, c, n) for c in table.columns} for n in range(1, 1 + ROWS)]
        if table.name in ONE_ROW:
            rows = rows[:1]
        if table.name == "audit":
            rows = chain
        if table.name == "audit_head":
            rows = [{"only": 1, "seq": ROWS, "hash": chain[-1]["hash"]}]
        connection.execute(table.insert(), rows)


def contents(connection):
    """Every row of every table, by its columns' names."""
    tables = reflected(connection).tables
    return {name: [dict(row) for row in connection.execute(select(t)).mappings()] for name, t in tables.items()}


@pytest.fixture
def migrator(tmp_path):
    """The command, in a process of its own, on the database of a URL."""
    environ = {word: value for word, value in os.environ.items() if not word.startswith(("PYTEST_", "MIGRATOR_"))}

    def run(url, *words: str) -> "subprocess.CompletedProcess[str]":
        config = tmp_path / "config.yaml"
        config.write_text(json.dumps({"database": url}), encoding="utf-8")
        line = [sys.executable, "-m", "migrator", "--config", str(config), *words]
        return subprocess.run(line, env=environ, capture_output=True, text=True, check=False)

    return run


def test_there_is_an_earlier_revision_to_come_from():
    assert EARLIER[0] == "0001"
    assert SCRIPTS.get_current_head() not in EARLIER


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_with_data_loses_nothing_and_every_guard_stands(database_url, migrator, revision):
    at_revision(database_url, revision)
    engine = connect(database_url)
    with engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    assert {len(rows) for rows in before.values()} == {1, ROWS}

    done = migrator(database_url, "db", "upgrade", "--json")

    assert (done.returncode, json.loads(done.stdout), done.stderr) == (
        0,
        {"revision": SCRIPTS.get_current_head()},
        "",
    )
    with engine.connect() as connection:
        after = contents(connection)
    kept = {name: [{c: row[c] for c in old[0]} for row in after[name]] for name, old in before.items()}
    assert kept == before
    for table in (*APPEND_ONLY, *KEPT):
        with pytest.raises(DBAPIError, match=r"append-only|never deleted"), engine.begin() as connection:
            connection.execute(delete(metadata.tables[table]))
    engine.dispose()


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgraded_database_is_one_that_this_program_works_with(database_url, migrator, revision):
    at_revision(database_url, revision)
    engine = connect(database_url)
    with engine.begin() as connection:
        fill(connection)
    engine.dispose()

    early = migrator(database_url, "audit", "verify")
    assert (early.returncode, early.stdout) == (4, "")
    assert "run: migrator db upgrade" in early.stderr

    for words in (("db", "upgrade"), ("db", "check"), ("audit", "verify"), ("users", "list"), ("status",)):
        done = migrator(database_url, *words)
        assert (done.returncode, done.stderr) == (0, ""), f"{words}: {done.stderr}"
    assert "2 entries, intact" in migrator(database_url, "audit", "verify").stdout


def test_an_upgrade_twice_is_an_upgrade_once(database_url, migrator):
    for _ in range(2):
        assert migrator(database_url, "db", "upgrade").returncode == 0
    assert migrator(database_url, "db", "check").stdout == "the schema is as it should be\n"


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database_url, migrator):
    migrator(database_url, "db", "upgrade")
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for words in (("db", "upgrade"), ("db", "check"), ("users", "list"), ("status",)):
        done = migrator(database_url, *words)
        assert (done.returncode, done.stdout) == (4, ""), words
        assert "made by a newer one\n  next: install the newest iam-user-migrator" in done.stderr
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    engine.dispose()


def test_a_check_names_what_differs_and_says_nothing_else(migrated_url, migrator):
    engine = connect(migrated_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_users_account_name")
        connection.exec_driver_sql("DROP INDEX ix_runs_subject")
        connection.exec_driver_sql("ALTER TABLE waves ADD COLUMN mood text")
    engine.dispose()
    done = migrator(migrated_url, "db", "check", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = " ".join(json.loads(done.stdout)["differences"])
    assert "ix_runs_subject" in found
    assert "mood" in found
