"""`migrator gates`: why somebody waits, and exceptions."""

from typing import Annotated

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.cli.selecting import a_moment
from migrator.domain.errors import UsageError

app = group("Gates: why somebody waits; exceptions.")


@app.command("list")
def list_gates(ctx: typer.Context, user: str) -> None:
    """Say what every gate before a user's next move thinks, judged now."""
    from migrator.cli.render.gates import gates_table
    from migrator.cli.shapes import gate_shape
    from migrator.operations.weigh import weigh

    desk: Desk = ctx.obj
    line = choose.one_user(desk, user)
    with desk.tools.store.begin() as work:
        weighed = weigh(desk.tools, work, [line.user.id])[0]
        work.commit()
    gates = [gate_shape(gate) for gate in weighed.gates]
    move = str(weighed.move) if weighed.move else None
    data = {"user": line.user.key, "state": str(line.user.state), "transition": move, "gates": gates}
    desk.answer(data, lambda: gates_table(data, desk.tools.clock.now()))


@app.command("waive")
def waive_gate(
    ctx: typer.Context,
    user: str,
    gate: str,
    reason: choose.Reason,
    until: Annotated[str, typer.Option(help="Until this day (YYYY-MM-DD).")],
) -> int:
    """Let a user through a gate until a day; by a second identity."""
    from migrator.cli.render.moves import moves_table
    from migrator.cli.shapes import movement_shape
    from migrator.operations.decide import waive
    from migrator.operations.report import Movement

    desk: Desk = ctx.obj
    end = a_moment(until)
    if end is None:
        raise UsageError("a waiver needs an end", next_step="give --until YYYY-MM-DD")
    movement = Movement(tuple(waive(desk.tools, choose.one_user(desk, user), gate, reason, end)))
    desk.answer(movement_shape(movement), lambda: moves_table(movement))
    return movement.exit_code
