"""`migrator wave`: users that move together."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.cli.group import group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.domain.gates.result import GateResult
    from migrator.operations.show_wave import Member, WaveShown

app = group("Waves: users that move together.")


@app.command("plan")
def plan_waves(
    ctx: typer.Context,
    size: Annotated[int | None, typer.Option(help="Users a wave.")] = None,
    canary: Annotated[int | None, typer.Option(help="Users of the first wave.")] = None,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Each wave starts by itself at its time, once it is approved.")
    ] = False,
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
    made = propose(desk.tools, lines, many, first, schedule=schedule)
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
    at: Annotated[
        str | None, typer.Option("--at", help="Start by itself then, once approved (YYYY-MM-DDTHH:MM, UTC).")
    ] = None,
    account: choose.Account = None,
    state: choose.State = None,
    kind: choose.Kind = None,
    where: choose.Where = None,
) -> None:
    """Make a draft wave of exactly these users."""
    from migrator.operations.waves import create

    desk: Desk = ctx.obj
    starts_at = choose.a_moment(at)
    lines = choose.choose_users(desk, users, account=account, state=state, kind=kind, where=where)
    _show(desk, create(desk.tools, name, lines, starts_at))


@app.command("list")
def list_waves(ctx: typer.Context) -> None:
    """List waves."""
    from migrator.cli.render.waves import waves_table
    from migrator.operations.show_wave import every

    desk: Desk = ctx.obj
    data = [_shape(desk, shown) for shown in every(desk.tools)]
    desk.answer(data, lambda: waves_table(data))


@app.command("show")
def show_wave(
    ctx: typer.Context,
    name: str,
    calls: Annotated[bool, typer.Option("--calls", help="Every cut ahead, call by call.")] = False,
    access: Annotated[bool, typer.Option("--access", help="What each member loses and gains.")] = False,
) -> None:
    """Show one wave: members, why each is there, what is ahead and when, gates, approvals and what changed since."""
    from migrator.operations.show_wave import show

    desk: Desk = ctx.obj
    _show(desk, show(desk.tools, name), calls=calls, access=access)


@app.command("approve")
def approve_wave(
    ctx: typer.Context,
    name: str,
    stage: Annotated[str, typer.Option(help="cut, or delete.")],
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be approved, and stop.")] = False,
) -> None:
    """Approve what will happen to every member as it is now; nobody approves a wave they created."""
    from migrator.operations.show_wave import show
    from migrator.operations.waves import approve

    desk: Desk = ctx.obj
    if plan:
        _show(desk, show(desk.tools, name), calls=True, access=True)
        return
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


def _show(desk: Desk, shown: "WaveShown", *, calls: bool = False, access: bool = False) -> None:
    from migrator.cli.render.waves import wave_page
    from migrator.operations.show_wave import access_of

    data = _shape(desk, shown)
    if not calls:
        data["members"] = [{k: v for k, v in one.items() if k != "calls"} for one in data["members"]]
    if access:
        told = access_of(desk.tools, shown)
        for member in data["members"]:
            member["access"] = told.get(member["user"])
    desk.answer(data, lambda: wave_page(data, desk.tools.clock.now()))


def _shape(desk: Desk, shown: "WaveShown") -> dict[str, Any]:
    from migrator.cli.shapes import moment

    wave = shown.wave
    with desk.tools.store.read() as work:
        gates = work.gates([one.dossier.user.id for one in shown.members])
    here = [one for one in shown.members if not one.left]
    states: dict[str, int] = {}
    for one in here:
        states[str(one.dossier.user.state)] = states.get(str(one.dossier.user.state), 0) + 1
    return {
        "name": wave.name,
        "state": str(wave.state),
        "created_by": wave.created_by,
        "created_at": moment(wave.created_at),
        "starts_at": moment(wave.starts_at),
        "users": len(here),
        "by_state": states,
        "approved_by": _approved_by(shown),
        "eta": moment(shown.forecast.delete_from) if shown.forecast and here else None,
        "forecast": _forecast(shown),
        "affected": {name: list(people) for name, people in shown.affected.items()},
        "members": [_member(one, *gates.get(one.dossier.user.id, (None, ()))) for one in shown.members],
    }


def _forecast(shown: "WaveShown") -> dict[str, Any] | None:
    from migrator.cli.shapes import moment

    ahead = shown.forecast
    if ahead is None:
        return None
    return {
        "assignments": ahead.assignments,
        "provisioning_seconds": round(ahead.provisioning.total_seconds()),
        "measured": ahead.measured,
        "quarantine_from": moment(ahead.quarantine_from),
        "deactivate_from": moment(ahead.deactivate_from),
        "delete_from": moment(ahead.delete_from),
    }


def _member(one: "Member", move: str | None, gates: "Sequence[GateResult]") -> dict[str, Any]:
    from migrator.cli.shapes import gate_shape

    dossier = one.dossier
    covered = dossier.coverage
    return {
        "user": dossier.user.key,
        "person": dossier.user.person,
        "owner": dossier.user.owner,
        "kind": str(dossier.user.kind),
        "destination": str(dossier.user.destination) if dossier.user.destination else None,
        "state": str(dossier.user.state),
        "left": one.left,
        "why": one.why,
        "permission_set": dossier.planned.name if dossier.planned else None,
        "uncovered_calls": covered.denied + covered.unknown if covered else None,
        "audible": list(dossier.listening.audible),
        "deaf": list(dossier.listening.deaf),
        "irreversible": list(one.lost),
        "subject_hash": dossier.subject_hash,
        "approved": {stage: list(names) for stage, names in one.approved.items()},
        "changed_since_approval": list(one.drifted),
        "next": move,
        "held": [gate_shape(gate) for gate in gates if not gate.open],
        "calls": {stage: [{"kind": c.kind, "target": c.where} for c in calls] for stage, calls in one.calls.items()},
    }


def _approved_by(shown: "WaveShown") -> list[dict[str, Any]]:
    from migrator.cli.shapes import moment

    given = {(str(a.stage), a.approver): a.at for a in shown.approvals}
    return [{"stage": stage, "by": by, "at": moment(at)} for (stage, by), at in given.items()]
