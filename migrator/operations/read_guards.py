"""Read the policies of the resources that users called, each once, for coverage to be judged by them."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from migrator.domain.errors import MigratorError
from migrator.domain.model import Json
from migrator.domain.policy.consents import guard_of, owner_of
from migrator.domain.usage import UsageFact
from migrator.ports.tools import Tools

Read = Mapping[str, Json | None]
"""Policies by the ARN of what carries them; None: it carries none. What is not there could not be read."""


def read_guards(tools: Tools, users: Sequence[int], *, again: bool = True) -> dict[str, Json | None]:
    """The policies of what these users called in the look-back, as far as the organization's accounts let us.

    Without `again`, those by which their coverage was judged before are left out.
    """
    since = tools.clock.now() - tools.rules.lookback
    with tools.store.read() as work:
        principals = {facts.arn: facts.account_id for facts in work.users.snapshots(users).values()}
        called = work.usage.facts(sorted(principals), since)
        judged = {} if again else work.access.coverage(users)
        ours = {account.id for account in work.accounts()} | set(principals.values())
    known = {arn for covered in judged.values() for arn in covered.guards}
    wanted: dict[str, set[str]] = {}
    for principal, facts in called.items():
        for arn, account in guards_of(facts, principals[principal]):
            if account in ours and arn not in known:  # nobody else's account is entered
                wanted.setdefault(account, set()).add(arn)
    return read_from(tools, wanted)


def read_from(tools: Tools, wanted: Mapping[str, Collection[str]]) -> dict[str, Json | None]:
    """The policies of these resources by account; an account that cannot be entered leaves its own out."""
    found: dict[str, Json | None] = {}
    for account, answer in tools.pool.each(partial(_read, tools, wanted), sorted(wanted)):
        if isinstance(answer, MigratorError):
            tools.tell(f"policies of resources in {account} were not read: {answer.what}")
        else:
            found.update(answer)
    return found


def _read(tools: Tools, wanted: Mapping[str, Collection[str]], account: str) -> Read:
    return tools.guards.read(account, sorted(wanted[account]))


def guards_of(facts: Collection[UsageFact], account: str) -> set[tuple[str, str]]:
    """What carries policies that speak of these calls, with the account where it can be read; an S3 ARN names none."""
    arns = {guard_of(fact.action, fact.resource) for fact in facts if fact.action and not fact.refused}
    return {(arn, owner_of(arn) or account) for arn in arns if arn}
