"""One sandbox for each worker of a test run, as it was at the beginning for each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from migrator.sandbox import launch
from tests.integration.sandbox.cloud import Cloud


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launch.Sandbox]:
    started = launch.start(log=tmp_path_factory.mktemp("sandbox") / "log")
    yield started
    launch.stop(started)


@pytest.fixture
def cloud(_sandbox: launch.Sandbox) -> Cloud:
    _sandbox.control.reset()
    return Cloud(_sandbox.endpoint, _sandbox.control)


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    return cloud.root("iam")
