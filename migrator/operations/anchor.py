"""The record and its head kept elsewhere, and read back: what anchors the chain against whoever owns the database."""

import json
from collections.abc import Sequence
from datetime import timedelta

from migrator.domain.errors import NotFound, UsageError
from migrator.operations.audit import export
from migrator.ports.archive import Kept
from migrator.ports.tools import Tools


def keep(tools: Tools, location: str, retain: timedelta) -> tuple[Sequence[Kept], tuple[int, str]]:
    """Write the record, then its head, under names that hold the number of the last entry; older ones stay.

    They are locked for `retain` where the bucket can lock and has no rule of its own. Also gives the head.
    """
    lines, (seq, digest) = export(tools)
    until = tools.clock.now() + retain
    place = location.rstrip("/")
    record = "".join(f"{line}\n" for line in lines).encode()
    kept = [
        tools.archive.keep(f"{place}/record-{seq:012}.jsonl", record, until),
        tools.archive.keep(f"{place}/head-{seq:012}.json", written(seq, digest).encode(), until),
    ]
    return kept, (seq, digest)


def heads(tools: Tools, location: str) -> list[tuple[int, str]]:
    """Every head that is kept at a location, or the one whose object it names; raises NotFound where there is none."""
    one = location.endswith(".json")
    found = tools.archive.versions(location if one else f"{location.rstrip('/')}/head-")
    known = [read_head(body, at) for at, body in found]
    if not known:
        raise NotFound(f"no head is kept at {location}", next_step=f"make one: migrator audit export --to {location}")
    return known


def written(seq: int, digest: str) -> str:
    """A head as it is kept: one line of JSON."""
    return json.dumps({"seq": seq, "hash": digest}) + "\n"


def read_head(text: str | bytes, where: str = "that") -> tuple[int, str]:
    """A head as it was kept."""
    try:
        found = json.loads(text)
        return int(found["seq"]), str(found["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where} is no head", next_step="make one: migrator audit export --head FILE") from error
