"""People, their signed keys, their ways in, and the network they belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KINDS = "kind IN ('clinician', 'administrator')"


def required(name: str, kind: object) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def to_account(table: str, column: str) -> sa.ForeignKey:
    return sa.ForeignKey("account.id", name=f"fk_{table}_{column}_account")


def upgrade() -> None:
    op.create_table(
        "network",
        sa.Column("id", sa.Uuid(), primary_key=True),
        required("name", sa.String(200)),
        required("root", sa.LargeBinary()),
        required("created_at", INSTANT),
    )
    op.create_table(
        "policy_statement",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        required("statement", sa.JSON()),
        required("hash", sa.LargeBinary()),
        required("received_at", INSTANT),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        required("mail", sa.String(254)),
        required("kind", sa.String(16)),
        required("name", sa.String(200)),
        required("profession", sa.String(40)),
        sa.Column("specialty", sa.String(40)),
        sa.Column("rpps", sa.String(11)),
        sa.Column("organisation_id", sa.Uuid()),
        required("language", sa.String(8)),
        required("salt", sa.LargeBinary()),
        required("kdf", sa.JSON()),
        required("auth_hash", sa.LargeBinary()),
        required("recovery_hash", sa.LargeBinary()),
        required("totp_secret", sa.LargeBinary()),
        required("totp_step", sa.Integer()),
        required("ak_password", sa.LargeBinary()),
        required("ak_recovery", sa.LargeBinary()),
        required("keys", sa.LargeBinary()),
        required("created_at", INSTANT),
        sa.Column("certified_at", INSTANT),
        sa.Column("certified_by", sa.Uuid()),
        sa.Column("suspended_at", INSTANT),
        sa.Column("last_sign_in_at", INSTANT),
        sa.UniqueConstraint("mail", name="uq_account_mail"),
        sa.UniqueConstraint("rpps", name="uq_account_rpps"),
        sa.CheckConstraint(KINDS, name="ck_account_kind"),
    )
    op.create_table(
        "account_statement",
        sa.Column(
            "account_id",
            sa.Uuid(),
            to_account("account_statement", "account_id"),
            primary_key=True,
        ),
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        required("statement", sa.JSON()),
        required("hash", sa.LargeBinary()),
        required("sign_key", sa.LargeBinary()),
        required("kem_key", sa.LargeBinary()),
        required("received_at", INSTANT),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        required("mail", sa.String(254)),
        required("kind", sa.String(16)),
        sa.Column("organisation_id", sa.Uuid()),
        required("language", sa.String(8)),
        required("token_hash", sa.LargeBinary()),
        required("totp_secret", sa.LargeBinary()),
        sa.Column("invited_by", sa.Uuid(), to_account("invitation", "invited_by")),
        required("created_at", INSTANT),
        required("expires_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("account_id", sa.Uuid(), to_account("invitation", "account_id")),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
        sa.CheckConstraint(KINDS, name="ck_invitation_kind"),
    )
    op.create_index("ix_invitation_mail", "invitation", ["mail"])
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "account_id", sa.Uuid(), to_account("login_session", "account_id"), nullable=False
        ),
        required("token_hash", sa.LargeBinary()),
        required("device", sa.String(200)),
        required("address", sa.String(64)),
        required("created_at", INSTANT),
        required("last_seen_at", INSTANT),
        required("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.UniqueConstraint("token_hash", name="uq_login_session_token_hash"),
    )
    op.create_index("ix_login_session_account_id", "login_session", ["account_id"])
    op.create_table(
        "recovery",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), to_account("recovery", "account_id")),
        required("code_hash", sa.LargeBinary()),
        required("totp_secret", sa.LargeBinary()),
        required("attempts", sa.Integer()),
        required("created_at", INSTANT),
        required("expires_at", INSTANT),
        sa.Column("used_at", INSTANT),
    )


def downgrade() -> None:
    for table in (
        "recovery",
        "login_session",
        "invitation",
        "account_statement",
        "account",
        "policy_statement",
        "network",
    ):
        op.drop_table(table)
