"""`migrator wave`: users that move together."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group

if TYPE_CHECKING:
    from migrator.operations.waves import WaveShown

app = group("Waves: users that move together.")


@app.command("plan")
def plan_waves(
    ctx: typer.Context,
    size: Annotated[int | None, typer.Option(help="Users a wave.")] = None,
    canary: Annotated[int | None, typer.Option(help="Users of the first wave.")] = None,
    users: choose.Users = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
) -> None:
    """Place everybody who can move into draft waves, the harmless first."""
    from migrator.cli.render.waves import waves_table
    from migrator.operations.waves import propose

    desk: Desk = ctx.obj
    rules = desk.tools.rules
    lines = choose.choose_users(desk, users, account=account, state=state, kind=kind, where=where, everybody=True)
    many, first = size if size is not None else rules.wave_size, canary if canary is not None else rules.canary
    made = propose(desk.tools, lines, many, first)
    data = {
        "waves": [_shape(desk, shown) for shown in made.waves],
        "left_out": [{"user": user, "why": why} for user, why in made.left_out],
    }
    desk.answer(data, lambda: waves_table(data["waves"]))
    if not desk.options.json:
        for user, why in made.left_out:
            desk.warn(f"left out: {user}: {why}")


@app.command("create")
def create_wave(
    ctx: typer.Context,
    name: str,
    users: choose.Users = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
) -> None:
    """Make a draft wave of exactly these users."""
    from migrator.operations.waves import create

    desk: Desk = ctx.obj
    lines = choose.choose_users(desk, users, account=account, state=state, kind=kind, where=where)
    _show(desk, create(desk.tools, name, lines))


@app.command("list")
def list_waves(ctx: typer.Context) -> None:
    """List waves."""
    from migrator.cli.render.waves import waves_table
    from migrator.operations.waves import every

    desk: Desk = ctx.obj
    data = [_shape(desk, shown) for shown in every(desk.tools)]
    desk.answer(data, lambda: waves_table(data))


@app.command("show")
def show_wave(ctx: typer.Context, name: str) -> None:
    """Show one wave: members, why each is there, gates, approvals."""
    from migrator.operations.waves import show

    desk: Desk = ctx.obj
    _show(desk, show(desk.tools, name))


@app.command("approve")
def approve_wave(
    ctx: typer.Context,
    name: str,
    stage: Annotated[str, typer.Option(help="cut, or delete.")],
) -> None:
    """Approve what will happen to every member as it is now; nobody approves a wave they created."""
    from migrator.operations.waves import approve

    desk: Desk = ctx.obj
    _show(desk, approve(desk.tools, name, stage))


@app.command("pause")
def pause_wave(ctx: typer.Context, name: str) -> None:
    """Stop a wave where it is."""
    _change(ctx.obj, name, "pause")


@app.command("resume")
def resume_wave(ctx: typer.Context, name: str) -> None:
    """Let a paused wave go on."""
    _change(ctx.obj, name, "resume")


def _change(desk: Desk, name: str, verb: str) -> None:
    from migrator.domain.waves import WaveMove
    from migrator.operations.waves import change

    _show(desk, change(desk.tools, name, WaveMove(verb)))


def _show(desk: Desk, shown: "WaveShown") -> None:
    from migrator.cli.render.waves import wave_page

    data = _shape(desk, shown)
    desk.answer(data, lambda: wave_page(data, desk.tools.clock.now()))


def _shape(desk: Desk, shown: "WaveShown") -> dict[str, Any]:
    from migrator.cli.shapes import gate_shape, moment

    wave, why = shown.wave, dict(shown.why)
    with desk.tools.store.begin() as work:
        gates = work.gates([dossier.user.id for dossier in shown.members])
    states: dict[str, int] = {}
    for dossier in shown.members:
        states[str(dossier.user.state)] = states.get(str(dossier.user.state), 0) + 1
    return {
        "name": wave.name,
        "state": str(wave.state),
        "created_by": wave.created_by,
        "created_at": moment(wave.created_at),
        "starts_at": moment(wave.starts_at),
        "users": len(shown.members),
        "by_state": states,
        "approved_by": _approved_by(shown),
        "eta": None,
        "members": [
            {
                "user": dossier.user.key,
                "state": str(dossier.user.state),
                "why": why.get(dossier.user.id, ""),
                "subject_hash": dossier.subject_hash,
                "next": gates.get(dossier.user.id, (None, ()))[0],
                "held": [gate_shape(g) for g in gates.get(dossier.user.id, (None, ()))[1] if not g.open],
            }
            for dossier in shown.members
        ],
    }


def _approved_by(shown: "WaveShown") -> list[dict[str, Any]]:
    from migrator.cli.shapes import moment

    given = {(str(a.stage), a.approver): a.at for a in shown.approvals}
    return [{"stage": stage, "by": by, "at": moment(at)} for (stage, by), at in given.items()]
