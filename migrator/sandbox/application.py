"""What listens: the control interface under `/sandbox/`, AWS under everything else."""

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from migrator.sandbox import bootstrap, control_api, faults, last_used, rules
from migrator.sandbox.gateway import CHECKS, Environ, Gateway, StartResponse


class QuietRequests(MotoRequestHandler):
    """Requests without a line in the log each; keep-alive, as boto3 expects."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the recorder keeps what happened."""


class Application:
    """Sends each request to the control interface or to AWS."""

    def __init__(self) -> None:
        self._gateway = Gateway()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        answers = control_api.respond if environ.get("PATH_INFO", "").startswith(control_api.PREFIX) else self._gateway
        answer = answers(environ, start_response)
        _expect_no_more(environ)
        return answer


def _expect_no_more(environ: Environ) -> None:
    """Say that the request was read whole: werkzeug waits ten milliseconds for the rest of every one otherwise."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)


def serve(address: str, port: int) -> None:
    """Install the rules, reset to the empty organization and serve for ever."""
    last_used.install()
    rules.install()
    CHECKS.insert(0, faults.refuse)
    bootstrap.reset()
    server = make_server(address, port, Application(), threaded=True, request_handler=QuietRequests)
    threading.Thread(target=control_api.deliver_for_ever, daemon=True, name="delivery").start()
    print(f"http://{address}:{server.server_port}", flush=True)  # noqa: T201 - the launcher reads the address
    server.serve_forever()
