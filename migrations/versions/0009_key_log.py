"""The key log, the nodes and checkpoints of both logs, and the store of security events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
KEPT = ("log_leaf", "tree_node")


def upgrade() -> None:
    op.create_table(
        "log_leaf",
        sa.Column("index", ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("kind", "subject", "seq", name="uq_log_leaf_kind_subject_seq"),
    )
    op.create_table(
        "tree_node",
        sa.Column("tree", sa.String(8), primary_key=True),
        sa.Column("level", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("tree", sa.String(8), primary_key=True),
        sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "cosignature",
        sa.Column("tree", sa.String(8), primary_key=True),
        sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("witness", sa.LargeBinary(), primary_key=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tree", "size"],
            ["checkpoint.tree", "checkpoint.size"],
            name="fk_cosignature_tree_size_checkpoint",
        ),
    )
    _create_security_event()
    if op.get_bind().dialect.name == "sqlite":
        _forbid_in_sqlite()
    else:
        _forbid_in_postgresql()


def _create_security_event() -> None:
    op.create_table(
        "security_event",
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
    op.create_index("ix_security_event_actor", "security_event", ["actor_id", "id"])
    op.create_index("ix_security_event_action", "security_event", ["action", "id"])
    op.create_index("ix_security_event_at", "security_event", ["at"])


def _forbid_in_sqlite() -> None:
    for table, taken in (
        ("log_leaf", '"index" = NEW."index"'),
        ("tree_node", 'tree = NEW.tree AND level = NEW.level AND "index" = NEW."index"'),
    ):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            )
        # REPLACE takes a row's place without firing the DELETE trigger.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )


def _forbid_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION log_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION log_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION log_append_only()"
        )


def downgrade() -> None:
    for table in ("security_event", "cosignature", "checkpoint", "tree_node", "log_leaf"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION log_append_only()")
