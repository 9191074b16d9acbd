"""Small SQL that both databases spell alike."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from migrator.adapters.store.tables import documents, users
from migrator.domain.canonical import canonical, digest
from migrator.domain.model import Json

T = TypeVar("T")

CHUNK = 500
"""How many values go into one IN list: SQLite of old allows 999."""


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists short enough for one statement."""
    iterator = iter(values)
    while piece := list(islice(iterator, CHUNK)):
        yield piece


def lock_users(connection: Connection, ids: Iterable[int]) -> None:
    """Let nobody else replace what belongs to these users until the end of the unit of work; in one order everywhere.

    Of two that delete and insert the same rows at once, the later sees neither the old ones nor the other's, and its
    own are refused. On SQLite BEGIN IMMEDIATE has seen to that.
    """
    if connection.dialect.name == "postgresql":
        for some in chunks(sorted(set(ids))):
            connection.execute(select(users.c.id).where(users.c.id.in_(some)).order_by(users.c.id).with_for_update())


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; those whose key is there already are left as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], key: Sequence[str]) -> None:
    """Insert rows; those whose key is there already take the new values."""
    if not rows:
        return
    statement = _insert(connection, table)
    values = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values), rows)


def _insert(connection: Connection, table: Table) -> Any:
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement: Insert = dialect.insert(table)
    return statement


def put_documents(connection: Connection, values: Iterable[Json]) -> list[str]:
    """Store documents once each; their hashes, in order."""
    bodies = [(digest(value), canonical(value)) for value in values]
    # In one order everywhere: two readings that insert the same documents in different orders would deadlock.
    insert_new(connection, documents, [{"sha256": sha, "body": body} for sha, body in sorted(set(bodies))])
    return [sha for sha, _ in bodies]
