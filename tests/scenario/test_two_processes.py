"""Real processes at the same users at once, on both databases: one acts, the others say so, nothing happens twice."""

import json
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, func, make_url, select, update

from migrator.adapters.store import work_tables as w
from tests.scenario.endings import questions
from tests.scenario.reading import inactive, only, read_users, shells
from tests.scenario.terminal import Terminal
from tests.scenario.test_deaths import FEW, PATIENCE, hurried, said
from tests.scenario.test_migration import WRITES, under_the_deny

ENDED = (0, 1, 3)
Process = subprocess.Popen[bytes]


def answer(process: Process) -> tuple[int, Any]:
    """How a process ended, and the JSON it left."""
    out, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, json.loads(out)


@contextmanager
def running(terminal: Terminal, *words: str) -> Iterator[Process]:
    """A process that does not outlive the test, stopped as it may be."""
    with terminal.start(*words, "--json", heard=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def at_once(terminal: Terminal, *commands: Sequence[str]) -> list[tuple[int, Any]]:
    """Start all of them, and wait for all."""
    started = [terminal.start(*words, "--json", heard=True) for words in commands]
    answers = [answer(process) for process in started]
    assert all(code in ENDED for code, _ in answers), said(terminal)
    assert "Traceback" not in said(terminal)
    assert "defect" not in said(terminal)
    return answers


def writes(terminal: Terminal) -> Counter[str]:
    """Every change of an IAM user that AWS carried out, as often as it was."""
    made = (call for call in terminal.company.clock.control.calls() if not call["error"] and call["service"] == "iam")
    return Counter(
        f"{call['operation']} {json.dumps(call['params'], sort_keys=True)}"
        for call in made
        if call["operation"].startswith(WRITES)
    )


def twice(made: Counter[str]) -> list[str]:
    return [one for one, times in made.items() if times > 1]


def states(terminal: Terminal, keys: Sequence[str]) -> set[str]:
    return {one["state"] for one in terminal.ask("users", "list", *keys)}


def nobody_writes(url: str) -> bool:
    """Whether no process is inside a transaction, for whoever stops there keeps everybody out."""
    if url.startswith("sqlite"):
        file = url.removeprefix("sqlite:///")
        with (
            closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as do,
            suppress(sqlite3.OperationalError),
        ):
            do.execute("BEGIN IMMEDIATE")
            do.execute("ROLLBACK")
            return True
        return False
    server = make_url(url)
    with psycopg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False)) as do:
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        found = do.execute(others, [server.database]).fetchone()
    return found == (0,)


def under_way(terminal: Terminal) -> str | None:
    """The subject of a cut that is under way; None where a write was just written down and not yet seen by AWS."""
    engine = create_engine(terminal.database)
    try:
        with engine.connect() as do:
            cuts = select(w.runs.c.subject).where(w.runs.c.kind == "quarantine")
            subject = do.execute(cuts.where(w.runs.c.status == "running")).scalar()
            intended = select(func.sum(w.changes.c.attempts)).join(w.runs, w.runs.c.id == w.changes.c.run)
            made = do.execute(intended.where(w.runs.c.kind == "quarantine")).scalar() or 0
    finally:
        engine.dispose()
    return subject if made == writes(terminal).total() else None


def asked(pool: Executor, terminal: Terminal) -> str | None:
    """The same; None where the sandbox waits for the rest of a request, which whoever is stopped does not send."""
    with suppress(TimeoutError):
        return pool.submit(under_way, terminal).result(2.0)
    return None


