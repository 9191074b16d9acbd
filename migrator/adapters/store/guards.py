"""The triggers by which the database itself refuses what may never happen: which there must be, which there are."""

from sqlalchemy import Connection, text

from migrator.adapters.store.schema import APPEND_ONLY, ENDING, FIXED, KEPT

_SQLITE = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL = (
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)"
)


def missing_guards(connection: Connection) -> list[str]:
    """Triggers that were dropped or disabled, in words: without them what was written can be rewritten."""
    sqlite = connection.dialect.name == "sqlite"
    there = {(table, name) for table, name in connection.execute(text(_SQLITE if sqlite else _POSTGRESQL))}
    return [f"trigger {name} of table {table} is missing" for table, name in sorted(_guards(sqlite=sqlite) - there)]


def _guards(*, sqlite: bool) -> set[tuple[str, str]]:
    written_once = ("no_update", "no_delete") if sqlite else ("append_only",)
    return (
        {(table, f"{table}_{kind}") for table in APPEND_ONLY for kind in written_once}
        | {(table, f"{table}_kept") for table in KEPT}
        | {(table, f"{table}_fixed") for table in FIXED}
        | {(table, name) for name, table in ENDING.items()}
    )
