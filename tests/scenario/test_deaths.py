"""Real processes that really die: killed between two calls to AWS, started again, and the end is as if nothing was."""

import random
import signal
import time

import pytest

from tests.scenario.reading import inactive, only, read_accounts, read_center, read_everything, read_users, shells
from tests.scenario.terminal import CONFIG, Terminal
from tests.scenario.test_migration import WRITES, under_the_deny

HURRIED = CONFIG.replace("7d", "1s").replace("14d", "1s").replace("36h", "1s").replace("approvals: 1", "approvals: 0")
QUICK = HURRIED.replace("gates:", "gates:\n  sso_sign_in: false\n  listening: false")
FEW = ("data/alice", "data/grace", "web/frank")
PATIENCE = 60.0
KILLED, INTERRUPTED = -signal.SIGKILL, 130


def written(terminal: Terminal) -> int:
    """How many calls that change something were made since the last look began."""
    counts = terminal.company.clock.control.counts()
    return sum(n for name, n in counts.items() if name.partition(":")[2].startswith(WRITES))


def dies(terminal: Terminal, words: tuple[str, ...], writes: int, how: signal.Signals = signal.SIGKILL) -> int:
    """Run a command and send it a signal once it made so many changes; its exit code."""
    terminal.company.clock.control.clear_calls()
    process, until = terminal.start(*words), time.monotonic() + PATIENCE
    while process.poll() is None and written(terminal) < writes:
        assert time.monotonic() < until, "it neither ended nor wrote anything"
        time.sleep(0.03)
    if process.poll() is None:
        process.send_signal(how)
    code = process.wait(PATIENCE)
    assert code in (KILLED, INTERRUPTED, 0, 3), said(terminal)
    return code


def said(terminal: Terminal) -> str:
    """The last words of the processes of a terminal."""
    return (terminal.folder / "process.log").read_text()[-3_000:]


def ends(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Run a command to its end: done, or held by a window that is not over."""
    process = terminal.start(*words)
    assert process.wait(PATIENCE) in (0, 3), said(terminal)


def hurried(journey) -> tuple[Terminal, list[str]]:
    """The company with its users mapped, and windows of a second; the machine's clock is the sandbox's."""
    terminal = journey.fresh()
    terminal.config = QUICK
    terminal.ask("db", "upgrade")
    terminal.ask("discover")
    keys = [terminal.company.key(user) for user in FEW]
    terminal.ask("map", *keys)
    return terminal, keys


def reach(terminal: Terminal, keys: list[str], goal: str, rounds: list[int]) -> None:
    """Advance to a state, dying once a round, until everybody is there."""
    words = ("advance", *keys, "--to", goal, "--yes")
    deaths = [dies(terminal, words, writes) for writes in rounds]
    assert KILLED in deaths, "nothing was killed: the command was too quick"
    for _ in range(4):
        ends(terminal, words)
        if {one["state"] for one in terminal.ask("users", "list", *keys)} == {goal}:
            return
        time.sleep(1.0)
    pytest.fail(f"not everybody is {goal}")


def test_a_killed_migration_ends_where_an_unharmed_one_does(journey):
    chance = random.Random(20261123)  # noqa: S311  # moments of death, not secrets
    terminal, keys = hurried(journey)
    company = terminal.company
    reach(terminal, keys, "deactivated", [chance.randint(1, 20), chance.randint(5, 25)])
    users, denied = read_users(company), under_the_deny(journey.start["users"], terminal)
    assert only(users, FEW) == {user: inactive(denied[user]) for user in FEW}
    center = read_center(company)
    grants = {
        (one["name"], account, one["users"][0])
        for one in terminal.ask("permission-sets", "list")
        for account in one["accounts"]
    }
    assert len(center["holders"]) == len(grants) == len(FEW)
    assert set(center["sets"]) == {"team", *(name for name, _, _ in grants)}

    reach(terminal, keys, "deleted", [chance.randint(1, 20)])
    assert set(read_users(company)) == set(journey.start["users"]) - set(FEW)
    assert read_accounts(company)["data"]["policies"] == journey.start["accounts"]["data"]["policies"]

    words = ("rollback", *keys, "--reason", "the rehearsal is over", "--retract")
    assert dies(terminal, words, chance.randint(1, 15)) == KILLED
    ends(terminal, words)
    assert shells(read_users(company)) == shells(journey.start["users"])
    assert read_center(company) == journey.start["center"]
    assert read_accounts(company)["data"]["policies"] == journey.start["accounts"]["data"]["policies"]
    assert {one["outcome"] for one in terminal.ask(*words)["users"]} == {"unchanged"}
    assert terminal.ask("audit", "verify")["intact"]


def test_an_interrupted_command_says_so_and_resumes(sqlite_journey):
    terminal, keys = hurried(sqlite_journey)
    words = ("advance", *keys, "--to", "quarantined")
    assert dies(terminal, words, 3, signal.SIGINT) == INTERRUPTED
    assert "same command resumes" in said(terminal)
    ends(terminal, words)
    denied = under_the_deny(sqlite_journey.start["users"], terminal)
    assert only(read_users(terminal.company), FEW) == only(denied, FEW)
    ends(terminal, ("rollback", *keys, "--reason", "enough", "--retract"))
    assert read_everything(terminal.company) == sqlite_journey.start
