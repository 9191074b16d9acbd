"""Rows that stay: what the journal, the identities and the record's head are made of is never deleted or rewritten."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = (
    "audit_head",
    "changes",
    "credentials",
    "identities",
    "installation",
    "runs",
    "screams",
    "users",
    "waves",
)
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


def refuse(name: str, when: str, table: str, said: str, *, each_row: str = "", empty: bool = False) -> None:
    """A trigger that refuses `when`; `each_row` limits it to rows for which that holds, `empty` adds TRUNCATE."""
    if op.get_bind().dialect.name == "sqlite":
        only = f"WHEN {each_row} " if each_row else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} ON {table} {only}BEGIN SELECT RAISE(ABORT, '{said}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    level = f"FOR EACH ROW WHEN ({each_row})" if each_row else "FOR EACH STATEMENT"
    verbs = f"{when} OR TRUNCATE" if empty else when
    op.execute(f"CREATE TRIGGER {name} BEFORE {verbs} ON {table} {level} EXECUTE FUNCTION {name}()")


def upgrade() -> None:
    for table in KEPT:
        refuse(f"{table}_kept", "DELETE", table, f"rows of {table} are never deleted", empty=True)
    for table, columns in FIXED.items():
        names = ", ".join(f'"{column}"' for column in columns)
        refuse(f"{table}_fixed", f"UPDATE OF {names}", table, f"what a row of {table} is about is fixed")
    refuse("runs_ended", "UPDATE", "runs", "a run that ended is fixed", each_row="OLD.status <> 'running'")
    refuse("runs_fence", "UPDATE", "runs", "a fence never falls", each_row="NEW.fence < OLD.fence")


def downgrade() -> None:
    """There is no way down: decisions and journal are never dropped; restore a backup instead."""
    raise NotImplementedError
