"""Organisations, pools and care teams with their signed chains and wrapped keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("finess", sa.String(9)),
        sa.Column("territory", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("archived_at", INSTANT),
        sa.UniqueConstraint("finess", name="uq_organisation_finess"),
    )
    op.create_table(
        "care_group",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("specialty", sa.String(40)),
        sa.Column("territory", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id")),
        sa.Column("deadline_urgent", sa.Integer(), nullable=False),
        sa.Column("deadline_priority", sa.Integer(), nullable=False),
        sa.Column("deadline_routine", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("median_answer_minutes", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("archived_at", INSTANT),
        sa.CheckConstraint("kind IN ('pool', 'care_team')", name="ck_care_group_kind"),
    )
    op.create_table(
        "group_statement",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("joined_at", INSTANT, nullable=False),
    )
    op.create_index("ix_group_member_account_id", "group_member", ["account_id"])
    op.create_table(
        "group_manager",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
    )
    op.create_index("ix_group_manager_account_id", "group_manager", ["account_id"])
    op.create_table(
        "group_grant",
        sa.Column("group_id", sa.Uuid(), sa.ForeignKey("care_group.id"), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("member_seq", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
    )
    op.create_index("ix_group_grant_account_id", "group_grant", ["account_id"])


def downgrade() -> None:
    for table in (
        "group_grant",
        "group_manager",
        "group_member",
        "group_statement",
        "care_group",
        "organisation",
    ):
        op.drop_table(table)
