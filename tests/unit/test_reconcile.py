"""A reading against what we know: nobody is lost, nothing newer is overwritten, no stranger is taken for a friend."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.domain.dossier import Used
from migrator.domain.lifecycle import State
from migrator.domain.model import AccountFacts, Destination, Kind, UserFacts
from migrator.domain.reconcile import owned, reconcile
from migrator.domain.rules import Rules
from tests.unit.dossiers import ACCOUNT, NOW, a_decision, a_key, a_password, a_user, ago, ahead, some_facts

RULES = Rules()
KNOWN = a_user(observed_at=ago(days=1), state=State.DISCOVERED)
ALICE = some_facts(tags={"Email": "alice@example.com"}, credentials=(a_password(last_used_at=ago(days=1)),))


def read(*users: UserFacts, known=(KNOWN,), complete=True, at=None, decisions=None, **options: object):
    reading = AccountFacts(ACCOUNT, at or ago(minutes=10), users, complete=complete)
    return reconcile(known, reading, RULES, decisions or {}, NOW, **options)


def test_a_new_user_becomes_a_row_with_all_we_make_of_it():
    result = read(replace(ALICE, path="/people/"), known=())
    (seen,) = result.new
    user = seen.user
    assert (user.id, user.key, user.user_id, user.path) == (0, f"{ACCOUNT}/alice", "AIDAALICE", "/people/")
    assert (user.state, user.state_since, user.observed_at) == (State.DISCOVERED, NOW, ALICE.observed_at)
    assert (user.kind, user.destination) == (Kind.HUMAN, Destination.PERMISSION_SET)
    assert user.persons == ("alice@example.com",)
    assert {e.claim for e in seen.evidence} == {"kind", "person"}
    assert seen.facts.user_id == "AIDAALICE"


def test_reading_again_updates_and_changes_nothing_else():
    first = read(ALICE).updated[0].user
    again = read(ALICE, known=(first,))
    assert again.updated[0].user == first
    assert (again.new, again.vanished, again.refused, again.strangers) == ((), (), (), ())


def test_a_renamed_user_keeps_its_row():
    (seen,) = read(replace(ALICE, user_name="alice.smith")).updated
    assert (seen.user.id, seen.user.user_name) == (7, "alice.smith")


def test_names_that_swap_owners_stay_with_their_identities():
    bob = a_user(id=8, user_name="bob", user_id="AIDABOB")
    result = read(replace(ALICE, user_name="bob"), some_facts("alice", user_id="AIDABOB"), known=(KNOWN, bob))
    assert {s.user.id: s.user.user_name for s in result.updated} == {7: "bob", 8: "alice"}
    assert (result.vanished, result.strangers) == ((), ())


def test_a_name_left_by_a_rename_and_taken_anew_is_no_stranger():
    result = read(replace(ALICE, user_name="smith"), some_facts("alice", user_id="AIDANEW"))
    assert [s.user.id for s in result.updated] == [7]
    assert [s.user.user_id for s in result.new] == ["AIDANEW"]
    assert (result.vanished, result.strangers) == ((), ())


def test_a_known_user_renamed_to_a_known_name_proves_that_the_other_is_gone():
    bob = a_user(id=8, user_name="bob", user_id="AIDABOB", observed_at=ago(days=1))
    result = read(replace(ALICE, user_name="Bob"), known=(KNOWN, bob), complete=False)
    assert [s.user.id for s in result.updated] == [7]
    assert [u.id for u in result.vanished] == [8]
    newer = replace(bob, observed_at=NOW)
    late = read(replace(ALICE, user_name="Bob"), known=(KNOWN, newer), complete=False)
    assert (late.seen, late.refused[0].why) == ((), "something newer is known of that name")


@pytest.mark.parametrize("complete", [True, False])
def test_another_id_under_a_known_name_is_a_stranger_and_the_old_row_is_gone(complete):
    result = read(replace(ALICE, user_name="ALICE", user_id="AIDANEW"), complete=complete)
    assert [(s.user.id, s.user.user_id, s.user.state) for s in result.strangers] == [(0, "AIDANEW", State.DISCOVERED)]
    assert [(u.id, u.vanished_at) for u in result.vanished] == [(7, ALICE.observed_at)]
    assert result.new == ()


def test_decisions_about_the_old_user_do_not_pass_to_the_stranger():
    decisions = {"user:7": {"kind": a_decision("kind", "machine")}}
    assert read(replace(ALICE, user_id="AIDANEW"), decisions=decisions).strangers[0].user.kind is Kind.HUMAN


def test_only_a_complete_reading_marks_users_vanished():
    assert [u.id for u in read().vanished] == [7]
    assert read().vanished[0].vanished_at == ago(minutes=10)
    assert read(complete=False).vanished == ()


UNTOUCHED = {
    "deleted by us": replace(KNOWN, state=State.DELETED),
    "vanished before": replace(KNOWN, vanished_at=ago(days=3)),
    "seen since": replace(KNOWN, observed_at=NOW),
    "in another account": replace(KNOWN, account_id="999999999999"),
}


@pytest.mark.parametrize("row", UNTOUCHED.values(), ids=UNTOUCHED)
def test_who_a_reading_without_them_leaves_alone(row):
    assert read(known=(row,)).vanished == ()


def test_a_user_that_vanished_comes_back_by_its_id():
    result = read(ALICE, known=(replace(KNOWN, vanished_at=ago(hours=5)),))
    assert [(s.user.id, s.user.vanished_at) for s in result.reappeared] == [(7, None)]


def test_a_new_user_under_the_name_of_one_long_gone_is_just_new():
    result = read(replace(ALICE, user_id="AIDANEW"), known=(replace(KNOWN, vanished_at=ago(days=5)),))
    assert [s.user.id for s in result.new] == [0]
    assert result.vanished == ()


OLDER = {
    "the row was read since": (replace(KNOWN, observed_at=NOW), ALICE),
    "it vanished since": (replace(KNOWN, vanished_at=NOW), ALICE),
    "we deleted it": (replace(KNOWN, state=State.DELETED), ALICE),
    "we deleted it since, its identity closed": (
        replace(KNOWN, state=State.DELETED, user_id="", state_since=NOW),
        ALICE,
    ),
    "a stranger from before the row was read": (replace(KNOWN, observed_at=NOW), replace(ALICE, user_id="AIDANEW")),
}


@pytest.mark.parametrize(("row", "facts"), OLDER.values(), ids=OLDER)
def test_an_older_fact_never_overwrites_a_newer_one(row, facts):
    result = read(facts, known=(row,), complete=False)
    assert result.seen == ()
    assert [r.facts for r in result.refused] == [facts]
    assert result.refused[0].why


def test_a_reading_of_the_same_moment_is_not_older():
    same = replace(KNOWN, observed_at=ALICE.observed_at)
    assert [u.id for u in read(known=(same,), at=ALICE.observed_at).vanished] == [7]
    assert len(read(replace(ALICE, user_id="AIDANEW"), known=(same,)).strangers) == 1
    assert len(read(ALICE, known=(same,)).updated) == 1


def test_a_name_that_somebody_gone_once_had_does_not_hold_a_known_user_up():
    gone = a_user(id=8, user_name="alice", user_id="AIDAOLD", vanished_at=NOW)
    assert [s.user.id for s in read(ALICE, known=(KNOWN, gone)).updated] == [7]


def test_a_user_made_again_after_we_deleted_one_is_new():
    deleted = replace(KNOWN, state=State.DELETED, state_since=ago(days=3), user_id="")
    assert [s.user.user_id for s in read(replace(ALICE, user_id="AIDANEW"), known=(deleted,)).new] == ["AIDANEW"]


def test_what_our_own_rollback_is_recreating_is_left_to_it():
    deleted = replace(KNOWN, state=State.DELETED, state_since=ago(days=3))
    result = read(replace(ALICE, user_id="AIDANEW"), known=(deleted,), restoring={"Alice"})
    assert (result.seen, [r.why for r in result.refused]) == ((), ["our own rollback is recreating it"])
    assert read(known=(KNOWN,), restoring={"alice"}).vanished == ()


def test_decisions_survive_every_reading():
    decisions = {
        "user:7": {
            "kind": a_decision("kind", "machine"),
            "link": a_decision("link", ["boss@example.com"]),
            "owner": a_decision("owner", {"owner": "web", "cost_center": "CC-9"}),
        }
    }
    user = read(ALICE, decisions=decisions).updated[0].user
    assert (user.kind, user.persons, user.owner, user.cost_center) == (
        Kind.MACHINE,
        ("boss@example.com",),
        "web",
        "CC-9",
    )


LATER = [State.PROVISIONED, State.VERIFIED, State.QUARANTINED, State.DEACTIVATED]


@pytest.mark.parametrize("state", LATER)
def test_evidence_does_not_turn_a_user_round_half_way_but_words_do(state):
    row = replace(KNOWN, state=state)
    idle = some_facts(credentials=(a_key(last_used_at=ago(days=400)),))
    user = read(idle, known=(row,)).updated[0].user
    assert (user.kind, user.destination) == (Kind.HUMAN, Destination.PERMISSION_SET)
    decisions = {"user:7": {"destination": a_decision("destination", "keep")}}
    assert read(idle, known=(row,), decisions=decisions).updated[0].user.destination is Destination.KEEP
    expired = {"user:7": {"destination": a_decision("destination", "keep", until=ago(days=1))}}
    assert read(idle, known=(row,), decisions=expired).updated[0].user.destination is Destination.PERMISSION_SET


def test_early_on_evidence_and_use_decide_anew():
    idle = some_facts(credentials=(a_key(last_used_at=ago(days=400)),))
    assert read(idle).updated[0].user.destination is Destination.RETIRE
    assert read(idle, used={7: Used(last=ago(days=1))}).updated[0].user.destination is None


TAGS = {"owner": "data", "COSTCENTER": "CC-1"}
OWNERS = {
    "tags": (TAGS, {}, ("data", "CC-1")),
    "no tags": ({}, {}, (None, None)),
    "an empty tag": ({"Owner": " "}, {}, (None, None)),
    "a word": (TAGS, {"owner": a_decision("owner", {"owner": "web", "cost_center": "CC-9"})}, ("web", "CC-9")),
    "half a word": (TAGS, {"owner": a_decision("owner", {"owner": "web"})}, ("web", "CC-1")),
    "a plain word": (TAGS, {"owner": a_decision("owner", "web")}, ("web", "CC-1")),
    "a word that ended": (TAGS, {"owner": a_decision("owner", "web", until=ago(days=1))}, ("web", "CC-1")),
}


@pytest.mark.parametrize(("tags", "decisions", "expected"), OWNERS.values(), ids=OWNERS)
def test_who_owns_it(tags, decisions, expected):
    assert owned(some_facts(tags=tags), RULES, decisions) == expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sets(st.tuples(st.sampled_from("abc"), st.integers(1, 5))), st.booleans(), st.integers(0, 9)))
)
def test_no_sequence_of_readings_leaves_two_living_rows_of_one_name_or_id_or_goes_back_in_time(readings):
    rows: dict[int, object] = {}
    for users, complete, hour in readings:
        at = ahead(hours=hour)
        names = dict(sorted(users))
        facts = [some_facts(name, user_id=f"AIDA{number}", observed_at=at) for name, number in names.items()]
        facts = list({f.user_id: f for f in facts}.values())
        result = read(*facts, known=tuple(rows.values()), complete=complete, at=at)
        for row in result.vanished:
            rows[row.id] = row
        for seen in result.seen:
            known = rows.get(seen.user.id)
            assert known is None or known.observed_at <= seen.user.observed_at
            number = seen.user.id or len(rows) + 1
            rows[number] = replace(seen.user, id=number)
        living = [row for row in rows.values() if row.vanished_at is None]
        assert len({row.user_name for row in living}) == len({row.user_id for row in living}) == len(living)
