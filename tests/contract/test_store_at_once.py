"""Two processes at the same rows at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from migrator.domain.rules import Rules
from tests.builders import ACCOUNT, NOW, a_part, a_run, a_usage_fact, recorded

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def test_a_log_file_that_two_workers_read_at_once_counts_once(store):
    together = Barrier(2)

    def read(_worker) -> None:
        for n in range(5):
            with store.begin() as work:
                part = a_part(f"{n}.json.gz", facts=[a_usage_fact(calls=1)])
                if store.guarded:
                    together.wait()
                work.usage.add([part], NOW)
                work.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, "ab"))
    with store.begin() as work:
        assert [fact.calls for fact in work.usage.facts([ALICE], NOW - Rules().lookback)[ALICE]] == [5]


def test_who_begins_a_run_sees_what_others_began(store):
    recorded(store, "alice", "bob")
    together = Barrier(2)

    def begin(user) -> bool:
        together.wait()
        with store.begin() as work:
            work.journal.queue()
            if work.journal.unfinished():
                return False
            work.journal.start(a_run(f"user:{user}", kind="quarantine"), [], "")
            work.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, (1, 2))) == [False, True]
    with store.begin() as work:
        assert work.dossiers([1], NOW, Rules().lookback)[0].population.under_test == 1
