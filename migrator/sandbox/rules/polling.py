"""Long polls of queues answer at once.

Deviation: none that a caller could tell from an empty queue, but moto sleeps while it waits, and here one request is
served at a time. Source: SQS API, ReceiveMessage, WaitTimeSeconds is the longest time to wait.
"""

import functools
from typing import Any

from moto.sqs.models import SQSBackend


def install() -> None:
    """Never wait."""
    receive = SQSBackend.receive_message

    @functools.wraps(receive)
    def at_once(self: SQSBackend, queue_name: str, count: int, _wait: int, *args: Any) -> Any:
        return receive(self, queue_name, count, 0, *args)

    SQSBackend.receive_message = at_once
