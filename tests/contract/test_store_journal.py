"""The journal and the append-only tables: one run a subject, fences, outcomes once, and a database that refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from migrator.adapters.store.schema import APPEND_ONLY, metadata
from migrator.domain.changes import Change
from migrator.domain.errors import Busy, Unreachable
from migrator.domain.journal import Outcome, RunStatus
from tests.builders import LEASE, NOW, a_change, a_run, recorded

LATER = NOW + timedelta(hours=1)
TWO = (a_change(), a_change("AKIATWO"))


def write(store, act):
    with store.begin() as work:
        result = act(work)
        work.commit()
    return result


def start(store, *changes: Change, run=None):
    return write(store, lambda work: work.journal.start(run or a_run(), changes or TWO, "facts"))


def steps(store, run):
    with store.begin() as work:
        return work.journal.steps(run)


def conclude(store, run, seq, outcome):
    return write(store, lambda work: work.journal.conclude(work.journal.steps(run)[seq], outcome, LATER))


def test_a_run_is_read_back_with_its_changes_in_order(store):
    run = start(store, run=a_run(reason="wave 1", wave="wave-1"))
    with store.begin() as work:
        assert work.journal.running("user:1") == run
        assert work.journal.unfinished() == [run]
    assert [(step.seq, step.change, step.outcome, step.question) for step in steps(store, run)] == [
        (0, TWO[0], None, False),
        (1, TWO[1], None, False),
    ]


@pytest.mark.parametrize("value", [None, True, {"a": [1, None]}, "arn:aws:iam::aws:policy/P"])
def test_any_json_goes_into_a_change_and_comes_back(store, value):
    change = Change("permissions-boundary", ("111122223333", "ålice/\x1b"), value, None)
    assert steps(store, start(store, change))[0].change == change


def test_a_subject_has_one_running_run(store):
    start(store)
    with pytest.raises(Busy, match="user:1 is being moved"):
        start(store)
    assert start(store, run=a_run("user:2")).id


def test_a_subject_is_free_again_when_its_run_ended(store):
    run = start(store)
    write(store, lambda work: work.journal.finish(run, RunStatus.DONE, LATER))
    with store.begin() as work:
        assert work.journal.running("user:1") is None
    assert start(store).id == run.id + 1


def test_who_was_taken_over_can_write_no_more(store):
    zombie = start(store)
    owner = write(store, lambda work: work.journal.take_over(zombie, "host:2:b", LATER))
    assert (owner.fence, owner.worker) == (zombie.fence + 1, "host:2:b")
    for act in (
        lambda work: work.journal.hold(zombie, LATER),
        lambda work: work.journal.finish(zombie, RunStatus.DONE, LATER),
        lambda work: work.journal.take_over(zombie, "host:3:c", LATER),
    ):
        with pytest.raises(Busy):
            write(store, act)
    write(store, lambda work: work.journal.hold(owner, LATER + LEASE))
    with store.begin() as work:
        assert work.journal.running("user:1") == replace(owner, lease_until=LATER + LEASE)


def test_an_ended_run_is_held_by_nobody(store):
    run = start(store)
    write(store, lambda work: work.journal.finish(run, RunStatus.DONE, LATER))
    with pytest.raises(Busy):
        write(store, lambda work: work.journal.hold(run, LATER))


def test_an_intent_makes_a_question_and_an_outcome_answers_it(store):
    run = start(store)
    step = write(store, lambda work: work.journal.intend(work.journal.steps(run)[0], LATER))
    assert steps(store, run)[0] == step
    assert (step.question, step.attempts, step.intent_at) == (True, 1, LATER)
    write(store, lambda work: work.journal.conclude(step, Outcome.FAILED, LATER, "no"))
    answered = steps(store, run)[0]
    assert (answered.question, answered.outcome, answered.error) == (False, Outcome.FAILED, "no")


def test_an_outcome_is_set_once(store):
    run = start(store)
    step = conclude(store, run, 0, Outcome.DONE)
    for act in (
        lambda work: work.journal.conclude(step, Outcome.FAILED, LATER),
        lambda work: work.journal.intend(step, LATER),
    ):
        with pytest.raises(Busy, match="concluded by somebody else"):
            write(store, act)
    with pytest.raises(DBAPIError, match="set once"), store.engine.begin() as connection:
        connection.execute(text("UPDATE changes SET outcome = 'failed' WHERE seq = 0"))


def test_an_outcome_that_nobody_knows_is_refused(store):
    start(store)
    with pytest.raises(DBAPIError), store.engine.begin() as connection:
        connection.execute(text("UPDATE changes SET outcome = 'maybe'"))


def test_only_what_was_done_counts_and_only_of_those_kinds_oldest_first(store):
    first = start(store, *TWO, a_change("AKIATHREE"))
    for seq, outcome in enumerate((Outcome.DONE, Outcome.UNCHANGED, Outcome.REFUSED)):
        conclude(store, first, seq, outcome)
    write(store, lambda work: work.journal.finish(first, RunStatus.FAILED, LATER))
    back = a_change(before="Inactive", after="Active")
    second = start(store, back, run=a_run(kind="rollback"))
    conclude(store, second, 0, Outcome.DONE)
    with store.begin() as work:
        assert work.journal.done("user:1", ("deactivate", "rollback")) == [TWO[0], back]
        assert work.journal.done("user:1", ("rollback",)) == [back]
        assert work.journal.done("user:2", ("rollback",)) == []


def test_a_thing_is_ours_from_its_creation_to_its_deletion(store):
    target = ("111122223333", "arn:aws:iam::111122223333:policy/migrator-quarantine")

    def created() -> bool:
        with store.begin() as work:
            return work.journal.created("managed-policy", target)

    story = [created()]
    for before, after in ((None, {"a": 1}), ({"a": 1}, {"a": 2}), ({"a": 2}, None)):
        run = start(store, Change("managed-policy", target, before, after))
        conclude(store, run, 0, Outcome.DONE)
        write(store, lambda work, run=run: work.journal.finish(run, RunStatus.DONE, LATER))
        story.append(created())
    assert story == [False, True, True, False]


# -- what the database itself refuses ----------------------------------------------------------------------------------

ROWS = {
    "readings": "INSERT INTO readings (id, account_id, at, complete) VALUES (1, '1', '2026-01-01', true)",
    "documents": "INSERT INTO documents (sha256, body) VALUES ('abc', '{}')",
    "snapshots": "INSERT INTO snapshots (id, user_ref, at, reason, sha256) VALUES (99, 1, '2026-01-01', 'x', 'abc')",
    "evidence": (
        "INSERT INTO evidence (id, user_ref, claim, confidence, source, observed_at, not_checked) "
        "VALUES (99, 1, 'kind', 1, 'x', '2026-01-01', '[]')"
    ),
    "decisions": (
        "INSERT INTO decisions (id, subject, what, reason, actor, at) VALUES (1, 'user:1', 'x', '', 'a', '2026-01-01')"
    ),
    "coverage": "INSERT INTO coverage (id, user_ref, spec_sha, body, at) VALUES (1, 1, 'abc', '{}', '2026-01-01')",
    "approvals": (
        "INSERT INTO approvals (id, wave, stage, user_ref, subject_hash, approver, at, expires_at) "
        "VALUES (1, 1, 'cut', 1, 'h', 'dora', '2026-01-01', '2026-01-02')"
    ),
    "audit": (
        "INSERT INTO audit (seq, at, actor, event, subject, details, prev, hash) "
        "VALUES (1, '2026-01-01', 'a', 'e', 's', '{}', 'p', 'h')"
    ),
    "scream_events": "INSERT INTO scream_events (event_id, scream, at) VALUES ('e', 1, '2026-01-01')",
    "kpi_samples": "INSERT INTO kpi_samples (at, kpi) VALUES ('2026-01-01', 'k')",
}
PARENTS = (
    "INSERT INTO waves (id, name, state, created_by, created_at) VALUES (1, 'w', 'draft', 'carol', '2026-01-01')",
    (
        "INSERT INTO screams (id, user_ref, signal, event_source, event_name, address, agent, count, first, last, "
        "disposition, reason) VALUES (1, 1, 's', 's', 'e', 'a', 'a', 1, '2026-01-01', '2026-01-01', 'open', '')"
    ),
)


def execute(store, *statements: str):
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def filled(store):
    """A store with at least one row in every append-only table."""
    recorded(store)
    execute(store, *PARENTS, ROWS["documents"], *(row for name, row in ROWS.items() if name != "documents"))
    return store


def test_every_append_only_table_is_tried():
    assert set(ROWS) == set(APPEND_ONLY)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_only_grows_is_never_changed_emptied_or_replaced(filled, table):
    rows = metadata.tables[table]
    column = list(rows.c)[-1]
    attempts = [str(update(rows).values({column: column})), str(delete(rows))]
    if filled.engine.dialect.name == "sqlite":
        attempts.append(ROWS[table].replace("INSERT", "INSERT OR REPLACE", 1))
    else:
        attempts.append(f"TRUNCATE {table} CASCADE")
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="append-only"):
            execute(filled, attempt)


def test_a_unit_of_work_that_meets_a_refusal_raises_unreachable_in_words(filled):
    with pytest.raises(Unreachable, match="audit is append-only"), filled.begin() as work:
        work._do.exec_driver_sql("DELETE FROM audit")
