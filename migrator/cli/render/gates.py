"""Gates: what holds, why, what opens it."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import Listing, row, state, table, when


def gates_table(data: dict[str, Any], now: datetime) -> RenderableType:
    """Every gate before a user's next move."""
    if not data["gates"]:
        return cell(f"{data['user']} is {data['state']}: nothing is before it")
    closed = sum(not gate["open"] for gate in data["gates"])
    said = f"{closed} of {len(data['gates'])} gates hold it" if closed else "every gate is open"
    head = cell(f"{data['user']}: before {data['transition']}, {said}", "bold")
    return Group(head, state(data["state"]), gate_rows(data["gates"], now))


def gate_rows(gates: list[dict[str, Any]], now: datetime) -> Listing:
    """Gates one a line, the closed ones told apart by a mark, not by colour alone."""
    made = table("", "gate", "why", "opens", loose=("why", "opens"))
    for gate in gates:
        opens = "" if gate["open"] else gate["opens"] or ""
        if gate["opens_at"]:
            opens = f"{when(gate['opens_at'], now)}, {opens}" if opens else when(gate["opens_at"], now)
        row(made, cell("✓", "green") if gate["open"] else cell("✗", "bold red"), gate["gate"], gate["why"], opens)
        for what in gate["not_checked"]:
            row(made, "", "", cell(f"not checked: {what}", "dim"), "")
    return made
