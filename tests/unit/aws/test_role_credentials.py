"""Credentials of a role: asked for once, renewed before they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import sleep

import pytest

from migrator.adapters.aws.role_credentials import EARLY, LIFETIME, RoleCredentials


class Role:
    """A role that gives numbered credentials, and a clock to go with it."""

    def __init__(self) -> None:
        self.given = 0
        self.time = 5.0

    def assume(self):
        sleep(0.01)
        self.given += 1
        return {
            "AccessKeyId": f"ASIA{self.given}",
            "SecretAccessKey": "quiet",
            "SessionToken": "quieter",
            # Long past, as an emulator says whose clock stands in another year.
            "Expiration": datetime(2001, 1, 1, tzinfo=UTC),
        }


@pytest.fixture
def role():
    return Role()


@pytest.fixture
def credentials(role):
    return RoleCredentials(role.assume, lambda: role.time)


def key(credentials) -> str:
    return credentials.get_frozen_credentials().access_key


def test_a_role_is_not_assumed_before_it_is_needed(role, credentials):
    assert role.given == 0
    assert key(credentials) == "ASIA1"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (0, "ASIA1"),
        (LIFETIME - EARLY - 1, "ASIA1"),
        (LIFETIME - EARLY, "ASIA2"),
        (30 * 24 * LIFETIME, "ASIA2"),
    ],
)
def test_credentials_are_renewed_before_their_end(role, credentials, after, expected):
    key(credentials)
    role.time += after

    assert key(credentials) == expected


def test_many_threads_assume_once(credentials):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: key(credentials), range(16)))

    assert keys == {"ASIA1"}


def test_a_refusal_is_tried_again_next_time(role):
    refusals = [RuntimeError("no")]

    def assume() -> dict[str, object]:
        if refusals:
            raise refusals.pop()
        return role.assume()

    credentials = RoleCredentials(assume, lambda: role.time)
    with pytest.raises(RuntimeError):
        key(credentials)

    assert key(credentials) == "ASIA1"
