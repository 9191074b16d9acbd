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
    return hashlib.sha256(content.encode()).hexdigest()


def verify(links: Iterable[Link], head: tuple[int, str] | None, anchor: tuple[int, str] | None = None) -> Verdict:
    """Walk the chain. `head` is what the database says is last, `anchor` a head that was kept elsewhere."""
    seq, prev, anchored = 0, GENESIS, 0
    for link in links:
        seq += 1
        why = _wrong(link, seq, prev)
        if not why and anchor and anchor[0] == seq and anchor[1] != link.hash:
            why = f"entry {seq} is not the one that the kept head names"
        if why:
            return Verdict(seq, intact=False, first_bad=seq, anchored=anchored, why=why)
        prev = link.hash
        if anchor and seq == anchor[0]:
            anchored = seq
    if head is not None and head != (seq, prev):
        return Verdict(seq, intact=False, first_bad=seq + 1, anchored=anchored, why=f"the head names entry {head[0]}")
    if anchor and anchor[0] > seq:
        return Verdict(seq, intact=False, first_bad=seq + 1, anchored=anchored, why=f"the kept head is {anchor[0]}")
    return Verdict(seq, intact=True, first_bad=None, anchored=anchored)


def _wrong(link: Link, seq: int, prev: str) -> str:
    if link.seq != seq:
        return f"entry {seq} is missing, {link.seq} stands there"
    if link.prev != prev:
        return f"entry {seq} does not follow its predecessor"
    expected = entry_hash(link.seq, link.at, link.actor, link.event, link.subject, link.details, link.prev)
    return "" if expected == link.hash else f"entry {seq} was changed"
