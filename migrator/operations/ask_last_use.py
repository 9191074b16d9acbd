"""Ask IAM when the credentials of users under the deny were last used: a bounded number a turn, in turn."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from migrator.domain.dossier import User
from migrator.domain.errors import MigratorError
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential
from migrator.operations.hear import watching
from migrator.ports.tools import Tools

EVERY = timedelta(hours=1)
"""How often one user is asked about: last-used times are hours late and coarse anyway (aws-facts, 1)."""

MOST = 200
"""Users a turn, four calls each at most: a turn stays short however many are under the deny."""


def ask_last_use(tools: Tools) -> tuple[str, ...]:
    """Write when credentials were last used; in words, what could not be asked. Nobody's turn fails for it."""
    now = tools.clock.now()
    with tools.store.read() as work:
        cut = [one.user for one in watching(work)]
        due = work.users.many(work.users.unread_use(cut, now - EVERY, MOST))
    accounts: dict[str, list[User]] = {}
    for user in due:
        if user.state is not State.DELETED:
            accounts.setdefault(user.account_id, []).append(user)
    missed: list[str] = []
    for account, result in tools.pool.each(partial(_account, tools, accounts), sorted(accounts)):
        if isinstance(result, MigratorError):
            missed.append(f"last use in {account}: {result.what}")
            continue
        with tools.store.begin() as work:
            work.users.used(result, now)
            work.commit()
    return tuple(missed)


def _account(tools: Tools, accounts: Mapping[str, list[User]], account: str) -> dict[int, Sequence[Credential]]:
    return {user.id: _of(tools, user) for user in accounts[account] if not tools.pool.stopped}


def _of(tools: Tools, user: User) -> Sequence[Credential]:
    """A stranger under the name says nothing of the user."""
    found = tools.reader.read_last_use(user.account_id, user.user_name)
    return found.credentials if found is not None and found.user_id == user.user_id else ()
