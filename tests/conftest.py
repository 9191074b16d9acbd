"""Databases for tests: SQLite in a file, and a real PostgreSQL, each test with one of its own."""

import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from tests.postgres import NoPostgres, Server, serve

DATABASES = ["sqlite", "postgresql"]


def pytest_terminal_summary(terminalreporter) -> None:
    """Say in one line what tests counted that cut processes off: wherever they ran, these figures come here."""
    told = [
        figures
        for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
        for name, figures in report.user_properties
        if name == "cuts" and report.when == "call"
    ]
    if told:
        cuts, kills, worlds, lost, seconds = (sum(column) for column in zip(*told, strict=True))
        terminalreporter.write_line(
            f"{cuts} cuts tried ({kills} by SIGKILL, {worlds} worlds gone on from), {lost} lost, {seconds:.0f} seconds"
        )


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all workers of this run share, and no other run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres(shared) -> Server:
    """The run's PostgreSQL. Fails, and never skips, where there is none."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    try:
        return serve(shared, run, os.environ)
    except NoPostgres as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def upgrade():
    """The function that brings the database of a URL to the newest revision."""
    return import_module("migrator.adapters.store.engine").upgrade


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory, upgrade) -> Path:
    file = tmp_path_factory.mktemp("template") / "migrated.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgres_url(postgres):
    """The URL of an empty database on PostgreSQL."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'migrator.db'}"


@pytest.fixture(params=DATABASES)
def database_url(request):
    """The URL of an empty database; the test runs on each kind."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def migrated_postgres_url(postgres, upgrade):
    """The URL of a database on PostgreSQL with every table and no rows: a copy of the run's template."""
    with postgres.fresh(template=postgres.template(upgrade)) as url:
        yield url


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite, tmp_path):
    """The URL of a file with every table and no rows."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'migrator.db')}"


@pytest.fixture(params=DATABASES)
def migrated_url(request):
    """The URL of a database with every table and no rows; the test runs on each kind."""
    return request.getfixturevalue(f"migrated_{'sqlite' if request.param == 'sqlite' else 'postgres'}_url")
