"""The worker as a process of its own: its health, its logs, and how it stops."""

import json
import signal
import time

import pytest

from tests.scenario.test_deaths import PATIENCE, hurried, said

WELL = ("worker", "--check", "--health-file")


@pytest.fixture
def working(sqlite_journey):
    """A company whose users are mapped, a worker that runs over it, and its health file."""
    terminal, keys = hurried(sqlite_journey)
    terminal.config = terminal.config.replace("poll: 3d", "poll: 1s") + "log:\n  format: json\n"
    terminal.ask("wave", "create", "one", *keys)
    terminal.ask("advance", "--wave", "one", "--to", "provisioned", code=(0, 3))
    file = terminal.folder / "health.json"
    file.unlink(missing_ok=True)
    (terminal.folder / "process.log").write_bytes(b"")
    process = terminal.start("worker", "--health-file", str(file))
    until = time.monotonic() + PATIENCE
    while not file.exists() and process.poll() is None:
        assert time.monotonic() < until, said(terminal)
        time.sleep(0.05)
    yield terminal, process, file
    process.kill()
    process.wait(PATIENCE)


def test_a_worker_is_well_logs_what_it_does_and_stops_when_it_is_asked(working):
    terminal, process, file = working
    assert terminal.run(*WELL, str(file)).code == 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) in (0, 1), said(terminal)
    lines = [json.loads(line) for line in said(terminal).splitlines() if line.startswith('{"')]
    events = [line["event"] for line in lines]
    assert "turn-ended" in events, events
    moves = [line for line in lines if line.get("transition")]
    assert moves, events
    assert {line["transition"].rpartition("#")[0] for line in moves} <= {line["user"] for line in moves} | {
        line["subject"] for line in moves
    }
    assert all(line["timestamp"] and line["level"] for line in lines)


def test_a_worker_that_ended_is_ill_in_time(working):
    terminal, process, file = working
    process.kill()
    process.wait(PATIENCE)
    health = json.loads(file.read_text())
    file.write_text(json.dumps({**health, "at": "2026-01-01T00:00:00+00:00"}))
    answer = terminal.run(*WELL, str(file))
    assert answer.code == 1
    assert "no turn ended since 2026-01-01" in answer.out


@pytest.mark.parametrize("text", ["", "nonsense", '{"at": 3}'])
def test_who_never_worked_is_not_well(sqlite_journey, text):
    terminal = sqlite_journey.fresh()
    file = terminal.folder / "none.json"
    file.write_text(text)
    assert terminal.run(*WELL, str(file)).code == 1


def test_a_check_needs_to_know_where_to_look(sqlite_journey):
    assert "--health-file" in sqlite_journey.fresh().refuse("worker", "--check")
