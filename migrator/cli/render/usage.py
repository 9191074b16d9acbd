"""What was mined from CloudTrail files."""

from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, table

MOST = 8


def usage_table(data: dict[str, Any]) -> RenderableType:
    """One line a user: how much, since when, mostly what."""
    made = table(
        *("user", "calls", "denied", "first", "last", "mostly"), right=("calls", "denied"), drop=("first", "last")
    )
    for user in data["users"]:
        calls = sorted(user["calls"], key=lambda c: -c["calls"])
        mostly = ", ".join(f"{c['action'] or c['event_name']} ×{c['calls']}" for c in calls[:MOST])
        total, denied = sum(c["calls"] for c in calls), sum(c["denied"] for c in calls)
        row(made, user["user_arn"], total, denied, user["first"], user["last"], mostly)
    bad = [cell(f"unreadable: {one['file']}: {one['why']}", "red") for one in data["bad_files"]]
    return Group(made, *bad, cell(f"{data['events']} events in {data['files']} files", "dim"))
