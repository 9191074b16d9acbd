"""What all tables share: metadata, the UTC type, the columns that recur, and which rows stay as they are."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases; SQLite keeps none of the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_column() -> Column[Any]:
    """A surrogate key."""
    return Column("id", Number, primary_key=True, autoincrement=True)


def version_column() -> Column[Any]:
    """Counts changes, for optimistic locking."""
    return Column("version", Integer, nullable=False, server_default="0")


def user_column(**options: Any) -> Column[Any]:
    """The user a row belongs to."""
    return Column("user_ref", Number, ForeignKey("users.id"), nullable=False, **options)


APPEND_ONLY = (
    "readings",
    "snapshots",
    "documents",
    "evidence",
    "decisions",
    "coverage",
    "approvals",
    "audit",
    "scream_events",
    "kpi_samples",
)
"""Tables whose rows are written once: no update, no deletion."""

KEPT = ("audit_head", "changes", "credentials", "identities", "installation", "runs", "screams", "users", "waves")
"""Tables whose rows change, and are never deleted."""

FIXED = {
    "changes": ("run", "seq", "kind", "target", "before", "after"),
    "identities": ("account_id", "aws_user_id"),
    "runs": (
        "id",
        "subject",
        "kind",
        "from_state",
        "to_state",
        "plan_sha",
        "facts_hash",
        "actor",
        "reason",
        "wave",
        "started_at",
    ),
}
"""Columns that are written once, in rows that change: what a row is about."""

ENDING = {
    "changes_outcome_once": "changes",
    "runs_ended": "runs",
    "runs_fence": "runs",
}
"""Triggers over single rows: an outcome is set once, a run that ended is fixed, a fence never falls."""
