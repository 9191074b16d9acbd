"""Every gate: what holds it, what opens it, and what it says."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from migrator.domain.calendar import next_opening
from migrator.domain.dossier import (
    Dossier,
    Listening,
    PlannedSet,
    Population,
    Reference,
    Searched,
    SignIn,
    TrackedCredential,
    Uncovered,
    Used,
)
from migrator.domain.gates.result import counted, listed, progress, span
from migrator.domain.gates.safety import iac_owners
from migrator.domain.gates.table import BEFORE, GATES, gates_for, held_by, judge, next_look, unchecked
from migrator.domain.lifecycle import CUTTING, Move, State
from migrator.domain.model import Destination, Evidence, Kind
from migrator.domain.roles import look_as_evidence
from migrator.domain.rules import ChangeWindow, Rules, Share
from migrator.domain.waves import Stage, WaveState
from tests.unit.dossiers import (
    ACCOUNT,
    NOW,
    a_decision,
    a_dossier,
    a_key,
    a_scream,
    a_user,
    a_wave,
    ago,
    ahead,
    an_approval,
    covered,
    some_facts,
)

RULES = Rules()
FORWARD_MOVES = (Move.MAP, Move.PROVISION, Move.VERIFY, Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE)


def ask(gate, dossier, move=Move.QUARANTINE, rules=RULES):
    return judge(gate, dossier, move, rules, NOW)


def long_silent(**changes: Any):
    """A dossier whose user rests in its state for a month."""
    return a_dossier(user=a_user(state=State.DEACTIVATED, state_since=ago(days=30)), **changes)


def test_the_table_of_gates_is_the_contracts():
    always = ("not-held", "not-break-glass")
    assert {
        Move.MAP: ("kind-decided", "usage-fresh", *always),
        Move.PROVISION: ("owner-known", "person-linked", "coverage", "fits-quotas", "wave-approved", *always),
        Move.VERIFY: ("provisioned", "sso-sign-in", "coverage", *always),
        Move.QUARANTINE: (
            *("wave-approved", "change-window", "blast-radius", "legacy-quiet", "arn-references", "snapshot"),
            *("listening", *always),
        ),
        Move.DEACTIVATE: ("change-window", "scream-window", "no-screams", "snapshot", "listening", *always),
        Move.DELETE: (
            *("wave-approved", "change-window", "scream-window", "no-screams", "snapshot", "arn-references"),
            *("iac-owned", *always),
        ),
        Move.ROLLBACK: (),
        Move.EXCLUDE: always,
        Move.READMIT: always,
    } == BEFORE
    assert {gate for gates in BEFORE.values() for gate in gates} == set(GATES)


@pytest.mark.parametrize("move", FORWARD_MOVES)
def test_a_user_in_order_passes_every_gate_and_each_answers_under_its_own_name(move):
    results = gates_for(long_silent(), move, RULES, NOW)
    assert held_by(results) == ()
    assert tuple(r.gate for r in results) == BEFORE[move]
    assert all(r.why and not r.opens for r in results)


def test_rollback_is_never_gated():
    assert gates_for(Dossier(a_user(kind=Kind.BREAK_GLASS)), Move.ROLLBACK, RULES, NOW) == ()


@pytest.mark.parametrize("move", FORWARD_MOVES)
def test_a_user_nobody_looked_at_is_held_by_every_gate_that_looks_at_facts(move):
    blank = Dossier(a_user(kind=Kind.UNKNOWN, destination=None, persons=(), owner=None))
    results = gates_for(blank, move, replace(RULES, legacy_quiet=timedelta(days=1)), NOW)
    needs_no_facts = {"change-window", "not-held", "not-break-glass", "no-screams"}
    assert {r.gate for r in results if r.open} <= needs_no_facts
    assert all(r.why and r.opens for r in results if not r.open)


def test_a_leaver_is_not_asked_for_person_coverage_and_sign_in():
    leaver = a_dossier(
        user=a_user(destination=Destination.RETIRE, persons=()), coverage=None, planned=None, sign_ins=()
    )
    leaver = replace(leaver, provisioned_at=None, provisioned_live=None)
    asked = {r.gate for move in FORWARD_MOVES for r in gates_for(leaver, move, RULES, NOW)}
    assert asked == set(GATES) - {"person-linked", "coverage", "sso-sign-in"}
    assert held_by(gates_for(leaver, Move.PROVISION, RULES, NOW)) == ()
    assert held_by(gates_for(leaver, Move.VERIFY, RULES, NOW)) == ()


def test_a_leaver_still_needs_an_owner():
    leaver = a_dossier(user=a_user(destination=Destination.RETIRE, owner=None))
    assert held_by(gates_for(leaver, Move.PROVISION, RULES, NOW)) == ("owner-known",)


KINDS = {
    "an unknown kind": (a_user(kind=Kind.UNKNOWN), "nobody knows what uses it", "users classify"),
    "no destination": (a_user(destination=None), "no destination", "users destine"),
    "an approved exception": (a_user(destination=Destination.KEEP), "it is to be kept", "users exclude"),
}


@pytest.mark.parametrize(("user", "why", "command"), KINDS.values(), ids=KINDS)
def test_kind_decided_holds(user, why, command):
    result = ask("kind-decided", a_dossier(user=user))
    assert (result.open, result.why) == (False, why)
    assert f"migrator {command} {ACCOUNT}/alice" in result.opens


USAGE = {
    "never read": (Used(), "its usage was never read"),
    "read last week": (
        Used(mined_at=ago(days=7), since=ago(days=90), until=ago(days=7)),
        "its usage was read 7 days ago",
    ),
}


@pytest.mark.parametrize(("used", "why"), USAGE.values(), ids=USAGE)
def test_usage_fresh_holds(used, why):
    result = ask("usage-fresh", a_dossier(used=used))
    assert (result.open, result.why, result.opens) == (False, why, f"migrator map {ACCOUNT}/alice")


def test_usage_fresh_lists_the_days_that_no_source_holds():
    used = Used(mined_at=NOW, since=ago(days=30), until=NOW, calls=1, not_checked=("data events",))
    result = ask("usage-fresh", a_dossier(used=used))
    assert (result.open, result.why) == (True, "1 call in 90 days")
    assert result.not_checked == ("data events", "usage: 30 of 90 days read")


def test_usage_fresh_is_exact_about_its_limits():
    a_day_old = Used(mined_at=ago(days=1), since=ago(days=90), until=ago(days=1))
    assert ask("usage-fresh", a_dossier(used=a_day_old)).open
    assert ask("usage-fresh", a_dossier(used=a_day_old)).not_checked == ()
    assert ask("usage-fresh", a_dossier(used=Used(mined_at=NOW))).not_checked == ("usage: 0 of 90 days read",)


def test_usage_fresh_without_any_source_opens_and_says_so():
    result = ask("usage-fresh", a_dossier(used=Used()), rules=replace(RULES, usage_sources=0))
    assert (result.open, result.not_checked) == (True, ("what the user did: no usage source",))


SHARED = Evidence("shared", value=True, confidence=0.9, source="tag Email", observed_at=NOW)
PERSONS = {
    "nobody": (a_dossier(user=a_user(persons=())), False),
    "one person": (a_dossier(), True),
    "two, by a tag": (a_dossier(user=a_user(persons=("a@x.io", "b@x.io"))), False),
    "two, by a human": (
        a_dossier(user=a_user(persons=("a@x.io", "b@x.io")), decisions={"link": a_decision("link")}),
        True,
    ),
    "one of a shared user": (a_dossier(evidence=(SHARED,)), False),
    "one, found not to be shared": (a_dossier(evidence=(replace(SHARED, value=False),)), True),
    "one, with other evidence": (a_dossier(evidence=(replace(SHARED, claim="kind"),)), True),
    "a machine": (a_dossier(user=a_user(persons=(), destination=Destination.IAM_ROLE)), True),
}


@pytest.mark.parametrize(("dossier", "is_open"), PERSONS.values(), ids=PERSONS)
def test_person_linked(dossier, is_open):
    assert ask("person-linked", dossier).open is is_open


GAPS = (Uncovered("s3:DeleteObject", "arn:aws:s3:::data/*", 3, NOW),)
COVERAGE = {
    "all covered": (covered(allowed=120), True, "120 of 120 calls covered"),
    "gaps": (
        covered(allowed=117, denied=3, gaps=GAPS),
        False,
        "3 of 120 calls not covered: s3:DeleteObject on arn:aws:s3:::data/*",
    ),
    "unknown is not covered": (covered(allowed=9, unknown=1), False, "1 of 10 calls not covered"),
    "no calls": (covered(), True, "no calls to cover"),
    "of another plan": (covered(spec_sha="old", allowed=9), False, "coverage is of an older plan"),
    "never computed": (None, False, "coverage was never computed"),
}


@pytest.mark.parametrize(("cover", "is_open", "why"), COVERAGE.values(), ids=COVERAGE)
def test_coverage(cover, is_open, why):
    result = ask("coverage", a_dossier(coverage=cover))
    assert (result.open, result.why) == (is_open, why)


def test_coverage_may_be_asked_to_be_less_than_complete():
    dossier = a_dossier(coverage=covered(allowed=9, denied=1))
    assert ask("coverage", dossier, rules=replace(RULES, coverage_min_percent=90)).open
    assert not ask("coverage", dossier, rules=replace(RULES, coverage_min_percent=91)).open


def test_no_calls_prove_nothing_where_nobody_read_the_usage():
    assert not ask("coverage", a_dossier(coverage=covered(), used=Used())).open
    blind = ask("coverage", a_dossier(coverage=covered(), used=Used()), rules=replace(RULES, usage_sources=0))
    assert (blind.open, blind.not_checked) == (True, ("what the user did: no usage source",))


def test_fits_quotas_names_the_quota_that_would_break():
    planned = PlannedSet("data-dev", "sha", {}, problems=("11,000 of 10,240 bytes",))
    result = ask("fits-quotas", a_dossier(planned=planned))
    assert (result.open, result.why) == (False, "data-dev: 11,000 of 10,240 bytes")
    assert not ask("fits-quotas", a_dossier(planned=None)).open


@pytest.mark.parametrize("destination", [None, Destination.KEEP])
def test_nothing_fits_a_user_of_whom_nobody_decided_where_its_access_goes(destination):
    held = ask("fits-quotas", a_dossier(user=a_user(destination=destination)))
    assert (held.open, held.why) == (False, "nobody decided where its access goes")
    assert held.opens.startswith("migrator users destine 111122223333/alice")


def test_a_set_that_was_planned_for_a_human_is_no_role_for_a_machine():
    planned = PlannedSet("data-dev", "sha", {"type": "permission-set"})
    held = ask("fits-quotas", a_dossier(planned=planned, user=a_user(destination=Destination.IAM_ROLE)))
    assert (held.open, held.opens) == (False, "migrator map 111122223333/alice")


APPROVALS = {
    "approved": ({}, True, "approved by dora@example.com"),
    "in no wave": ({"wave": None}, False, "in no wave"),
    "nobody approved": ({"approvals": ()}, False, "0 of 1 approval of stage cut"),
    "another stage": ({"approvals": (an_approval(stage=Stage.DELETE),)}, False, "0 of 1 approval of stage cut"),
    "another user": ({"approvals": (an_approval(user=8),)}, False, "0 of 1 approval of stage cut"),
    "another wave": ({"approvals": (an_approval(wave=4),)}, False, "0 of 1 approval of stage cut"),
    "expired": ({"approvals": (an_approval(expires_at=NOW),)}, False, "0 of 1 approval of stage cut"),
    "by the creator": (
        {"approvals": (an_approval(approver="Carol@example.com"),)},
        False,
        "0 of 1 approval of stage cut",
    ),
    "by the subject": (
        {"approvals": (an_approval(approver="alice@example.com"),)},
        False,
        "0 of 1 approval of stage cut",
    ),
    "the subject changed": (
        {"subject_hash": "another"},
        False,
        "0 of 1 approval of stage cut: subject changed since dora@example.com approved",
    ),
    "no hash, no approval": (
        {"subject_hash": "", "approvals": (an_approval(subject_hash=""),)},
        False,
        "0 of 1 approval of stage cut: subject changed since dora@example.com approved",
    ),
    "voided": ({"decisions": {"void": a_decision("void", at=ago(hours=1))}}, False, "0 of 1 approval of stage cut"),
    "voided before": (
        {"decisions": {"void": a_decision("void", at=ago(days=5))}},
        True,
        "approved by dora@example.com",
    ),
    "a draft": ({"wave": a_wave(state=WaveState.DRAFT)}, False, "wave wave-1 is still a draft"),
    "paused": ({"wave": a_wave(state=WaveState.PAUSED)}, False, "wave wave-1 is paused"),
    "done": ({"wave": a_wave(state=WaveState.DONE)}, False, "wave wave-1 is done"),
    "approved, not begun": ({"wave": a_wave(state=WaveState.APPROVED)}, True, "approved by dora@example.com"),
    "from now on": ({"wave": a_wave(starts_at=NOW)}, True, "approved by dora@example.com"),
    "for next week": ({"wave": a_wave(starts_at=ahead(days=7))}, False, "wave wave-1 starts 2026-11-30 12:00"),
}


@pytest.mark.parametrize(("changes", "is_open", "why"), APPROVALS.values(), ids=APPROVALS)
def test_wave_approved(changes, is_open, why):
    result = ask("wave-approved", a_dossier(**changes))
    assert (result.open, result.why) == (is_open, why)


def test_two_approvals_need_two_identities():
    rules = replace(RULES, approvals=2)
    twice = a_dossier(approvals=(an_approval(), an_approval(approver="DORA@example.com", at=ago(hours=1))))
    assert ask("wave-approved", twice, rules=rules).why == "1 of 2 approvals of stage cut"
    both = a_dossier(approvals=(an_approval(), an_approval(approver="erin@example.com")))
    assert ask("wave-approved", both, rules=rules).open


def test_without_approvals_no_wave_is_needed_but_a_paused_one_still_holds():
    rules = replace(RULES, approvals=0)
    assert ask("wave-approved", a_dossier(wave=None, approvals=()), rules=rules).open
    assert ask("wave-approved", a_dossier(wave=a_wave(state=WaveState.DRAFT)), rules=rules).open
    assert not ask("wave-approved", a_dossier(wave=a_wave(state=WaveState.PAUSED)), rules=rules).open


def test_deletion_needs_the_approval_of_its_own_stage():
    assert ask("wave-approved", a_dossier(), Move.DELETE).open
    assert (
        ask("wave-approved", a_dossier(approvals=(an_approval(),)), Move.DELETE).why
        == "0 of 1 approval of stage delete"
    )


@pytest.mark.parametrize("live", [None, False])
def test_provisioned_holds_until_it_was_read_back(live):
    assert not ask("provisioned", a_dossier(provisioned_live=live)).open


def test_provisioned_says_whose_turn_it_is():
    machine = a_user(destination=Destination.IAM_ROLE)
    assert ask("provisioned", a_dossier(provisioned_live=None)).why == "nobody looked whether it is provisioned"
    assert ask("provisioned", a_dossier(provisioned_live=False)).why == "the access is not complete in AWS"
    differing = ask("provisioned", a_dossier(user=machine, provisioned_live=False))
    assert differing.why == "the role differs from the plan"
    assert differing.opens.startswith("its team applies the planned role; migrator permission-sets show data-dev")
    unseen = ask("provisioned", a_dossier(user=machine, provisioned_live=None))
    assert unseen.why == "nobody looked whether its role exists"


def test_a_machine_waits_for_its_role_before_it_counts_as_provisioned():
    machine = a_dossier(user=a_user(destination=Destination.IAM_ROLE, persons=()), provisioned_live=False)
    assert held_by(gates_for(machine, Move.PROVISION, RULES, NOW)) == ("provisioned",)
    assert held_by(gates_for(replace(machine, provisioned_live=True), Move.PROVISION, RULES, NOW)) == ()
    person = a_dossier(provisioned_live=False)
    assert held_by(gates_for(person, Move.PROVISION, RULES, NOW)) == ()


def test_the_latest_look_says_in_what_a_role_differs():
    machine = a_dossier(user=a_user(destination=Destination.IAM_ROLE), provisioned_live=False)
    looks = [
        look_as_evidence(machine.planned, found, None, at)
        for found, at in ((("its boundary is missing",), ago(days=1)), (("role data-dev does not exist",), NOW))
    ]
    assert ask("provisioned", replace(machine, evidence=tuple(looks))).why == "role data-dev does not exist"


def test_where_only_existing_sets_may_be_used_their_absence_is_told():
    rules = replace(RULES, create_sets=False)
    held = ask("fits-quotas", a_dossier(planned=None), rules=rules)
    assert held.why == "no permission set that exists fits"
    machine = a_dossier(planned=None, user=a_user(destination=Destination.IAM_ROLE))
    assert ask("fits-quotas", machine, rules=rules).why == "nothing is planned"


def a_sign_in(**changes: Any):
    return replace(SignIn(ago(hours=1), ACCOUNT, "data-dev", "alice@example.com"), **changes)


UNUSED = {"used": Used(mined_at=NOW), "facts": some_facts()}
SIGN_INS = {
    "seen here": ({}, True),
    "never seen": ({"sign_ins": ()}, False),
    "just when provisioned": ({"sign_ins": (a_sign_in(at=ago(days=1)),)}, True),
    "in the second of provisioning": ({"provisioned_at": ago(hours=1) + timedelta(microseconds=1)}, True),
    "a second before provisioning": ({"provisioned_at": ago(hours=1) + timedelta(seconds=1)}, False),
    "elsewhere, unused by all calls read": (
        {"sign_ins": (a_sign_in(account_id="9"),), "used": Used(mined_at=NOW), "facts": None, "credentials": ()},
        True,
    ),
    "elsewhere, key used at the brink": (
        {
            "sign_ins": (a_sign_in(account_id="9"),),
            "used": Used(mined_at=NOW),
            "facts": some_facts(credentials=(a_key("AKIAOLD", last_used_at=ago(days=400)),)),
            "credentials": (TrackedCredential(a_key(last_used_at=ago(days=90)), "Active"),),
        },
        False,
    ),
    "before provisioning": ({"sign_ins": (a_sign_in(at=ago(days=3)),)}, False),
    "through another set": ({"sign_ins": (a_sign_in(permission_set="admin"),)}, False),
    "elsewhere, though used here": ({"sign_ins": (a_sign_in(account_id="9"),)}, False),
    "elsewhere, unused here": ({"sign_ins": (a_sign_in(account_id="9"),), **UNUSED}, True),
    "elsewhere, key used here": (
        {
            "sign_ins": (a_sign_in(account_id="9"),),
            **UNUSED,
            "facts": some_facts(credentials=(a_key(last_used_at=NOW),)),
        },
        False,
    ),
    "elsewhere, nobody knows": ({"sign_ins": (a_sign_in(account_id="9"),), "used": Used(), "facts": None}, False),
    "not provisioned": ({"provisioned_at": None}, False),
}


@pytest.mark.parametrize(("changes", "is_open"), SIGN_INS.values(), ids=SIGN_INS)
def test_sso_sign_in(changes, is_open):
    assert ask("sso-sign-in", a_dossier(**changes)).open is is_open


def test_sso_sign_in_says_when_and_what_is_awaited():
    twice = a_dossier(sign_ins=(a_sign_in(), a_sign_in(at=ago(minutes=1))))
    assert ask("sso-sign-in", twice).why == "seen through data-dev on 2026-11-23 11:59"
    assert ask("sso-sign-in", a_dossier(sign_ins=())).why == "never seen in Identity Center"
    machine = a_dossier(sign_ins=(), user=a_user(destination=Destination.IAM_ROLE))
    assert ask("sso-sign-in", machine).why == "role data-dev was never used"


def test_sso_sign_in_can_be_switched_off():
    assert ask("sso-sign-in", a_dossier(sign_ins=()), rules=replace(RULES, sso_sign_in=False)).why == "not required"


OFFICE = ChangeWindow(frozenset({0, 1}), time(9), time(16), "Europe/Berlin")
NIGHT = ChangeWindow(frozenset({6}), time(22), time(2))
ALL_DAY = ChangeWindow(frozenset({0}), time(0), time(0))
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
OPENINGS = {
    "inside": (OFFICE, MONDAY.replace(hour=8), MONDAY.replace(hour=8)),
    "before it, Berlin is an hour ahead": (OFFICE, MONDAY.replace(hour=7, minute=59), MONDAY.replace(hour=8)),
    "after it": (OFFICE, MONDAY.replace(hour=15), MONDAY.replace(day=24, hour=8)),
    "over the week": (OFFICE, MONDAY.replace(day=25), MONDAY.replace(day=30, hour=8)),
    "after the clocks went forward": (
        OFFICE,
        datetime(2027, 3, 27, 12, tzinfo=UTC),
        datetime(2027, 3, 29, 7, tzinfo=UTC),
    ),
    "past midnight, of the day before": (NIGHT, MONDAY.replace(hour=1), MONDAY.replace(hour=1)),
    "the night is over": (NIGHT, MONDAY.replace(hour=2), MONDAY.replace(day=29, hour=22)),
    "midnight to midnight is a day": (ALL_DAY, MONDAY.replace(hour=23), MONDAY.replace(hour=23)),
    "no days": (ChangeWindow(frozenset(), time(9), time(16)), MONDAY, None),
}


@pytest.mark.parametrize(("window", "now", "opening"), OPENINGS.values(), ids=OPENINGS)
def test_the_change_window_opens_next(window, now, opening):
    assert next_opening(window, now) == opening


def test_a_shut_change_window_says_when_it_opens():
    shut = replace(RULES, change_window=ChangeWindow(frozenset({1}), time(9), time(16)))
    result = ask("change-window", a_dossier(), rules=shut)
    assert (result.open, result.opens_at) == (False, datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert ask("change-window", a_dossier()).open
    today = replace(RULES, change_window=ChangeWindow(frozenset({0}), time(9), time(16)))
    assert ask("change-window", a_dossier(), rules=today).why == "inside the change window"


RADIUS = {
    "room": (Population(100, 9), Share(10, percent=True), True),
    "full": (Population(100, 10), Share(10, percent=True), False),
    "one of a few": (Population(3, 0), Share(10, percent=True), True),
    "a number": (Population(100, 5), Share(5), False),
    "none allowed": (Population(100, 0), Share(0), False),
    "nobody counted": (Population(), Share(10, percent=True), False),
}


@pytest.mark.parametrize(("population", "share", "is_open"), RADIUS.values(), ids=RADIUS)
def test_blast_radius(population, share, is_open):
    result = ask("blast-radius", a_dossier(population=population), rules=replace(RULES, max_in_scream_test=share))
    assert result.open is is_open


def test_legacy_quiet_counts_the_rest_and_says_when_it_is_enough():
    rules = replace(RULES, legacy_quiet=timedelta(days=7))
    result = ask("legacy-quiet", a_dossier(used=Used(mined_at=NOW, last=ago(days=2, hours=3))), rules=rules)
    assert (result.open, result.why) == (False, "quiet for 2.1 of 7 days")
    assert result.opens_at == ago(days=2, hours=3) + timedelta(days=7)
    assert ask("legacy-quiet", a_dossier(used=Used(mined_at=NOW, last=ago(days=7))), rules=rules).open
    assert ask("legacy-quiet", a_dossier()).why == "not required"


def test_legacy_quiet_hears_last_used_times_too():
    rules = replace(RULES, legacy_quiet=timedelta(days=7))
    facts = some_facts(credentials=(a_key(last_used_at=ago(days=1)),))
    assert not ask("legacy-quiet", a_dossier(used=Used(mined_at=NOW), facts=facts), rules=rules).open
    rows = (TrackedCredential(a_key(last_used_at=ago(days=1)), "Active"),)
    assert not ask("legacy-quiet", a_dossier(used=Used(mined_at=NOW), credentials=rows), rules=rules).open
    resting = ask("legacy-quiet", a_dossier(used=Used()), rules=rules)
    assert (resting.open, resting.not_checked) == (True, ("calls: last-used times only",))


SNAPSHOTS = {
    "fresh": ({}, True, "read 10 minutes ago"),
    "just fresh": ({"facts": some_facts(observed_at=ago(hours=1))}, True, "read 1 hour ago"),
    "never read": ({"facts": None}, False, "never read"),
    "incomplete, which is listed": ({"facts": some_facts(not_checked=("SSH keys",))}, True, "read 10 minutes ago"),
    "old": ({"facts": some_facts(observed_at=ago(hours=3))}, False, "read 3 hours ago"),
    "a stranger": ({"facts": some_facts(user_id="AIDANEW")}, False, "a stranger has this name: AIDANEW, not AIDAALICE"),
    "vanished": ({"user": a_user(vanished_at=NOW)}, False, "the user vanished"),
}


@pytest.mark.parametrize(("changes", "is_open", "why"), SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_snapshot(changes, is_open, why):
    result = ask("snapshot", a_dossier(**changes))
    assert (result.open, result.why) == (is_open, why)


HEARD = {
    "fresh": (Listening(newest=ago(minutes=5)), True),
    "nobody heard": (Listening(not_checked=("event selectors",)), False),
    "stale": (Listening(newest=ago(minutes=46)), False),
    "late, as trails are": (Listening(newest=ago(minutes=45)), True),
    "deaf to all of it": (Listening(newest=NOW, deaf=("lambda",)), False),
    "deaf to some of it": (Listening(newest=NOW, audible=("ec2",), deaf=("lambda",)), True),
}


@pytest.mark.parametrize(("heard", "is_open"), HEARD.values(), ids=HEARD)
def test_listening(heard, is_open):
    assert ask("listening", a_dossier(listening=heard)).open is is_open


def test_listening_lists_what_is_not_recorded_and_can_be_switched_off():
    heard = Listening(newest=NOW, heard_since=NOW, audible=("ec2",), deaf=("lambda",), not_checked=("insights",))
    expected = ("insights", "refusals of lambda: no trail records them")
    assert ask("listening", a_dossier(listening=heard)).not_checked == expected
    unheard = ask("listening", a_dossier(listening=replace(heard, heard_since=None))).not_checked
    assert unheard == ("a worker: none has listened yet, and screams are heard only while one does", *expected)
    assert ask("listening", a_dossier(listening=Listening()), rules=replace(RULES, listening=False)).open


def resting(state=State.QUARANTINED, **span: float):
    return a_user(state=state, state_since=ago(**span))


def test_scream_window_counts_silence_in_the_state():
    result = ask("scream-window", a_dossier(user=resting(days=2, hours=3)), Move.DEACTIVATE)
    assert (result.open, result.why) == (False, "silent for 2.1 of 7 days")
    assert result.opens_at == ahead(days=4, hours=21)
    assert ask("scream-window", a_dossier(user=resting(days=7)), Move.DEACTIVATE).open


def test_scream_window_never_rounds_up_to_the_whole():
    result = ask("scream-window", a_dossier(user=resting(days=6, hours=23, minutes=59)), Move.DEACTIVATE)
    assert result.why == "silent for 6.9 of 7 days"


def test_before_delete_the_longest_sessions_must_have_ended():
    rules = replace(RULES, deactivate=timedelta(seconds=3))
    result = ask("scream-window", a_dossier(user=resting(State.DEACTIVATED, hours=35)), Move.DELETE, rules)
    assert (result.open, result.why, result.opens_at) == (False, "silent for 1.4 of 1.5 days", ahead(hours=1))
    assert ask("scream-window", a_dossier(user=resting(State.DEACTIVATED, hours=36)), Move.DELETE, rules).open


def test_scream_window_counts_only_what_was_heard():
    deafened = a_dossier(user=resting(days=30), listening=Listening(newest=NOW, heard_since=ago(days=1)))
    assert ask("scream-window", deafened, Move.DEACTIVATE).why == "silent for 1 of 7 days"
    unasked = ask("scream-window", deafened, Move.DEACTIVATE, replace(RULES, listening=False))
    assert (unasked.open, unasked.not_checked) == (True, ())
    never_heard = a_dossier(user=resting(days=30), listening=Listening())
    assert ask("scream-window", never_heard, Move.DEACTIVATE, replace(RULES, listening=False)).not_checked == ()
    assert ask("scream-window", a_dossier(user=resting(days=30)), Move.DEACTIVATE).not_checked == ()
    nobody_knows = a_dossier(user=resting(days=30), listening=Listening(newest=NOW))
    assert ask("scream-window", nobody_knows, Move.DEACTIVATE).not_checked == ("how long of it the trail was heard",)


def test_a_settled_scream_begins_the_silence_anew():
    settled = a_dossier(user=resting(days=30), screams=(a_scream(disposition="dismissed", last=ago(days=1)),))
    assert ask("scream-window", settled, Move.DEACTIVATE).why == "silent for 1 of 7 days"


def test_no_screams_names_the_latest_one():
    dossier = a_dossier(screams=(a_scream(), a_scream(id=6, event_name="PutObject", last=NOW)))
    result = ask("no-screams", dossier, Move.DEACTIVATE)
    assert (result.open, result.why) == (False, "2 open screams: s3:PutObject")
    assert "dismiss 6" in result.opens
    assert not ask("no-screams", a_dossier(screams=(a_scream(disposition="not-checked"),)), Move.DEACTIVATE).open
    assert ask("no-screams", a_dossier(screams=(a_scream(disposition="rolled-back"),)), Move.DEACTIVATE).open


def found(*effects: str):
    names = tuple(Reference(f"arn:aws:kms:::key/{n}", effect) for n, effect in enumerate(effects))
    return Searched(at=ago(hours=1), found=names)


REFERENCES = {
    "nothing": (Searched(at=ago(hours=1)), True, "nothing names it"),
    "searched yesterday": (Searched(at=ago(days=1)), True, "nothing names it"),
    "nobody searched": (Searched(), False, "nobody searched for what names it"),
    "searched last week": (Searched(at=ago(days=7)), False, "searched 7 days ago"),
    "one": (found("allow"), False, "1 policy still names it: arn:aws:kms:::key/0"),
    "two": (found("allow", "trust"), False, "2 policies still name it: arn:aws:kms:::key/0 and 1 more"),
    "its only administrator": (found("sole-administrator"), False, "only administrator of arn:aws:kms:::key/0"),
}


@pytest.mark.parametrize(("searched", "is_open", "why"), REFERENCES.values(), ids=REFERENCES)
def test_arn_references(searched, is_open, why):
    result = ask("arn-references", a_dossier(references=searched))
    assert (result.open, result.why) == (is_open, why)


def test_arn_references_lists_what_could_not_be_searched():
    searched = Searched(at=NOW, not_checked=("ecr in eu-west-1",))
    assert ask("arn-references", a_dossier(references=searched)).not_checked == ("ecr in eu-west-1",)


CODE = {
    "a stack": ({"aws:cloudformation:stack-name": "users"}, ("CloudFormation stack users",)),
    "terraform": ({"terraform": "true"}, ("terraform: true",)),
    "managed by": ({"managed-by": "Terraform"}, ("managed-by: Terraform",)),
    "ManagedBy": ({"ManagedBy": "pulumi"}, ("ManagedBy: pulumi",)),
    "not terraform": ({"terraform": "false"}, ()),
    "managed by hand": ({"ManagedBy": "platform team"}, ()),
    "other ids of the stack": ({"aws:cloudformation:logical-id": "U"}, ()),
    "no tags": ({}, ()),
}


@pytest.mark.parametrize(("tags", "owners"), CODE.values(), ids=CODE)
def test_code_is_recognised_by_its_tags(tags, owners):
    assert iac_owners(tags) == owners
    result = ask("iac-owned", a_dossier(facts=some_facts(tags=tags)), Move.DELETE)
    assert result.open is (owners == ())


def test_an_owner_in_code_found_elsewhere_holds_too():
    assert ask("iac-owned", a_dossier(iac=("terraform state s3://x",)), Move.DELETE).opens == "remove it there"
    assert ask("iac-owned", a_dossier(), Move.DELETE).not_checked == ("code that leaves no tag",)


HOLDS = {
    "nobody": ({}, True),
    "a decision": ({"decisions": {"hold": a_decision("hold")}}, False),
    "released": ({"decisions": {"hold": a_decision("hold", value=False)}, "user": a_user(held="old")}, True),
    "expired": ({"decisions": {"hold": a_decision("hold", until=ago(hours=1))}}, True),
    "the row says so": ({"user": a_user(held="on leave")}, False),
}


@pytest.mark.parametrize(("changes", "is_open"), HOLDS.values(), ids=HOLDS)
def test_not_held(changes, is_open):
    assert ask("not-held", a_dossier(**changes)).open is is_open


def test_a_hold_says_why_and_until_when():
    dossier = a_dossier(decisions={"hold": a_decision("hold", reason="on leave", until=ahead(days=2))})
    result = ask("not-held", dossier)
    assert (result.why, result.opens_at) == ("held: on leave", ahead(days=2))


def test_break_glass_holds_every_move_but_its_own_exclusion():
    dossier = a_dossier(user=a_user(kind=Kind.BREAK_GLASS))
    held = {move for move in Move if "not-break-glass" in held_by(gates_for(dossier, move, RULES, NOW))}
    assert held == set(Move) - {Move.ROLLBACK, Move.EXCLUDE}


def test_break_glass_is_asked_of_the_configuration_too():
    rules = replace(RULES, break_glass=(f"{ACCOUNT}/ALI*",))
    assert not ask("not-break-glass", a_dossier(), rules=rules).open


def test_what_is_to_be_kept_is_never_cut():
    dossier = a_dossier(user=a_user(destination=Destination.KEEP))
    held = {move for move in Move if "not-break-glass" in held_by(gates_for(dossier, move, RULES, NOW))}
    assert held == CUTTING


def test_the_protected_are_never_cut():
    dossier = a_dossier(protected=("it runs the migration",))
    held = {move for move in Move if "not-break-glass" in held_by(gates_for(dossier, move, RULES, NOW))}
    assert held == CUTTING


def waived(gate, **changes: Any):
    decision = a_decision(f"waive:{gate}", until=ahead(days=1), **changes)
    return {decision.what: decision}


def test_a_waiver_opens_a_gate_and_says_who_and_until_when():
    dossier = a_dossier(coverage=None, decisions=waived("coverage"))
    result = ask("coverage", dossier)
    assert (result.open, result.why) == (True, "waived by erin@example.com until 2026-11-24 12:00: because")
    assert result.not_checked == ("coverage was never computed",)


def test_a_waiver_leaves_an_open_gate_as_it_is():
    assert ask("coverage", a_dossier(decisions=waived("coverage"))).why == "120 of 120 calls covered"


BAD_WAIVERS = {
    "expired": a_decision("waive:coverage", until=NOW),
    "without an end": a_decision("waive:coverage"),
    "by who made the wave": a_decision("waive:coverage", until=ahead(days=1), actor="carol@example.com"),
    "by the user itself": a_decision("waive:coverage", until=ahead(days=1), actor="AIDAALICE"),
    "by its person": a_decision("waive:coverage", until=ahead(days=1), actor="Alice@example.com"),
}


@pytest.mark.parametrize("decision", BAD_WAIVERS.values(), ids=BAD_WAIVERS)
def test_a_waiver_needs_an_end_and_a_second_identity(decision):
    assert not ask("coverage", a_dossier(coverage=None, decisions={decision.what: decision})).open


UNWAIVABLE = {
    "snapshot": {"facts": None},
    "not-break-glass": {"user": a_user(kind=Kind.BREAK_GLASS)},
    "wave-approved": {"approvals": ()},
    "arn-references": {"references": found("sole-administrator")},
}


@pytest.mark.parametrize("gate", UNWAIVABLE)
def test_some_gates_no_waiver_opens(gate):
    assert not ask(gate, a_dossier(**UNWAIVABLE[gate], decisions=waived(gate))).open


def test_one_key_without_another_administrator_is_enough_to_refuse_the_waiver():
    dossier = a_dossier(references=found("allow", "sole-administrator"), decisions=waived("arn-references"))
    assert not ask("arn-references", dossier).open


def test_ordinary_references_can_be_waived():
    assert ask("arn-references", a_dossier(references=found("allow"), decisions=waived("arn-references"))).open


def test_what_nobody_could_check_is_listed_once_and_the_next_look_is_the_first_opening():
    dossier = a_dossier(user=resting(days=1), listening=Listening(NOW, ago(days=9), ("ec2",), ("s3",)))
    dossier = replace(dossier, decisions={"hold": a_decision("hold", until=ahead(days=1))}, facts=None)
    results = gates_for(dossier, Move.DEACTIVATE, RULES, NOW)
    assert held_by(results) == ("scream-window", "snapshot", "not-held")
    assert next_look(results) == ahead(days=1)
    assert unchecked((*results, *results)) == ("refusals of s3: no trail records them",)
    assert next_look(gates_for(long_silent(), Move.DELETE, RULES, NOW)) is None


SPANS = {
    "a day": (timedelta(days=1), "1 day"),
    "not quite": (timedelta(hours=23, minutes=30), "23.5 hours"),
    "minutes": (timedelta(minutes=2), "2 minutes"),
    "a minute": (timedelta(minutes=1), "1 minute"),
    "seconds": (timedelta(seconds=40), "40 seconds"),
    "nothing": (timedelta(), "0 seconds"),
}


@pytest.mark.parametrize(("duration", "text"), SPANS.values(), ids=SPANS)
def test_durations_read_in_their_largest_unit(duration, text):
    assert span(duration) == text


def test_progress_is_told_in_the_unit_of_the_whole_and_never_negative():
    assert progress(timedelta(seconds=90), timedelta(minutes=3)) == "1.5 of 3 minutes"
    assert progress(timedelta(seconds=-5), timedelta(days=7)) == "0 of 7 days"


def test_numbers_agree_with_their_nouns_and_long_lists_are_cut():
    assert [counted(n, noun) for n, noun in ((1, "policy"), (2, "policy"), (2, "key"))] == [
        "1 policy",
        "2 policies",
        "2 keys",
    ]
    assert [listed(tuple("abcd"[:n])) for n in (0, 1, 2, 4)] == ["", "a", "a, b", "a, b and 2 more"]
