"""the inbox as a queue: urgency, subject and retries; numbers, looks and commands"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("urgency", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("subject", sa.String(64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("due_at", sa.String(32), nullable=True))
        batch_op.add_column(sa.Column("taken_by", sa.String(100), server_default="", nullable=False))
        batch_op.create_index("ix_inbox_status_urgency_due_at", ["status", "urgency", "due_at"], unique=False)
        batch_op.create_index("ix_inbox_subject_status", ["subject", "status"], unique=False)
    op.execute("update inbox set due_at = received_at")
    op.create_table(
        "numbers",
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_numbers"),
    )
    op.create_table(
        "looks",
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_looks"),
    )
    op.create_table(
        "commands",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edit", sa.String(100), nullable=False),
        sa.Column("repository", sa.Text(), server_default="", nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("is_pull", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("login", sa.Text(), server_default="", nullable=False),
        sa.Column("may_write", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("verb", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("answered_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "comment_id", "edit", name="pk_commands"),
    )
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.create_index("ix_commands_repository_id_login_at", ["repository_id", "login", "at"], unique=False)


def downgrade() -> None:
    for table in ("commands", "looks", "numbers"):
        op.drop_table(table)
    # What only this version knows: a delivery that was taken is new again, one that was given up is one that failed.
    op.execute("update inbox set status = 'new' where status = 'taken'")
    op.execute("update inbox set status = 'failed' where status = 'dead'")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_subject_status")
        batch_op.drop_index("ix_inbox_status_urgency_due_at")
        for column in ("taken_by", "due_at", "subject", "urgency"):
            batch_op.drop_column(column)
