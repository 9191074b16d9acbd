"""Tables of work: waves, approvals, runs and their changes, the audit chain, screams, samples, workers."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from migrator.adapters.store.schema import Number, Utc, id_column, metadata, user_column, version_column

waves = Table(
    "waves",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("starts_at", Utc),
    version_column(),
)

wave_users = Table(
    "wave_users",
    metadata,
    Column("wave", Number, ForeignKey("waves.id"), nullable=False),
    user_column(),
    Column("active", Boolean, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("wave", "user_ref"),
    Index(
        "uq_wave_users_active",
        "user_ref",
        unique=True,
        sqlite_where=text("active"),
        postgresql_where=text("active"),
    ),
)

approvals = Table(
    "approvals",
    metadata,
    id_column(),
    Column("wave", Number, ForeignKey("waves.id"), nullable=False),
    Column("stage", Text, nullable=False),
    user_column(),
    Column("subject_hash", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index("ix_approvals_wave_user", "wave", "user_ref"),
    Index("ix_approvals_given", "wave", "stage", "approver", "at", "expires_at", "user_ref"),
)

runs = Table(
    "runs",
    metadata,
    id_column(),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("plan_sha", Text, ForeignKey("documents.sha256"), nullable=False),
    Column("facts_hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("wave", Text),
    Column(
        "status",
        Text,
        CheckConstraint("status IN ('running', 'done', 'failed', 'abandoned')", name="status"),
        nullable=False,
    ),
    Column("worker", Text, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("lease_until", Utc, nullable=False),
    Column("fence", Integer, nullable=False),
    Index(
        "uq_runs_running",
        "subject",
        unique=True,
        sqlite_where=text("status = 'running'"),
        postgresql_where=text("status = 'running'"),
    ),
    Index("ix_runs_subject", "subject"),
)

changes = Table(
    "changes",
    metadata,
    Column("run", Number, ForeignKey("runs.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", JSON, nullable=False),
    Column("before", JSON),
    Column("after", JSON),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("intent_at", Utc),
    Column("ended_at", Utc),
    Column(
        "outcome",
        Text,
        CheckConstraint("outcome IN ('done', 'unchanged', 'refused', 'failed', 'undone')", name="outcome"),
    ),
    Column("error", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("run", "seq"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Index("ix_audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("only", Integer, CheckConstraint('"only" = 1', name="one"), primary_key=True, autoincrement=False),
    Column("seq", Number, nullable=False),
    Column("hash", Text, nullable=False),
)

screams = Table(
    "screams",
    metadata,
    id_column(),
    user_column(),
    Column("signal", Text, nullable=False),
    Column("event_source", Text, nullable=False),
    Column("event_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),
    version_column(),
    UniqueConstraint("user_ref", "signal", "event_source", "event_name", "address", "agent", "first"),
)

scream_events = Table(
    "scream_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("scream", Number, ForeignKey("screams.id"), nullable=False),
    Column("at", Utc, nullable=False),
)

kpi_samples = Table(
    "kpi_samples",
    metadata,
    Column("at", Utc, nullable=False),
    Column("kpi", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("cost_center", Text, nullable=False, server_default=""),
    Column("value", Float),
    PrimaryKeyConstraint("at", "kpi", "owner", "cost_center"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("beat_at", Utc, nullable=False),
    Column("heard_since", Utc),
    Column("version", Text, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("dedupe_key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Utc),
    Column("error", Text, nullable=False),
    Index("ix_notifications_due", "status", "next_at"),
)
