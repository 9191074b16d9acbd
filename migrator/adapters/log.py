"""Structured logs on stderr: one line an event, as text for people or as JSON for machines.

Every event of a user's transition carries the same `transition` (`ACCOUNT_ID/USER_NAME#RUN`), so that one search tells
its whole story. Facts hold names, ids and outcomes; never a document, never a secret.
"""

import json
import sys
import unicodedata
from collections.abc import Callable
from typing import Any, TextIO

from migrator.ports.store import Entry

_FACTS = ("run", "kind", "target", "outcome", "status", "from", "to", "wave", "reason", "error", "title", "channel")
"""What of an entry's details is logged."""

_FIRST = ("timestamp", "level", "event", "transition")

_BAD = ("failed", "refused", "abandoned", "not told")
"""Parts of events that somebody should look at."""

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def make_log(level: str, format: str, stream: TextIO | None = None) -> Callable[..., None]:  # noqa: A002  # the setting's name
    """Return `log(event, level="info", **facts)`; `format` is `text` or `json`."""
    import structlog  # noqa: PLC0415  # 90 ms, and only for who logs

    shown = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], repr_native_str=False)
    )
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper("iso"), _plain, shown],
    )

    def log(event: str, level: str = "info", **facts: object) -> None:
        logger.log(LEVELS[level], event, **facts)

    return log


def record_log(log: Callable[..., None]) -> Callable[[Entry, str], None]:
    """Log each entry of the record, when it is there for good: what is logged is what happened."""

    def told(entry: Entry, user: str) -> None:
        details = json.loads(entry.details)
        facts = {name: details[name] for name in _FACTS if details.get(name)} if isinstance(details, dict) else {}
        run = facts.pop("run", None)
        if run is not None:
            facts["transition"] = f"{user or entry.subject}#{run}"
        level = "warning" if any(word in entry.event for word in _BAD) else "info"
        log(entry.event, level, subject=entry.subject, **({"user": user} if user else {}), actor=entry.actor, **facts)

    return told


def _plain(_logger: Any, _name: str, event: Any) -> Any:
    """No control character of a name that a stranger chose reaches a terminal or begins a line."""
    ordered = {name: event[name] for name in _FIRST if name in event} | event
    return {key: _shown(value) if isinstance(value, str) else value for key, value in ordered.items()}


def _shown(text: str) -> str:
    return "".join(c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text)
