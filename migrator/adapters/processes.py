"""Who is at work: a name for this process, and whether another one is dead for sure."""

import os
import secrets
import socket
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_PROC = Path("/proc")


def worker_name() -> str:
    """`HOST:PID:WHERE.START.RANDOM`, new for every invocation.

    `WHERE` stands for this boot of the machine and the place in which its process ids count (a container has its own),
    `START` for when the process began: a number is given again. Both are empty where the system does not tell.
    """
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_where()}.{_start(pid)}.{secrets.token_hex(3)}"


def is_gone(worker: str) -> bool:
    """Whether that worker ran where our process ids count, and its process is no more.

    Elsewhere, and in containers that merely are called the same, only the lease can tell.
    """
    host, _, rest = worker.partition(":")
    number, _, token = rest.partition(":")
    where, _, more = token.partition(".")
    start = more.partition(".")[0]
    if host != socket.gethostname() or not number.isdigit() or not where or where != _where():
        return False
    return not _lives(int(number)) or (bool(start) and _start(int(number)) not in ("", start))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _where() -> str:
    """This boot and this namespace of process ids, as a few letters (proc(5); pid_namespaces(7))."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        return sha256(f"{boot}{(_PROC / 'self/ns/pid').readlink()}".encode()).hexdigest()[:8]
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When a process began, in ticks since the boot: field 22 of its status (proc(5)); empty where nobody tells."""
    with suppress(OSError, IndexError):
        # The second field is the program's name in parentheses, which may hold anything.
        return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    return ""
