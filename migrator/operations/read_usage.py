"""Read what is new in the usage sources into the database; screams are counted in the same unit of work."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from migrator.domain.usage import Part, PartUsage
from migrator.operations.hear import hear
from migrator.ports.tools import Tools, UsageSource

BATCH = 64
"""Log files a transaction: small enough that others get their turn, large enough to be quick."""


@dataclass(frozen=True, slots=True)
class UsageRead:
    """What a reading came to: files and events read, files that could not be, screams heard, what nobody looked at."""

    files: int = 0
    events: int = 0
    bad: tuple[tuple[str, str], ...] = ()
    screams: int = 0
    not_checked: tuple[str, ...] = ()


def read_usage(tools: Tools) -> UsageRead:
    """Read every part that is new or changed since the last reading, of the look-back only."""
    now = tools.clock.now()
    files = events = screams = 0
    bad: list[tuple[str, str]] = []
    for source in tools.sources:
        for batch in _batches(source.read(part) for part in _new_parts(tools, source)):
            with tools.store.begin() as work:
                refusals = work.usage.add(batch, now)
                screams += hear(tools, work, refusals, batch)
                work.commit()
            files += len(batch)
            events += sum(usage.events for usage in batch)
            bad += [(usage.part.key, usage.bad) for usage in batch if usage.bad]
            tools.tell(f"read {files} log files, {events} events")
    with tools.store.begin() as work:
        work.usage.note_reading(now)
        work.commit()
    unread = tuple(f"usage source {kind}: this version does not read it" for kind in tools.rules.unread_sources)
    return UsageRead(files, events, tuple(bad), screams, unread)


def _new_parts(tools: Tools, source: UsageSource) -> Iterator[Part]:
    with tools.store.read() as work:
        known = work.usage.parts(source.source)
    now = tools.clock.now()
    for part in source.list_parts(now - tools.rules.lookback, now, None):
        if known.get(part.key) != part.etag:
            yield part


def _batches(usages: Iterable[PartUsage]) -> Iterator[list[PartUsage]]:
    iterator = iter(usages)
    while batch := list(islice(iterator, BATCH)):
        yield batch
