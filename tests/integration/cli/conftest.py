"""One small company a test run, discovered and mapped once; every test begins from there."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from migrator.sandbox import launch
from migrator.sandbox.seed import seed
from tests.integration.cli.company import COMPANY, Company, act_as, copied


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[launch.Sandbox]:
    started = launch.start(log=tmp_path_factory.mktemp("sandbox") / "log")
    yield started
    launch.stop(started)


@pytest.fixture(scope="session")
def founded(sandbox, tmp_path_factory) -> tuple[Company, str]:
    """The company as it was after its first discovery, and the sandbox's snapshot of that moment."""
    seeded = seed(sandbox.endpoint, COMPANY, datetime.now(UTC))
    made = Company(seeded, sandbox.control, tmp_path_factory.mktemp("company"))
    made.configure(
        database=f"sqlite:///{made.database}",
        usage={"sources": [{"type": "cloudtrail", "location": seeded.trail_location}]},
        classification={"break_glass": ["breakglass-admin"], "retire_after": "3650d"},
        gates={"approvals": 0},
    )
    with pytest.MonkeyPatch.context() as environment:
        act_as(environment, sandbox.endpoint, seeded.administrator)
        for words in (("db", "upgrade"), ("discover",)):
            assert made.run(*words).code == 0
        sandbox.control.deliver()
        assert made.run("map").code == 0
    return made, sandbox.control.snapshot()


@pytest.fixture
def company(founded, sandbox, tmp_path, monkeypatch) -> Company:
    template, snapshot = founded
    sandbox.control.restore(snapshot)
    act_as(monkeypatch, sandbox.endpoint, template.seeded.administrator)
    monkeypatch.chdir(tmp_path)
    return copied(template, tmp_path)
