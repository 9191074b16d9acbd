"""Persons: one human, all users."""

from typing import Any

from rich.console import RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import count, row, table


def persons_table(persons: list[dict[str, Any]]) -> RenderableType:
    """One line a person, with what is left to do."""
    if not persons:
        return cell("no persons yet: migrator discover, or migrator users link USER --to EMAIL")
    made = table(
        *("person", "users", "keys", "permission sets", "left to do"),
        right=("keys",),
        drop=("permission sets",),
        loose=("users", "left to do"),
    )
    for person in persons:
        left = [f"{one['user']}: {one['next'] or '–'}" + _held(one["held_by"]) for one in person["left"]]
        row(
            made,
            person["email"],
            ", ".join(f"{key} ({state})" for key, state in person["states"].items()),
            count(person["credentials"]["active"]),
            ", ".join(person["permission_sets"]) or "–",
            "; ".join(left) or "nothing",
        )
    return made


def _held(gates: list[str]) -> str:
    return f" (held by {', '.join(gates)})" if gates else ""
