"""The page of tables, from SQLAlchemy's metadata."""

from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import CheckConstraint, Column, Table, UniqueConstraint

from migrator.adapters.store.schema import APPEND_ONLY, FIXED, KEPT, metadata

from .markdown import code, listed, page, table

for _module in ("tables", "work_tables"):
    import_module(f"migrator.adapters.store.{_module}")

INTRODUCTION = """\
The same tables on SQLite and PostgreSQL, made by Alembic (`migrator db upgrade`). Times are UTC. No secret is stored:
there are none to store. Triggers of the database itself refuse what may never happen: an *append-only* table refuses
every update and deletion, a *kept* row is never deleted, a *fixed* column is written once; the outcome of a change is
set once, and a run that ended stays as it is. `migrator db check` names a trigger that is missing. A *versioned* row is
changed only by whoever read its present version. Documents (policies, snapshots, plans, permission sets) are stored
once, by the SHA-256 of their canonical JSON."""


def tables_page() -> str:
    """Every table with its columns, keys and promises."""
    ordered = sorted(metadata.tables.values(), key=lambda each: each.name)
    return page("Tables", "migrator/adapters/store", INTRODUCTION, *map(_section, ordered))


def _section(one: Table) -> str:
    rows = [(code(column.name), _type(column), _points(column), _notes(column)) for column in one.columns]
    promises = [f"- {line}" for line in _promises(one)]
    parts = [f"## {one.name}", "\n".join(promises), table(("column", "type", "refers to", ""), rows)]
    return "\n\n".join(part for part in parts if part)


def _type(column: Column[object]) -> str:
    names = {"Utc": "time", "BigInteger": "integer", "Text": "text", "JSON": "JSON"}
    name = type(column.type).__name__
    return names.get(name, name.lower())


def _points(column: Column[object]) -> str:
    return listed(key.target_fullname for key in column.foreign_keys)


def _notes(column: Column[object]) -> str:
    notes = [("key", column.primary_key), ("may be null", bool(column.nullable)), ("unique", bool(column.unique))]
    return ", ".join(word for word, true in notes if true)


def _promises(one: Table) -> Iterator[str]:
    if one.name in APPEND_ONLY:
        yield "append-only"
    if one.name in KEPT:
        yield "kept"
    if one.name in FIXED:
        yield f"fixed: {listed(FIXED[one.name])}"
    if "version" in one.columns and one.name != "workers":
        yield "versioned"
    inline = {constraint for column in one.columns for constraint in column.constraints}
    for constraint in sorted({*one.constraints, *inline}, key=lambda each: str(each.name)):
        if isinstance(constraint, UniqueConstraint):
            yield f"unique: {listed(column.name for column in constraint.columns)}"
        if isinstance(constraint, CheckConstraint):
            yield f"check: {code(constraint.sqltext)}"
    for index in sorted(one.indexes, key=lambda each: str(each.name)):
        if index.unique:
            only = index.dialect_options["sqlite"]["where"]
            words = listed(str(each).removeprefix(f"{one.name}.") for each in index.expressions)
            yield f"unique: {words}" + (f" where {code(only)}" if only is not None else "")
