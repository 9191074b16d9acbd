"""Start and stop the sandbox's process, from any Python without importing moto."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from migrator.sandbox.control import Control

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: the endpoint to give to every AWS client, and the process to end."""

    endpoint: str
    pid: int

    @property
    def control(self) -> Control:
        """The sandbox's control interface."""
        return Control(self.endpoint)


class NotStarted(Exception):
    """The sandbox's process ended or stayed silent instead of answering."""


def start(*, detached: bool = False, log: Path | None = None, port: int | None = None) -> Sandbox:
    """Start a sandbox and wait until it answers.

    A detached one survives its parent and the terminal; its complaints go to `log`. Raises `NotStarted`.
    """
    chosen = port or _free_port()
    if Control(f"http://127.0.0.1:{chosen}").answers():
        raise NotStarted(f"another sandbox listens on port {chosen} already; see its log")
    command = [sys.executable, "-m", "migrator.sandbox.server", "--port", str(chosen)]
    with (log or Path(os.devnull)).open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, nothing from outside
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=detached
        )
    sandbox = Sandbox(f"http://127.0.0.1:{chosen}", process.pid)
    _wait_until_it_answers(sandbox, process, log)
    # Popen warns when it is forgotten while its process lives; whoever holds the Sandbox owns the process now.
    process.returncode = 0
    return sandbox


def stop(sandbox: Sandbox) -> None:
    """End a sandbox's process and wait until it is gone; one that is gone already is fine."""
    deadline = time.monotonic() + _STOP_SECONDS
    sign = signal.SIGTERM
    while _alive(sandbox.pid):
        try:
            os.kill(sandbox.pid, sign)
        except ProcessLookupError:
            return
        if time.monotonic() > deadline:
            sign = signal.SIGKILL
        time.sleep(_POLL_SECONDS)


def _wait_until_it_answers(sandbox: Sandbox, process: "subprocess.Popen[bytes]", log: Path | None) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not sandbox.control.answers():
        if process.poll() is not None:
            raise NotStarted(f"the sandbox ended with status {process.returncode}; see {log or 'its log'}")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise NotStarted(f"the sandbox did not answer within {_START_SECONDS:.0f} seconds; see {log or 'its log'}")
        time.sleep(_POLL_SECONDS)


def _alive(pid: int) -> bool:
    try:
        # A child that ended stays a zombie until it is asked for.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
