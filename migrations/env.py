"""Alembic environment. Migrations import nothing of the application: they outlive its code."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
url = config.get_main_option("sqlalchemy.url")


def run() -> None:
    connection = config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    engine = create_engine(str(url), poolclass=pool.NullPool)
    with engine.begin() as connection:
        migrate(connection)


def migrate(connection: object) -> None:
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


run()
