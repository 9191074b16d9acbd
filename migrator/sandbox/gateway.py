"""The one path that every request takes: read, authenticate, judge, answer, record; one request at a time.

moto's backends are dictionaries without locks, and a list beside a write in the same account fails (moto-facts §8), so
one lock is held from the first step to the last. That also makes every run of calls the same run.
"""

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.test import run_wsgi_app

from migrator.sandbox import enforcement, faults, last_used, recorder, stale
from migrator.sandbox.answers import Answer, Refusal, header, refused
from migrator.sandbox.calls import ApiCall, read
from migrator.sandbox.dispatch import Dispatcher
from migrator.sandbox.principals import Principal, resolve

LOG = logging.getLogger(__name__)
LOCK = threading.RLock()
"""Held by whoever reads or changes the sandbox's state."""

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Check = Callable[[ApiCall, Principal], None]

CHECKS: list[Check] = []
"""What may refuse a call after it was authenticated and before it takes effect, by raising `Refusal`; faults too."""


class Gateway:
    """The WSGI application in front of moto's."""

    def __init__(self) -> None:
        self._moto = Dispatcher()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            with LOCK:
                call = read(environ, self._moto)
                answer = self._answer(call, environ)
        except ConnectionError:
            _hang_up(environ)
            raise
        headers = list(answer.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            # A body here would be read as the next answer of the same connection.
            start_response(answer.status_line, headers)
            return []
        if header(headers, "Content-Length") is None:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(answer.status_line, headers)
        return [answer.body]

    def _answer(self, call: ApiCall, environ: Environ) -> Answer:
        try:
            principal = resolve(call)
            faults.begin(call, principal)
        except Refusal as refusal:
            # A request that fails authentication leaves no event in CloudTrail.
            return refused(call, refusal)
        if faults.present("reset"):
            raise ConnectionResetError
        answer = self._judged(call, principal, environ)
        last_used.note(call, principal)
        recorder.note(call, principal, answer)
        if faults.present("lost-answer"):
            raise ConnectionAbortedError
        return answer

    def _judged(self, call: ApiCall, principal: Principal, environ: Environ) -> Answer:
        try:
            enforcement.check(call, principal)
            for check in CHECKS:
                check(call, principal)
            return self._made(call, principal, environ)
        except Refusal as refusal:
            return refused(call, refusal)
        except Exception as fault:
            LOG.exception("failed: %s %s", call.service, call.operation)
            return refused(
                call, Refusal("InternalFailure", f"The sandbox failed: {type(fault).__name__}: {fault}", 500)
            )

    def _made(self, call: ApiCall, principal: Principal, environ: Environ) -> Answer:
        old = stale.old_answer(call, principal)
        if old is not None:
            return old
        answer = self._from_moto(call, principal, environ)
        stale.learn(call, principal, answer)
        return answer

    def _from_moto(self, call: ApiCall, principal: Principal, environ: Environ) -> Answer:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = principal.account
        environ["sandbox.principal"] = principal
        environ["sandbox.call"] = call
        try:
            body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        except NotImplementedError as missing:
            LOG.warning("not implemented: %s %s (%s)", call.service, call.operation, missing)
            raise Refusal("NotImplemented", f"The sandbox has no {call.service}:{call.operation}.", 501) from missing
        kept = [(name, value) for name, value in headers if name.lower() not in {"connection", "transfer-encoding"}]
        return Answer(int(status.partition(" ")[0]), tuple(kept), b"".join(body))


def _hang_up(environ: Environ) -> None:
    """Let the caller see a connection that broke instead of an answer."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
