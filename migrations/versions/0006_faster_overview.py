"""Indexes for what `status` asks: the first gate of everybody, and who approved what."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIRST = sa.text("position = 0")


def upgrade() -> None:
    op.create_index(
        "ix_gate_results_first", "gate_results", ["user_ref", "move"], sqlite_where=FIRST, postgresql_where=FIRST
    )
    op.create_index("ix_approvals_given", "approvals", ["wave", "stage", "approver", "at", "expires_at", "user_ref"])


def downgrade() -> None:
    """There is no way down, for one way is enough; restore a backup instead."""
    raise NotImplementedError
