"""One office a test run, discovered once; every test begins from there."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from migrator.sandbox import launch
from migrator.sandbox.seed import seed
from tests.integration.modes.office import OFFICE, Office


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[launch.Sandbox]:
    started = launch.start(log=tmp_path_factory.mktemp("sandbox") / "log")
    yield started
    launch.stop(started)


@pytest.fixture(scope="session")
def founded(sandbox, tmp_path_factory, migrated_sqlite) -> tuple[Office, str]:
    """The office after its people worked and it was discovered, and the sandbox's snapshot of that moment."""
    seeded = seed(sandbox.endpoint, OFFICE, datetime.now(UTC))
    made = Office(seeded, sandbox.control, tmp_path_factory.mktemp("office"))
    shutil.copy(migrated_sqlite, made.folder / "migrator.db")
    made.work()
    with pytest.MonkeyPatch.context() as environment:
        act_as_administrator(environment, sandbox.endpoint, seeded)
        made.run("discover")
        for user in ("data/ada", "data/bob", "web/ada"):
            made.run("users", "classify", made.key(user), "--as", "human", "--reason", "known")
        made.run("users", "classify", made.key("data/svc-etl"), "--as", "machine", "--reason", "known")
    return made, sandbox.control.snapshot()


@pytest.fixture
def office(founded, sandbox, tmp_path, monkeypatch) -> Office:
    template, snapshot = founded
    sandbox.control.restore(snapshot)
    act_as_administrator(monkeypatch, sandbox.endpoint, template.seeded)
    with closing(sqlite3.connect(template.folder / "migrator.db")) as kept:
        kept.execute("VACUUM INTO ?", (str(tmp_path / "migrator.db"),))  # a copy of the file would miss its log
    return Office(template.seeded, sandbox.control, tmp_path)


def act_as_administrator(environment: pytest.MonkeyPatch, endpoint: str, seeded) -> None:
    """Let boto3 act as the management account's administrator, and as nobody that this machine knows."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN", "MIGRATOR_CONFIG"):
        environment.delenv(name, raising=False)
    keys = seeded.administrator
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    environment.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    environment.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    if keys.session_token:
        environment.setenv("AWS_SESSION_TOKEN", keys.session_token)
    environment.setenv("AWS_CONFIG_FILE", "/dev/null")
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
