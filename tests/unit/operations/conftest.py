"""Tools for operations: a database in a file, a fake AWS, a clock that stands still."""

import pytest

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.hands import FakeAws
from tests.fakes.tools import FakeTools


@pytest.fixture
def tools(migrated_sqlite_url):
    """Tools that hold nobody back, on an empty database and an empty AWS."""
    engine = connect(migrated_sqlite_url)
    clock = FakeClock(NOW)
    yield FakeTools(SqlStore(engine), FakeAws(clock.now), clock)
    engine.dispose()
