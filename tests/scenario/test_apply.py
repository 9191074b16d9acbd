"""What may come between a plan and its end: lag, storms, refusals, somebody's hand, a stranger, another worker."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from migrator.domain.changes import Plan
from migrator.domain.cuts import DENY, QUARANTINE
from migrator.domain.errors import Busy, Refused, Stale, Unreachable
from migrator.domain.journal import Outcome, RunStatus
from migrator.domain.lifecycle import Move, State
from migrator.operations.apply import CONSISTENCY, LEASE
from migrator.ports.aws import AccessDenied, Transient, Unavailable
from tests.builders import ACCOUNT, NOW, a_key, a_password, a_user_facts
from tests.fakes.crash import Crash, at_call
from tests.fakes.moods import Moody, always
from tests.scenario.worlds import World, a_world

USER = (ACCOUNT, "alice")
FACTS = a_user_facts(credentials=(a_password(), a_key("AKIAONE"), a_key("AKIATWO")), groups=("devs",))
STORM = Transient("ConcurrentModification")
SILENCE = Unavailable("no answer")
NO = AccessDenied("the change role may not do this", next_step="let it")
INLINE = ("inline-policy", (*USER, QUARANTINE))
FORWARD = (Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE)
JOURNEY = (*FORWARD, Move.ROLLBACK)


@pytest.fixture
def world(databases):
    made = a_world(databases, FACTS, NOW)
    yield made
    made.drop()


def move(world: World, *moves: Move) -> None:
    with world.process() as process:
        process.go(*moves)


def key(world: World, name: str = "AKIAONE") -> str:
    return world.aws.there["access-key", (*USER, name)]["status"]


def test_a_lagging_aws_is_waited_for_and_nothing_is_made_twice(world):
    prompt = world.copy()
    move(prompt, *JOURNEY)
    world.aws.lag = 4
    move(world, *JOURNEY)
    assert world.effects == prompt.effects
    assert world.aws.state(volatile=True) == prompt.aws.state(volatile=True)


@pytest.mark.parametrize("k", range(1, 7))
def test_a_lost_answer_is_found_though_aws_lags(world, k):
    move(world, Move.QUARANTINE, Move.DEACTIVATE)
    uncut = world.copy()
    move(uncut, Move.DELETE)
    world.aws.lag, begun = 3, len(world.effects)

    def after_the_kth_effect(moment, _n) -> None:
        if moment == "after" and len(world.effects) - begun == k:
            raise Crash

    with world.process(after_the_kth_effect) as process, pytest.raises(Crash):
        process.carry_out(Move.DELETE)
    move(world, Move.DELETE)
    assert world.effects == uncut.effects


def test_a_look_that_shows_an_older_state_is_not_believed(world):
    move(world, Move.QUARANTINE)
    world.aws._stale[INLINE] = [None]
    move(world, Move.ROLLBACK)
    assert INLINE not in world.aws.there
    assert world.clock.slept


def test_a_storm_that_passes_does_no_harm(world):
    with world.process(hands=Moody(world.aws, "make", [STORM] * 5)) as process:
        assert process.apply.carry_out(process.order(Move.QUARANTINE)).done
    assert world.aws.there[INLINE] == DENY


def test_silence_before_the_first_look_is_told_and_nothing_is_made(world):
    with world.process(hands=Moody(world.aws, "observe", always(SILENCE), kind="inline-policy")) as process:
        carried = process.apply.carry_out(process.order(Move.QUARANTINE))
        assert [(step.outcome, step.error) for step in carried.steps] == [(Outcome.FAILED, "no answer")]
        assert (process.questions(), world.effects) == (0, [])


@pytest.mark.parametrize(("error", "attempts"), [(SILENCE, 1), (STORM, 8), (NO, 1)])
def test_only_a_storm_is_worth_another_attempt(world, error, attempts):
    hands = Moody(world.aws, "make", always(error))
    with world.process(hands=hands) as process:
        process.apply.carry_out(process.order(Move.QUARANTINE))
    assert hands.calls["make"] == attempts


def test_attempts_that_take_long_are_few(world):
    class Slow(Moody):
        def make(self, change) -> None:
            world.clock.pass_time(minutes=9)
            super().make(change)

    hands = Slow(world.aws, "make", always(STORM))
    with world.process(hands=hands) as process:
        carried = process.apply.carry_out(process.order(Move.QUARANTINE))
        assert (len(carried.failed), process.questions()) == (1, 0)
    assert hands.calls["make"] == 2


def test_a_storm_without_end_is_told_and_changes_nothing(world):
    start = world.aws.state()
    with world.process(hands=Moody(world.aws, "make", always(STORM))) as process:
        carried = process.apply.carry_out(process.order(Move.QUARANTINE))
        assert [(step.outcome, step.error) for step in carried.steps] == [(Outcome.FAILED, "ConcurrentModification")]
        assert (process.row().state, process.questions()) == (State.VERIFIED, 0)
    assert world.aws.state() == start


def test_an_answer_lost_in_an_outage_stays_a_question_and_is_answered_later(world):
    move(world, Move.QUARANTINE)

    class Outage(Moody):
        def make(self, change) -> None:
            self._inner.make(change)
            self._errors = always(SILENCE)
            raise SILENCE

    with world.process(hands=Outage(world.aws, "observe", [])) as process, pytest.raises(Unavailable):
        process.apply.carry_out(process.order(Move.DEACTIVATE))
    with world.process() as process:
        assert process.questions() == 2
        process.carry_out(Move.DEACTIVATE)
        assert (process.row().state, process.questions()) == (State.DEACTIVATED, 0)
        assert [change.target[-1] for change in process.history()] == [QUARANTINE, "AKIAONE", "AKIATWO"]


def test_the_last_attempt_of_a_storm_may_have_come_through(world):
    errors = [*[STORM] * 7, None]
    with world.process(hands=Moody(world.aws, "make", errors)) as process:
        assert process.apply.carry_out(process.order(Move.QUARANTINE)).done


def test_every_answer_lost_is_still_one_effect_each(world):
    with world.process(hands=Moody(world.aws, "make", always(SILENCE), lost=True)) as process:
        for each in JOURNEY:
            assert process.apply.carry_out(process.order(each)).done
    prompt = a_world(world.databases, FACTS, NOW)
    move(prompt, *JOURNEY)
    assert world.effects == prompt.effects


def test_a_refusal_is_named_and_the_other_credentials_are_cut(world):
    move(world, Move.QUARANTINE)
    with world.process(hands=Moody(world.aws, "make", [NO])) as process:
        carried = process.apply.carry_out(process.order(Move.DEACTIVATE))
        assert [step.outcome for step in carried.steps] == [Outcome.FAILED, Outcome.DONE]
        assert carried.failed[0].error == "the change role may not do this (let it)"
        assert (carried.run.status, process.row().state) == (RunStatus.FAILED, State.QUARANTINED)
    move(world, Move.DEACTIVATE)
    assert (key(world), key(world, "AKIATWO")) == ("Inactive", "Inactive")


def test_a_deletion_stops_at_the_first_refusal(world):
    move(world, Move.QUARANTINE, Move.DEACTIVATE)
    with world.process(hands=Moody(world.aws, "make", [None, NO])) as process:
        carried = process.apply.carry_out(process.order(Move.DELETE))
    outcomes = [step.outcome for step in carried.steps]
    assert outcomes == [Outcome.DONE, Outcome.FAILED, *[None] * (len(outcomes) - 2)]
    assert key(world) == "Inactive"


def test_who_may_not_look_is_told_before_anything_is_made(world):
    with world.process(hands=Moody(world.aws, "observe", always(NO), kind="inline-policy")) as process:
        carried = process.apply.carry_out(process.order(Move.QUARANTINE))
    assert [step.outcome for step in carried.steps] == [Outcome.FAILED]
    assert world.effects == []


def test_what_a_hand_took_away_since_the_plan_is_refused_and_named(world):
    move(world, Move.QUARANTINE)
    with world.process() as process:
        order = process.order(Move.DEACTIVATE)
        del world.aws.there["access-key", (*USER, "AKIAONE")]
        carried = process.apply.carry_out(order)
        assert [step.outcome for step in carried.steps] == [Outcome.REFUSED, Outcome.DONE]
        assert "AKIAONE: somebody's hand was there since it was read, it is gone now" in carried.failed[0].error
        assert process.row().state == State.QUARANTINED


def test_what_a_hand_made_so_already_is_not_ours_to_put_back(world):
    move(world, Move.QUARANTINE)
    with world.process() as process:
        order = process.order(Move.DEACTIVATE)
        world.aws.there["access-key", (*USER, "AKIAONE")] = {"status": "Inactive"}
        carried = process.apply.carry_out(order)
        assert [step.outcome for step in carried.steps] == [Outcome.UNCHANGED, Outcome.DONE]
        assert process.row().state == State.DEACTIVATED
    move(world, Move.ROLLBACK)
    assert (key(world), key(world, "AKIATWO")) == ("Inactive", "Active")


def test_a_rollback_leaves_what_a_hand_changed_and_puts_back_the_rest(world):
    move(world, Move.QUARANTINE, Move.DEACTIVATE)
    del world.aws.there["access-key", (*USER, "AKIAONE")]
    with world.process() as process:
        carried = process.apply.carry_out(process.order(Move.ROLLBACK))
        assert [step.change.target[-1] for step in carried.failed] == ["AKIAONE"]
        assert process.row().state == State.ROLLED_BACK
    assert key(world, "AKIATWO") == "Active"
    assert INLINE not in world.aws.there


def a_stranger(world: World) -> None:
    """Somebody deleted the user and made another of that name."""
    for at in [at for at in world.aws.there if at[1][:2] == USER]:
        del world.aws.there[at]
    world.aws.add_user(a_user_facts(user_id="AIDASTRANGER", credentials=(a_key("AKIAONE"),)))


@pytest.mark.parametrize("each", [Move.QUARANTINE, Move.ROLLBACK])
def test_a_stranger_under_the_old_name_is_never_touched(world, each):
    if each is Move.ROLLBACK:
        move(world, Move.QUARANTINE)
    with world.process() as process:
        order = process.order(each)
        a_stranger(world)
        effects = list(world.effects)
        with pytest.raises(Refused, match="AIDASTRANGER"):
            process.apply.carry_out(order)
        assert process.questions() == 0
    assert world.effects == effects


def test_a_deleted_user_whose_name_was_taken_is_not_restored_over_the_stranger(world):
    move(world, Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE)
    a_stranger(world)
    before = world.aws.state(volatile=True)
    with world.process() as process, pytest.raises(Refused, match="AIDASTRANGER"):
        process.carry_out(Move.ROLLBACK)
    assert world.aws.state(volatile=True) == before


def test_a_run_whose_user_became_a_stranger_is_given_up(world):
    with world.process(at_call("before", 3)) as process, pytest.raises(Crash):
        process.carry_out(Move.QUARANTINE)
    a_stranger(world)
    with world.process() as process:
        with pytest.raises(Refused, match="AIDASTRANGER"):
            process.carry_out(Move.QUARANTINE)
        assert process.questions() == 0
        assert process.row().state == State.VERIFIED
        assert process.verdict().intact
    assert world.effects == []


def test_a_second_worker_is_told_that_the_first_is_at_work(world):
    told = []

    def second(moment, n) -> None:
        if (moment, n) == ("before", 3):
            with world.process(others_gone=False) as other:
                for attempt in (other.apply.carry_out, lambda order: other.apply.unfinished(order.subject)):
                    with pytest.raises(Busy) as error:
                        attempt(other.order(Move.QUARANTINE))
                    told.append(error.value)

    with world.process(second) as process:
        process.carry_out(Move.QUARANTINE)
    assert ["user:1 is being moved by another process" in str(error) for error in told] == [True, True]
    assert told[1].next_step == "wait until it ends; after 12:15 UTC the same command takes over"
    assert len(world.effects) == 1


@pytest.mark.parametrize("k", range(2, 8))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sleeper_whose_lease_lapsed_writes_nothing_when_it_wakes(world, moment, k):
    move(world, Move.QUARANTINE, Move.DEACTIVATE)
    uncut = world.copy()
    move(uncut, Move.DELETE)

    def sleep(now, n) -> None:
        if (now, n) == (moment, k):
            world.clock.sleep((LEASE + timedelta(minutes=1)).total_seconds())
            with world.process(others_gone=False) as other:
                other.carry_out(Move.DELETE)

    with world.process(sleep) as process, pytest.raises(Busy):
        process.carry_out(Move.DELETE)
    assert world.effects == uncut.effects
    assert world.aws.state() == uncut.aws.state()
    with world.process() as process:
        assert (process.row().state, process.questions(), process.verdict().intact) == (State.DELETED, 0, True)


def test_a_plan_made_before_somebody_else_moved_the_user_is_not_carried_out(world):
    move(world, Move.QUARANTINE)
    with world.process() as process:
        late = process.order(Move.DEACTIVATE)
    move(world, Move.ROLLBACK)
    effects = list(world.effects)
    with world.process() as process, pytest.raises(Stale, match="was quarantined when this was planned"):
        process.apply.carry_out(late)
    assert world.effects == effects


def test_a_row_that_was_read_again_meanwhile_keeps_both_news(world):
    def discover(moment, n) -> None:
        if (moment, n) == ("before", 3):
            with world.process() as other, other.store.begin() as work:
                work.users.save(replace(work.users.get(world.user), owner="data", cost_center="CC-7"))
                work.commit()

    with world.process(discover) as process:
        process.carry_out(Move.QUARANTINE)
        row = process.row()
    assert (row.state, row.owner, row.cost_center) == (State.QUARANTINED, "data", "CC-7")


def test_a_user_that_was_excluded_while_a_run_went_on_stays_excluded(world):
    def exclude(moment, n) -> None:
        if (moment, n) == ("before", 3):
            with world.process() as other, other.store.begin() as work:
                work.users.save(replace(work.users.get(world.user), state=State.EXCLUDED))
                work.commit()

    with world.process(exclude) as process:
        process.apply.carry_out(process.order(Move.QUARANTINE))
        assert (process.row().state, process.questions()) == (State.EXCLUDED, 0)


def test_nothing_to_do_is_done_at_once(world):
    with world.process() as process:
        carried = process.apply.carry_out(process.order(Move.QUARANTINE, Plan(())))
        assert (carried.done, carried.steps, process.row().state) == (True, (), State.QUARANTINED)
        assert process.apply.unfinished(process.row().subject) is None
    assert world.effects == []


@pytest.mark.parametrize(("moment", "outcome"), [("before", Outcome.UNDONE), ("after", Outcome.DONE)])
def test_giving_up_answers_the_open_question_by_looking(world, moment, outcome):
    with world.process(at_call(moment, 4)) as process, pytest.raises(Crash):
        process.carry_out(Move.QUARANTINE)
    with world.process() as process:
        run = process.apply.unfinished(process.row().subject)
        process.apply.abandon(run, process.row())
        with process.store.begin() as work:
            assert [step.outcome for step in work.journal.steps(run)] == [outcome]
        assert process.questions() == 0
    assert sum(world.clock.slept) == (CONSISTENCY.total_seconds() if moment == "before" else 0)


def test_giving_up_a_restoration_knows_the_user_that_it_made(world):
    move(world, Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE)
    with world.process(at_call("after", 3)) as process, pytest.raises(Crash):
        process.carry_out(Move.ROLLBACK)
    with world.process() as process:
        process.give_up()
        assert (process.row().state, process.row().user_id) == (State.ROLLED_BACK, "AIDAREBORN0000001")
    assert world.aws.there["group-membership", (*USER, "devs")]


def test_a_database_that_dies_at_any_commit_loses_nothing(world):
    gone = OperationalError("COMMIT", {}, Exception("server closed the connection"))
    for k in range(1, 8):
        again = world.copy()

        def die(n, k=k) -> None:
            if n == k:
                raise gone

        with again.process(on_commit=die) as process, pytest.raises(Unreachable, match="server closed"):
            process.go(*FORWARD)
        move(again, *FORWARD)
        with again.process() as process:
            assert (process.row().state, process.questions()) == (State.DELETED, 0), f"commit {k}"
        again.drop()


def test_the_record_tells_each_change_and_the_move(world):
    move(world, Move.QUARANTINE)
    with world.process() as process, process.store.begin() as work:
        assert [(e.event, e.actor) for e in work.record.entries("user:1")] == [
            ("change-done", "ops@example.com"),
            ("quarantine", "ops@example.com"),
        ]


def test_credentials_in_the_table_say_what_the_cuts_made_true(world):
    move(world, Move.QUARANTINE, Move.DEACTIVATE)
    with world.process() as process, process.store.begin() as work:
        held = work.dossiers([world.user], NOW, timedelta(days=90))[0].credentials
    assert [(c.credential.id, c.credential.status, c.original_status) for c in held] == [
        ("AKIAONE", "Inactive", "Active"),
        ("AKIATWO", "Inactive", "Active"),
        ("password", "Active", "Active"),
    ]
    move(world, Move.DELETE)
    with world.process() as process, process.store.begin() as work:
        held = work.dossiers([world.user], NOW, timedelta(days=90))[0].credentials
    assert all(c.gone_at for c in held)
