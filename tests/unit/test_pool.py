"""Threads over accounts: in order, errors as results, and nothing begun after an interruption."""

from threading import Event, Timer

import pytest

from migrator.adapters.pool import ThreadPool
from migrator.domain.errors import Refused


def test_results_come_in_the_order_of_the_items_and_errors_among_them():
    def half(n) -> int:
        if n % 2:
            raise Refused(f"{n} is odd")
        return n // 2

    for pool in (ThreadPool(1), ThreadPool(4)):
        found = [(n, str(got)) for n, got in pool.each(half, range(4))]
        assert found == [(0, "0"), (1, "1 is odd"), (2, "1"), (3, "3 is odd")]


def test_an_interruption_begins_no_further_account_and_tells_those_at_work():
    pool, begun, go_on, seen = ThreadPool(2), [], Event(), []

    def work(n) -> int:
        begun.append(n)
        if n == 0:
            return n
        assert go_on.wait(20)
        seen.append(pool.stopped)
        return n

    results = pool.each(work, range(10))
    assert next(results) == (0, 0)
    Timer(0.2, go_on.set).start()
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert max(begun) < 4
    assert set(seen) == {True}
    assert pool.stopped


def test_a_pool_serves_again_after_an_interruption():
    pool = ThreadPool(2)
    results = pool.each(str, range(3))
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert [got for _, got in pool.each(str, range(2))] == ["0", "1"]
    assert not pool.stopped
