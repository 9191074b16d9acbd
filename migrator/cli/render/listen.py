"""What trails record for users under test: as JSON, as lines before a question, as a page."""

from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.moves import OUTCOMES
from migrator.cli.render.table import row, table
from migrator.domain.data_plane import DATA_PLANES
from migrator.domain.selectors import LIMIT
from migrator.operations.listen import Listened, OnTrail

COST = (
    "CloudTrail charges for each data event it delivers (0.10 USD for 100,000 by its price list of 2025, see "
    "aws.amazon.com/cloudtrail/pricing); only those of the users named here are added"
)
STATE = "selectors of a trail made by code (Terraform, CloudFormation) are changed back by its next run"
WORDS = {plane.resource_type: plane.words for plane in DATA_PLANES}


def listening_shape(listened: Listened) -> dict[str, Any]:
    """The plan, or what became of it."""
    return {
        "trails": [
            {
                "trail": one.trail,
                "account_id": one.account_id,
                "outcome": one.outcome,
                "why": one.why or None,
                "values": one.values,
                "users": one.users,
                "limit": LIMIT,
                "before": one.change.before if one.change else None,
                "after": one.change.after if one.change else None,
            }
            for one in listened.trails
        ],
        "users": [
            {
                "user": placed.wanted.user,
                "arn": placed.wanted.arn,
                "trail": placed.trail or None,
                "resource_types": list(placed.wanted.types),
                "why": placed.why or None,
            }
            for placed in listened.users
        ],
        "not_under_test": list(listened.idle),
        "cost": COST if listened.run == "listen" else None,
    }


def listening_lines(listened: Listened) -> list[str]:
    """What a person must know before saying yes."""
    lines = [_line(one) for one in listened.trails if one.change is not None]
    if listened.run != "listen":
        return lines
    added = [
        f"  {p.wanted.user}: {', '.join(WORDS[kind] for kind in p.wanted.types)}" for p in listened.users if p.trail
    ]
    return [*lines, *added, COST, STATE]


def listening_page(listened: Listened) -> RenderableType:
    """Trails, then users, then what else is to be known."""
    if not listened.trails:
        return cell("no trail is listened through" if listened.run != "listen" else "no trail that we read", "dim")
    trails = table("trail", "outcome", "values", "users", "why", right=("values", "users"))
    for one in listened.trails:
        outcome = cell(one.outcome, OUTCOMES.get(one.outcome, "bold red" if one.why else ""))
        row(trails, one.trail, outcome, f"{one.values} of {LIMIT}", str(one.users), one.why)
    parts: list[RenderableType] = [trails]
    if listened.users:
        users = table("user", "records", "through")
        for placed in listened.users:
            kinds = ", ".join(WORDS[kind] for kind in placed.wanted.types)
            row(users, placed.wanted.user, kinds, placed.trail or cell(placed.why, "bold red"))
        parts.append(users)
    elif listened.run == "listen":
        parts.append(cell("nobody needs more than the trails record already", "dim"))
    parts += [cell(f"not under test: {arn}", "dim") for arn in listened.idle]
    if listened.run == "listen" and listened.users:
        parts += [cell(COST, "dim"), cell(STATE, "dim")]
    return Group(*parts)


def _line(one: OnTrail) -> str:
    note = f" ({one.why})" if one.why else ""
    return f"{one.trail}: {one.values} of {LIMIT} values, {one.users} users of ours{note}"
