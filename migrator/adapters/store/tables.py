"""Tables of facts: what AWS said, what was used, what people decided. Kinds are plain text, only states are checked."""

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
    func,
    text,
)

from migrator.adapters.store.schema import Number, Utc, id_column, metadata, user_column, version_column

STATES = (
    "discovered",
    "mapped",
    "provisioned",
    "verified",
    "quarantined",
    "deactivated",
    "deleted",
    "rolled_back",
    "excluded",
)

installation = Table(
    "installation",
    metadata,
    Column("only", Integer, CheckConstraint('"only" = 1', name="one"), primary_key=True, autoincrement=False),
    Column("organization_id", Text, nullable=False),
    Column("instance_arn", Text),
    Column("partition", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("ou_path", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    id_column(),
    Column("account_id", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("root", JSON),
    Column("error", Text),
    Index("ix_readings_account_at", "account_id", "at"),
)

trail_readings = Table(
    "trail_readings",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("trails", JSON, nullable=False),
    Column("error", Text, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    id_column(),
    Column("email", Text, nullable=False),
    Column("identity_store_id", Text),
    Column("user_name", Text),
    Column("origin", Text, nullable=False),
    version_column(),
    CheckConstraint("email = lower(email)", name="email_lower"),
    UniqueConstraint("email"),
)

users = Table(
    "users",
    metadata,
    id_column(),
    Column("account_id", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("state", Text, CheckConstraint(f"state IN {STATES}", name="state"), nullable=False),
    Column("state_since", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("kind_confidence", Float, nullable=False),
    Column("destination", Text),
    Column("owner", Text),
    Column("cost_center", Text),
    Column("next_check_at", Utc),
    Column("observed_at", Utc),
    Column("vanished_at", Utc),
    version_column(),
    Index("ix_users_state", "state"),
)
Index(
    "uq_users_account_name",
    users.c.account_id,
    func.lower(users.c.user_name),
    unique=True,
    sqlite_where=text("vanished_at IS NULL AND state <> 'deleted'"),
    postgresql_where=text("vanished_at IS NULL AND state <> 'deleted'"),
)

person_users = Table(
    "person_users",
    metadata,
    Column("person", Number, ForeignKey("persons.id"), nullable=False),
    user_column(),
    PrimaryKeyConstraint("person", "user_ref"),
    Index("ix_person_users_user_ref", "user_ref"),
)

identities = Table(
    "identities",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("aws_user_id", Text, nullable=False),
    user_column(),
    Column("since", Utc, nullable=False),
    Column("until", Utc),
    PrimaryKeyConstraint("account_id", "aws_user_id"),
    Index("ix_identities_user_ref", "user_ref"),
    Index(
        "uq_identities_open",
        "user_ref",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
)

documents = Table(
    "documents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    id_column(),
    user_column(),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sha256", Text, ForeignKey("documents.sha256"), nullable=False),
    Index("ix_snapshots_user_ref_at", "user_ref", "at"),
)

credentials = Table(
    "credentials",
    metadata,
    id_column(),
    user_column(),
    Column("kind", Text, nullable=False),
    Column("aws_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("original_status", Text, nullable=False),
    Column("created_at", Utc),
    Column("last_used_at", Utc),
    Column("last_used_service", Text),
    Column("last_used_region", Text),
    Column("detail", JSON, nullable=False),
    Column("gone_at", Utc),
    UniqueConstraint("user_ref", "kind", "aws_id"),
)

last_use_reads = Table(
    "last_use_reads",
    metadata,
    Column("user_ref", Number, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

user_policies = Table(
    "user_policies",
    metadata,
    user_column(),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, ForeignKey("documents.sha256"), nullable=False),
    PrimaryKeyConstraint("user_ref", "source", "name"),
)

evidence = Table(
    "evidence",
    metadata,
    id_column(),
    user_column(index=True),
    Column("claim", Text, nullable=False),
    Column("value", JSON),
    Column("confidence", Float, nullable=False),
    Column("source", Text, nullable=False),
    Column("observed_at", Utc, nullable=False),
    Column("window", Text),
    Column("not_checked", JSON, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    id_column(),
    Column("subject", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("value", JSON),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Index("ix_decisions_subject_what", "subject", "what"),
)

usage_parts = Table(
    "usage_parts",
    metadata,
    Column("part", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("first", Utc),
    Column("newest", Utc),
    Column("events", Integer, nullable=False),
    Column("bad", Text, nullable=False),
    Column("read_at", Utc, nullable=False),
    PrimaryKeyConstraint("source", "account_id", "part"),
)

usage_facts = Table(
    "usage_facts",
    metadata,
    id_column(),
    Column("part", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("access_key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("action", Text),
    Column("resource", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("first", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Index("ix_usage_facts_principal_action", "principal", "action"),
)

last_accessed = Table(
    "last_accessed",
    metadata,
    user_column(),
    Column("service", Text, nullable=False),
    Column("action", Text, nullable=False, server_default=""),
    Column("at", Utc),
    Column("read_at", Utc, nullable=False),
    PrimaryKeyConstraint("user_ref", "service", "action"),
)

permission_sets = Table(
    "permission_sets",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("spec_sha", Text, ForeignKey("documents.sha256"), nullable=False),
    Column("arn", Text),
    Column("origin", Text, nullable=False),
    version_column(),
)

grants = Table(
    "grants",
    metadata,
    id_column(),
    Column("person", Number, ForeignKey("persons.id")),
    Column("permission_set", Number, ForeignKey("permission_sets.id"), nullable=False),
    Column("account_id", Text, nullable=False),
    Column("wanted_by", Number, ForeignKey("users.id"), nullable=False),
    Column("provisioned_at", Utc),
    UniqueConstraint("wanted_by"),
)

coverage = Table(
    "coverage",
    metadata,
    id_column(),
    user_column(),
    Column("spec_sha", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_coverage_user_ref_at", "user_ref", "at"),
)

gate_results = Table(
    "gate_results",
    metadata,
    user_column(),
    Column("gate", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("move", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("opens", Text, nullable=False),
    Column("opens_at", Utc),
    Column("not_checked", JSON, nullable=False),
    Column("evaluated_at", Utc, nullable=False),
    PrimaryKeyConstraint("user_ref", "gate"),
    Index(
        "ix_gate_results_first",
        "user_ref",
        "move",
        sqlite_where=text("position = 0"),
        postgresql_where=text("position = 0"),
    ),
)

name_references = Table(
    "name_references",
    metadata,
    user_column(),
    Column("arn", Text, nullable=False),
    Column("where", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("checked_at", Utc, nullable=False),
    PrimaryKeyConstraint("user_ref", "arn", "where", "effect"),
)
