"""When IAM was last asked when a user's credentials were used: those under the deny are asked in turn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_use_reads",
        sa.Column("user_ref", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_ref"], ["users.id"], name=op.f("fk_last_use_reads_user_ref")),
        sa.PrimaryKeyConstraint("user_ref", name=op.f("pk_last_use_reads")),
    )


def downgrade() -> None:
    """There is no way down: what was asked is a part of the history; restore a backup instead."""
    raise NotImplementedError
