"""What `doctor` found, one line a check, and below it what to do."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from migrator.cli.plain import cell

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "bold red")}


def findings_table(findings: list[dict[str, Any]]) -> RenderableType:
    """One line a check: mark and word, what was looked at, where, how it is; the fix hangs below."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for finding in findings:
        mark, style = MARKS[finding["result"]]
        said = cell(finding["detail"])
        if finding["fix"]:
            said = Text.assemble(said, "\n", cell(f"→ {finding['fix']}", "dim"))
        where = finding["account_id"] or ""
        made.add_row(cell(f"{mark} {finding['result']}", style), cell(finding["check"]), cell(where, "dim"), said)
    return Group(made, cell(_sum(findings), "bold"))


def _sum(findings: list[dict[str, Any]]) -> str:
    counts = {word: sum(finding["result"] == word for finding in findings) for word in MARKS}
    return f"{counts['ok']} ok, {counts['warning']} to look at, {counts['failed']} failed"
