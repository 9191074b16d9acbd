"""Every account's doors and quotas, accounts in parallel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from migrator.domain.errors import MigratorError
from migrator.domain.policy.fit import DEFAULT_QUOTAS
from migrator.operations.discover import left_alone, named
from migrator.operations.examine_database import Remembered
from migrator.operations.finding import Finding, examined, failed, good, warning
from migrator.ports.aws import Account, Organization
from migrator.ports.inspection import IamQuotas, Purpose
from migrator.ports.tools import Tools

READ, CHANGE, QUOTAS = "discovery-role", "change-role", "iam-quotas"


@dataclass(frozen=True, slots=True)
class _Need:
    """What is planned for one account: the set with most policies, and how many roles are still to come."""

    permission_set: str = ""
    policies: int = 0
    new_roles: int = 0


def examine_accounts(tools: Tools, organization: Organization, known: Remembered | None) -> Iterator[Finding]:
    """Each account that takes part is entered twice, as reader and as writer; the others are named with the reason."""
    needs = _needs(known) if known else {}
    wanted: list[Account] = []
    for account in organization.accounts:
        why = left_alone(account, tools.rules)
        if why:
            yield good("account", f"{account.name} is left alone: {why}", account.id)
        else:
            wanted.append(account)
    yield from _settings(tools, organization, wanted)
    for account, found in tools.pool.each(partial(_examine, tools, needs), wanted):
        if isinstance(found, MigratorError):
            yield failed(READ, found.what, found.next_step, account.id)
        else:
            yield from found


def _settings(tools: Tools, organization: Organization, wanted: list[Account]) -> Iterator[Finding]:
    rules = tools.rules
    for key, patterns in (("include", rules.include_accounts), ("exclude", rules.exclude_accounts)):
        for pattern in patterns:
            if not any(named(account, (pattern,)) for account in organization.accounts):
                yield warning("account", f"aws.accounts.{key}: {pattern} means no account", "correct or remove it")
    if not wanted:
        yield failed("account", "no account takes part", "widen aws.accounts in the configuration")


def _examine(tools: Tools, needs: Mapping[str, _Need], account: Account) -> list[Finding]:
    tools.tell(f"looking at {account.name} ({account.id})")
    read = examined(READ, lambda: _reader(tools, account), account.id)
    change = examined(CHANGE, lambda: _door(tools, account, "change"), account.id)
    # Without the reader's door its quotas would fail with the very same words.
    if any(finding.result == "failed" for finding in read):
        return [*read, *change]
    need = needs.get(account.id, _Need())
    return [*read, *change, *examined(QUOTAS, lambda: _room(tools, account, need), account.id)]


def _reader(tools: Tools, account: Account) -> Iterator[Finding]:
    found = list(_door(tools, account, "read"))
    tools.inspector.read(account.id)
    yield from found


def _door(tools: Tools, account: Account, purpose: Purpose) -> Iterator[Finding]:
    check, can = (READ, "can be read") if purpose == "read" else (CHANGE, "can be entered to write")
    arn = tools.inspector.enter(account.id, purpose)
    yield good(check, f"{account.name} {can} as {arn}", account.id)


def _room(tools: Tools, account: Account, need: _Need) -> Iterator[Finding]:
    quotas = tools.inspector.quotas(account.id)
    most = quotas.policies_per_role or DEFAULT_QUOTAS.role_policies
    tight = False
    if need.policies > most:
        tight = True
        yield warning(
            QUOTAS,
            f"{need.permission_set} has {need.policies} managed policies; a role here takes {most}",
            "ask for a higher IAM quota, Managed policies attached to an IAM role, in this account first",
            account.id,
        )
    if _full(quotas, need):
        tight = True
        yield warning(
            QUOTAS,
            f"{need.new_roles} permission sets are to come, and {quotas.roles} of {quotas.most_roles} roles exist",
            "ask for a higher IAM quota, Roles per account, in this account first",
            account.id,
        )
    if not tight:
        yield good(QUOTAS, f"{most} managed policies a role; what is planned fits", account.id)


def _full(quotas: IamQuotas, need: _Need) -> bool:
    if quotas.roles is None or quotas.most_roles is None:
        return False
    return quotas.roles + need.new_roles > quotas.most_roles


def _needs(known: Remembered) -> dict[str, _Need]:
    """What the planned permission sets ask of each account: a set is one role in every account it is assigned in."""
    policies = {
        each.name: len(each.spec.get("managed_policies", ())) + len(each.spec.get("customer_policies", ()))
        for each in known.sets
        if each.spec.get("type", "permission-set") == "permission-set"
    }
    places: dict[str, dict[str, bool]] = {}
    for grant in known.grants:
        if grant.permission_set in policies:
            there = places.setdefault(grant.account_id, {})
            there[grant.permission_set] = there.get(grant.permission_set, False) or grant.provisioned_at is not None
    needs = {}
    for account, sets in places.items():
        largest = max(sorted(sets), key=policies.__getitem__)
        needs[account] = _Need(largest, policies[largest], sum(not there for there in sets.values()))
    return needs
