"""What moved, what was held and why, what failed."""

from collections import Counter

from rich.console import Group, RenderableType
from rich.text import Text

from migrator.cli.plain import cell
from migrator.cli.render.table import row, state, table
from migrator.operations.report import Moved, Movement

OUTCOMES = {"done": "green", "held": "yellow", "failed": "bold red", "planned": "cyan", "unchanged": "dim"}


def moves_table(movement: Movement, *, plan: bool = False) -> RenderableType:
    """One line a user; with `plan` the changes below it; last, what cannot come back."""
    if not movement.users:
        return cell("nobody moved", "dim")
    made = table("user", "from", "to", "outcome", "changes", "why", right=("changes",), drop=("changes", "from"))
    for moved in movement.users:
        outcome = cell(moved.outcome, OUTCOMES.get(moved.outcome, ""))
        row(made, moved.user, state(moved.before), state(moved.after), outcome, _changes(moved), moved.why)
        if plan or moved.outcome == "failed":
            for change in moved.changes:
                said = f"{change.kind} {change.target}" + (f": {change.error}" if change.error else "")
                row(made, "", "", "", cell(change.outcome, "dim"), "", cell(said, "dim"))
    counted = Counter(moved.outcome for moved in movement.users)
    total = cell(", ".join(f"{number} {outcome}" for outcome, number in counted.items()), "dim")
    return Group(made, total, *_irreversible(movement))


def losses(movement: Movement) -> list[str]:
    """What a deletion destroys for good, and what nobody could check, for the question before it."""
    doomed = [moved.user for moved in movement.users if moved.outcome == "planned" and moved.irreversible]
    lines = [f"{len(doomed)} users will be deleted: {', '.join(doomed)}"] if doomed else []
    lines += [f"  gone for good: {line}" for line in movement.irreversible]
    blind = sorted({what for moved in movement.users if moved.outcome == "planned" for what in moved.not_checked})
    return lines + [f"  not checked: {what}" for what in blind]


def _changes(moved: Moved) -> Text:
    made = [change for change in moved.changes if change.outcome in ("done", "planned")]
    return cell(len(made) if made else "·", "" if made else "dim")


def _irreversible(movement: Movement) -> list[RenderableType]:
    if not movement.irreversible:
        return []
    return [cell("cannot come back:", "bold"), *(cell(f"  {line}") for line in movement.irreversible)]
