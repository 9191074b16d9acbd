"""The database without SQLAlchemy, for the one command that must be quick: one snapshot, only read."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import migrator
from migrator.adapters.store.overview_sql import ASIDE, REVISION
from migrator.adapters.store.trouble import failure
from migrator.domain.errors import DatabaseFailed

if TYPE_CHECKING:
    import psycopg

Ask = Callable[..., list[Any]]
"""Asks one question, its parameters by name, and gives back every row."""

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
_CACHE_KB = 65_536
_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")
_UPGRADE = "run: migrator db upgrade"


@contextmanager
def reading(url: str) -> Iterator[Ask]:
    """Questions to the database of a URL, all of one moment; raises DatabaseFailed unless it has our revision."""
    opened = _sqlite(url) if url.startswith("sqlite:") else _postgres(url)
    with opened as ask:
        yield ask


@contextmanager
def _sqlite(url: str) -> Iterator[Ask]:
    file = Path(url.removeprefix("sqlite:///"))
    if not file.exists():
        raise DatabaseFailed(f"there is no database at {file}", next_step=_UPGRADE)
    try:
        # mode=rw makes no file; a read-only connection could leave the WAL's files behind for others to trip over.
        name = f"file:{quote(str(file))}?mode=rw"
        with closing(sqlite3.connect(name, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            for pragma in ("temp_store = MEMORY", f"cache_size = -{_CACHE_KB}", "query_only = ON"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN")
            made = set[str]()

            def ask(question: str, **values: datetime) -> list[Any]:
                for name in _named(question) - made:
                    _set_aside(connection, name)
                    made.add(name)
                return connection.execute(question, {k: _stored(v) for k, v in values.items()}).fetchall()

            tables = ask("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
            _require_newest(ask(REVISION) if tables else [])
            yield ask
    except sqlite3.Error as error:
        raise failure(url, str(error)) from error


@contextmanager
def _postgres(url: str) -> Iterator[Ask]:
    try:
        import psycopg  # noqa: PLC0415  # 120 ms, and only with the extra
    except ImportError as error:
        raise DatabaseFailed(
            "PostgreSQL needs psycopg, which is not installed", next_step="pip install 'iam-user-migrator[postgres]'"
        ) from error
    try:
        with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=_CONNECT_SECONDS) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            found = connection.execute("SELECT to_regclass('alembic_version')").fetchone()

            def ask(question: str, **values: datetime) -> list[Any]:
                return _asked(connection, question, values)

            _require_newest(ask(REVISION) if found and found[0] else [])
            yield ask
    except psycopg.Error as error:
        raise failure(url, str(error)) from error


def _named(question: str) -> set[str]:
    """Which of what is set aside a question speaks of."""
    return {name for name in ASIDE if re.search(rf"\b{name}\b", question)}


def _set_aside(connection: sqlite3.Connection, name: str) -> None:
    """Keep one row a user in memory, found by its number: questions that share it are asked in half the time."""
    columns, select = ASIDE[name]
    connection.execute("PRAGMA query_only = OFF")
    connection.execute(f"CREATE TEMP TABLE {name} (user_ref INTEGER PRIMARY KEY, {columns})")
    connection.execute(f"INSERT INTO {name} {select}")
    connection.execute("PRAGMA query_only = ON")


def _asked(connection: "psycopg.Connection[Any]", question: str, values: Mapping[str, datetime]) -> list[Any]:
    aside = ", ".join(f"{name} (user_ref, {ASIDE[name][0]}) AS ({ASIDE[name][1]})" for name in sorted(_named(question)))
    question = f"WITH {aside} {question}" if aside else question
    named = re.sub(r"(?<!:):(\w+)", r"%(\1)s", question)
    return connection.execute(named.encode(), values).fetchall()


def moment(value: Any) -> datetime | None:
    """A stored time as an aware one: SQLite gives text in UTC, PostgreSQL a datetime in the session's zone."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _stored(at: datetime) -> str:
    """As SQLAlchemy writes times into SQLite, so that texts compare as times do."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _require_newest(rows: list[Any]) -> None:
    known = _revisions()
    newest = ", ".join(sorted(set(known) - {before for befores in known.values() for before in befores}))
    revision = rows[0][0] if rows else None
    if revision == newest:
        return
    if revision is not None and revision not in known:
        raise DatabaseFailed(
            f"the database is of revision {revision}, which this program does not know: it was made by a newer one",
            next_step="install the newest iam-user-migrator on this machine",
        )
    state = "empty" if revision is None else f"of revision {revision}"
    raise DatabaseFailed(f"the database is {state}, this program needs {newest}", next_step=_UPGRADE)


def _revisions() -> Mapping[str, tuple[str, ...]]:
    """Every revision of our scripts with those before it, without running them as Alembic would (290 ms)."""
    package = Path(migrator.__file__).parent
    packed = package / "migrations"
    folder = packed if packed.is_dir() else package.parent / "migrations"
    found: dict[str, tuple[str, ...]] = {}
    for script in (folder / "versions").glob("*.py"):
        said = dict(_ASSIGNED.findall(script.read_text(encoding="utf-8")))
        if name := _QUOTED.search(said.get("revision", "")):
            found[name[1]] = tuple(_QUOTED.findall(said.get("down_revision", "")))
    return found
