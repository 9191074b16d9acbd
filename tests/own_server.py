"""A PostgreSQL of one's own, which can be stopped and started again; on a port it asks for passwords."""

import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.postgres import Server, account, candidates, initialised, own_folder, start

if TYPE_CHECKING:
    import subprocess

PASSWORD = "p@ss:w/rd"
"""With every character that a URL spells otherwise."""
SPELLED = "p%40ss%3Aw%2Frd"
_BY_PASSWORD = "host all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n"


@dataclass
class OwnServer:
    """Its files are made once; processes come and go. Over its socket everybody is let in, over TCP `ada` is.

    It listens on TCP only where a port is given: while it is down, anybody may take the port.
    """

    folder: Path
    bin: Path
    port: int | None = None
    process: "subprocess.Popen[bytes] | None" = None
    prefix: str = "own"

    @property
    def server(self) -> Server:
        """As the fixtures know servers."""
        return Server(
            f"postgresql://postgres@/postgres?host={self.folder}&port={self.port or 5432}", self.prefix, self.folder
        )

    def url(self, name: str, *, password: str = SPELLED, user: str = "ada") -> str:
        """A database over TCP, as the configuration writes it."""
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start it and wait until it lets somebody in."""
        with (self.folder / "log").open("ab") as log:
            # What was committed must survive the fall of the server, as it does on everybody's.
            words = ["synchronous_commit=on"]
            words += [f"port={self.port}", "listen_addresses=127.0.0.1"] if self.port else []
            self.process = start(self.bin, self.folder, account(), *words, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.server.admin, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text(errors="replace")
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Let it fall at once, or end it in order (SIGINT)."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None

    def restart(self) -> None:
        """Down and up again; who was connected is not any more."""
        self.stop()
        self.start()


@contextmanager
def own_server(*, tcp: bool = False) -> Iterator[OwnServer]:
    """A server of one's own, gone at the end."""
    folder = own_folder()
    made = OwnServer(folder, initialised(list(candidates()), folder, account()), _free_port() if tcp else None)
    (folder / "data" / "pg_hba.conf").write_text(_BY_PASSWORD)
    try:
        made.start()
        with psycopg.connect(made.server.admin, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE ada LOGIN SUPERUSER PASSWORD '{PASSWORD}'".encode())
            connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
