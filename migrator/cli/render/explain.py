"""One call, today and tomorrow."""

import json
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from migrator.cli.plain import cell

MARKS = {"allowed": ("✓", "green"), "unknown": ("?", "yellow")}
REFUSED = ("✗", "bold red")


def explanation(data: dict[str, Any]) -> RenderableType:
    """Both answers, and what to change."""
    said = "".join(f"  {key}={value}" for key, values in data["context"].items() for value in values)
    lines: list[RenderableType] = [
        cell(f"{data['user']}: {data['action']} on {data['resource'] or 'any resource'}{said}", "bold"),
        *_side("today", data["today"]),
    ]
    if data["tomorrow"] is None:
        lines.append(cell(f"  tomorrow: {data['why_no_tomorrow']}"))
    else:
        lines += _side(f"tomorrow, through {data['tomorrow']['permission_set']}", data["tomorrow"])
    for one in data["change"]:
        lines.append(cell(f"→ {one['what']}" + (f" ({one['where']})" if one["where"] else ""), "bold"))
        if one["statement"] is not None:
            lines += [cell(f"    {line}") for line in json.dumps(one["statement"], indent=2).splitlines()]
    lines += [cell(f"not checked: {what}", "dim") for what in data["not_checked"]]
    return Group(*lines)


def _side(when: str, side: dict[str, Any]) -> list[RenderableType]:
    mark, style = MARKS.get(side["decision"], REFUSED)
    told = Text.assemble(cell(mark, style), cell(f" {when}: {side['decision'].replace('_', ' ')}"))
    return [told, cell(f"    {side['why']}", "dim"), cell(f"    as {side['as']}", "dim")]
