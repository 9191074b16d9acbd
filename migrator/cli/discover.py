"""`migrator discover`: read every account into the store."""

from typing import Annotated

import typer

from migrator.cli.desk import Desk


def discover(
    ctx: typer.Context,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; may be repeated.")] = None,
) -> int:
    """Read every account into the store; a repeated run updates and loses no decision."""
    from migrator.cli.render.accounts import discovered_table
    from migrator.operations.discover import discover as read_accounts

    desk: Desk = ctx.obj
    found = read_accounts(desk.tools, account or ())
    data = {
        "organization": found.organization,
        "accounts": [
            {
                "account_id": read.account.id,
                "name": read.account.name,
                "users": read.users,
                "new": read.new,
                "updated": read.updated,
                "vanished": list(read.vanished),
                "strangers": list(read.strangers),
                "refused": [{"user": user, "why": why} for user, why in read.refused],
                "not_checked": list(read.not_checked),
                "error": read.error or None,
            }
            for read in found.accounts
        ],
        "skipped": [{"account_id": account_id, "why": why} for account_id, why in found.skipped],
    }
    desk.answer(data, lambda: discovered_table(data))
    for read in found.accounts:
        if read.error:
            desk.warn(f"account {read.account.id} was not read: {read.error}")
    return found.exit_code
