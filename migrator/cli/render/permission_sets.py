"""Permission sets: planned, shared, compared."""

import json
from collections import Counter
from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, table

INLINE = 10_240


def sets_table(sets: list[dict[str, Any]]) -> RenderableType:
    """One line a set."""
    if not sets:
        return cell("no permission sets planned: migrator map")
    numbers = ("users", "accounts", "inline", "managed", "covered", "unused")
    made = table("name", "type", *numbers, "problems", right=numbers, drop=("inline", "managed", "accounts"))
    for one in sets:
        row(
            made,
            one["name"],
            one["type"],
            len(one["users"]),
            len(one["accounts"]),
            f"{one['inline_policy_bytes'] / INLINE:.0%}" if one["inline_policy_bytes"] else "·",
            len(one["managed_policies"]) or "·",
            _percent(one["coverage_percent"]),
            _percent(one["unused_granted_percent"]),
            "; ".join(one["problems"]) or "–",
        )
    return made


def set_page(one: dict[str, Any]) -> RenderableType:
    """One set with its documents and people."""
    tags = ", ".join(f"{k}={v}" for k, v in one["tags"].items())
    lines = [
        cell(f"{one['name']}  ({one['type']}, sessions of {one['session_duration']})", "bold"),
        cell(f"tags {tags}", "dim"),
        cell(f"users: {', '.join(one['users']) or '–'}"),
        *(cell(f"  {user}: {why}", "dim") for user, why in one["why"].items()),
        cell(f"accounts: {', '.join(one['accounts']) or '–'}"),
        cell(f"covered {_percent(one['coverage_percent'])}, unused {_percent(one['unused_granted_percent'])}"),
        *(cell(f"managed: {arn}") for arn in one["managed_policies"]),
        *([cell(f"boundary: {one['boundary']}")] if one["boundary"] else []),
        *(cell(f"problem: {problem}", "bold red") for problem in one["problems"]),
    ]
    if one["inline_policy"]:
        lines += [cell(line, "dim") for line in json.dumps(one["inline_policy"], indent=2).splitlines()]
    return Group(*lines)


def curve_table(data: dict[str, Any]) -> RenderableType:
    """One line a bound, and who is not in it."""
    if not data["curve"]:
        return cell("of nobody is known what it needs: migrator map")
    made = table("at most unused", "sets", "unused", right=("at most unused", "sets", "unused"))
    for point in data["curve"]:
        row(made, _percent(point["bound"]), point["sets"], _percent(point["unused_granted_percent"]))
    said = f"{data['users']} users whose needs are known; {data['left_out']} keep what they are granted"
    return Group(made, cell(f"{said}; mapping.unused_granted_max_percent is {_percent(data['bound'])}", "dim"))


def diff_page(data: dict[str, Any]) -> RenderableType:
    """What each person gains and loses."""
    lines: list[RenderableType] = [cell(f"{data['name']}: what changes for its {len(data['users'])} users", "bold")]
    for user in data["users"]:
        covered = user["coverage"]
        said = f"{covered['allowed']} calls covered, {covered['denied']} refused" if covered else "no coverage yet"
        lines.append(cell(f"\n{user['user']}".strip() + f"  {said}", "bold"))
        lines += [line for gap in user["gaps"] for line in _gap(gap)]
        lines += [cell(f"  - loses {_access(one)}", "red") for one in user["lost"]]
        lines += [cell(f"  + gains {_access(one)}", "green") for one in user["gained"]]
        lines += [cell(f"  ? unknown {_access(one)}", "yellow") for one in user["unknown"]]
        lines += [cell(f"  ? {doubt}", "yellow") for doubt in user["doubts"]]
        lines += [cell(f"  ~ {c['statement']}: {c['key']} {c['why']}") for c in user["changed_meaning"]]
        lines += _beyond(user)
        if not any(user[key] for key in ("lost", "gained", "unknown", "doubts", "changed_meaning")):
            lines.append(cell("  nothing changes for what it did", "dim"))
    return Group(*lines)


def _gap(gap: dict[str, Any]) -> list[RenderableType]:
    """Calls that the set would refuse, and the smallest statement that closes the gap."""
    said = f"  ! {gap['action']} on {gap['resource'] or '?'} ×{gap['calls']}: {gap['why']}".removesuffix(": ")
    closes = [] if gap["statement"] is None else [cell(f"      {json.dumps(gap['statement'])}", "dim")]
    return [cell(said, "bold red"), *closes]


def _beyond(user: dict[str, Any]) -> list[RenderableType]:
    """What the set grants and nobody used, by service, and where that leads."""
    lines: list[RenderableType] = []
    if user["unused"]:
        services = Counter(action.partition(":")[0] for action in user["unused"])
        most = ", ".join(f"{name} {count}" for name, count in services.most_common(6))
        said = f"  {len(user['unused'])} of {user['granted']} granted actions never used ({user['unused_percent']:g} %)"
        lines.append(cell(f"{said}: {most}", "dim"))
    for one in user["escalations"]:
        fresh, sure = (
            "  NEW:" if one["new"] else "  ",
            "" if one["certain"] else ", under conditions or on some resource",
        )
        lines.append(cell(f"{fresh} leads to more access: {' + '.join(one['actions'])} {one['how']}{sure}", "yellow"))
    return lines


def _access(one: dict[str, Any]) -> str:
    decided = one["after"]["statement"] or one["before"]["statement"]
    return f"{one['action']} on {one['resource'] or '?'}" + (f" (by {decided})" if decided else "")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:g} %"
