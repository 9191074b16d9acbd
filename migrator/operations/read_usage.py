"""Read what is new in the usage sources into the database; screams are counted in the same unit of work."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from migrator.domain.errors import MigratorError
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
        for parts in _batches(_new_parts(tools, source)):
            batch = [_read(result) for _, result in tools.pool.each(source.read, parts)]
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


def _read(result: PartUsage | MigratorError) -> PartUsage:
    """What was read; a part that could not be asked for at all ends the reading, which goes on from there next time."""
    if isinstance(result, MigratorError):
        raise result
    return result


def _batches(parts: Iterable[Part]) -> Iterator[list[Part]]:
    iterator = iter(parts)
    while batch := [*islice(iterator, BATCH)]:
        yield batch
