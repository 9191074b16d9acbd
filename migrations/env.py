"""Alembic's environment: the connection is handed in by `migrator db upgrade`, the tables are the store's."""

from alembic import context

from migrator.adapters.store import tables, work_tables  # noqa: F401  # registers every table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
