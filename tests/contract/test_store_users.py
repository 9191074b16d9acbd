"""Users in the store: readings, identities, snapshots, credentials, policies, evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from migrator.adapters.store import tables as t
from migrator.domain.changes import Change
from migrator.domain.errors import NotFound, Stale, Unreachable
from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, Kind
from tests.builders import (
    ACCOUNT,
    NOW,
    READ,
    a_change,
    a_key,
    a_password,
    a_recorded,
    a_user,
    a_user_facts,
    every_credential,
    record,
    recorded,
    some_evidence,
)

LATER = NOW + timedelta(hours=1)
LOOKBACK = timedelta(days=90)


def get(store, user=1):
    with store.begin() as work:
        return work.users.get(user)


def write(store, act):
    with store.begin() as work:
        result = act(work)
        work.commit()
    return result


def count(store, table):
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def identities(store):
    i = t.identities
    with store.engine.connect() as connection:
        rows = connection.execute(select(i.c.aws_user_id, i.c.until).order_by(i.c.aws_user_id)).all()
    return [(row.aws_user_id, row.until) for row in rows]


def tracked(store, user=1):
    with store.begin() as work:
        held = work.dossiers([user], LATER, LOOKBACK)[0].credentials
    return {c.credential.id: (c.credential.status, c.original_status, c.gone_at) for c in held}


def seen_again(store, facts, **changes: Any):
    """Another reading of user 1, which found these facts."""
    user = replace(get(store), **changes)
    return record(store, a_recorded(facts, user))[0]


def test_a_new_user_is_read_back_as_it_was_written(store):
    row = a_user(
        path="/staff/",
        state=State.MAPPED,
        kind=Kind.MACHINE,
        kind_confidence=0.75,
        destination=Destination.IAM_ROLE,
        owner="data",
        cost_center="CC-1",
        next_check_at=LATER,
    )
    written = record(store, a_recorded(user=row))[0]
    assert written == replace(row, id=1)
    assert get(store) == written


def test_an_unknown_row_is_not_found(store):
    with store.begin() as work, pytest.raises(NotFound):
        work.users.get(7)


def test_rows_come_sorted_by_key(store):
    recorded(store, "carol", "alice", "bob")
    with store.begin() as work:
        assert [user.user_name for user in work.users.many([1, 3])] == ["bob", "carol"]
        assert [user.user_name for user in work.users.in_account(ACCOUNT)] == ["carol", "alice", "bob"]
        assert [line.user.user_name for line in work.users.lines()] == ["alice", "bob", "carol"]
        assert work.users.lines(account="999988887777") == []


def test_a_line_counts_what_still_opens_doors(store):
    used = NOW - timedelta(days=3)
    keys = (a_key("AKIA1", last_used_at=used), a_key("AKIA2", "Inactive"))
    record(store, a_recorded(a_user_facts(credentials=(*keys, *every_credential()[-2:]))))
    with store.begin() as work:
        line = work.users.lines()[0]
    assert (line.active, line.total, line.last_used) == (1, 4, used)


def test_an_update_is_kept_and_counted(store):
    user = recorded(store)[0]
    saved = write(store, lambda work: work.users.save(replace(user, owner="data")))
    assert (saved.version, get(store).owner, get(store).version) == (1, "data", 1)


def test_who_saves_an_older_version_is_told_so_and_changes_nothing(store):
    user = recorded(store)[0]
    write(store, lambda work: work.users.save(replace(user, owner="data")))
    with pytest.raises(Stale, match="changed by somebody else"):
        write(store, lambda work: work.users.save(replace(user, owner="late")))
    assert get(store).owner == "data"


def test_a_renamed_user_keeps_its_row_and_its_identity(store):
    recorded(store)
    seen_again(store, a_user_facts("alicia", user_id="AIDAALICE"), user_name="alicia")
    assert (get(store).key, get(store).user_id) == (f"{ACCOUNT}/alicia", "AIDAALICE")
    assert identities(store) == [("AIDAALICE", None)]


def test_two_living_users_cannot_have_one_name_however_it_is_spelled(store):
    recorded(store)
    with pytest.raises(Unreachable, match=r"(?i)unique"):
        recorded(store, "ALICE")


def test_a_name_is_free_again_once_its_user_vanished_or_was_deleted(store):
    user = recorded(store)[0]
    write(store, lambda work: work.users.vanish([user], LATER))
    second = record(store, a_recorded(a_user_facts(user_id="AIDATWO"), a_user(a_user_facts(user_id="AIDATWO"))))[0]
    write(store, lambda work: work.users.save(replace(second, state=State.DELETED)))
    third = a_user_facts(user_id="AIDATHREE")
    assert record(store, a_recorded(third))[0].id == 3


def test_the_database_refuses_a_state_that_is_not_in_the_table(store):
    recorded(store)
    with pytest.raises(Exception, match=r"ck_users_state|CHECK"), store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET state = 'sleeping'")


def test_a_vanished_user_says_so_and_its_identity_is_closed(store):
    user = recorded(store)[0]
    write(store, lambda work: work.users.vanish([user], LATER))
    assert (get(store).vanished_at, get(store).user_id) == (LATER, "AIDAALICE")
    assert identities(store) == [("AIDAALICE", LATER)]


def test_a_user_that_comes_back_opens_its_old_identity(store):
    user = recorded(store)[0]
    write(store, lambda work: work.users.vanish([user], LATER))
    seen_again(store, a_user_facts(), vanished_at=None)
    assert get(store).vanished_at is None
    assert identities(store) == [("AIDAALICE", None)]


def test_a_restored_user_has_one_open_identity_the_new_one(store):
    user = recorded(store, state=State.DELETED)[0]
    write(store, lambda work: work.users.close_identity(user, NOW))
    assert get(store).user_id == "AIDAALICE"
    write(store, lambda work: work.users.adopt(user, "AIDAREBORN", NOW))
    assert get(store).user_id == "AIDAREBORN"
    assert identities(store) == [("AIDAALICE", NOW), ("AIDAREBORN", None)]


def test_adopting_twice_is_adopting_once(store):
    user = recorded(store)[0]
    for _ in range(2):
        write(store, lambda work: work.users.adopt(user, "AIDAREBORN", LATER))
    assert identities(store) == [("AIDAALICE", LATER), ("AIDAREBORN", None)]


def test_a_reading_that_found_nothing_new_writes_no_snapshot(store):
    recorded(store)
    again = replace(a_user_facts(), observed_at=LATER)
    seen_again(store, again, observed_at=LATER)
    assert (count(store, t.snapshots), count(store, t.documents)) == (1, 1)
    assert get(store).observed_at == LATER


def test_what_is_found_new_is_a_new_snapshot(store):
    recorded(store)
    seen_again(store, a_user_facts(groups=("devs",), observed_at=LATER))
    assert count(store, t.snapshots) == 2
    with store.begin() as work:
        assert work.users.facts(1).groups == ("devs",)


def test_the_snapshot_before_a_move_is_found_by_its_reason(store):
    held = every_credential()
    facts = a_user_facts(tags={"Email": "a@b"}, groups=("ops",), inline_policies={"own": READ}, credentials=held)
    user = record(store, a_recorded(facts))[0]
    record(store, a_recorded(facts, user, reason="before delete"))
    seen_again(store, a_user_facts(observed_at=LATER))
    with store.begin() as work:
        assert work.users.snapshot_before(1, "before delete") == replace(
            facts, credentials=tuple(sorted(held, key=lambda c: (c.kind, c.id)))
        )
        assert work.users.snapshot_before(1, "before quarantine") is None
        assert work.users.facts(1).groups == ()


def test_before_our_first_cut_the_original_status_follows_aws(store):
    record(store, a_recorded(a_user_facts(credentials=(a_key(),)), a_user(state=State.VERIFIED)))
    seen_again(store, a_user_facts(credentials=(a_key(status="Inactive"),)))
    assert tracked(store) == {"AKIAONE": ("Inactive", "Inactive", None)}


@pytest.mark.parametrize("state", [State.QUARANTINED, State.DEACTIVATED])
def test_after_it_the_original_status_stays(store, state):
    record(store, a_recorded(a_user_facts(credentials=(a_key(),)), a_user(state=state)))
    seen_again(store, a_user_facts(credentials=(a_key(status="Inactive"), a_key("AKIANEW"))))
    assert tracked(store) == {"AKIAONE": ("Inactive", "Active", None), "AKIANEW": ("Active", "Active", None)}


def test_a_credential_that_is_gone_says_since_when_and_may_come_back(store):
    record(store, a_recorded(a_user_facts(credentials=(a_key(), a_password()))))
    seen_again(store, a_user_facts(credentials=(a_password(),), observed_at=LATER))
    assert tracked(store)["AKIAONE"] == ("Active", "Active", LATER)
    seen_again(store, a_user_facts(credentials=(a_key(status="Inactive"), a_password())))
    assert tracked(store)["AKIAONE"] == ("Inactive", "Inactive", None)


def test_each_credential_is_gone_since_the_reading_of_its_own_user(store):
    users = record(store, *(a_recorded(a_user_facts(name, credentials=(a_key(name),))) for name in ("alice", "bob")))
    times = (LATER, LATER + timedelta(hours=1))
    record(
        store,
        *(
            a_recorded(a_user_facts(user.user_name, observed_at=at), user)
            for user, at in zip(users, times, strict=True)
        ),
    )
    assert (tracked(store, 1)["alice"][2], tracked(store, 2)["bob"][2]) == times


def test_a_last_use_that_is_not_told_again_is_not_forgotten(store):
    used = NOW - timedelta(days=3)
    key = a_key(last_used_at=used, last_used_service="s3", last_used_region="us-east-1")
    record(store, a_recorded(a_user_facts(credentials=(key,))))
    seen_again(store, a_user_facts(credentials=(a_key(),)))
    with store.begin() as work:
        held = work.dossiers([1], LATER, LOOKBACK)[0].credentials[0].credential
    assert (held.last_used_at, held.last_used_service, held.last_used_region) == (used, "s3", "us-east-1")


CHANGES = {
    "a key": (a_change(), "AKIAONE", ("Inactive", "Active", None)),
    "a deleted key": (replace(a_change(), after=None), "AKIAONE", ("Active", "Active", LATER)),
    "the password": (Change("login-profile", (ACCOUNT, "alice"), {}, None), "password", ("Active", "Active", LATER)),
    "a device": (
        Change("mfa-device", (ACCOUNT, "alice", "GAHT0001"), {}, None),
        "GAHT0001",
        ("Active", "Active", LATER),
    ),
    "a policy": (Change("inline-policy", (ACCOUNT, "alice", "own"), READ, None), "AKIAONE", ("Active", "Active", None)),
}


@pytest.mark.parametrize(("change", "name", "expected"), CHANGES.values(), ids=CHANGES)
def test_the_table_says_what_a_change_made_true_and_touches_nothing_else(store, change, name, expected):
    user = record(store, a_recorded(a_user_facts(credentials=every_credential())))[0]
    before = tracked(store)
    write(store, lambda work: work.users.reflect(user, change, LATER))
    assert tracked(store) == {**before, name: expected}


def test_a_deleted_user_has_no_credentials_left(store):
    user = record(store, a_recorded(a_user_facts(credentials=every_credential())))[0]
    write(store, lambda work: work.users.close_identity(user, LATER))
    assert {gone for *_, gone in tracked(store).values()} == {LATER}


def test_policies_are_replaced_by_a_reading_and_kept_by_a_snapshot_before_a_move(store):
    held = (("inline", "own", READ), ("managed", "arn:aws:iam::aws:policy/P1", {"Statement": []}))
    user = record(store, a_recorded(policies=held))[0]
    record(store, a_recorded(user=user, reason="before delete"))
    with store.begin() as work:
        assert work.users.policies([1]) == {1: held}
    seen_again(store, a_user_facts())
    with store.begin() as work:
        assert work.users.policies([1]) == {}


def test_evidence_is_appended_only_where_it_says_something_new(store):
    user = record(store, a_recorded(evidence=(some_evidence(), some_evidence("owner", "data"))))[0]
    user = record(store, a_recorded(user=user, evidence=(some_evidence(observed_at=LATER),)))[0]
    assert count(store, t.evidence) == 2
    record(store, a_recorded(user=user, evidence=(some_evidence(value="machine"), some_evidence(source="report"))))
    with store.begin() as work:
        found = work.users.evidence([1])[1]
    assert [(e.claim, e.value, e.source) for e in found] == [
        ("kind", "machine", "tags"),
        ("owner", "data", "tags"),
        ("kind", "human", "report"),
    ]


def test_when_to_look_again_is_no_change_of_the_row(store):
    recorded(store)
    write(store, lambda work: work.users.look_again(1, LATER))
    assert (get(store).next_check_at, get(store).version) == (LATER, 0)


def test_many_users_are_written_and_read_in_pieces(store):
    names = [f"user-{n:04}" for n in range(1203)]
    recorded(store, *names)
    with store.begin() as work:
        assert [user.user_name for user in work.users.many(range(1, 1204))] == names


def test_last_uses_move_forward_and_never_back(store):
    recorded(store)
    record(store, a_recorded(a_user_facts(credentials=(a_key(last_used_at=NOW),)), get(store)))

    def last_use(store, at):
        write(store, lambda work: work.users.used({1: [a_key(last_used_at=at, last_used_service="s3")]}, LATER))
        with store.begin() as work:
            ((held,),) = work.users.credentials([1]).values()
        return held.credential.last_used_at, held.credential.last_used_service

    assert last_use(store, NOW - timedelta(days=1)) == (NOW, None)
    assert last_use(store, None) == (NOW, None)
    assert last_use(store, LATER) == (LATER, "s3")


def test_last_uses_are_asked_for_in_turn(store):
    ids = [user.id for user in recorded(store, "alice", "bob", "carol", "dave")]
    write(store, lambda work: work.users.used({ids[2]: [], ids[0]: []}, NOW))
    write(store, lambda work: work.users.used({ids[1]: []}, LATER))

    def due(before, most=9):
        with store.begin() as work:
            return work.users.unread_use(ids, before, most)

    assert due(LATER + timedelta(seconds=1)) == [ids[3], ids[0], ids[2], ids[1]]
    assert due(LATER) == [ids[3], ids[0], ids[2]]
    assert due(NOW, 1) == [ids[3]]


def test_snapshots_of_many_users_are_the_newest_of_each(store):
    recorded(store, "alice", "bob")
    seen_again(store, a_user_facts(groups=("devs",)))
    with store.begin() as work:
        found = work.users.snapshots([1, 2, 7])
        assert found == {1: work.users.facts(1), 2: work.users.facts(2)}
    assert found[1].groups == ("devs",)
