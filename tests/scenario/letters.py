"""A letter box: the channels of a configuration, as a small HTTP server that keeps what arrives, and when."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import unquote


@dataclass(frozen=True)
class Received:
    """A letter as it arrived; `to` is `ops` or a person's address."""

    at: datetime
    to: str
    title: str
    body: str


@dataclass
class LetterBox:
    """Everything that arrived so far."""

    port: int = 0
    letters: list[Received] = field(default_factory=list)

    @property
    def channels(self) -> tuple[str, str]:
        """The channel for whoever runs the migration, and the one of the persons, as Apprise writes them."""
        return f"json://127.0.0.1:{self.port}/ops", f"json://127.0.0.1:{self.port}/{{email}}"

    def to(self, who: str, words: str = "") -> list[Received]:
        """What somebody was told, of which the title has these words."""
        return [letter for letter in self.letters if letter.to == who and words in letter.title]


@contextmanager
def letter_box(now: Callable[[], datetime]) -> Iterator[LetterBox]:
    """An open letter box on this machine."""
    box = LetterBox()

    class Slot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            box.letters.append(Received(now(), unquote(self.path).strip("/"), said["title"], said["message"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Slot)
    box.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    yield box
    server.shutdown()
    server.server_close()
