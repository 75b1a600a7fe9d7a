"""holds and files to use, by issue; confirmed stops; leases of effects that are being made"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steering",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issue", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("held_by", sa.String(100), server_default="", nullable=False),
        sa.Column("held_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("held_at", sa.String(32), nullable=True),
        sa.Column("use_paths", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "issue", name="pk_steering"),
    )
    op.create_table(
        "stops",
        sa.Column("run_id", sa.String(100), nullable=False),
        sa.Column("move", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("confirmed_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "move", name="pk_stops"),
    )
    op.create_table(
        "leases",
        sa.Column("effect_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("taken_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name="pk_leases"),
    )
    op.create_index("ix_leases_run_id", "leases", ["run_id"])


def downgrade() -> None:
    for table in ("leases", "stops", "steering"):
        op.drop_table(table)
