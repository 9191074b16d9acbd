"""`migrator init`: answers in, a configuration and a database out; nothing where something is in the way."""

import io
import json
import os
import pty
import re
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from threading import Thread

import pytest

from migrator.cli.main import run
from migrator.config import Settings, load

ONE_LINE = re.compile(r"error: [^\n]+\n  next: [^\n]+\n")
ENTER = ""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("AWS_REGION", "MIGRATOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return code, out.getvalue(), err.getvalue()


@contextmanager
def at_a_terminal(typed: str) -> Iterator[None]:
    """Stdin is a terminal, at which somebody types this."""
    keyboard, terminal = pty.openpty()
    typist, usual = Thread(target=os.write, args=(keyboard, typed.encode())), sys.stdin
    typist.start()
    with os.fdopen(terminal, encoding="utf-8") as stdin:
        sys.stdin = stdin
        try:
            yield
        finally:
            sys.stdin = usual
    typist.join()
    os.close(keyboard)


def answering(*lines: str, end: str = "") -> tuple[int, str, str]:
    """How `init` ends for somebody who answers so."""
    with at_a_terminal("".join(f"{line}\n" for line in lines) + end):
        return said("init")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def revision(file):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("select version_num from alembic_version").fetchone()[0]


def test_by_default_every_key_is_written_with_its_default_and_a_remark(folder):
    code, out, err = said("init", "--defaults")

    assert (code, err) == (0, "")
    assert load(folder / "config.yaml", {}) == Settings()
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    assert all("#" in line for line in text.splitlines())
    assert "migrator doctor" in out
    assert "migrator discover" in out


def test_the_database_is_made_at_this_programs_revision(folder):
    code, out, _ = said("init", "--defaults", "--json")

    assert code == 0
    assert json.loads(out) == {
        "config": "config.yaml",
        "revision": revision(folder / "migrator.db"),
        "next": ["migrator doctor", "migrator discover"],
    }


def test_the_file_is_for_its_owners_eyes_and_no_draft_is_left(folder):
    said("init", "--defaults")

    assert stat.S_IMODE((folder / "config.yaml").stat().st_mode) == 0o600
    assert set(files(folder)) <= {"config.yaml", "migrator.db", "migrator.db-wal", "migrator.db-shm"}


def test_it_goes_where_the_global_option_says(folder):
    code, *_ = said("--config", "mine.yaml", "init", "--defaults")

    assert code == 0
    assert (folder / "mine.yaml").exists()
    assert not (folder / "config.yaml").exists()


def test_a_file_that_is_there_is_not_replaced(folder):
    (folder / "config.yaml").write_text("log: {level: debug}\n", encoding="utf-8")
    before = files(folder)

    code, out, err = said("init", "--defaults")

    assert (code, out) == (2, "")
    assert ONE_LINE.fullmatch(err)
    assert "--force" in err
    assert files(folder) == before


def test_by_force_it_is_replaced_and_the_database_stays(folder):
    said("init", "--defaults")
    with closing(sqlite3.connect(folder / "migrator.db")) as connection, connection:
        connection.execute("insert into installation (only, organization_id, partition) values (1, 'o-acme', 'aws')")
    (folder / "config.yaml").write_text("not: mine\n", encoding="utf-8")

    code, *_ = said("init", "--defaults", "--force")

    assert code == 0
    assert load(folder / "config.yaml", {}) == Settings()
    with closing(sqlite3.connect(folder / "migrator.db")) as connection:
        assert connection.execute("select organization_id from installation").fetchall() == [("o-acme",)]


@pytest.mark.parametrize("path", ["nowhere/config.yaml", "."])
def test_a_place_where_no_file_can_be_is_refused(folder, path):
    code, _, err = said("--config", path, "init", "--defaults", "--force")

    assert code == 2
    assert ONE_LINE.fullmatch(err)
    assert files(folder) == {}


def test_without_a_terminal_nobody_is_asked(folder):
    code, out, err = said("init")

    assert (code, out) == (2, "")
    assert ONE_LINE.fullmatch(err)
    assert "--defaults" in err
    assert files(folder) == {}


def test_a_newer_database_is_refused_and_nothing_is_written(folder):
    said("init", "--defaults")
    with closing(sqlite3.connect(folder / "migrator.db")) as connection, connection:
        connection.execute("update alembic_version set version_num = 'fffe'")
    (folder / "config.yaml").unlink()

    code, _, err = said("init", "--defaults")

    assert code == 4
    assert ONE_LINE.fullmatch(err)
    assert not (folder / "config.yaml").exists()


def test_enter_takes_what_is_usual(folder):
    code, _, _ = answering(*[ENTER] * 8)

    assert code == 0
    assert load(folder / "config.yaml", {}) == Settings()


def test_the_region_of_the_environment_is_offered(folder, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-north-1")

    _, _, asked = answering(*[ENTER] * 8)

    assert "home region [eu-north-1]" in asked
    assert load(folder / "config.yaml", {}).aws.region == "eu-north-1"


def test_what_is_answered_is_filled_in(folder):
    code, *_ = answering(
        "sqlite:///state.db",
        "eu-central-1",
        "team/Reader",
        "none",
        "s3://logs/AWSLogs/o-acme",
        "mail",
        "team",
        "bg-*, 123456789012/root-of-all",
    )

    settings = load(folder / "config.yaml", {})
    assert code == 0
    assert settings.database == "sqlite:///state.db"
    assert (settings.aws.region, settings.aws.discovery_role, settings.aws.change_role) == (
        "eu-central-1",
        "team/Reader",
        None,
    )
    assert [source.type for source in settings.usage.sources] == ["access-advisor", "cloudtrail"]
    assert settings.usage.sources[1].location == "s3://logs/AWSLogs/o-acme"
    assert (settings.classification.email_tag, settings.classification.owner_tag) == ("mail", "team")
    assert settings.classification.break_glass == ("bg-*", "123456789012/root-of-all")
    assert revision(folder / "state.db")


@pytest.mark.parametrize(
    ("before", "wrong", "fix"),
    [
        (0, "mysql://here", "write sqlite:///FILE"),
        (0, "none", "write a word"),
        (1, "the moon", "write a region's name"),
        (2, "arn:aws:iam::1:role/x y", "write its name"),
        (7, "1234/bob", "write NAME or ACCOUNT_ID/NAME"),
    ],
)
def test_an_answer_that_cannot_be_used_is_asked_for_again(folder, before, wrong, fix):
    code, _, asked = answering(*[ENTER] * before, wrong, *[ENTER] * (8 - before))

    assert code == 0
    assert fix in asked
    assert load(folder / "config.yaml", {}) == Settings()


def test_a_secret_stays_a_variable(folder, monkeypatch):
    monkeypatch.setenv("WHERE", "state")

    answering("sqlite:///${WHERE}.db", *[ENTER] * 7)

    assert "sqlite:///${WHERE}.db" in (folder / "config.yaml").read_text(encoding="utf-8")
    assert (folder / "state.db").exists()


def test_answers_that_end_early_write_nothing(folder):
    code, _, asked = answering("sqlite:///state.db", end="\x04")

    assert code == 2
    assert "nothing was written" in asked
    assert files(folder) == {}


@pytest.mark.usefixtures("folder")
def test_after_init_the_configuration_and_the_database_serve():
    said("init", "--defaults")

    assert said("users", "list", "--json")[:2] == (0, "[]\n")
    assert said("db", "check")[0] == 0
