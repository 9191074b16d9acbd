"""Log files added up by several processes: a queue that stays short, and sums that stay small."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from migrator.domain.errors import MigratorError
from migrator.domain.usage import Part, UsageSums

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

BATCH = 16
"""Files handed to a process at once."""
_AHEAD = 2
"""Batches that a process has at hand, so that it never waits for the listing."""
_ROOM = 16 * 2**20

Add = Callable[[Iterable[Part]], UsageSums]


class WorkerDied(MigratorError):
    """A process that was mining is gone: out of memory, or killed."""


def sums_of(
    summing: Callable[[], Add],
    parts: Iterable[Part],
    progress: Callable[[int, int], None] | None = None,
    *,
    workers: int = 1,
) -> UsageSums:
    """The sums of all parts, by so many processes; one works in this process. `progress` hears (files, events)."""
    batches = _batches(parts)
    tell = progress or (lambda _files, _events: None)
    return _here(summing(), batches, tell) if workers == 1 else _Crew(summing, workers, tell).add(batches)


def _here(add: Add, batches: Iterable[Sequence[Part]], tell: Callable[[int, int], None]) -> UsageSums:
    sums = UsageSums()
    _keep_heap()
    for batch in batches:
        sums = add(batch)
        tell(sums.files, sums.events)
    return sums


def _batches(parts: Iterable[Part]) -> Iterator[list[Part]]:
    iterator = iter(parts)
    while batch := [*islice(iterator, BATCH)]:
        yield batch


class _Crew:
    """Processes that are each sent a batch for every batch they finish, and asked for their sums at the end."""

    def __init__(self, summing: Callable[[], Add], workers: int, tell: Callable[[int, int], None]) -> None:
        self._summing = summing
        self._workers = workers
        self._tell = tell
        self._done: dict[Connection, tuple[int, int]] = {}
        self._crew: dict[Connection, BaseProcess] = {}

    def add(self, batches: Iterator[Sequence[Part]]) -> UsageSums:
        """The sums of all batches."""
        try:
            for _ in range(self._workers):
                self._hire()
            self._share_out(batches)
            sums = UsageSums()
            for connection in self._crew:
                self._send(connection, None)
            for connection in self._crew:
                sums.merge(self._receive(connection))
            return sums
        finally:
            self._dismiss()

    def _hire(self) -> None:
        # Spawned: a forked process would inherit threads' locks, and this one's memory.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._summing), daemon=True)
        process.start()
        theirs.close()
        self._crew[ours] = process

    def _share_out(self, batches: Iterator[Sequence[Part]]) -> None:
        open_batches = 0
        for connection in [*self._crew] * _AHEAD:
            open_batches += self._send_next(connection, batches)
        while open_batches:
            ready = set(wait([*self._crew]))
            for connection in self._crew.keys() & ready:
                self._done[connection] = self._receive(connection)
                open_batches += self._send_next(connection, batches) - 1
            files, events = (sum(each) for each in zip(*self._done.values(), strict=True))
            self._tell(files, events)

    def _send_next(self, connection: Connection, batches: Iterator[Sequence[Part]]) -> int:
        batch = next(batches, None)
        if batch is None:
            return 0
        self._send(connection, batch)
        return 1

    def _send(self, connection: Connection, batch: Sequence[Part] | None) -> None:
        try:
            connection.send(batch)
        except OSError as error:
            raise _died() from error

    def _receive(self, connection: Connection) -> Any:
        try:
            answer = connection.recv()
        except (EOFError, OSError) as error:
            raise _died() from error
        if isinstance(answer, MigratorError):
            raise answer
        return answer

    def _dismiss(self) -> None:
        for connection, process in self._crew.items():
            connection.close()
            if process.is_alive():
                process.terminate()
            process.join()


def _died() -> WorkerDied:
    return WorkerDied("a process that was reading log files is gone", next_step="try again with fewer --workers")


def _work(connection: Connection, summing: Callable[[], Add]) -> None:
    """What a process of the crew does: add up what it is sent, say how far it is, and at last send its sums."""
    _keep_heap()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)  # records have no cycles
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            add = summing()
            sums = UsageSums()
            while (batch := connection.recv()) is not None:
                sums = add(batch)
                connection.send((sums.files, sums.events))
            connection.send(sums)
        except MigratorError as error:
            connection.send(error)


def _keep_heap() -> None:
    """Let the C library keep what is freed.

    Once a large block was freed, glibc takes blocks up to that size from its heap rather than from the system each
    time, which costs as much as parsing (mallopt(3), M_MMAP_THRESHOLD). The block itself is never touched.
    """
    bytearray(_ROOM)
