"""Users, one a line, and one on a page."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from migrator.cli.plain import cell
from migrator.cli.render.gates import gate_rows
from migrator.cli.render.table import count, row, state, table, when


def users_table(users: list[dict[str, Any]], now: datetime) -> RenderableType:
    """One line a user: who, what, where it stands, what holds it."""
    made = table(
        *("user", "kind", "state", "keys", "last used", "person / owner", "wave", "waits for"),
        right=("keys",),
        drop=("wave", "person / owner", "last used", "keys"),
    )
    for user in users:
        held = [gate["gate"] for gate in user["next"]["gates"] if not gate["open"]]
        waits = "vanished" if user["vanished_at"] else f"held: {user['held']}" if user["held"] else ", ".join(held)
        who = user["person"] or ", ".join(user["persons"]) or user["owner"] or "–"
        kind = f"{user['kind']} {user['kind_confidence']:.0%}"
        row(
            made,
            user["user"],
            kind,
            state(user["state"]),
            count(user["credentials"]["active"]),
            when(user["last_used"], now),
            who,
            user["wave"] or "·",
            waits or "–",
        )
    total = f"{len(users)} users" if users else "no users yet: migrator discover"
    return Group(made, cell(total, "dim")) if users else cell(total)


def user_page(user: dict[str, Any], now: datetime) -> RenderableType:
    """Everything about one user, the most urgent first."""
    head = Text.assemble(
        cell(user["user"], "bold"),
        "  ",
        state(user["state"]),
        cell(f"  {user['kind']} ({user['kind_confidence']:.0%})  → {user['destination'] or 'undecided'}"),
    )
    who = f"person {user['person'] or ', '.join(user['persons']) or '–'}   owner {user['owner'] or '–'}"
    lines: list[RenderableType] = [head, cell(f"{who}   wave {user['wave'] or '–'}   {user['user_id']}", "dim")]
    if user["next"]["gates"]:
        lines += [_title(f"before {user['next']['transition']}"), gate_rows(user["next"]["gates"], now)]
    lines += [_title("credentials"), _credentials(user["credentials"], now)]
    lines += [_title("permissions"), _permissions(user["permissions"])]
    lines += [_title("evidence"), _evidence(user["evidence"])]
    lines += [_title("timeline"), _timeline(user["timeline"], now)]
    return Group(*lines)


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _credentials(credentials: list[dict[str, Any]], now: datetime) -> RenderableType:
    made = table("kind", "id", "status", "before", "last used", "where", drop=("where", "before"))
    for c in credentials:
        where = " ".join(filter(None, (c["last_used_service"], c["last_used_region"])))
        row(made, c["kind"], c["id"], c["status"], c["original_status"], when(c["last_used_at"], now), where or "–")
    return made if credentials else cell("none", "dim")


def _permissions(permissions: dict[str, Any]) -> RenderableType:
    covered = permissions["coverage"]
    if permissions["permission_set"] is None:
        return cell("nothing planned: migrator map", "dim")
    lines = [cell(permissions["permission_set"], "bold")]
    if covered:
        judged = f"{covered['allowed']} of {covered['calls']} calls covered"
        lines.append(cell(f"{judged}, {covered['denied']} refused, {covered['unknown']} unknown"))
        lines += [
            cell(f"  gap: {g['action']} on {g['resource'] or '?'} ×{g['calls']}: {g['why']}".removesuffix(": "))
            for g in covered["gaps"][:10]
        ]
        lines += [cell(f"  unknown: {doubt}") for doubt in covered["doubts"][:10]]
    if permissions["unused_granted"] is not None:
        lines.append(cell(f"{permissions['unused_granted']} granted actions were never used", "dim"))
    opened = sorted({one["how"] for one in permissions["escalations"] or () if one["certain"]})
    lines += [cell(f"leads to more access: {', '.join(opened)}", "yellow")] if opened else []
    return Group(*lines)


def _evidence(evidence: list[dict[str, Any]]) -> RenderableType:
    made = table("claim", "value", "sure", "source", right=("sure",))
    for e in evidence:
        row(made, e["claim"], e["value"], f"{e['confidence']:.0%}", e["source"])
    return made


def _timeline(timeline: list[dict[str, Any]], now: datetime) -> RenderableType:
    made = table("when", "what", "who", "details", drop=("who",))
    for entry in timeline[-25:]:
        details = ", ".join(f"{k}={v}" for k, v in entry["details"].items() if v not in (None, "", []))
        row(made, when(entry["at"], now), entry["event"], entry["actor"], details)
    return made
