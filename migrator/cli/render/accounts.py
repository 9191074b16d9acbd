"""What a reading of the organization found."""

from typing import Any

from rich.console import Group, RenderableType

from migrator.cli.plain import cell
from migrator.cli.render.table import count, row, table


def discovered_table(data: dict[str, Any]) -> RenderableType:
    """One line an account; those left alone below, with the reason."""
    made = table("account", "name", "users", "new", "vanished", "", right=("users", "new", "vanished"))
    for read in data["accounts"]:
        said = read["error"] or "; ".join(f"not checked: {what}" for what in read["not_checked"])
        said = "; ".join(filter(None, (said, *(f"a stranger has the name {key}" for key in read["strangers"]))))
        row(
            made,
            read["account_id"],
            read["name"],
            count(None if read["error"] else read["users"]),
            count(read["new"]),
            count(len(read["vanished"])),
            said,
        )
    skipped = [cell(f"left alone: {one['account_id']}: {one['why']}", "dim") for one in data["skipped"]]
    users = sum(read["users"] for read in data["accounts"])
    return Group(made, *skipped, cell(f"{data['organization']}: {users} users", "bold"))
