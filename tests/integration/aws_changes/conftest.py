"""AwsHands on the sandbox, with every call written down."""

from itertools import count

import pytest

from tests.contract.hands_worlds import Emulator


@pytest.fixture(scope="session")
def emulator():
    with Emulator() as running:
        yield running


@pytest.fixture
def world(emulator):
    return emulator.world()


class Calls(list):
    """What was called, as IAM names it: `iam:GetUser`, `sso:CreatePermissionSet`."""

    def __init__(self, clients) -> None:
        super().__init__()
        self._clients = clients
        for client in clients:
            client.meta.events.register("before-call", self._note, unique_id="calls")

    def _note(self, model, **_event: object) -> None:
        self.append(f"{model.service_model.signing_name}:{model.name}")

    def stop(self):
        for client in self._clients:
            client.meta.events.unregister("before-call", unique_id="calls")


@pytest.fixture
def calls(world):
    """Every AWS call of this test, in order; clear it to forget the preparations."""
    sso, store = world.directory.sso(), world.directory.store()
    trails = world.sessions.client("cloudtrail", world.account, "read")
    noted = Calls([world.sessions.client("iam", world.account, "read"), sso, store, trails])
    yield noted
    noted.stop()


class Cut(BaseException):
    """The process is gone."""


@pytest.fixture
def cut_after(world):
    """Let the process die after AWS did call `n` from now on, counted over the clients of the changes."""
    clients = [world.sessions.client("iam", world.account, "read"), world.directory.sso(), world.directory.store()]

    def disarm() -> None:
        for client in clients:
            client.meta.events.unregister("after-call", unique_id="cut")

    def arm(n) -> None:
        disarm()
        calls = count(1)

        def die(**_event: object) -> None:
            if next(calls) == n:
                raise Cut

        for client in clients:
            client.meta.events.register("after-call", die, unique_id="cut")

    arm.off = disarm
    yield arm
    disarm()
