"""Databases for scenarios: each kind, with as many copies as a scenario needs."""

import os
from itertools import count

import pytest

from tests.conftest import DATABASES
from tests.scenario.worlds import PostgresDatabases, SqliteFiles

_NUMBERS = count()


@pytest.fixture
def sqlite_databases(tmp_path, migrated_sqlite):
    return SqliteFiles(tmp_path, migrated_sqlite)


@pytest.fixture
def postgres_databases(postgres, upgrade):
    name = f"{postgres.run}_{os.getpid()}_s{next(_NUMBERS)}"
    made = PostgresDatabases(postgres, postgres.template(upgrade), name)
    yield made
    made.drop_all()


@pytest.fixture(params=DATABASES)
def databases(request):
    return request.getfixturevalue("sqlite_databases" if request.param == "sqlite" else "postgres_databases")
