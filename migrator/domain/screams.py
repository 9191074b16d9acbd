"""Screams: evidence that something still needs the old credentials after they were cut."""

from dataclasses import dataclass
from datetime import datetime

UNSETTLED = frozenset({"open", "not-checked"})
"""Dispositions of screams that nobody has answered."""


@dataclass(frozen=True, slots=True)
class Scream:
    """Refusals of one user with the same signal, event, address and agent, counted.

    `signal` is `refused-call`, `console-sign-in`, `key-used` or `reported`; `disposition` is `open`, `rolled-back`,
    `dismissed` or `not-checked`; `event_source` is CloudTrail's.
    """

    id: int
    user: int
    signal: str
    event_source: str
    event_name: str
    address: str
    agent: str
    count: int
    first: datetime
    last: datetime
    disposition: str = "open"
    reason: str = ""
    version: int = 0
