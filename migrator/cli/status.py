"""`migrator status`: the dashboard."""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli.desk import Desk

if TYPE_CHECKING:
    from migrator.cli.watch.source import Source
    from migrator.domain.overview import AccountStanding, OpenRun, Overview, WaveStanding


def status(
    ctx: typer.Context,
    wave: Annotated[str | None, typer.Option(help="Only the users of this wave.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="A live screen: read anew, drill down, answer screams.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="With --watch: no screen, the dashboard again whenever it changed.")
    ] = False,
    every: Annotated[float, typer.Option("--every", min=0.5, help="With --watch: seconds between readings.")] = 5.0,
) -> None:
    """Show where everyone is, who waits for what, what screamed, and what to do next."""
    from migrator.adapters.store.overview import overview
    from migrator.cli.render.status import dashboard
    from migrator.domain.overview import forecast

    desk: Desk = ctx.obj
    if watch:
        _watch(desk, wave, every, plain=plain)
        return
    tools = desk.tools
    now = tools.clock.now()
    seen = forecast(overview(tools.settings.database, now, wave), tools.rules, now)
    desk.answer(shape(seen), lambda: dashboard(seen, now, desk.out.width))


def _watch(desk: Desk, wave: str | None, every: float, *, plain: bool) -> None:
    """A live screen where there is a terminal, else (or with `--plain`, for a screen reader) pages that follow."""
    source = watch_source(desk, wave)
    source.overview()  # what is wrong with the configuration is told before a screen opens
    if plain or desk.options.json or not (sys.stdout.isatty() and sys.stdin.isatty()):
        from migrator.cli.watch.pages import follow

        follow(desk, source, every)
        return
    from migrator.cli.watch.app import Watch

    if desk.options.no_color:
        os.environ["NO_COLOR"] = "1"  # Textual asks nothing else
    Watch(source, every).run()


def watch_source(desk: Desk, wave: str | None) -> "Source":
    """What the live screen reads from and acts through."""
    from migrator.cli.watch.source import Source

    return Source(desk, wave)


def shape(seen: "Overview") -> dict[str, Any]:
    """The dashboard as the contract's JSON has it."""
    from migrator.cli.render.status_parts import kpis
    from migrator.domain.overview import by_kind, by_state

    states = by_state(seen.present)
    return {
        "as_of": seen.as_of.isoformat(),
        "organization": seen.organization,
        "wave": seen.wave,
        "users": {"total": sum(states.values()), "by_state": states, "by_kind": by_kind(seen.present)},
        "vanished": seen.vanished,
        "credentials": {
            "active_long_term": seen.credentials.active_long_term,
            "active_access_keys": seen.credentials.active_access_keys,
            "console_passwords": seen.credentials.console_passwords,
        },
        "held": _held(seen),
        "ready": [
            {"wave": one.wave, "state": str(one.state), "transition": str(one.move), "users": one.users}
            for one in seen.ready
        ],
        "waves": [_wave(wave) for wave in seen.waves],
        "screams": {"open": seen.screams.open, "last_24h": seen.screams.last_24h},
        "kpis": kpis(seen),
        "accounts": [_account(account) for account in seen.accounts],
        "runs": [_run(run, seen) for run in seen.runs],
        "worker": {"beat_at": _at(seen.pulse.beat_at), "heard_since": _at(seen.pulse.heard_since)},
    }


def _held(seen: "Overview") -> list[dict[str, Any]]:
    """One entry a gate, its groups as the dashboard tells them."""
    from migrator.domain.waiting import gather

    gates: dict[str, list[dict[str, Any]]] = {}
    for group in gather(seen.held):
        told = {"users": group.users, "why": group.why, "opens": group.opens, "opens_at": _at(group.opens_at)}
        gates.setdefault(group.gate, []).append({**told, "since": _at(group.since)})
    return [{"gate": gate, "users": sum(g["users"] for g in told), "groups": told} for gate, told in gates.items()]


def _wave(wave: "WaveStanding") -> dict[str, Any]:
    from migrator.domain.overview import by_state

    return {
        "name": wave.name,
        "state": str(wave.state),
        "users": wave.users,
        "by_state": by_state(wave.members),
        "approved_by": [
            {"stage": str(one.stage), "by": one.by, "at": _at(one.at), "users": one.users} for one in wave.approvals
        ],
        "eta": _at(wave.eta),
    }


def _account(account: "AccountStanding") -> dict[str, Any]:
    return {
        "account_id": account.id,
        "name": account.name,
        "users": account.users,
        "read_at": _at(account.read_at),
        "complete": account.complete,
        "error": account.error,
    }


def _run(run: "OpenRun", seen: "Overview") -> dict[str, Any]:
    status = "interrupted" if run.interrupted(seen.as_of) else run.status
    return {"subject": run.user or run.subject, "kind": run.kind, "status": status, "started_at": _at(run.started_at)}


def _at(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