def stopped_inside(terminal: Terminal, process: Process, pool: Executor) -> str:
    """Stop the process inside a cut and outside of every transaction; whose cut."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None:
        assert time.monotonic() < until, said(terminal)
        if not writes(terminal):
            time.sleep(0.02)
            continue
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)  # what was sent before arrives
        if nobody_writes(terminal.database) and (subject := asked(pool, terminal)):
            return subject
        process.send_signal(signal.SIGCONT)
        time.sleep(0.003)
    pytest.fail(f"it ended before it could be stopped: {said(terminal)}")


def lapse(terminal: Terminal, subject: str) -> None:
    """Let the lease of a run be over, as if its owner had been silent for a quarter of an hour."""
    engine = create_engine(terminal.database)
    with engine.begin() as do:
        mine = (w.runs.c.subject == subject, w.runs.c.status == "running")
        (lease,) = do.execute(select(w.runs.c.lease_until).where(*mine)).scalars()
        do.execute(update(w.runs).where(*mine).values(lease_until=lease - timedelta(hours=1)))
    engine.dispose()


def settle(terminal: Terminal, keys: Sequence[str], goal: str) -> None:
    """The same command until everybody is there: whoever was kept off by another process goes on."""
    until = time.monotonic() + PATIENCE
    while states(terminal, keys) != {goal}:
        assert time.monotonic() < until, said(terminal)
        time.sleep(0.5)
        at_once(terminal, ("advance", *keys, "--to", goal, "--yes"))


def stopped_past_its_lease(terminal: Terminal, keys: Sequence[str]) -> None:
    """One process is stopped inside a cut; a second says so, a third takes over, and the first does nothing more.

    Users of one account, whom a process moves one after the other: whoever stops stops at one place only.
    """
    terminal.company.clock.control.clear_calls()
    words = ("advance", *keys, "--to", "quarantined")
    with ThreadPoolExecutor(8) as pool, running(terminal, *words) as first:
        subject = stopped_inside(terminal, first, pool)
        [(code, second)] = at_once(terminal, words)
        waits = [one for one in second["users"] if one["outcome"] == "failed"]
        assert (code, len(waits)) == (1, 1)
        assert f"{subject} is being moved by another process (quarantine" in waits[0]["why"]
        assert {one["to"] for one in second["users"] if one not in waits} == {"quarantined"}

        lapse(terminal, subject)
        [(code, third)] = at_once(terminal, words)
        assert (code, {one["to"] for one in third["users"]}) == (0, {"quarantined"})
        made = writes(terminal)
        first.send_signal(signal.SIGCONT)
        code, late = answer(first)
    assert writes(terminal) == made
    assert not twice(made)
    (its,) = [one for one in late["users"] if one["user"] == waits[0]["user"]]
    assert (code, its["outcome"]) == (1, "failed")
    assert "another process" in its["why"] or "somebody else" in its["why"]


def crowd(terminal: Terminal, alice: str, others: Sequence[str]) -> None:
    """Six at once: two that move users, two that put one of them back, a reader, and a worker."""
    terminal.company.clock.control.clear_calls()
    advance, back = ("advance", *others, "--to", "deactivated"), ("rollback", alice, "--reason", "it broke")
    at_once(terminal, advance, back, advance, back, ("discover",), ("worker", "--once"))
    settle(terminal, others, "deactivated")
    assert not twice(writes(terminal))
    [(code, again)] = at_once(terminal, back)
    assert (code, again["users"][0]["outcome"]) == (0, "unchanged")


def deleted_and_restored(terminal: Terminal, users: Sequence[str]) -> None:
    """Two delete, and two restore."""
    control = terminal.company.clock.control
    control.clear_calls()
    delete = ("advance", *users, "--to", "deleted", "--yes")
    at_once(terminal, delete, delete, ("worker", "--once"))
    settle(terminal, users, "deleted")
    assert not twice(writes(terminal))
    assert control.counts()["iam:DeleteUser"] == len(users)

    control.clear_calls()
    restore = ("rollback", *users, "--reason", "they are needed")
    ended = at_once(terminal, restore, restore)
    assert 0 in {code for code, _ in ended} or at_once(terminal, restore)[0][0] == 0
    assert control.counts()["iam:CreateUser"] == len(users)
    assert states(terminal, users) == {"rolled_back"}


def test_processes_at_the_same_users_do_everything_once(journey):
    terminal, keys = hurried(journey)
    alice, *others = keys
    start, denied = journey.start["users"], under_the_deny(journey.start["users"], terminal)
    stopped_past_its_lease(terminal, keys[:-1])
    assert states(terminal, keys[:-1]) == {"quarantined"}
    assert only(read_users(terminal.company), FEW[:-1]) == only(denied, FEW[:-1])
    assert questions(terminal.database) == []

    crowd(terminal, alice, others)
    now = read_users(terminal.company)
    assert only(now, FEW[1:]) == {user: inactive(denied[user]) for user in FEW[1:]}
    assert now[FEW[0]] == start[FEW[0]]
    assert questions(terminal.database) == []

    if terminal.database.startswith("postgresql"):
        deleted_and_restored(terminal, others)
        assert shells(only(read_users(terminal.company), FEW)) == shells(only(start, FEW))
        assert questions(terminal.database) == []
