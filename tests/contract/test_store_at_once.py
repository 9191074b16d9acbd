"""Two processes at the same rows at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from migrator.adapters.store import tables as t
from migrator.adapters.store import work_tables as w
from migrator.domain.errors import DatabaseFailed
from migrator.domain.gates.result import GateResult
from migrator.domain.journal import RunStatus
from migrator.domain.lifecycle import Move, State
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


REPLACED = {
    "gates": lambda work, user: work.put_gates({user: (Move.MAP, [GateResult("not-held", open=True, why="")])}, NOW),
    "references": lambda work, user: work.usage.refer([user], [], ["code"], NOW),
}


@pytest.mark.parametrize("what", REPLACED)
def test_who_replaces_the_same_rows_at_once_waits_and_replaces_them_again(store, what):
    (alice,) = recorded(store, "alice")

    def replace() -> None:
        with store.begin() as work:
            REPLACED[what](work, alice.id)
            work.commit()

    replace()
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            REPLACED[what](first, alice.id)
            second = pool.submit(replace)
            with pytest.raises(TimeoutError):
                second.result(0.3)
            first.commit()
        second.result()
    table = t.gate_results if what == "gates" else t.name_references
    with store.engine.connect() as do:
        assert len(do.execute(select(table)).all()) == (1 if what == "gates" else 2)


def test_the_database_refuses_a_second_open_run_whatever_code_forgets(store):
    with store.begin() as work:
        run = work.journal.start(a_run("user:1", kind="quarantine"), [], "")
        work.commit()
    row = {c.name: c for c in w.runs.c if c.name != "id"}
    again = insert(w.runs).from_select(list(row), select(*row.values()).where(w.runs.c.id == run.id))
    with pytest.raises(IntegrityError), store.engine.begin() as do:
        do.execute(again)
    with store.begin() as work:
        work.journal.finish(run, RunStatus.FAILED, NOW)
        work.commit()
    with store.engine.begin() as do:
        do.execute(again)  # what has ended may be there as often as it was


def test_a_reader_waits_for_nobody_who_writes_and_sees_what_was_there_before(store):
    (alice,) = recorded(store, "alice")
    with store.begin() as writing:
        writing.users.move(alice, State.MAPPED, NOW)
        with store.read() as reading:
            assert reading.users.get(alice.id).state == State.DISCOVERED
        writing.commit()
    with store.read() as reading:
        assert reading.users.get(alice.id).state == State.MAPPED


def test_a_writer_waits_for_nobody_who_reads(store):
    (alice,) = recorded(store, "alice")
    with store.read() as reading:
        assert reading.users.get(alice.id).state == State.DISCOVERED
        with store.begin() as writing:
            writing.users.move(alice, State.MAPPED, NOW)
            writing.commit()


def test_who_only_reads_cannot_write(store):
    (alice,) = recorded(store, "alice")
    with pytest.raises(DatabaseFailed, match=r"read-?only"), store.read() as reading:
        reading.users.move(alice, State.MAPPED, NOW)
    with pytest.raises(RuntimeError), store.read() as reading:
        reading.commit()
    with store.begin() as writing:  # the same connection writes again
        writing.users.move(alice, State.MAPPED, NOW)
        writing.commit()
