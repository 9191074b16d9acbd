"""The record out and checked: `verify` says what it can see, `export` gives what to keep elsewhere."""

import json
from collections.abc import Iterable

from migrator.domain.canonical import canonical
from migrator.domain.errors import UsageError
from migrator.domain.record import Link, Verdict
from migrator.domain.record import verify as check
from migrator.ports.tools import Tools


def verify(tools: Tools, *anchors: tuple[int, str]) -> Verdict:
    """Recompute the chain in the database; `anchors` are heads that were kept elsewhere."""
    with tools.store.read() as work:
        work.record.freeze()
        return check(work.record.links(), work.record.head(), *anchors)


def verify_file(text: str, *anchors: tuple[int, str]) -> Verdict:
    """Recompute the chain of an exported file, from the file alone."""
    return check(_links(text), None, *anchors)


def export(tools: Tools) -> tuple[list[str], tuple[int, str]]:
    """Every entry as a line of canonical JSON, and the head."""
    with tools.store.read() as work:
        work.record.freeze()
        lines = [canonical({name: getattr(link, name) for name in Link.__slots__}) for link in work.record.links()]
        return lines, work.record.head()


def _links(text: str) -> Iterable[Link]:
    # Not splitlines: an entry may hold a line separator of Unicode's.
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        try:
            yield Link(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise UsageError(f"line {number} is no entry of the record") from error
