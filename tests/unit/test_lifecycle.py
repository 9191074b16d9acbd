"""The table of states: every legal move, and that all others are refused with what is possible instead."""

import sys
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.domain.errors import IllegalMove
from migrator.domain.lifecycle import CUT, CUTTING, FORWARD, TABLE, Move, State, move, moves_from, next_move, reached

LEGAL = {(source, name): target for name, source, target in TABLE}
ILLEGAL = [(state, name) for state in State for name in Move if (state, name) not in LEGAL]


@pytest.mark.parametrize(("source", "name", "target"), [(s, n, t) for (s, n), t in LEGAL.items()])
def test_a_legal_move_leads_where_the_table_says(source, name, target):
    assert move(source, name) is target


@pytest.mark.parametrize(("state", "name"), ILLEGAL)
def test_any_other_move_is_refused_and_told_what_is_possible(state, name):
    with pytest.raises(IllegalMove, match=f"cannot {name} from {state}") as error:
        move(state, name)
    assert error.value.next_step.startswith(f"from {state} one can ")
    assert error.value.exit_code == 2


def test_a_refusal_names_every_move_there_is():
    with pytest.raises(IllegalMove) as error:
        move(State.QUARANTINED, Move.DELETE)
    assert error.value.next_step == "from quarantined one can deactivate, rollback"


def test_no_state_has_one_move_twice():
    assert len(LEGAL) == len(TABLE)


def test_every_state_can_be_reached_and_only_deletion_needs_deactivation():
    assert {target for _, _, target in TABLE} == set(State)
    assert [source for name, source, _ in TABLE if name is Move.DELETE] == [State.DEACTIVATED]


def test_every_cut_can_be_rolled_back_and_nothing_else_can():
    assert {source for name, source, _ in TABLE if name is Move.ROLLBACK} == CUT
    assert {target for name, _, target in TABLE if name in CUTTING} == CUT


def test_moves_never_go_from_a_cut_but_on_or_back():
    for state in CUT:
        assert set(moves_from(state)) <= CUTTING | {Move.ROLLBACK}


NEXT = {
    State.DISCOVERED: Move.MAP,
    State.MAPPED: Move.PROVISION,
    State.PROVISIONED: Move.VERIFY,
    State.VERIFIED: Move.QUARANTINE,
    State.QUARANTINED: Move.DEACTIVATE,
    State.DEACTIVATED: Move.DELETE,
    State.DELETED: None,
    State.ROLLED_BACK: Move.MAP,
    State.EXCLUDED: None,
}


@pytest.mark.parametrize(("state", "expected"), NEXT.items())
def test_the_next_move_forward(state, expected):
    assert next_move(state) is expected
    assert expected is None or move(state, expected)


def test_a_state_is_at_or_past_itself_and_all_before_it():
    way = [source for _, source, _ in FORWARD] + [State.DELETED]
    for here, state in enumerate(way):
        assert [reached(state, goal) for goal in way] == [n <= here for n in range(len(way))]


def test_who_was_rolled_back_or_excluded_is_past_nothing():
    for state in (State.ROLLED_BACK, State.EXCLUDED):
        assert not any(reached(state, target) for _, _, target in FORWARD)


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_whatever_is_asked_in_whatever_order_only_legal_moves_happen(names):
    state = State.DISCOVERED
    for name in names:
        try:
            after = move(state, name)
        except IllegalMove:
            assert name not in moves_from(state)
        else:
            assert LEGAL[state, name] is after
            state = after


def test_importing_the_table_does_not_load_the_machine():
    code = "import migrator.domain.lifecycle, sys; sys.exit('transitions' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
