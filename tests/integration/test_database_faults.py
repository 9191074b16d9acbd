"""A database that does not work: one clear line, what to do in the next, exit 4; and mended, the same command works."""

import ctypes
import io
import json
import os
import random
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest

from migrator.adapters.store.engine import connect, differences, upgrade
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.bootstrap import Toolbox
from migrator.cli.main import run
from migrator.domain.errors import DatabaseFailed
from tests.builders import NOW, a_key, a_recorded, a_user_facts, record, recorded
from tests.own_server import PASSWORD, SPELLED, own_server

REFUSED = 4
ONE_LINE = re.compile(r"error: the database [^\n]+\n  next: [^\n]+\n")
READING = (("users", "list"), ("audit", "verify"), ("audit", "log"), ("wave", "list"), ("screams", "list"))
QUICK = ("status",)
BUSY = 0.3


@dataclass(frozen=True)
class Desk:
    """The command line with a configuration of one database."""

    config: Path

    def run(self, *words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        toolbox = partial(Toolbox, busy_seconds=BUSY)
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--config", str(self.config), *words], toolbox)
        return code, out.getvalue(), err.getvalue()

    def refused(self, *words: str) -> str:
        """What the command complains of: in one line, and what to do in another; nothing else."""
        code, out, err = self.run(*words)
        assert (code, out) == (REFUSED, ""), (words, code, out, err)
        assert ONE_LINE.fullmatch(err), err
        return err

    def works(self, *words: str) -> str:
        code, out, err = self.run(*words)
        assert (code, err) == (0, ""), (words, code, err)
        return out


@pytest.fixture
def desk(tmp_path):
    """Makes a configuration for the database of a URL."""

    def made(url: str) -> Desk:
        config = tmp_path / "config.yaml"
        config.write_text(json.dumps({"database": url}), encoding="utf-8")
        return Desk(config)

    return made


def populate(url):
    """Some users, and a record."""
    engine = connect(url)
    store = SqlStore(engine)
    facts = (a_user_facts(f"user-{n}", credentials=(a_key(f"AKIA{n}"),)) for n in range(40))
    record(store, *map(a_recorded, facts))
    for n in range(20):
        with store.begin() as work:
            work.record.append("ops", f"event {n}", "user:1", {"n": n}, NOW)
            work.commit()
    engine.dispose()


@pytest.fixture
def file(migrated_sqlite_url):
    """A database in a file, with users in it and nothing in the log beside it."""
    populate(migrated_sqlite_url)
    return Path(migrated_sqlite_url.removeprefix("sqlite:///"))


def url_of(file):
    return f"sqlite:///{file}"


# -- SQLite ------------------------------------------------------------------------------------------------------------


@contextmanager
def locked(file) -> Iterator[None]:
    """Somebody writes for longer than anybody waits."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_locked_file_is_waited_for_and_then_told(desk, file, words):
    own = desk(url_of(file))
    with locked(file):
        said = own.refused(*words)
    assert "database is locked" in said
    assert "another process is at work in it: wait until it ends" in said
    own.works(*words)


def test_the_dashboard_is_shown_while_somebody_writes(desk, file):
    with locked(file):
        assert json.loads(desk(url_of(file)).works("status", "--json"))["users"]["total"] == 40


def test_a_writer_that_ends_in_time_is_waited_for(file):
    engine = connect(url_of(file), busy_seconds=20)
    holder = f"""
import sqlite3, sys, time
other = sqlite3.connect({str(file)!r}, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
time.sleep(0.5)
other.execute("COMMIT")
"""
    words = [sys.executable, "-c", holder]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdin.close()
        recorded(SqlStore(engine), "late")
    engine.dispose()


@pytest.mark.parametrize("words", [*READING, QUICK], ids=" ".join)
def test_a_folder_that_is_not_there(desk, tmp_path, words):
    own = desk(url_of(tmp_path / "none" / "migrator.db"))
    assert "migrator db upgrade" in own.refused(*words) if words != QUICK else own.run(*words)[0] == REFUSED
    assert "check that the folder exists" in own.refused("db", "upgrade")
    (tmp_path / "none").mkdir()
    own.works("db", "upgrade")
    own.works(*words)


def test_a_folder_in_the_place_of_the_file(desk, tmp_path):
    own = desk(url_of(tmp_path))
    for words in (*READING, QUICK, ("db", "upgrade"), ("db", "current"), ("db", "check")):
        assert "check that the folder exists and that whoever runs migrator may write" in own.refused(*words)


@pytest.mark.parametrize("words", [*READING, QUICK, ("db", "upgrade"), ("db", "check")], ids=" ".join)
@pytest.mark.parametrize("content", [b"Dear Sir or Madam, " * 300, b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_as_it_is(desk, tmp_path, words, content):
    letter = tmp_path / "letter.db"
    letter.write_bytes(content)
    assert "restore the database from a backup" in desk(url_of(letter)).refused(*words)
    assert letter.read_bytes() == content


def test_a_file_cut_in_half_is_told_and_a_backup_mends_it(desk, file):
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    own = desk(url_of(file))
    assert "restore the database from a backup" in own.refused("users", "list")
    file.write_bytes(whole)
    own.works("users", "list")


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_is_never_called_a_defect_of_ours(desk, file, seed):
    whole, chance = bytearray(file.read_bytes()), random.Random(seed)  # noqa: S311  # damage is no secret
    for _ in range(3):
        at = chance.randrange(4096, len(whole) - 4096, 4096)
        whole[at : at + 4096] = chance.randbytes(4096)
    file.write_bytes(whole)
    for words in (("audit", "verify"), ("users", "list"), ("status",)):
        code, _, err = desk(url_of(file)).run(*words)
        assert code in {0, 1, REFUSED}, err
        assert "defect" not in err


def test_a_damaged_record_is_told_by_its_verification(desk, file):
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    whole = bytearray(file.read_bytes())
    whole[(root - 1) * size : root * size] = b"\xa5" * size
    file.write_bytes(whole)
    own = desk(url_of(file))
    assert "restore the database from a backup" in own.refused("audit", "verify")
    assert "restore the database from a backup" in own.refused("audit", "log")


BOUNDING_SET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2


def bound_by_modes() -> None:
    """Let the modes of files bind root, too: from the next exec on, in this process only."""
    if os.geteuid() == 0:
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            assert ctypes.CDLL(None).prctl(BOUNDING_SET_DROP, capability, 0, 0, 0) == 0


def apart(config, words, prepare):
    """The command in a process of its own, which is prepared first."""
    line = [sys.executable, "-m", "migrator", "--config", str(config), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, preexec_fn=prepare)


@pytest.fixture
def folder(migrated_sqlite, tmp_path, desk):
    """A folder with a database."""
    made = tmp_path / "state"
    made.mkdir()
    desk(url_of(shutil.copy(migrated_sqlite, made / "migrator.db")))
    yield made
    made.chmod(0o700)


@pytest.mark.parametrize("words", [("users", "list"), ("audit", "verify"), ("db", "upgrade"), QUICK], ids=" ".join)
@pytest.mark.parametrize(("of_file", "of_folder"), [(0o444, 0o555), (0o666, 0o555), (0o000, 0o777)], ids=str)
def test_a_file_or_folder_without_the_right_to_write(folder, tmp_path, words, of_file, of_folder):
    (folder / "migrator.db").chmod(of_file)
    folder.chmod(of_folder)
    done = apart(tmp_path / "config.yaml", words, bound_by_modes)
    if (words, done.returncode) == (QUICK, 0):
        return  # looking takes no right to write where SQLite can do without its log
    assert (done.returncode, done.stdout) == (REFUSED, ""), done
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert "whoever runs migrator" in done.stderr

    folder.chmod(0o700)
    (folder / "migrator.db").chmod(0o600)
    done = apart(tmp_path / "config.yaml", words, bound_by_modes)
    assert (done.returncode, done.stderr) == (0, "")


def limited(size: int):
    """Let no file of this process grow over so many bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("pages", [0, 1, 20, 60])
def test_an_upgrade_that_finds_no_room_is_done_by_the_same_command_later(desk, tmp_path, pages):
    own = desk(url_of(tmp_path / "migrator.db"))
    done = apart(own.config, ("db", "upgrade"), limited(4096 * pages))
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert "has room" in done.stderr
    own.works("db", "upgrade")
    assert differences(url_of(tmp_path / "migrator.db")) == []


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own():
    """A server with a database of users, which may fall."""
    with own_server(tcp=True) as made:
        made.server.create("people")
        upgrade(made.url("people"))
        populate(made.url("people"))
        yield made


@pytest.fixture
def up(own):
    """The server, running again at the end."""
    yield own
    if own.process is None:
        own.start()


@pytest.mark.parametrize(
    "words", [*READING, QUICK, ("db", "upgrade"), ("db", "current"), ("db", "check")], ids=" ".join
)
def test_a_server_that_is_down_and_up_again(desk, up, words):
    people = desk(up.url("people"))
    people.works(*words)
    up.stop()
    said = people.refused(*words)
    assert "Connection refused" in said
    assert "see that the server runs and can be reached, then run the same command again: nothing is lost" in said
    up.start()
    people.works(*words)


WRONG = {
    "a wrong password": ("people", {"password": "open-sesame"}, "name the right user and password"),
    "an unknown user": ("people", {"user": "mallory"}, "name the right user and password"),
    "no such database": ("nothing", {}, "create it or name the right one in `database`"),
}


@pytest.mark.parametrize("words", [("users", "list"), QUICK, ("db", "upgrade"), ("db", "check")], ids=" ".join)
@pytest.mark.parametrize(("name", "who", "fix"), WRONG.values(), ids=WRONG)
def test_a_wrong_url_is_told_and_its_password_never(desk, own, words, name, who, fix):
    said = desk(own.url(name, **who)).refused(*words)
    assert fix in said
    for secret in (PASSWORD, SPELLED, "open-sesame"):
        assert secret not in said


@pytest.mark.parametrize("words", [("users", "list"), QUICK], ids=" ".join)
def test_a_password_among_the_parameters_is_not_told_either(desk, own, words):
    url = own.url("people").replace(f":{SPELLED}@", "@") + "?password=open-sesame"
    assert "open-sesame" not in desk(url).refused(*words)


def test_whoever_may_do_nothing_is_told_what_to_grant(desk, own):
    guest = desk(own.url("people", user="guest", password="guest"))
    for words in (("users", "list"), ("audit", "verify"), QUICK):
        assert "permission denied" in (said := guest.refused(*words))
        assert "grant migrator's role" in said


def test_a_database_that_only_reads_is_told_to_whoever_writes(own):
    with psycopg.connect(own.server.admin, autocommit=True) as admin:
        admin.execute("ALTER DATABASE people SET default_transaction_read_only = on")
    engine = connect(own.url("people"))
    with pytest.raises(DatabaseFailed, match="read-only transaction") as error:
        recorded(SqlStore(engine), "late")
    assert "may write" in error.value.next_step or "write the database" in error.value.next_step
    with psycopg.connect(own.server.admin, autocommit=True) as admin:
        admin.execute("ALTER DATABASE people RESET default_transaction_read_only")
    engine.dispose()
    engine = connect(own.url("people"))
    recorded(SqlStore(engine), "later")
    engine.dispose()


def test_a_lock_is_waited_for_and_then_told(desk, own):
    people = desk(own.url("people"))
    with psycopg.connect(own.server.admin.replace("/postgres?", "/people?")) as other:
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        said = people.refused("users", "list")
        other.rollback()
    assert "lock timeout" in said
    assert "another process is at work in it" in said
    people.works("users", "list")


def test_a_server_restarted_between_two_units_of_work_is_not_noticed(up):
    engine = connect(up.url("people"))
    store = SqlStore(engine)
    with store.begin() as work:
        before = work.users.lines()
    up.restart()
    with store.begin() as work:
        assert work.users.lines() == before
    engine.dispose()


def test_a_server_restarted_inside_a_unit_of_work_takes_all_of_it_back(up):
    engine = connect(up.url("people"))
    store = SqlStore(engine)
    with store.begin() as work:
        head = work.record.head()

    def half() -> None:
        with store.begin() as work:
            work.record.append("ops", "half", "user:1", {}, NOW)
            work.users.lines()
            up.restart()
            work.commit()

    with pytest.raises(DatabaseFailed) as error:
        half()
    assert "run the same command again: nothing is lost" in error.value.next_step
    with store.begin() as work:
        assert work.record.head() == head
        work.record.append("ops", "whole", "user:1", {}, NOW)
        work.commit()
    with store.begin() as work:
        assert work.record.entries(after=head[0])[0].event == "whole"
    engine.dispose()


def test_a_server_that_never_answers_is_not_waited_for_for_ever(desk):
    """A port where somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://ada:open-sesame@127.0.0.1:{silent.getsockname()[1]}/people?connect_timeout=2"
        for words in (("users", "list"), ("db", "current")):
            said = desk(url).refused(*words)
            assert "see that the server runs and can be reached" in said
            assert "open-sesame" not in said
