"""Waves: their states, who may approve, what an approval is bound to, and who is placed where."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.domain.dossier import Dossier, TrackedCredential, Used
from migrator.domain.errors import IllegalMove, Refused
from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, Kind
from migrator.domain.rules import Rules
from migrator.domain.subject import drift, subject, subject_document, subject_hash, subject_of
from migrator.domain.wave_plan import plan_waves
from migrator.domain.waves import (
    WAVE_TABLE,
    Stage,
    WaveMove,
    WaveState,
    approvals_by,
    approved,
    approvers,
    move_wave,
)
from tests.unit.dossiers import NOW, a_decision, a_dossier, a_key, a_user, a_wave, ago, an_approval, covered, some_facts

RULES = Rules()
EVERY_MOVE = [(state, move) for state in WaveState for move in WaveMove]


@pytest.mark.parametrize(("state", "move"), EVERY_MOVE)
def test_a_wave_moves_as_the_table_says_or_refuses(state, move):
    wave, without_approvals = a_wave(state=state), replace(RULES, approvals=0)
    if (state, move) in WAVE_TABLE:
        assert move_wave(wave, move, without_approvals) is WAVE_TABLE[state, move]
    else:
        with pytest.raises(IllegalMove, match=f"cannot {move} wave wave-1: it is {state}"):
            move_wave(wave, move, without_approvals)


def test_a_wave_goes_from_draft_to_done():
    state = WaveState.DRAFT
    for move in (WaveMove.APPROVE, WaveMove.START, WaveMove.PAUSE, WaveMove.RESUME, WaveMove.FINISH):
        state = move_wave(a_wave(state=state), move, RULES)
    assert state is WaveState.DONE


def test_a_draft_does_not_start_while_approvals_are_asked_for():
    with pytest.raises(IllegalMove) as refused:
        move_wave(a_wave(state=WaveState.DRAFT), WaveMove.START, RULES)
    assert refused.value.next_step == "a draft wave can be: approve"


def test_an_approval_is_one_yes_a_member_bound_to_each_as_it_is():
    members = [a_dossier(), a_dossier(user=a_user(id=8, persons=("bob@x.io",)), subject_hash="other")]
    given_now = approvals_by(a_wave(), Stage.DELETE, members, "dora@x.io", RULES, NOW)
    assert [(a.wave, a.stage, a.user, a.subject_hash, a.approver) for a in given_now] == [
        (3, Stage.DELETE, 7, "the-hash", "dora@x.io"),
        (3, Stage.DELETE, 8, "other", "dora@x.io"),
    ]
    assert {a.expires_at - a.at for a in given_now} == {timedelta(days=30)}


BARRED = {
    "the creator": ("CAROL@example.com", "created wave wave-1"),
    "a member, as a person": ("Alice@example.com", "is in wave wave-1 as 111122223333/alice"),
    "a member, as an IAM user": ("AIDAALICE", "is in wave wave-1 as 111122223333/alice"),
}


@pytest.mark.parametrize(("approver", "why"), BARRED.values(), ids=BARRED)
def test_nobody_approves_their_own(approver, why):
    with pytest.raises(Refused, match=why):
        approvals_by(a_wave(), Stage.CUT, [a_dossier()], approver, RULES, NOW)


def test_a_wave_is_approved_when_every_member_is():
    bob = a_dossier(user=a_user(id=8, persons=("bob@x.io",)), approvals=(an_approval(user=8),))
    assert approved([a_dossier(), bob], a_wave(), Stage.CUT, RULES, NOW)
    assert not approved([a_dossier(), bob], a_wave(), Stage.DELETE, RULES, NOW)
    assert not approved([a_dossier(), bob], a_wave(), Stage.CUT, replace(RULES, approvals=2), NOW)


def test_approvers_are_counted_once_and_only_for_the_present_subject():
    twice = (
        an_approval(),
        an_approval(approver="DORA@example.com"),
        an_approval(approver="z@x.io", subject_hash="old"),
    )
    assert approvers(a_dossier(approvals=twice), a_wave(), Stage.CUT, NOW) == ("DORA@example.com",)


FACTS = some_facts(credentials=(a_key(),))
CREDENTIALS = (
    TrackedCredential(a_key("AKIAONE"), "Active"),
    TrackedCredential(a_key("AKIATWO", "Inactive"), "Inactive"),
)
SPEC = {"name": "data-dev", "inline": {"Statement": []}}
GIVEN = [("111122223333", "alice@example.com")]


def bound(facts=FACTS, credentials=CREDENTIALS, planned=SPEC, assignments=GIVEN, rules=RULES):
    return subject_hash(facts, credentials, planned, assignments, rules)


def after_our_cut(tracked):
    return replace(tracked, credential=replace(tracked.credential, status="Inactive", last_used_at=NOW))


SAME = {
    "our quarantine": {"facts": replace(FACTS, inline_policies={"migrator-quarantine": {}})},
    "our deactivation": {"credentials": tuple(after_our_cut(c) for c in CREDENTIALS)},
    "another order": {"credentials": CREDENTIALS[::-1]},
    "a later reading": {"facts": replace(FACTS, observed_at=NOW)},
    "a credential long gone": {
        "credentials": (*CREDENTIALS, TrackedCredential(a_key("AKIAOLD"), "Active", ago(days=9)))
    },
    "an assignment said twice": {"assignments": GIVEN * 2},
    "other rules": {"rules": replace(RULES, approvals=2)},
    "another spelling of the plan": {"planned": dict(reversed(SPEC.items()))},
}
OTHER = {
    "a stranger": {"facts": replace(FACTS, user_id="AIDANEW")},
    "a new key": {"credentials": (*CREDENTIALS, TrackedCredential(a_key("AKIANEW"), "Active"))},
    "a key gone": {"credentials": CREDENTIALS[:1]},
    "a key that was switched before": {
        "credentials": (CREDENTIALS[0], replace(CREDENTIALS[1], original_status="Active"))
    },
    "another document": {"planned": {**SPEC, "inline": {"Statement": [{}]}}},
    "one more account": {"assignments": [*GIVEN, ("9", "alice@example.com")]},
    "a shorter quarantine": {"rules": replace(RULES, quarantine=timedelta(days=1))},
    "a shorter rest": {"rules": replace(RULES, deactivate=timedelta(days=1))},
    "shorter sessions": {"rules": replace(RULES, sessions=timedelta(hours=1))},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_an_approval_survives_what_it_was_not_about(change):
    assert bound(**change) == bound()


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_an_approval_is_void_once_its_subject_changed(change):
    assert bound(**change) != bound()


def told(**change):
    """What changed between a subject and the same with a change, in words."""
    words = {"facts": FACTS, "credentials": CREDENTIALS, "planned": SPEC, "assignments": GIVEN, "rules": RULES}
    return drift(subject_document(**words), subject_document(**{**words, **change}))


SAID = {
    "a stranger": "another user has the name: AIDANEW",
    "a new key": "new access-key AKIANEW",
    "a key gone": "is gone",
    "a key that was switched before": "was Inactive, is Active",
    "another document": "what is planned changed: inline",
    "one more account": "now for alice@example.com in 9",
    "a shorter quarantine": "scream_test.quarantine is 1 day, 0:00:00, was 7 days",
    "a shorter rest": "scream_test.deactivate is 1 day",
    "shorter sessions": "scream_test.sessions is 1:00:00",
}


@pytest.mark.parametrize("name", OTHER)
def test_drift_is_told_in_words(name):
    (said,) = told(**OTHER[name])
    assert SAID[name] in said


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_does_not_void_is_no_drift(change):
    assert told(**change) == ()


def test_a_plan_that_went_away_is_drift():
    assert told(planned=None) == ("nothing is planned any more",)


def test_whoever_was_never_read_has_no_subject():
    assert subject(Dossier(a_user()), RULES) is None


def test_the_subject_of_a_dossier_is_its_facts_its_plan_and_its_people():
    dossier = a_dossier(facts=FACTS, credentials=CREDENTIALS)
    assert subject_of(dossier, RULES) == bound(planned={})
    assert subject_of(replace(dossier, user=a_user(persons=())), RULES) == bound(planned={}, assignments=[])
    assert subject_of(replace(dossier, planned=None), RULES) == bound(planned=None)
    assert subject_of(Dossier(a_user()), RULES) == ""


def mover(number: int, **changes: object) -> Dossier:
    """A mapped user in no wave; `calls` weigh its risk, `owner` and `person` place it."""
    calls, owner = changes.pop("calls", 0), changes.pop("owner", "data")
    person = changes.pop("person", f"p{number}@x.io")
    user = a_user(id=number, user_name=f"user-{number:03}", owner=owner, persons=(person,), **changes)
    return a_dossier(user=user, wave=None, used=Used(calls=calls), coverage=covered(), facts=some_facts())


def members(plan):
    return {wave.name: [user for user, _ in wave.users] for wave in plan.waves}


def test_the_harmless_come_first_and_the_canary_before_all():
    movers = [mover(n, calls=10**n) for n in (5, 3, 1, 4, 2)]
    assert members(plan_waves(movers, 2, 2, RULES, NOW)) == {"canary": [1, 2], "wave-1": [3, 4], "wave-2": [5]}
    assert members(plan_waves(movers, 3, 0, RULES, NOW)) == {"wave-1": [1, 2, 3], "wave-2": [4, 5]}


def test_one_persons_users_move_together_even_past_the_size_and_never_split_a_canary():
    movers = [mover(n, person="mary@x.io") for n in (1, 2, 3)] + [mover(4), mover(5)]
    plan = plan_waves(movers, 2, 2, RULES, NOW)
    assert members(plan) == {"canary": [4, 5], "wave-1": [1, 2, 3]}
    assert "with all of mary@x.io" in plan.waves[1].users[0][1]


def test_owners_take_turns_among_equals():
    movers = [mover(n, owner="data" if n < 4 else "web") for n in range(1, 7)]
    assert members(plan_waves(movers, 2, 0, RULES, NOW)) == {"wave-1": [1, 4], "wave-2": [2, 5], "wave-3": [3, 6]}


REASONS = {
    "a machine": (mover(1, kind=Kind.MACHINE), "a machine: nobody watches it fail"),
    "busy": (mover(1, calls=999), "999 calls in the look-back"),
    "idle": (mover(1), "quiet and covered"),
    "nobody's": (replace(mover(1), user=a_user(id=1, owner=None, persons=())), "nobody is known to own it"),
    "gaps": (replace(mover(1), coverage=covered(denied=2, unknown=1)), "3 calls not covered"),
    "an administrator": (
        replace(mover(1), facts=some_facts(attached_policies=("arn:aws:iam::aws:policy/AdministratorAccess",))),
        "an administrator",
    ),
    "a key used lately": (
        replace(mover(1), facts=some_facts(credentials=(a_key(last_used_at=ago(days=1)),))),
        "used in the look-back",
    ),
}


@pytest.mark.parametrize(("dossier", "why"), REASONS.values(), ids=REASONS)
def test_every_member_is_there_for_a_reason(dossier, why):
    assert plan_waves([dossier], 5, 0, RULES, NOW).waves[0].users == ((1, f"by risk: {why}"),)


STAY = {
    "vanished": mover(1, vanished_at=NOW),
    "break-glass": mover(1, kind=Kind.BREAK_GLASS),
    "kept": mover(1, destination=Destination.KEEP),
    "nobody decided what it is": mover(1, destination=None),
    "already quarantined": mover(1, state=State.QUARANTINED),
    "in another wave": replace(mover(1), wave=a_wave(state=WaveState.PAUSED)),
    "held": replace(mover(1), decisions={"hold": a_decision("hold")}),
    "protected": replace(mover(1), protected=("it runs the migration",)),
}


@pytest.mark.parametrize(("why", "dossier"), STAY.items(), ids=STAY)
def test_who_cannot_move_is_left_out_with_the_reason(why, dossier):
    plan = plan_waves([dossier, mover(2)], 5, 0, RULES, NOW)
    assert members(plan) == {"wave-1": [2]}
    assert plan.left_out == ((1, why),)


def test_names_that_are_taken_are_not_used_again():
    plan = plan_waves([mover(1), mover(2)], 1, 1, RULES, NOW, taken=("Canary", "wave-1", "wave-2"))
    assert list(members(plan)) == ["canary-2", "wave-3"]


def test_nobody_to_place_gives_no_waves():
    assert plan_waves([], 25, 5, RULES, NOW).waves == ()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from("abc"), st.integers(0, 9)), max_size=30),
    st.integers(1, 7),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_everybody_is_placed_once_within_the_size_and_in_the_same_place_each_time(people, size, canary, random):
    movers = [mover(n, calls=calls, owner=owner, person=f"{p}@x.io") for n, (calls, owner, p) in enumerate(people, 1)]
    plan = plan_waves(movers, size, canary, RULES, NOW)
    placed = [user for users in members(plan).values() for user in users]
    assert sorted(placed) == list(range(1, len(movers) + 1))
    persons = {d.user.id: d.user.person for d in movers}
    waves_of: dict[str | None, set[str]] = {}
    for name, users in members(plan).items():
        assert len(users) <= (canary if name == "canary" else size) or len({persons[u] for u in users}) == 1
        for user in users:
            waves_of.setdefault(persons[user], set()).add(name)
    assert all(len(waves) == 1 for waves in waves_of.values())
    random.shuffle(movers)
    assert plan_waves(movers, size, canary, RULES, NOW) == plan
