"""Users moved forward: what holds them, what is asked again at the last moment, what a dead process left."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from migrator.adapters.pool import ThreadPool
from migrator.adapters.store import work_tables
from migrator.domain.cuts import QUARANTINE
from migrator.domain.dossier import User
from migrator.domain.lifecycle import State
from migrator.domain.rules import Share
from migrator.domain.snapshot import from_document
from migrator.domain.waves import WaveState
from migrator.operations.advance import Advance, advance
from migrator.operations.roll_back import Undo, roll_back
from tests.builders import ACCOUNT, NOW, a_decision, a_key, a_password, a_recorded, a_user_facts, a_wave, record
from tests.fakes.crash import Crash

ALICE = (ACCOUNT, "alice")
DENY = ("inline-policy", (*ALICE, QUARANTINE))


def facts(name="alice", **changes: Any):
    changes = {"credentials": (a_password(), a_key(f"AKIA{name.upper()}")), **changes}
    return a_user_facts(name, **changes)


def move(tools, *users: User, goal=State.DEACTIVATED, **asked: Any):
    found = advance(tools, tools.apply, [tools.line(user) for user in users], Advance(goal, **asked)).users
    return found[0] if len(found) == 1 else found


def test_a_verified_user_goes_as_far_as_deactivated(tools):
    alice = tools.add(facts())
    assert (move(tools, alice).outcome, tools.user(alice).state) == ("done", State.DEACTIVATED)
    assert tools.aws.there["access-key", (*ALICE, "AKIAALICE")] == {"status": "Inactive"}


FULL = {"all": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "x" * 1_950, "Resource": "*"}]}}
ARN = f"arn:aws:iam::{ACCOUNT}:policy/{QUARANTINE}"


def used_by_hand(tools):
    """Somebody attached our managed deny to a user that we do not know."""
    tools.aws.add_user(a_user_facts("zoe", attached_policies=(ARN,)))


def test_a_user_that_is_gone_is_deleted_though_the_managed_deny_cannot_be(tools):
    alice = tools.add(facts(inline_policies=FULL))
    move(tools, alice)
    used_by_hand(tools)
    moved = move(tools, alice, goal=State.DELETED, agreed=None)
    assert ("user", ALICE) not in tools.aws.there
    assert (moved.outcome, moved.after, tools.user(alice).state) == ("failed", "deleted", State.DELETED)
    assert "managed-policy" in moved.why


def test_a_user_whose_access_is_back_is_rolled_back_though_the_managed_deny_stays(tools):
    alice = tools.add(facts(inline_policies=FULL))
    move(tools, alice)
    used_by_hand(tools)
    moved = roll_back(tools, tools.apply, [tools.line(alice)], Undo("it broke")).users[0]
    assert (moved.outcome, tools.user(alice).state) == ("failed", State.ROLLED_BACK)
    assert tools.aws.there["access-key", (*ALICE, "AKIAALICE")] == {"status": "Active"}


def hold(tools, user):
    with tools.store.begin() as work:
        work.people.decide(a_decision("hold", subject=user.subject))
        work.commit()


def when_looked_at(tools, kind, then):
    """Let something happen just before AWS answers the first look at a kind of thing."""
    waiting = [then]

    def on_call(moment, _n) -> None:
        if moment == "before" and tools.aws.calls[-1][1].kind == kind and waiting:
            waiting.pop()()

    tools.aws.on_call = on_call


def test_a_hold_that_comes_while_the_cut_is_planned_still_holds(tools):
    alice = tools.add(facts())
    when_looked_at(tools, "managed-policy", lambda: hold(tools, alice))
    moved = move(tools, alice)
    assert (moved.outcome, moved.held_by, tools.user(alice).state) == ("held", ("not-held",), State.VERIFIED)
    assert DENY not in tools.aws.there


def test_whoever_runs_the_migration_does_not_cut_itself(tools):
    alice = tools.add(facts())
    tools.actor = "AIDAALICE"
    moved = move(tools, alice)
    assert (moved.outcome, tools.user(alice).state) == ("failed", State.VERIFIED)
    assert "it is who runs this" in moved.why


def test_accounts_in_parallel_stay_within_the_blast_radius_together(tools):
    tools = replace(tools, pool=ThreadPool(4)).with_rules(max_in_scream_test=Share(1))
    users = [tools.add(facts(f"user{n}", account_id=f"11112222333{n}")) for n in range(4)]
    moved = move(tools, *users, goal=State.QUARANTINED)
    assert sorted(one.outcome for one in moved) == ["done", "held", "held", "held"]
    assert {one.held_by for one in moved if one.outcome == "held"} == {("blast-radius",)}


def test_nobody_is_deleted_whose_deletion_was_not_shown(tools):
    alice = tools.add(facts())
    moved = move(tools, alice, goal=State.DELETED)
    assert (moved.outcome, moved.before, moved.after) == ("failed", "verified", "deactivated")
    assert ("user", ALICE) in tools.aws.there


def test_a_deletion_that_costs_more_than_was_shown_is_not_made(tools):
    alice = tools.add(facts())
    move(tools, alice)
    shown = move(tools, alice, goal=State.DELETED, plan_only=True)
    agreed = {shown.user: (*shown.irreversible, *shown.not_checked)}
    tools.aws.add_credential(ALICE, a_key("AKIANEW", "Inactive"))
    assert move(tools, alice, goal=State.DELETED, agreed=agreed).outcome == "failed"
    assert ("user", ALICE) in tools.aws.there
    shown = move(tools, alice, goal=State.DELETED, plan_only=True)
    agreed = {shown.user: (*shown.irreversible, *shown.not_checked)}
    assert move(tools, alice, goal=State.DELETED, agreed=agreed).after == "deleted"


def die_in(tools, user, goal, k, **asked: Any):
    """A process of this host dies after its k-th change took effect."""
    made = []

    def on_call(moment, n) -> None:
        if (moment, tools.aws.calls[n - 1][0]) == ("after", "make"):
            made.append(n)
            if len(made) == k:
                raise Crash

    tools.aws.on_call = on_call
    with pytest.raises(Crash):
        move(tools, user, goal=goal, **asked)
    tools.aws.on_call = lambda _moment, _n: None


def test_a_plan_shows_what_was_cut_off_and_touches_nothing(tools):
    alice = tools.add(facts())
    die_in(tools, alice, State.DEACTIVATED, 2)
    before, calls = tools.aws.state(), len(tools.aws.calls)
    shown = move(tools, alice, plan_only=True)
    assert (shown.outcome, [change.kind for change in shown.changes]) == ("planned", ["access-key"])
    assert (tools.aws.state(), [verb for verb, _ in tools.aws.calls[calls:] if verb == "make"]) == (before, [])


def test_a_cut_that_was_cut_off_is_finished(tools):
    alice = tools.add(facts())
    die_in(tools, alice, State.QUARANTINED, 1)
    assert (move(tools, alice, goal=State.QUARANTINED).outcome, tools.user(alice).state) == ("done", State.QUARANTINED)


def test_a_cut_that_was_cut_off_is_not_finished_while_somebody_holds_the_user(tools):
    alice = tools.add(facts(credentials=(a_key("AKIAONE"), a_key("AKIATWO"))))
    move(tools, alice, goal=State.QUARANTINED)
    die_in(tools, alice, State.DEACTIVATED, 1)
    hold(tools, alice)
    moved = move(tools, alice)
    assert (moved.outcome, moved.held_by) == ("held", ("not-held",))
    assert tools.aws.there["access-key", (*ALICE, "AKIATWO")] == {"status": "Active"}
    assert roll_back(tools, tools.apply, [tools.line(alice)], Undo("it broke")).users[0].after == "rolled_back"
    assert tools.aws.there["access-key", (*ALICE, "AKIAONE")] == {"status": "Active"}


def test_a_deletion_that_was_cut_off_is_finished_only_where_deletion_is_asked_for(tools):
    alice = tools.add(facts())
    move(tools, alice)
    die_in(tools, alice, State.DELETED, 1, agreed=None)
    assert move(tools, alice).outcome == "failed"
    assert ("user", ALICE) in tools.aws.there
    assert move(tools, alice, goal=State.DELETED, agreed=None).after == "deleted"


def in_a_wave(tools, user, state):
    with tools.store.begin() as work:
        wave = work.waves.create(a_wave(), [(user.id, "")])
        work.waves.move(wave, state, NOW)
        work.commit()


def test_a_paused_wave_deactivates_nobody(tools):
    alice = tools.add(facts())
    move(tools, alice, goal=State.QUARANTINED)
    in_a_wave(tools, alice, WaveState.PAUSED)
    moved = move(tools, alice)
    assert (moved.outcome, moved.held_by, tools.user(alice).state) == ("held", ("wave-approved",), State.QUARANTINED)


def test_a_run_names_the_snapshot_from_which_it_was_planned(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(),)))
    move(tools, alice, goal=State.QUARANTINED)
    runs = work_tables.runs
    with tools.store.engine.connect() as connection:
        (named,) = connection.execute(select(runs.c.facts_hash).where(runs.c.kind == "quarantine")).scalars()
    with tools.store.read() as work:
        assert from_document(work.document(named), NOW) == work.users.snapshot_before(alice.id, "before quarantine")


def test_a_user_that_is_read_otherwise_while_its_cut_is_planned_is_not_cut(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(),)))
    at_first = tools.hands

    class ReadMeanwhile:
        """Hands during whose first look somebody else discovers another key."""

        def __init__(self) -> None:
            self.read = False

        def observe(self, change):
            if not self.read:
                self.read = True
                facts = replace(tools.aws.read_user(ACCOUNT, "alice"), credentials=(a_key(), a_key("AKIATWO")))
                record(tools.store, a_recorded(facts, tools.user(alice)))
            return at_first.observe(change)

        def make(self, change):
            at_first.make(change)

    tools.hands = ReadMeanwhile()
    moved = move(tools, alice, goal=State.QUARANTINED)
    assert (moved.outcome, tools.user(alice).state) == ("failed", State.VERIFIED)
    assert "was read again while this was planned" in moved.why
    assert move(tools, alice, goal=State.QUARANTINED).after == "quarantined"
