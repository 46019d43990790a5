"""Leave with a delegate, keys that wait to be vouched for, returns, reports of broken seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def required(name: str, kind: object) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def to_account(table: str, column: str, *, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey("account.id", name=f"fk_{table}_{column}_account")
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)


def own_account(table: str) -> sa.Column[object]:
    key = sa.ForeignKey("account.id", name=f"fk_{table}_account_id_account")
    return sa.Column("account_id", sa.Uuid(), key, primary_key=True)


def upgrade() -> None:
    op.create_table(
        "account_leave",
        own_account("account_leave"),
        required("starts_at", INSTANT),
        required("ends_at", INSTANT),
        to_account("account_leave", "delegate_id", nullable=True),
        required("created_at", INSTANT),
    )
    op.create_index("ix_account_leave_delegate_id", "account_leave", ["delegate_id"])
    op.create_table(
        "account_pending",
        own_account("account_pending"),
        required("seq", sa.Integer()),
        required("statement", sa.JSON()),
        required("hash", sa.LargeBinary()),
        required("sign_key", sa.LargeBinary()),
        required("kem_key", sa.LargeBinary()),
        required("reason", sa.String(16)),
        required("received_at", INSTANT),
    )
    op.create_table(
        "account_return",
        sa.Column("id", sa.Uuid(), primary_key=True),
        to_account("account_return", "account_id"),
        required("token_hash", sa.LargeBinary()),
        required("totp_secret", sa.LargeBinary()),
        required("checked", sa.String(16)),
        to_account("account_return", "started_by"),
        required("created_at", INSTANT),
        required("expires_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.UniqueConstraint("token_hash", name="uq_account_return_token_hash"),
    )
    op.create_index("ix_account_return_account_id", "account_return", ["account_id"])
    op.create_table(
        "seal_report",
        sa.Column("id", sa.Uuid(), primary_key=True),
        to_account("seal_report", "reporter_id"),
        required("at", INSTANT),
        required("subject_kind", sa.String(16)),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("case_id", sa.Uuid()),
        required("verdict", sa.String(64)),
        sa.Column("settled_at", INSTANT),
        to_account("seal_report", "settled_by", nullable=True),
    )
    op.create_index("ix_seal_report_at", "seal_report", ["at"])
    op.add_column("account", sa.Column("keys_changed_at", INSTANT))


def downgrade() -> None:
    op.drop_column("account", "keys_changed_at")
    for table in ("seal_report", "account_return", "account_pending", "account_leave"):
        op.drop_table(table)
