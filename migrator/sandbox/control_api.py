"""The control interface over HTTP: `POST /sandbox/<command>` with a JSON object, answered with a JSON object.

Commands are the public functions of `control_commands`; an error is `{"error": text}` with status 400.
"""

import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from migrator.sandbox import control_commands
from migrator.sandbox.answers import Answer, answer_json
from migrator.sandbox.gateway import LOCK, Environ, StartResponse

LOG = logging.getLogger(__name__)
PREFIX = "/sandbox/"
_DELIVERY_SECONDS = 2.0


def respond(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one command."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    with LOCK:
        answer = _answer(environ["PATH_INFO"].removeprefix(PREFIX).strip("/"), body)
    start_response(answer.status_line, list(answer.headers))
    return [answer.body]


def deliver_for_ever() -> None:
    """Deliver CloudTrail files every two real seconds, as long as the process lives."""
    while True:
        time.sleep(_DELIVERY_SECONDS)
        with LOCK:
            try:
                control_commands.deliver()
            except Exception:
                LOG.exception("delivery failed")


def _answer(name: str, body: bytes) -> Answer:
    command = control_commands.COMMANDS.get(name)
    if command is None:
        return answer_json({"error": f"no command {name!r}; there are {sorted(control_commands.COMMANDS)}"}, 404)
    try:
        arguments: dict[str, Any] = json.loads(body or b"{}")
        return answer_json(command(**arguments))
    except (TypeError, ValueError, KeyError) as wrong:
        LOG.debug("command %s failed", name, exc_info=True)
        return answer_json({"error": f"{type(wrong).__name__}: {wrong}"}, 400)
