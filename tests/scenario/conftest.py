"""Databases for scenarios: each kind, with as many copies as a scenario needs."""

import pytest

from tests.conftest import DATABASES
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
