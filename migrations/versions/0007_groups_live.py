"""Groups that change: end dates, links between epochs, refused grants, overflow pools."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("group_member", sa.Column("until", INSTANT))
    op.add_column("group_member", sa.Column("departed_at", INSTANT))
    op.create_index("ix_group_member_until", "group_member", ["until"])
    op.create_table(
        "group_previous",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("author_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "group_grant_refused",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("member_seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("granted_by", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("refused_at", INSTANT, nullable=False),
    )
    op.create_table(
        "group_overflow",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("overflow_id", sa.Uuid(), sa.ForeignKey("care_group.id"), nullable=False),
    )


def downgrade() -> None:
    for table in ("group_overflow", "group_grant_refused", "group_previous"):
        op.drop_table(table)
    op.drop_index("ix_group_member_until", "group_member")
    op.drop_column("group_member", "departed_at")
    op.drop_column("group_member", "until")
