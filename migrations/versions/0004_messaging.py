"""Cases: signed events, wrapped keys, sealed headers and messages, steps, receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CASE = "clinical_case"


def upgrade() -> None:
    _cases()
    _messages()
    _reading()


def _cases() -> None:
    op.create_table(
        CASE,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("pool_id", sa.Uuid(), sa.ForeignKey("care_group.id"), nullable=False),
        sa.Column("care_team_id", sa.Uuid(), sa.ForeignKey("care_group.id")),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id")),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("opened_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("expert_id", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("settled_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("last_activity_at", INSTANT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.UniqueConstraint("number", name="uq_clinical_case_number"),
        sa.CheckConstraint("urgency IN (0, 1, 2)", name="ck_clinical_case_urgency"),
    )
    for name, column in (
        ("pool", "pool_id"),
        ("opener", "opened_by"),
        ("team", "care_team_id"),
        ("expert", "expert_id"),
    ):
        op.create_index(
            f"ix_clinical_case_{name}",
            CASE,
            [column, "settled_at", "urgency", "due_at", "id", "state"],
        )
    op.create_index("ix_clinical_case_answered", CASE, ["pool_id", "answered_at"])
    op.create_table(
        "case_event",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
    )
    op.create_table(
        "case_grant",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("recipient", sa.String(80), primary_key=True),
        sa.Column("holder_id", sa.Uuid()),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "case_header",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("posted_at", INSTANT, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("posted_at", INSTANT, nullable=False),
        sa.UniqueConstraint("case_id", "sequence", name="uq_message_case_id_sequence"),
    )
    op.create_table(
        "case_step",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), nullable=False),
        sa.Column("step", sa.String(24), nullable=False),
        sa.Column("actor_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("message_id", sa.Uuid(), sa.ForeignKey("message.id")),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
    )
    op.create_index("ix_case_step_case_id", "case_step", ["case_id"])
    op.create_table(
        "announced_attachment",
        sa.Column("attachment_id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), nullable=False),
        sa.Column("author_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("message_id", sa.Uuid(), sa.ForeignKey("message.id")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", INSTANT),
    )
    op.create_index("ix_announced_attachment_case_id", "announced_attachment", ["case_id"])
    op.create_index("ix_announced_attachment_message_id", "announced_attachment", ["message_id"])


def _reading() -> None:
    op.create_table(
        "case_receipt",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "case_receipt",
        "announced_attachment",
        "case_step",
        "message",
        "case_header",
        "case_grant",
        "case_event",
        CASE,
    ):
        op.drop_table(table)
