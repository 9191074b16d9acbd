"""The seam at the edge of the network: every attempt at an AWS call is announced, before and after."""

from collections.abc import Callable
from threading import Lock, local
from typing import Any

OnCall = Callable[[str, int], None]
"""Told `before` and `after` of attempt `n`, counted from 1 over all clients; whatever it raises goes out as it is."""


class Attempts:
    """Counts attempts and tells `on_call` about them.

    botocore emits `before-send` and `response-received` once for each HTTP attempt, retries and AssumeRole included. A
    `BaseException` raised there passes through botocore's retries; an answer that cannot be parsed has no `after`.
    """

    def __init__(self, on_call: OnCall) -> None:
        self._on_call = on_call
        self._lock = Lock()
        self._count = 0
        self._mine = local()

    def watch(self, session: Any) -> None:
        """Listens to every client that this botocore session will make."""
        session.register("before-send", self._before)
        session.register("response-received", self._after)

    def _before(self, **_event: Any) -> None:
        with self._lock:
            self._count += 1
            self._mine.n = self._count
        self._on_call("before", self._mine.n)

    def _after(self, **_event: Any) -> None:
        self._on_call("after", self._mine.n)
