"""Screams: which call, from where, by what, and what would likely end it."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, table, when

DISPOSITIONS = {
    "open": "bold red",
    "suspicious": "bold red reverse",
    "gap": "yellow",
    "rolled-back": "green",
    "dismissed": "dim",
    "noise": "dim",
}


def screams_table(screams: list[dict[str, Any]], now: datetime) -> RenderableType:
    """One line a scream."""
    if not screams:
        return cell("nothing screamed")
    made = table(
        *("id", "user", "when", "call", "times", "agent", "from", "stands"),
        right=("id", "times"),
        drop=("when", "from", "agent"),
        loose=("agent", "call"),
    )
    for s in screams:
        stands = cell(s["disposition"], DISPOSITIONS.get(s["disposition"], ""))
        row(
            made,
            s["id"],
            s["user"],
            when(s["last"], now),
            _call(s),
            s["count"],
            s["user_agent"],
            s["source_ip"],
            stands,
        )
    return made


def scream_page(scream: dict[str, Any]) -> RenderableType:
    """One scream with its likely fix."""
    head = cell(f"scream {scream['id']}: {scream['user']} {_call(scream)} ×{scream['count']}", "bold")
    seen = cell(f"by {scream['user_agent']} from {scream['source_ip']}, {scream['at']} to {scream['last']}")
    stands = cell(f"{scream['disposition']}{': ' + scream['reason'] if scream['reason'] else ''}")
    return Group(head, seen, stands, cell(f"likely fix: {scream['likely_fix']}"))


def _call(scream: dict[str, Any]) -> str:
    source = (scream["event_source"] or "").removesuffix(".amazonaws.com")
    return f"{source}:{scream['event_name']}" if scream["event_name"] else scream["signal"]
