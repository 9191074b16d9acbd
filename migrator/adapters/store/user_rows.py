"""Rows of users and their identities, many at once: a reading of an account takes a handful of statements."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from migrator.adapters.store import tables as t
from migrator.adapters.store.statements import chunks
from migrator.domain.dossier import User
from migrator.domain.errors import Stale
from migrator.ports.store import Recorded


def columns(user: User) -> dict[str, Any]:
    """A user as a row of the table, without id and version."""
    return {
        "account_id": user.account_id,
        "user_name": user.user_name,
        "path": user.path,
        "state": str(user.state),
        "state_since": user.state_since,
        "kind": str(user.kind),
        "kind_confidence": user.kind_confidence,
        "destination": str(user.destination) if user.destination else None,
        "owner": user.owner,
        "cost_center": user.cost_center,
        "next_check_at": user.next_check_at,
        "observed_at": user.observed_at,
        "vanished_at": user.vanished_at,
    }


def update_rows(connection: Connection, users: Sequence[User]) -> list[User]:
    """Rows that are there, each a version on; raises Stale where somebody else was first, and then nothing counts."""
    if not users:
        return []
    mine = (t.users.c.id == bindparam("row"), t.users.c.version == bindparam("known"))
    rows = [{**columns(user), "row": user.id, "known": user.version, "version": user.version + 1} for user in users]
    changed: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name not in {"row", "known"}}
    if connection.execute(update(t.users).where(*mine).values(changed), rows).rowcount != len(rows):
        who = users[0].key if len(users) == 1 else f"a user of account {users[0].account_id}"
        raise Stale(f"{who} was changed by somebody else just now", next_step="run the same command again")
    return [replace(user, version=user.version + 1) for user in users]


def write_rows(connection: Connection, entries: Sequence[Recorded]) -> list[User]:
    """Rows of one reading, in its order: known ones updated and their identity opened, new ones made with theirs."""
    known = [entry.user for entry in entries if entry.user.id]
    new = [entry for entry in entries if not entry.user.id]
    updated = iter(update_rows(connection, known))
    _open_again(connection, known)
    made = iter(_insert(connection, new))
    return [next(updated) if entry.user.id else next(made) for entry in entries]


def _insert(connection: Connection, entries: Sequence[Recorded]) -> list[User]:
    if not entries:
        return []
    connection.execute(insert(t.users), [columns(entry.user) for entry in entries])
    ids = _newest(connection, entries)
    made = [replace(entry.user, id=ids[entry.user.account_id, entry.user.user_name]) for entry in entries]
    identities = [
        {
            "account_id": user.account_id,
            "aws_user_id": user.user_id,
            "user_ref": user.id,
            "since": entry.facts.observed_at,
            "until": None,
        }
        for user, entry in zip(made, entries, strict=True)
    ]
    connection.execute(insert(t.identities), identities)
    return made


def _newest(connection: Connection, entries: Sequence[Recorded]) -> dict[tuple[str, str], int]:
    """The last row of each name: SQLite does not say which of many new rows got which id."""
    u, found = t.users.c, {}
    for account in sorted({entry.user.account_id for entry in entries}):
        for names in chunks(entry.user.user_name for entry in entries if entry.user.account_id == account):
            query = select(u.user_name, func.max(u.id)).where(u.account_id == account, u.user_name.in_(names))
            found.update({(account, name): number for name, number in connection.execute(query.group_by(u.user_name))})
    return found


def _open_again(connection: Connection, users: Sequence[User]) -> None:
    if users:
        i = t.identities
        same = (i.c.account_id == bindparam("account"), i.c.aws_user_id == bindparam("identity"))
        rows = [{"account": user.account_id, "identity": user.user_id} for user in users]
        connection.execute(update(i).where(*same, i.c.until.is_not(None)).values(until=None), rows)
