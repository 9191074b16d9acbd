"""Work over accounts by threads of this process. Work is data: a function and its items, never a closure over state."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from migrator.domain.errors import DatabaseFailed, MigratorError

Item = TypeVar("Item")
Result = TypeVar("Result")


class ThreadPool:
    """The port's `Pool`: at most `size` items at once; size 1 runs in the caller's thread, in order."""

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._stopped = Event()
        self._asked = Event()

    @property
    def stopped(self) -> bool:
        """Whether the last call was interrupted or a stop was asked for: whoever is at work ends at a good place."""
        return self._stopped.is_set() or self._asked.is_set()

    def stop(self) -> None:
        """Ask everything that uses this pool to end at the next good place, for ever."""
        self._asked.set()

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | MigratorError]]:
        """Each item with its result, in the items' order; what the domain knows as an error is a result too.

        Raises DatabaseFailed: without the database no item can go on.
        """
        work = list(items)
        self._stopped.clear()
        if self._size == 1 or len(work) <= 1:
            yield from ((item, _attempt(function, item)) for item in work)
            return
        with ThreadPoolExecutor(self._size, thread_name_prefix="account") as executor:
            futures = [executor.submit(_attempt, function, item) for item in work]
            try:
                for item, future in zip(work, futures, strict=True):
                    yield item, future.result()
            except BaseException:
                self._stopped.set()
                executor.shutdown(wait=False, cancel_futures=True)
                raise


def _attempt(function: Callable[[Item], Result], item: Item) -> Result | MigratorError:
    try:
        return function(item)
    except DatabaseFailed:
        raise  # every item needs it
    except MigratorError as error:
        return error
