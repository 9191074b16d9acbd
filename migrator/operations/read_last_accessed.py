"""Ask IAM which services users last used: the floor under what the trails tell."""

from collections.abc import Iterator, Sequence
from functools import partial

from migrator.domain.errors import MigratorError
from migrator.domain.selection import Line
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def read_last_accessed(tools: Tools, lines: Sequence[Line]) -> tuple[str, ...]:
    """Ask IAM which services these users last used, account by account; returns what could not be asked."""
    if tools.last_accessed is None:
        return ()
    missing: list[str] = []
    for account, result in tools.pool.each(
        partial(_ask, tools, lines), sorted({line.user.account_id for line in lines})
    ):
        if isinstance(result, MigratorError):
            missing.append(f"last-accessed data of {account}: {result.what}")
        else:
            missing += result
    return tuple(missing)


def _ask(tools: Tools, lines: Sequence[Line], account: str) -> tuple[str, ...]:
    asked = tools.last_accessed
    if asked is None:
        return ()
    with tools.store.read() as work:
        users = {arn: user for user, arn in _arns(work, lines, account)}
    answer = asked.read(account, sorted(users))
    rows = [(users[arn], service, action, at) for arn, service, action, at in answer.rows if arn in users]
    with tools.store.begin() as work:
        work.usage.last_accessed(rows, tools.clock.now())
        work.commit()
    return tuple(answer.not_checked)


def _arns(work: UnitOfWork, lines: Sequence[Line], account: str) -> Iterator[tuple[int, str]]:
    for line in lines:
        facts = work.users.facts(line.user.id) if line.user.account_id == account else None
        if facts is not None:
            yield line.user.id, facts.arn
