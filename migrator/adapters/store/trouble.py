"""What a database said when it failed, as a person should read it: one line, no password, and what to do next."""

import re
from urllib.parse import unquote

from migrator.domain.errors import DatabaseFailed

_AGAIN = "then run the same command again"
_STEPS = (
    ("is locked|lock timeout|deadlock", f"another process is at work in it: wait until it ends, {_AGAIN}"),
    ("readonly database|read-only", f"let whoever runs migrator write the database and its folder, {_AGAIN}"),
    ("is full|no space left|quota", f"make room where the database is, {_AGAIN}: nothing is lost"),
    ("i/o error", f"see that the disk works and has room, {_AGAIN}: nothing is lost"),
    ("unable to open", f"check that the folder exists and that whoever runs migrator may write there, {_AGAIN}"),
    ("not a database|malformed|invalid page|corrupt", "restore the database from a backup: it cannot be read any more"),
    ("authentication|no password|role .* does not exist", "name the right user and password in `database`"),
    ("database .* does not exist", "create it or name the right one in `database`, then run: migrator db upgrade"),
    ("permission denied|must be owner", "grant migrator's role what docs/how-to/postgresql.md asks for"),
    (
        "refused|timeout|closed|terminat|starting up|shutting down|no such file|not known|resolve|unreachable|lost",
        f"see that the server runs and can be reached, {_AGAIN}: nothing is lost",
    ),
    ("no such table|no such column|does not exist", "look what is missing: migrator db check"),
)
_ELSE = f"mend the database, {_AGAIN}: nothing is lost"


def failure(url: str, said: str) -> DatabaseFailed:
    """The error for what the driver said about the database of a URL; only the first line of it is told."""
    first = next(iter(said.strip().splitlines()), "it gave no reason")
    told = without_password(" ".join(first.split()), url)
    step = next((step for words, step in _STEPS if re.search(words, told, re.IGNORECASE)), _ELSE)
    return DatabaseFailed(f"the database {without_password(url, url)} did not work: {told}", next_step=step)


def without_password(text: str, url: str) -> str:
    """The text with the URL's password, wherever it stands, as stars."""
    secrets = re.findall(r"^[^:]+://[^:/@]*:(.+)@", url) + re.findall(r"[?&]password=([^&]*)", url)
    for secret in filter(None, secrets):
        for spelled in (secret, unquote(secret)):
            text = text.replace(spelled, "***")
    return text
