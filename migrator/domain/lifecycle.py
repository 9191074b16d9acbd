"""States and moves, in one table. `transitions` lives here only; no effects, no callbacks: a move is a question.

The machine is never attached to a model: one event table, asked with a state, answers with a state or refuses.
"""

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from migrator.domain.errors import IllegalMove

if TYPE_CHECKING:
    from transitions import Machine


class State(StrEnum):
    """Where a user stands (contract, "States")."""

    DISCOVERED = "discovered"
    MAPPED = "mapped"
    PROVISIONED = "provisioned"
    VERIFIED = "verified"
    QUARANTINED = "quarantined"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    ROLLED_BACK = "rolled_back"
    EXCLUDED = "excluded"


class Move(StrEnum):
    """What can be done to a user."""

    MAP = "map"
    PROVISION = "provision"
    VERIFY = "verify"
    QUARANTINE = "quarantine"
    DEACTIVATE = "deactivate"
    DELETE = "delete"
    ROLLBACK = "rollback"
    EXCLUDE = "exclude"
    READMIT = "readmit"


FORWARD = (
    (Move.MAP, State.DISCOVERED, State.MAPPED),
    (Move.PROVISION, State.MAPPED, State.PROVISIONED),
    (Move.VERIFY, State.PROVISIONED, State.VERIFIED),
    (Move.QUARANTINE, State.VERIFIED, State.QUARANTINED),
    (Move.DEACTIVATE, State.QUARANTINED, State.DEACTIVATED),
    (Move.DELETE, State.DEACTIVATED, State.DELETED),
)
"""The way forward, in order."""

TABLE = (
    *FORWARD,
    (Move.MAP, State.MAPPED, State.MAPPED),
    (Move.MAP, State.ROLLED_BACK, State.MAPPED),
    (Move.ROLLBACK, State.QUARANTINED, State.ROLLED_BACK),
    (Move.ROLLBACK, State.DEACTIVATED, State.ROLLED_BACK),
    (Move.ROLLBACK, State.DELETED, State.ROLLED_BACK),
    (Move.EXCLUDE, State.DISCOVERED, State.EXCLUDED),
    (Move.EXCLUDE, State.MAPPED, State.EXCLUDED),
    (Move.EXCLUDE, State.ROLLED_BACK, State.EXCLUDED),
    (Move.READMIT, State.EXCLUDED, State.DISCOVERED),
)

CUTTING = frozenset({Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE})
"""Moves that take access away; `rollback` undoes them."""

CUT = frozenset({State.QUARANTINED, State.DEACTIVATED, State.DELETED})
"""States in which access has been taken away."""

_ORDER = (State.ROLLED_BACK, *(source for _, source, _ in FORWARD), State.DELETED)


@cache
def _machine() -> "Machine":
    from transitions import Machine  # noqa: PLC0415  # 17 ms that `--help` need not pay

    machine = Machine(model=None, states=[str(s) for s in State], initial=None, auto_transitions=False)
    for move, source, target in TABLE:
        machine.add_transition(str(move), str(source), str(target))
    return machine


def move(state: State, name: Move) -> State:
    """The state that `name` leads to from `state`; raises IllegalMove where the table has none."""
    event = _machine().events.get(str(name))
    found = event.transitions.get(str(state)) if event else None
    if not found:
        legal = ", ".join(str(m) for m in moves_from(state)) or "nothing"
        raise IllegalMove(f"cannot {name} from {state}", next_step=f"from {state} one can {legal}")
    return State(str(found[0].dest))


def moves_from(state: State) -> tuple[Move, ...]:
    """Every move the table allows from `state`."""
    return tuple(m for m, source, _ in TABLE if source is state)


def next_move(state: State) -> Move | None:
    """The next move forward; None at the end of the way."""
    if state is State.ROLLED_BACK:
        return Move.MAP
    return next((m for m, source, _ in FORWARD if source is state), None)


def next_for(state: State, *, retracted: bool) -> Move | None:
    """The next thing to do: who should hold new access, and was deprived of it, gets it again before all else.

    That is no move: the state stays, and its gates ask what they asked the first time.
    """
    return Move.PROVISION if retracted and state in (State.PROVISIONED, State.VERIFIED) else next_move(state)


def reached(state: State, goal: State) -> bool:
    """Whether a user in `state` is at or past `goal` on the way forward."""
    return state in _ORDER and _ORDER.index(state) >= _ORDER.index(goal)
