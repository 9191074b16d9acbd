"""Databases for scenarios: each kind, with as many copies as a scenario needs."""

import pytest

from migrator.sandbox import launch
from tests.conftest import DATABASES
from tests.scenario.company import build
from tests.scenario.journey import Journey
from tests.scenario.lived import Lived
from tests.scenario.terminal import Files, OnServer
from tests.scenario.worlds import PostgresDatabases, SqliteFiles


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory, migrated_sqlite):
    return SqliteFiles(tmp_path_factory.mktemp("worlds"), migrated_sqlite)


@pytest.fixture(scope="session")
def postgres_databases(postgres, upgrade):
    """Databases that stay until the run's server goes, unless a test drops them."""
    return PostgresDatabases(postgres, postgres.template(upgrade))


@pytest.fixture(params=DATABASES)
def databases(request):
    return request.getfixturevalue("sqlite_databases" if request.param == "sqlite" else "postgres_databases")


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """The small company in a sandbox of its own."""
    sandbox = launch.start(log=tmp_path_factory.mktemp("company") / "sandbox.log")
    yield build(sandbox.endpoint, sandbox.control)
    launch.stop(sandbox)


@pytest.fixture(scope="session")
def sqlite_journey(company, tmp_path_factory):
    return Journey(company, tmp_path_factory.mktemp("journey"), Files(tmp_path_factory.mktemp("files")))


@pytest.fixture(scope="session")
def postgres_journey(company, tmp_path_factory, postgres):
    return Journey(company, tmp_path_factory.mktemp("journey"), OnServer(postgres))


@pytest.fixture(scope="session", params=DATABASES)
def journey(request):
    """A whole migration that can be come back to: first for all tests on one kind of database, then on the other."""
    return request.getfixturevalue("sqlite_journey" if request.param == "sqlite" else "postgres_journey")


@pytest.fixture(scope="session")
def lived(sqlite_databases):
    """A life on fakes that can be come back to at every stage of its calm way."""
    return Lived(sqlite_databases)
