"""The append-only trace and the places of its rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = ("trace", "trace_place")


def upgrade() -> None:
    op.create_table(
        "trace",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("address", sa.String(64)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(64)),
        sa.Column("case_id", sa.Uuid()),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trace_case", "trace", ["case_id", "id"])
    op.create_index("ix_trace_actor", "trace", ["actor_id", "id"])
    op.create_index("ix_trace_action", "trace", ["action", "id"])
    op.create_index("ix_trace_at", "trace", ["at"])
    op.create_table(
        "trace_place",
        sa.Column("place", ROW_ID, primary_key=True, autoincrement=False),
        sa.Column(
            "trace_id",
            ROW_ID,
            sa.ForeignKey("trace.id", name="fk_trace_place_trace_id_trace"),
            nullable=False,
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("trace_id", name="uq_trace_place_trace_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _forbid_in_sqlite()
    else:
        _forbid_in_postgresql()


def _forbid_in_sqlite() -> None:
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END"
            )
    # REPLACE takes a row's place without firing the DELETE trigger (recursive_triggers is off).
    for table, taken in (
        ("trace", "id = NEW.id"),
        ("trace_place", "place = NEW.place OR trace_id = NEW.trace_id"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            "BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END"
        )


def _forbid_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION trace_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the trace is append-only'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trace_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION trace_append_only()"
        )


def downgrade() -> None:
    op.drop_table("trace_place")
    op.drop_table("trace")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION trace_append_only()")
