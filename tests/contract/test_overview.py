"""The overview, read without SQLAlchemy from what was written through the unit of work, on both databases."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator.adapters.store.engine import connect
from migrator.adapters.store.overview import gather, overview
from migrator.adapters.store.raw import reading
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.errors import NotFound, Unreachable
from migrator.domain.gates.result import closed, opened
from migrator.domain.kpi import Holder, human_users_with_long_term_credentials
from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Kind
from migrator.domain.overview import Credentials, Overview, Screaming, by_kind, by_state
from migrator.domain.waves import Approval, Stage, Wave, WaveState
from migrator.ports.aws import Account
from migrator.ports.store import Reading
from tests.builders import (
    ACCOUNT,
    NOW,
    a_change,
    a_key,
    a_password,
    a_recorded,
    a_run,
    a_scream,
    a_user,
    a_user_facts,
    a_wave,
    every_credential,
    record,
    recorded,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def store(migrated_url):
    engine = connect(migrated_url)
    yield SqlStore(engine)
    engine.dispose()


@pytest.fixture
def seen(migrated_url) -> Callable[..., Overview]:
    """The function that reads the overview now, of all or of one wave."""
    return lambda wave=None: overview(migrated_url, NOW, wave)


def commit(store, does):
    with store.begin() as work:
        result = does(work)
        work.commit()
    return result


def a_wave_of(store, name, users, *states: WaveState):
    """A wave of these users that went through these states."""

    def make(work) -> Wave:
        wave = work.waves.create(a_wave(name), [(user.id, "") for user in users])
        for state in states:
            wave = work.waves.move(wave, state, NOW)
        return wave

    return commit(store, make)


def test_an_empty_database_knows_nothing_and_says_so(seen):
    assert seen() == Overview(NOW, None, screams=Screaming(), credentials=Credentials())


def test_users_are_counted_by_state_and_wave_and_the_vanished_apart(store, seen):
    mapped = recorded(store, "alice", "bob", state=State.MAPPED)
    recorded(store, "carol", state=State.EXCLUDED, kind=Kind.MACHINE)
    gone = recorded(store, "dave")
    commit(store, lambda work: work.users.vanish(gone, NOW))
    a_wave_of(store, "wave-1", mapped[:1])
    found = seen()
    assert by_state(found.present) == {**dict.fromkeys(State, 0), State.MAPPED: 2, State.EXCLUDED: 1}
    assert by_kind(found.present) == {**dict.fromkeys(Kind, 0), Kind.HUMAN: 2, Kind.MACHINE: 1}
    assert sorted((one.wave or "", one.users) for one in found.present if one.state is State.MAPPED) == [
        ("", 1),
        ("wave-1", 1),
    ]
    assert found.vanished == 1


def test_a_user_counts_in_its_open_wave_else_in_the_newest_that_is_done(store, seen):
    alice, bob, carol = recorded(store, "alice", "bob", "carol")
    a_wave_of(store, "first", [alice, bob], WaveState.DONE)
    a_wave_of(store, "second", [alice], WaveState.DONE)
    a_wave_of(store, "third", [bob, carol])
    commit(store, lambda work: work.waves.leave(carol.id))
    assert {wave.name: wave.users for wave in seen().waves} == {"first": 0, "second": 1, "third": 1}


def test_one_wave_is_shown_alone(store, seen):
    alice, bob = recorded(store, "alice", "bob", state=State.QUARANTINED)
    a_wave_of(store, "wave-1", [alice])
    a_wave_of(store, "wave-2", [bob])
    gates = {user.id: (Move.DEACTIVATE, [closed("snapshot", "old", "migrator discover")]) for user in (alice, bob)}
    commit(store, lambda work: work.put_gates(gates, NOW))
    for user in (alice, bob):
        commit(store, lambda work, user=user: work.screams.save(a_scream(user.id)))
    found = seen("wave-2")
    assert [wave.name for wave in found.waves] == ["wave-2"]
    assert [held.first for held in found.held] == [f"{ACCOUNT}/bob"]
    assert [cry.user for cry in found.screams.cries] == [f"{ACCOUNT}/bob"]
    assert (sum(one.users for one in found.present), found.screams.open, found.unjudged) == (1, 1, 0)


def test_an_unknown_wave_is_not_found(seen):
    with pytest.raises(NotFound, match="no wave 'wave-9'"):
        seen("wave-9")


def test_credentials_are_those_that_aws_would_accept(store, seen):
    holders = [
        a_user_facts("all", credentials=every_credential("all")),
        a_user_facts("inactive", credentials=(a_key("AKIAOLD", "Inactive"),)),
        a_user_facts("robot", credentials=(a_key("AKIAROBOT"),)),
        a_user_facts("deleted", credentials=(a_key("AKIADELETED"),)),
        a_user_facts("vanished", credentials=(a_key("AKIAVANISHED"), a_password())),
    ]
    changes = {"robot": {"kind": Kind.MACHINE}, "deleted": {"state": State.DELETED}}
    users = record(store, *(a_recorded(f, a_user(f, **changes.get(f.user_name, {}))) for f in holders))
    commit(store, lambda work: work.users.vanish([u for u in users if u.user_name == "vanished"], NOW))
    # all: password, key, SSH key, service credential, certificate; robot: key
    assert seen().credentials == Credentials(6, 2, 1, holders=2, humans=1)


def test_a_credential_that_is_gone_does_not_count(store, seen):
    (user,) = record(store, a_recorded(a_user_facts("alice", credentials=(a_key(),))))
    before = seen().credentials.active_access_keys
    commit(store, lambda work: work.users.close_identity(user, NOW))
    assert (before, seen().credentials.active_access_keys) == (1, 0)


def test_the_kpi_is_counted_as_the_domain_defines_it_though_nothing_was_sampled(store, seen):
    for number, kind in enumerate(Kind):
        for state in (State.DISCOVERED, State.DEACTIVATED, State.DELETED):
            facts = a_user_facts(f"u{number}{state}", credentials=every_credential(f"{number}{state}"))
            record(store, a_recorded(facts, a_user(facts, kind=kind, state=state)))
    recorded(store, "bare")
    with store.begin() as work:
        dossiers = work.dossiers([line.user.id for line in work.users.lines()], NOW, 90 * DAY)
    holders = [Holder(d.user, tuple(t.credential for t in d.credentials if t.gone_at is None)) for d in dossiers]
    assert human_users_with_long_term_credentials(holders) == 2
    assert seen().credentials.humans == 2


def test_gates_of_the_next_move_are_grouped_and_stale_ones_ignored(store, seen):
    alice, bob, carol, dave = recorded(store, "alice", "bob", "carol", "dave", state=State.QUARANTINED)
    soon, late = NOW + DAY, NOW + 3 * DAY
    gates = {
        alice.id: (Move.DEACTIVATE, [closed("scream-window", "silent", "nothing to do", late), opened("snapshot", "")]),
        bob.id: (Move.DEACTIVATE, [closed("scream-window", "silent", "nothing to do", soon)]),
        carol.id: (Move.DEACTIVATE, [closed("no-screams", "1 open scream", f"migrator rollback {carol.key}")]),
        dave.id: (Move.QUARANTINE, [closed("wave-approved", "in no wave", "migrator wave plan")]),
    }
    commit(store, lambda work: work.put_gates(gates, NOW))
    found = seen()
    window, screams = sorted(found.held, key=lambda held: -held.users)
    assert (window.gate, window.users, window.opens_at, window.opens_last) == ("scream-window", 2, soon, late)
    assert (window.first, window.last, window.since) == (alice.key, bob.key, NOW)
    assert (screams.gate, screams.opens) == ("no-screams", "migrator rollback USER")
    assert found.unjudged == 1  # dave, whose gates are of an earlier move
    assert max(one.opens_at for one in found.present if one.opens_at) == late


def test_users_whose_gates_are_all_open_are_ready(store, seen):
    users = recorded(store, "alice", "bob", "carol", state=State.VERIFIED)
    a_wave_of(store, "wave-1", users)
    shut = [opened("snapshot", ""), closed("listening", "no trail was heard", "migrator worker")]
    gates = {user.id: (Move.QUARANTINE, [opened("snapshot", "")]) for user in users[:2]}
    commit(store, lambda work: work.put_gates({**gates, users[2].id: (Move.QUARANTINE, shut)}, NOW))
    (ready,) = seen().ready
    assert (ready.wave, ready.state, ready.move, ready.users) == ("wave-1", State.VERIFIED, Move.QUARANTINE, 2)


def test_approvals_are_told_once_for_each_identity_and_stage(store, seen):
    users = recorded(store, "alice", "bob")
    wave = a_wave_of(store, "wave-1", users)
    yes = [Approval(wave.id, Stage.CUT, user.id, "h", "erin", NOW - HOUR, NOW + DAY) for user in users]
    again = [Approval(wave.id, Stage.CUT, users[0].id, "h2", "erin", NOW, NOW + 2 * DAY)]
    commit(store, lambda work: work.waves.approve([*yes, *again]))
    (approved,) = seen().waves[0].approvals
    assert (approved.stage, approved.by, approved.at, approved.users) == (Stage.CUT, "erin", NOW, 2)
    assert approved.expires_at == NOW + DAY


def test_screams_are_counted_and_say_when_they_were_answered(store, seen):
    (alice,) = recorded(store, "alice", state=State.QUARANTINED)
    heard = {
        "open": NOW - 3 * DAY,
        "rolled-back": NOW - HOUR,
        "dismissed": NOW - HOUR,
        "not-checked": NOW - 2 * HOUR,
    }
    for disposition, at in heard.items():
        scream = a_scream(alice.id, disposition=disposition, agent=disposition, first=at, last=at)
        commit(store, lambda work, scream=scream: work.screams.save(scream))
    started = a_run(alice.subject, kind="rollback", started_at=NOW - 52 * MINUTE)
    run = commit(store, lambda work: work.journal.start(started, [], "h"))
    commit(store, lambda work: work.journal.finish(run, "done", NOW - 51 * MINUTE))
    found = seen().screams
    assert (found.open, found.last_24h) == (2, 2)
    assert [(c.scream.disposition, c.scream.last, c.put_back_at) for c in found.cries] == [
        ("not-checked", heard["not-checked"], None),
        ("open", heard["open"], None),
        ("rolled-back", heard["rolled-back"], NOW - 51 * MINUTE),
    ]


def test_silence_is_a_number_only_once_somebody_listened(store, seen):
    recorded(store, "alice")
    before = seen().screams
    commit(store, lambda work: work.beat("worker", NOW - MINUTE, NOW - DAY))
    found = seen()
    assert (before, found.screams) == (Screaming(None, None), Screaming(0, 0))
    assert (found.pulse.beat_at, found.pulse.heard_since) == (NOW - MINUTE, NOW - DAY)


@pytest.mark.parametrize("samples", [1, 39, 40, 41, 500])
def test_samples_are_thinned_evenly_and_the_newest_is_kept(store, seen, samples):
    def write(work) -> None:
        for number in range(samples):
            work.sample(NOW - (samples - number) * MINUTE, {"alert_mttr_seconds": float(number)})

    commit(store, write)
    found = seen()
    assert found.kpi("alert_mttr_seconds") == samples - 1
    assert len(found.series["alert_mttr_seconds"]) == min(samples, 40)
    assert found.kpi("access_review_seconds") is None


def test_a_kpi_that_lost_its_source_is_unknown_again(store, seen):
    for hours, value in ((2, 5.0), (1, None)):
        commit(store, lambda work, h=hours, v=value: work.sample(NOW - h * HOUR, {"alert_mttr_seconds": v}))
    assert seen().kpi("alert_mttr_seconds") is None


def test_accounts_come_with_their_newest_reading_and_what_is_left(store, seen):
    other = "222233334444"

    def write(work) -> None:
        work.claim("o-abc", "aws")
        work.put_accounts([Account(ACCOUNT, "prod", "ACTIVE", ""), Account(other, "dev", "ACTIVE", "")])
        work.read(Reading(ACCOUNT, NOW - DAY, True, None, None))
        work.read(Reading(ACCOUNT, NOW - HOUR, False, None, "AccessDenied"))

    commit(store, write)
    facts = [a_user_facts("alice", credentials=(a_key(),)), a_user_facts("bob")]
    record(store, *(a_recorded(one, a_user(one, owner="web")) for one in facts))
    found = seen()
    prod, dev = found.accounts
    assert (found.organization, prod.name, prod.read_at, prod.failed, prod.error) == (
        "o-abc",
        "prod",
        NOW - HOUR,
        True,
        "AccessDenied",
    )
    assert (prod.users, prod.holders, dev.users, dev.read_at, dev.failed) == (2, 1, 0, None, False)
    assert [(one.name, one.users, one.holders) for one in found.owners] == [("web", 2, 1)]


def test_accounts_without_users_were_read_all_the_same(store, seen):
    def write(work) -> None:
        work.put_accounts([Account(ACCOUNT, "prod", "ACTIVE", "")])
        work.read(Reading(ACCOUNT, NOW, True, None, None))

    commit(store, write)
    assert seen().credentials == Credentials(0, 0, 0, 0, 0)


def test_runs_that_did_not_end_or_failed_last_are_told(store, seen):
    alice, bob, carol = recorded(store, "alice", "bob", "carol")

    def run(user, status=None, **changes: Any) -> None:
        started = commit(store, lambda work: work.journal.start(a_run(user.subject, **changes), [a_change()], "h"))
        if status:
            commit(store, lambda work: work.journal.finish(started, status, NOW))

    run(alice, lease_until=NOW - MINUTE, kind="quarantine")
    run(bob, "failed")
    run(carol, "failed")
    run(carol, "done")
    run(alice.__class__(0, ACCOUNT, "x", "x", State.MAPPED, NOW), lease_until=NOW + MINUTE)
    found = [(run.user, run.kind, run.status, run.interrupted(NOW)) for run in seen().runs]
    assert found == [
        (alice.key, "quarantine", "running", True),
        (bob.key, "deactivate", "failed", False),
        ("", "deactivate", "running", False),
    ]


def test_the_number_of_questions_does_not_grow_with_the_users(store, migrated_url):
    def asked() -> int:
        questions = []
        with reading(migrated_url) as ask:
            gather(lambda question, **values: questions.append(question) or ask(question, **values), NOW)
        return len(questions)

    recorded(store, "alice")
    few = asked()
    recorded(store, *(f"user{number}" for number in range(300)))
    assert few == asked()
    assert few <= 16


def test_reading_writes_nothing(migrated_url):
    with pytest.raises(Unreachable, match=r"read-?only"), reading(migrated_url) as ask:
        ask("DELETE FROM waves")


def test_a_database_without_tables_asks_for_the_upgrade(database_url):
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA user_version = 1")
    with pytest.raises(Unreachable, match="the database is empty") as caught:
        overview(database_url, NOW)
    assert caught.value.next_step == "run: migrator db upgrade"


def test_a_missing_file_is_not_made(sqlite_url):
    with pytest.raises(Unreachable, match="there is no database at") as caught:
        overview(sqlite_url, NOW)
    assert caught.value.next_step == "run: migrator db upgrade"
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "quest?ion#.db"])
def test_a_file_may_have_any_name(migrated_sqlite, tmp_path, name):
    file = tmp_path / name
    file.write_bytes(migrated_sqlite.read_bytes())
    assert overview(f"sqlite:///{file}", NOW).standings == ()


def test_a_newer_database_asks_for_a_newer_program(store, migrated_url):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unreachable, match="made by a newer one") as caught:
        overview(migrated_url, NOW)
    assert "newest iam-user-migrator" in caught.value.next_step


def test_a_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(Unreachable, match=r"letter\.db did not work: file is not a database"):
        overview(f"sqlite:///{file}", NOW)


@pytest.mark.parametrize("url", ["{0}ada:s3cret@{1}", "{0}ada@{1}&password=s3cret", "{0}ada:s3c%20ret@{1}&port=x"])
def test_a_password_is_never_shown(tmp_path, url):
    broken = url.format("postgresql+psycopg://", f"/none?host={tmp_path}")
    with pytest.raises(Unreachable) as caught:
        overview(broken, NOW)
    assert "ada" in caught.value.what
    assert "s3c" not in f"{caught.value.what}{caught.value.next_step}"
