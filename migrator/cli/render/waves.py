"""Waves, one a line, and one on a page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from migrator.cli.plain import cell
from migrator.cli.render.table import row, state, table, when

_SHOWN = 8
"""Actions that are named before the rest is counted."""

_MINUTES = 120


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
    """One wave: what is ahead and when, who is in it, what each waits for, what changed since it was approved."""
    named = f"wave {wave['name']}: {wave['state']}, {wave['users']} users, made by {wave['created_by']}"
    yes = [cell(f"approved {one['stage']} by {one['by']} {when(one['at'], now)}") for one in wave["approved_by"]]
    made = table(
        *("user", "state", "set", "next", "waits for", "why it is here"),
        drop=("set", "next", "why it is here"),
        loose=("waits for", "why it is here"),
    )
    for member in wave["members"]:
        waits = "; ".join(f"{gate['gate']}: {gate['why']}" for gate in member["held"])
        stands = cell("left") if member["left"] else state(member["state"])
        planned = member["permission_set"] or member["destination"]
        row(made, member["user"], stands, planned or "–", member["next"] or "–", waits or "–", member["why"])
    return Group(cell(named, "bold"), *_ahead(wave, now), *yes, made, *map(cell, _notes(wave)))


def _ahead(wave: dict[str, Any], now: datetime) -> Iterator[Text]:
    ahead = wave["forecast"]
    if wave["starts_at"] and wave["state"] in ("draft", "approved"):
        yield cell(f"starts {when(wave['starts_at'], now)}, if it is approved by then")
    if ahead is None or wave["state"] == "done":
        return
    if ahead["assignments"]:
        pace = "as measured here" if ahead["measured"] else "assumed, none was made here yet"
        yield cell(f"provisioning {ahead['assignments']} assignments: {_span(ahead['provisioning_seconds'])} ({pace})")
    dates = (("cut", "quarantine_from"), ("keys inactive", "deactivate_from"), ("deletion", "delete_from"))
    told = [f"{name} from {when(ahead[key], now)}" for name, key in dates if ahead[key]]
    if told:
        yield cell(f"at the earliest: {', '.join(told)}")


def _notes(wave: dict[str, Any]) -> Iterator[str]:
    """What an approver must not miss, user by user."""
    for name, people in wave["affected"].items():
        yield f"{name} is held by others, too: {', '.join(people)}"
    for member in wave["members"]:
        key = member["user"]
        yield from (f"{key} changed since it was approved: {what}" for what in member["changed_since_approval"])
        if member["uncovered_calls"]:
            yield f"{key}: {member['uncovered_calls']} calls are not covered"
        if member["deaf"]:
            yield f"{key}: no trail would record a refusal of {', '.join(member['deaf'])}"
        yield from _access(key, member.get("access"))
        for stage, calls in member.get("calls", {}).items():
            yield from (f"{key} {stage}: {call['kind']} {call['target']}" for call in calls)
        if "calls" in member:
            yield from (f"{key} for good: {line}" for line in member["irreversible"])


def _access(key: str, told: dict[str, Any] | None) -> Iterator[str]:
    if told is None:
        return
    for word in ("lost", "gained", "unknown"):
        named = list(dict.fromkeys(one["action"] for one in told[word]))
        if named:
            more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
            yield f"{key} {word}: {', '.join(named[:_SHOWN])}{more}"


def _span(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < _MINUTES else f"{seconds // 60} minutes"
