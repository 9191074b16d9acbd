"""Waves, one a line, and one on a page."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, state, table, when


def waves_table(waves: list[dict[str, Any]]) -> RenderableType:
    """One line a wave."""
    if not waves:
        return cell("no waves: migrator wave plan, or migrator wave create NAME USER…")
    made = table("wave", "state", "users", "stand", "approved", right=("users",), loose=("stand", "approved"))
    for wave in waves:
        stand = ", ".join(f"{number} {name}" for name, number in wave["by_state"].items())
        yes = ", ".join(f"{one['stage']} by {one['by']}" for one in wave["approved_by"])
        row(made, wave["name"], wave["state"], wave["users"], stand, yes or "–")
    return made


def wave_page(wave: dict[str, Any], now: datetime) -> RenderableType:
    """One wave: who is in it, why, and what each waits for."""
    head = cell(f"wave {wave['name']}: {wave['state']}, {wave['users']} users, made by {wave['created_by']}", "bold")
    yes = [cell(f"approved {one['stage']} by {one['by']} {when(one['at'], now)}") for one in wave["approved_by"]]
    made = table(
        *("user", "state", "next", "waits for", "why it is here"),
        drop=("next", "why it is here"),
        loose=("waits for", "why it is here"),
    )
    for member in wave["members"]:
        waits = "; ".join(f"{gate['gate']}: {gate['why']}" for gate in member["held"])
        row(made, member["user"], state(member["state"]), member["next"] or "–", waits or "–", member["why"])
    return Group(head, *yes, made)
