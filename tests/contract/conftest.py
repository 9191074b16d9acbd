"""The worlds that contracts hold in: the fake and AWS's own API on the sandbox; the store on each database."""

import pytest

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from tests.contract.hands_worlds import Emulator, FakeWorld


@pytest.fixture(scope="session")
def emulator():
    with Emulator() as running:
        yield running


@pytest.fixture(params=["fake", "aws"])
def world(request):
    return FakeWorld() if request.param == "fake" else request.getfixturevalue("emulator").world()


@pytest.fixture
def store(migrated_url):
    """The store on SQLite and on PostgreSQL: every table, no rows."""
    engine = connect(migrated_url)
    yield SqlStore(engine)
    engine.dispose()
