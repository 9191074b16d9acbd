"""The page of states and moves, from the tables that the program itself asks."""

from collections.abc import Iterable

from migrator.domain.gates.table import BEFORE
from migrator.domain.lifecycle import CUTTING, TABLE, Move, State
from migrator.domain.waves import WAVE_TABLE

from .markdown import listed, page, table

INTRODUCTION = """\
A user is in one state. `migrator advance` asks this table for the next move, then the [gates](gates.md) before it.
`map`, `exclude` and `readmit` are moves of their own commands; `rollback` is never gated. What is true in AWS in each
state: [safety](../explanation/safety.md)."""

WAVES = """\
## Waves

A draft starts without approval only where `gates.approvals` is 0; a running wave is approved again for its delete
stage."""


def states_page() -> str:
    """Users' states and moves, then those of waves."""
    moves = [(move, source, target) for move, source, target in TABLE]
    rows = [(f"`{move}`", _places(move, 1), _places(move, 2), _takes(move), listed(BEFORE[move])) for move in Move]
    return page(
        "States and moves",
        "migrator/domain/lifecycle.py and migrator/domain/waves.py",
        INTRODUCTION,
        diagram(moves, State.DISCOVERED, (State.DELETED,)),
        "## Moves",
        table(("move", "from", "to", "takes access away", "gates before it"), rows),
        WAVES,
        diagram([(move, state, target) for (state, move), target in WAVE_TABLE.items()], "draft", ("done",)),
    )


def diagram(moves: Iterable[tuple[str, str, str]], start: str, ends: Iterable[str]) -> str:
    """A state diagram in Mermaid; moves between the same states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for move, source, target in moves:
        arrows.setdefault((str(source), str(target)), []).append(str(move))
    lines = [f"    [*] --> {start}"]
    lines += [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in arrows.items()]
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


def _places(move: Move, end: int) -> str:
    return listed(dict.fromkeys(str(row[end]) for row in TABLE if row[0] is move))


def _takes(move: Move) -> str:
    return "yes" if move in CUTTING else "gives it back" if move is Move.ROLLBACK else "no"
