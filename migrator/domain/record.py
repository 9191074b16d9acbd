"""The chain of the record, pure: how an entry is hashed, and how a chain is checked."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from migrator.domain.canonical import canonical

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the chain sees it; `at` is ISO 8601 in UTC, `details` canonical JSON text."""

    seq: int
    at: str
    actor: str
    event: str
    subject: str
    details: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found: entries seen, whether all fit, the first that does not, how many are anchored.

    `anchored` counts the entries up to the head that was kept elsewhere; the tail after it could be cut off unseen.
    """

    entries: int
    intact: bool
    first_bad: int | None
    anchored: int
    why: str = ""


def entry_hash(seq: int, at: str, actor: str, event: str, subject: str, details: str, prev: str) -> str:
    """SHA-256 over the canonical content of an entry and its predecessor's hash."""
    content = canonical([seq, at, actor, event, subject, details, prev])
    # A file from outside may hold half a surrogate pair, which plain UTF-8 cannot carry.
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def verify(links: Iterable[Link], head: tuple[int, str] | None, *anchors: tuple[int, str]) -> Verdict:
    """Walk the chain. `head` is what the database says is last, `anchors` are heads that were kept elsewhere."""
    kept = _by_entry(anchors)
    seq, prev, anchored = 0, GENESIS, 0
    for link in links:
        seq += 1
        why = _wrong(link, seq, prev)
        if not why and kept.get(seq, {link.hash}) != {link.hash}:
            why = f"entry {seq} is not the one that the kept head names"
        if why:
            return Verdict(seq, intact=False, first_bad=seq, anchored=anchored, why=why)
        prev = link.hash
        if seq in kept:
            anchored = seq
    bad, why = _wrong_end(seq, prev, head, max(kept, default=0))
    return Verdict(seq, intact=not why, first_bad=bad, anchored=anchored, why=why)


def _by_entry(anchors: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    kept: dict[int, set[str]] = {}
    for seq, digest in anchors:
        kept.setdefault(seq, set()).add(digest)
    return kept


def _wrong_end(seq: int, last: str, head: tuple[int, str] | None, newest: int) -> tuple[int | None, str]:
    """The first entry that is wrong at the end of a chain of `seq` whole entries, and why."""
    if newest > seq:
        return seq + 1, f"the kept head is {newest}"
    if head is None or head == (seq, last):
        return None, ""
    named = head[0] if isinstance(head[0], int) else seq + 1
    return (seq if named == seq else min(seq, named) + 1), f"the head names entry {head[0]}"


def _wrong(link: Link, seq: int, prev: str) -> str:
    if link.seq != seq:
        return f"entry {seq} is missing, {link.seq} stands there"
    if link.prev != prev:
        return f"entry {seq} does not follow its predecessor"
    expected = entry_hash(link.seq, link.at, link.actor, link.event, link.subject, link.details, link.prev)
    return "" if expected == link.hash else f"entry {seq} was changed"
