"""A proxy before an endpoint that counts requests, and lets each take as long as a network would."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread, local
from time import sleep
from urllib.parse import parse_qs, urlsplit

HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding"))


class Counting(ThreadingHTTPServer):
    """Forwards everything to `endpoint`, `delay` seconds late; `made` counts requests by operation."""

    daemon_threads = True

    def __init__(self, endpoint, delay):
        super().__init__(("127.0.0.1", 0), Forward)
        self.target = urlsplit(endpoint).netloc
        self.delay = delay
        self.made = Counter()
        self.lock = Lock()
        self.mine = local()

    @property
    def url(self):
        """Where to send requests instead."""
        return f"http://127.0.0.1:{self.server_port}"

    def note(self, headers, body):
        """Count a request by the operation that its body or header names."""
        query = parse_qs(body.decode(errors="replace")) if body.startswith(b"Action=") else {}
        name = query.get("Action", [headers.get("X-Amz-Target", "other").rsplit(".", 1)[-1]])[0]
        with self.lock:
            self.made[name] += 1


class Forward(BaseHTTPRequestHandler):
    """One connection of a client, and one of ours behind it."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.behind = HTTPConnection(self.server.target)

    def finish(self):
        self.behind.close()
        super().finish()

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.note(self.headers, body)
        sleep(self.server.delay)
        self.behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP and name.lower() != "expect":
                self.behind.putheader(name, value)
        self.behind.endheaders(body)
        self.give(self.behind.getresponse())

    def give(self, answer):
        """Send an answer on as it came."""
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = forward  # noqa: N815  # the names that http.server looks for

    def log_message(self, *_words):
        """Say nothing."""


@contextmanager
def counting(endpoint, delay=0.0) -> Iterator[Counting]:
    """A counting proxy before an endpoint, for as long as the block lasts."""
    proxy = Counting(endpoint, delay)
    thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
