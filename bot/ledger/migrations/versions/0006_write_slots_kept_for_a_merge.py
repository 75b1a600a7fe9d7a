"""until when the write slots of an installation are kept for a merge"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pace", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kept_until", sa.Float(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("pace", schema=None) as batch_op:
        batch_op.drop_column("kept_until")
