"""Engines, and the revisions of the schema. SQLite: WAL, foreign keys, writers queue; the same scripts on both."""

import sqlite3
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

import migrator
from migrator.adapters.store.guards import missing_guards
from migrator.adapters.store.schema import metadata
from migrator.adapters.store.trouble import failure
from migrator.domain.errors import DatabaseFailed

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 30
READING = {"only_reads": True, "postgresql_readonly": True}
"""Options of a connection that shall only read."""
CONNECT_SECONDS = 10
BOUNDS = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""libpq's, in seconds and tries: a server that vanished without a word is given up after a minute."""


class WrongSchema(DatabaseFailed):
    """The database is of another revision than this program."""


def connect(url: str, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql+psycopg://…`; nothing is opened yet.

    Whatever another process holds is waited for `busy_seconds`, a server that does not answer `CONNECT_SECONDS`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, busy_seconds)
    try:
        return _postgresql(parsed, busy_seconds)
    except ImportError as error:
        raise DatabaseFailed(
            "PostgreSQL needs psycopg, which is not installed", next_step="pip install 'iam-user-migrator[postgres]'"
        ) from error


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    bounds = {name: value for name, value in BOUNDS.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, connect_args=bounds)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.autocommit = True  # else the setting would be taken back with the first transaction that fails
        connection.execute(f"SET lock_timeout = {int(busy_seconds * 1000)}")
        connection.autocommit = False

    return engine


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_seconds, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own: the listener below does
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = bool(connection.get_execution_options().get("only_reads"))
        connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
        # Who means to write waits for the others first: a reader that turned writer would fail instead of waiting.
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def scripts() -> Path:
    """Where the migration scripts are: inside the wheel, else beside the package in a checkout."""
    package = Path(migrator.__file__).parent
    packed = package / "migrations"
    return packed if packed.is_dir() else package.parent / "migrations"


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # 290 ms that only `db` and `init` need to pay

    config = Config()
    config.set_main_option("script_location", str(scripts()))
    return config


def newest() -> str:
    """The revision this program was made for."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as above

    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(engine: Engine) -> str | None:
    """The database's revision; None where it is empty. Raises DatabaseFailed."""
    from alembic.migration import MigrationContext  # noqa: PLC0415  # as above

    if _absent(engine.url):
        return None
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise unreachable(engine.url, error) from error


def _absent(url: URL) -> bool:
    """Whether the file does not exist yet: opening it would make it, and asking must change nothing."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def upgrade(url: str) -> str:
    """Bring the database to this program's revision and return it; a newer database is refused."""
    from alembic import command  # noqa: PLC0415  # as above

    engine = connect(url)
    try:
        _refuse_newer(current(engine))
        config = _config()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise unreachable(engine.url, error) from error
    finally:
        engine.dispose()
    return newest()


def differences(url: str) -> list[str]:
    """How the database's schema differs from the tables and guards declared here, in words; empty where it does not."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  # as above
    from alembic.migration import MigrationContext  # noqa: PLC0415  # as above

    from migrator.adapters.store import tables, work_tables  # noqa: F401, PLC0415  # as above; both declare tables

    engine = connect(url)
    try:
        with engine.connect() as connection, warnings.catch_warnings():
            # SQLite cannot tell of an index over an expression; the tests hold it against the scripts instead.
            warnings.filterwarnings("ignore", message=".*expression-based index")
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            found = [str(difference) for difference in compare_metadata(context, metadata)]
            return found + missing_guards(connection)
    except SQLAlchemyError as error:
        raise unreachable(engine.url, error) from error
    finally:
        engine.dispose()


def require_newest(engine: Engine) -> None:
    """Raise WrongSchema unless the database has exactly this program's revision."""
    revision = current(engine)
    if revision == newest():
        return
    _refuse_newer(revision)
    state = "empty" if revision is None else f"of revision {revision}"
    raise WrongSchema(f"the database is {state}, this program needs {newest()}", next_step="run: migrator db upgrade")


def _refuse_newer(revision: str | None) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as above

    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise WrongSchema(
            f"the database is of revision {revision}, which this program does not know: it was made by a newer one",
            next_step="install the newest iam-user-migrator on this machine",
        )


def unreachable(url: URL, error: Exception) -> DatabaseFailed:
    """A database error as a person should read it; the password is never shown."""
    return failure(url.render_as_string(hide_password=False), str(getattr(error, "orig", None) or error))
