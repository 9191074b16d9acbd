"""Seconds of `migrator status` over a hundred thousand users, the whole process: `python -m benchmarks.status [USERS]`.

The database is filled by plain SQL with what a migration half way has: every state, twenty waves, eight gates a user
with their reasons, credentials, screams. Best of five, because others share the machine.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure
from migrator.adapters.store.engine import upgrade

USERS = 100_000
LIMIT = 1.0
NOW = "2026-11-23 12:00:00.000000"
STATES = ("discovered", "mapped", "provisioned", "verified", "quarantined", "deactivated", "deleted", "rolled_back")
NEXT = {
    "discovered": "map",
    "mapped": "provision",
    "provisioned": "verify",
    "verified": "quarantine",
    "quarantined": "deactivate",
    "deactivated": "delete",
    "rolled_back": "map",
}
GATES = (
    ("change-window", "outside the change window", "nothing to do"),
    ("scream-window", "silent for 2.1 of 7 days", "nothing to do"),
    ("no-screams", "nothing screamed", ""),
    ("snapshot", "read just now", ""),
    ("listening", "heard 4 minutes ago", ""),
    ("owner-known", "no owner", "migrator users own {} --owner TEAM --cost-center CODE"),
    ("not-held", "nobody holds it", ""),
    ("not-break-glass", "not a break-glass user", ""),
)
SHUT = {"change-window": 3, "scream-window": 2, "owner-known": 7}
"""For every how many users each of these gates is closed."""
WAVES = 20


def fill(file, users):
    """Everything `status` asks about, of that many users."""
    with sqlite3.connect(file) as database:
        database.execute("INSERT INTO installation VALUES (1, 'o-bench', NULL, 'aws')")
        add(database, "accounts", ((f"{n:012}", f"account-{n}", "", "ACTIVE") for n in range(100)))
        rows = ((n, f"{n:012}", NOW, 1, None, None) for n in range(100))
        database.executemany(
            'INSERT INTO readings (id, account_id, "at", complete, root, error) VALUES (?,?,?,?,?,?)', rows
        )
        add_users(database, users)
        add(database, "credentials", (c for n in range(1, users + 1) for c in credentials(n)), CREDENTIAL)
        add(database, "gate_results", (g for n in range(1, users + 1) for g in gates(n)), GATE)
        add_waves(database, users)
        add(database, "screams", (s for n in range(1, users, 500) for s in screams(n)), SCREAM)
        database.execute("INSERT INTO workers VALUES ('worker', ?, ?, '0')", (NOW, NOW))


CREDENTIAL = ("user_ref", "kind", "aws_id", "status", "original_status", "detail")
GATE = ("user_ref", "gate", "position", "move", "open", "why", "opens", "opens_at", "not_checked", "evaluated_at")
SCREAM = ("user_ref", "signal", "event_source", "event_name", "address", "agent", "count", "first", "last",
          "disposition", "reason")  # fmt: skip


def add(database, table, rows, columns=()):
    """Insert rows, whole or by some columns."""
    rows = list(rows)
    named = f" ({', '.join(chr(34) + column + chr(34) for column in columns)})" if columns else ""
    marks = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table}{named} VALUES ({marks})", rows)  # noqa: S608  # names of this file


def state_of(number):
    return STATES[number % len(STATES)]


def add_users(database, users):
    rows = (
        (
            n,
            f"{n % 100:012}",
            f"user-{n}",
            "/",
            state_of(n),
            NOW,
            ("human", "machine")[n % 5 == 0],
            0.9,
            f"team-{n % 40}",
        )
        for n in range(1, users + 1)
    )
    columns = ("id", "account_id", "user_name", "path", "state", "state_since", "kind", "kind_confidence", "owner")
    add(database, "users", rows, columns)


def credentials(number):
    kinds = (("access-key", f"AKIA{number}"), ("access-key", f"AKIB{number}"), ("console-password", "password"))
    for kind, name in kinds:
        yield number, kind, name, ("Active", "Inactive")[number % 4 == 0], "Active", "{}"


def gates(number):
    move = NEXT.get(state_of(number))
    for position, (gate, why, opens) in enumerate(GATES if move else ()):
        shut = gate in SHUT and number % SHUT[gate] == 0
        key = f"{number % 100:012}/user-{number}"
        yield number, gate, position, move, not shut, why, opens.format(key), None, "[]", NOW


def screams(number):
    for word in ("open", "dismissed"):
        where = ("s3.amazonaws.com", "GetObject", "203.0.113.9", f"agent {number} {word}")
        yield number, "refused-call", *where, 3, NOW, NOW, word, ""


def add_waves(database, users):
    columns = ("id", "name", "state", "created_by", "created_at", "starts_at")
    add(database, "waves", ((n, f"wave-{n}", "running", "carol", NOW, NOW) for n in range(1, WAVES + 1)), columns)
    members = ((1 + n % WAVES, n, True, "planned") for n in range(1, users + 1))
    add(database, "wave_users", members, ("wave", "user_ref", "active", "why"))
    approved = ((1 + n % WAVES, "cut", n, "0" * 64, "erin", NOW, NOW) for n in range(1, users + 1))
    columns = ("wave", "stage", "user_ref", "subject_hash", "approver", "at", "expires_at")
    add(database, "approvals", approved, columns)


def seconds(folder, *words):
    """Best of five runs of the whole command."""
    environ = {**os.environ, "MIGRATOR_CONFIG": str(folder / "config.yaml")}
    best = float("inf")
    for _ in range(5):
        begun = perf_counter()
        done = subprocess.run([sys.executable, "-m", "migrator", *words], env=environ, capture_output=True, check=False)
        best = min(best, perf_counter() - begun)
        if done.returncode:
            raise SystemExit(done.stderr.decode())
    return best, done.stdout


def figures(users=USERS):
    """The dashboard and its JSON, over as many users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'migrator.db'}"
        (folder / "config.yaml").write_text(json.dumps({"database": url}), encoding="utf-8")
        upgrade(url)
        fill(folder / "migrator.db", users)
        shown, _ = seconds(folder, "status")
        told, answer = seconds(folder, "status", "--json")
        counted = json.loads(answer)["users"]["total"]
        if counted != users:
            raise SystemExit(f"status tells of {counted} users, there are {users}")
    yield Figure(f"status of {users:,} users", shown, "s", limit=LIMIT, less_is_better=True)
    yield Figure(f"status --json of {users:,} users", told, "s", limit=LIMIT, less_is_better=True)


if __name__ == "__main__":
    from benchmarks.figures import table

    print(table(list(figures(int(sys.argv[1]) if len(sys.argv) > 1 else USERS))))
