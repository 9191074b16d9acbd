"""The record, and what its verification found."""

from typing import Any

from rich.console import RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import row, table


def audit_table(entries: list[dict[str, Any]]) -> RenderableType:
    """One line an entry."""
    made = table("#", "when", "who", "what", "about", "details", right=("#",), drop=("who", "about"))
    for e in entries:
        details = ", ".join(f"{k}={v}" for k, v in e["details"].items() if v not in (None, "", []))
        row(made, e["seq"], e["at"][:19].replace("T", " "), e["actor"], e["event"], e["subject"], details)
    return made if entries else cell("the record is empty")


def verdict_text(data: dict[str, Any]) -> RenderableType:
    """One sentence."""
    if not data["intact"]:
        return cell(f"BROKEN at entry {data['first_bad']}: {data['why']}", "bold red")
    entries, anchored = data["entries"], data["anchored"]
    if anchored == entries:
        return cell(f"{entries} entries, intact. All of them are anchored by the kept head.")
    kept = (
        f"{anchored} are anchored by the kept head; the last {entries - anchored}"
        if anchored
        else "None is anchored: all"
    )
    return cell(
        f"{entries} entries, intact. {kept} could be rewritten or cut off unseen by whoever owns the database. "
        "Keep a head elsewhere: migrator audit export --to s3://BUCKET/PREFIX"
    )
