"""When credentials were last used, and when somebody asked IAM for it last."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from migrator.adapters.store import tables as t
from migrator.adapters.store.mapping import to_credential
from migrator.adapters.store.statements import chunks, upsert
from migrator.domain.dossier import TrackedCredential
from migrator.domain.model import Credential


def credentials_of(connection: Connection, users: Collection[int]) -> dict[int, tuple[TrackedCredential, ...]]:
    """Every credential of these users, by kind and id."""
    found: dict[int, tuple[TrackedCredential, ...]] = {}
    c = t.credentials
    for ids in chunks(users):
        query = select(c).where(c.c.user_ref.in_(ids)).order_by(c.c.user_ref, c.c.kind, c.c.aws_id)
        for row in connection.execute(query):
            found[row.user_ref] = (*found.get(row.user_ref, ()), to_credential(row))
    return found


def unread_since(connection: Connection, users: Collection[int], before: datetime, most: int) -> list[int]:
    """Those of these users whose last use nobody read since then, longest ago first."""
    read: dict[int, datetime] = {}
    r = t.last_use_reads
    for ids in chunks(users):
        rows = connection.execute(select(r.c.user_ref, r.c.at).where(r.c.user_ref.in_(ids)))
        read |= {row.user_ref: row.at for row in rows}
    due = [user for user in users if user not in read or read[user] < before]
    return sorted(due, key=lambda user: (user in read, read.get(user, before), user))[:most]


def write_uses(connection: Connection, users: Mapping[int, Sequence[Credential]], at: datetime) -> None:
    """Move last-used times forward, never back, and note that they were read."""
    c = t.credentials
    for user, credentials in users.items():
        for one in credentials:
            if one.last_used_at is None:
                continue
            same = and_(c.c.user_ref == user, c.c.kind == str(one.kind), c.c.aws_id == one.id)
            older = or_(c.c.last_used_at.is_(None), c.c.last_used_at < one.last_used_at)
            moved = update(c).where(same, older).values(last_used_at=one.last_used_at)
            where = {"last_used_service": one.last_used_service, "last_used_region": one.last_used_region}
            connection.execute(moved.values(**where))
    upsert(connection, t.last_use_reads, [{"user_ref": user, "at": at} for user in users], ("user_ref",))
