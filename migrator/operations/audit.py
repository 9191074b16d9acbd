"""The record out and checked: `verify` says what it can see, `export` gives what to keep elsewhere."""

import json
from collections.abc import Iterable
from datetime import UTC

from migrator.domain.canonical import canonical
from migrator.domain.errors import UsageError
from migrator.domain.record import Link, Verdict
from migrator.domain.record import verify as check
from migrator.ports.store import Entry
from migrator.ports.tools import Tools


def verify(tools: Tools, anchor: tuple[int, str] | None = None) -> Verdict:
    """Recompute the chain in the database; `anchor` is a head that was kept elsewhere."""
    with tools.store.begin() as work:
        return check((_link(entry) for entry in work.record.entries()), work.record.head(), anchor)


def verify_file(text: str, anchor: tuple[int, str] | None = None) -> Verdict:
    """Recompute the chain of an exported file, from the file alone."""
    return check(_links(text), None, anchor)


def export(tools: Tools) -> tuple[list[str], tuple[int, str]]:
    """Every entry as a line of canonical JSON, and the head."""
    with tools.store.begin() as work:
        links = [_link(entry) for entry in work.record.entries()]
        head = work.record.head()
    return [canonical({name: getattr(link, name) for name in Link.__slots__}) for link in links], head


def read_head(text: str) -> tuple[int, str]:
    """A head as `audit export --head` wrote it."""
    try:
        found = json.loads(text)
        return int(found["seq"]), str(found["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("that is no head", next_step="make one: migrator audit export --head FILE") from error


def _links(text: str) -> Iterable[Link]:
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield Link(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise UsageError(f"line {number} is no entry of the record") from error


def _link(entry: Entry) -> Link:
    at = entry.at.astimezone(UTC).isoformat()
    return Link(entry.seq, at, entry.actor, entry.event, entry.subject, entry.details, entry.prev, entry.hash)
