"""what runs were expected to use, and what they used"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "estimates",
        sa.Column("run_id", sa.String(100), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("planned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("context_tokens", sa.Integer(), nullable=False),
        sa.Column("runs_here", sa.Integer(), nullable=False),
        sa.Column("runs_elsewhere", sa.Integer(), nullable=False),
        sa.Column("tokens_low", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("tokens_high", sa.Float(), nullable=False),
        sa.Column("cost_low", sa.Float(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("cost_high", sa.Float(), nullable=True),
        sa.Column("seconds_low", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("seconds_high", sa.Float(), nullable=False),
        sa.Column("files_low", sa.Float(), nullable=False),
        sa.Column("files", sa.Float(), nullable=False),
        sa.Column("files_high", sa.Float(), nullable=False),
        sa.Column("used_tokens", sa.BigInteger(), nullable=True),
        sa.Column("used_cost", sa.Float(), nullable=True),
        sa.Column("used_seconds", sa.Float(), nullable=True),
        sa.Column("changed_files", sa.Integer(), nullable=True),
        sa.Column("changed_lines", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.Column("error", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "attempt", name="pk_estimates"),
    )
    with op.batch_alter_table("estimates", schema=None) as batch_op:
        batch_op.create_index("ix_estimates_repository_id_at", ["repository_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("estimates")
