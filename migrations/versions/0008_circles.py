"""Circles: who holds the key of a case in which role, its former keys, and when it must change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CASE = "clinical_case"

FIRST_PARTIES = (
    ("pool_id", "group", "pool"),
    ("opened_by", "account", "opener"),
    ("care_team_id", "group", "care_team"),
)
"""The columns of a case that name its circle so far, with the kind and role of each."""


def upgrade() -> None:
    op.create_table(
        "case_party",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("holder_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("added_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.CheckConstraint("kind IN ('group', 'account')", name="ck_case_party_kind"),
    )
    for column, kind, role in FIRST_PARTIES:
        _write_parties(column, kind, role)
    op.create_index(
        "ix_case_party_holder_id", "case_party", ["holder_id", "left_at", "role", "case_id"]
    )
    op.create_table(
        "case_previous",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey(f"{CASE}.id"), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.add_column(
        CASE, sa.Column("rekey_due", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.create_index("ix_clinical_case_rekey_due", CASE, ["rekey_due", "id"])


def _write_parties(column: str, kind: str, role: str) -> None:
    """One party for every case that has this column, unless the same holder stands there."""
    named = dict.fromkeys(("id", column, "opened_by", "opened_at"))
    cases = sa.table(CASE, *(sa.column(name) for name in named))
    parties = sa.table(
        "case_party",
        *(
            sa.column(name)
            for name in ("case_id", "holder_id", "kind", "role", "place", "added_by", "added_at")
        ),
    )
    holder = cases.c[column]
    known = sa.exists().where(parties.c.case_id == cases.c.id, parties.c.holder_id == holder)
    found = sa.select(
        cases.c.id,
        holder.label("holder"),
        sa.literal_column(f"'{kind}'"),
        sa.literal_column(f"'{role}'"),
        sa.literal_column("0"),
        cases.c.opened_by.label("added_by"),
        cases.c.opened_at,
    ).where(holder.is_not(None), ~known)
    op.execute(parties.insert().from_select([column.name for column in parties.columns], found))


def downgrade() -> None:
    op.drop_index("ix_clinical_case_rekey_due", CASE)
    with op.batch_alter_table(CASE) as table:
        table.drop_column("rekey_due")
    op.drop_table("case_previous")
    op.drop_table("case_party")
