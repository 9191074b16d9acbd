"""The worlds that the contracts of the AWS ports hold in: the fake, and AWS's own API on the sandbox."""

import pytest

from tests.contract.hands_worlds import Emulator, FakeWorld


@pytest.fixture(scope="session")
def emulator():
    with Emulator() as running:
        yield running


@pytest.fixture(params=["fake", "aws"])
def world(request):
    return FakeWorld() if request.param == "fake" else request.getfixturevalue("emulator").world()
