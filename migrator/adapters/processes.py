"""Who is at work: a name for this process, and whether another one is dead for sure."""

import os
import secrets
import socket


def worker_name() -> str:
    """`HOST:PID:RANDOM`, new for every invocation."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def is_gone(worker: str) -> bool:
    """Whether that worker ran on this host and its process is no more; elsewhere only the lease can tell."""
    host, _, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
