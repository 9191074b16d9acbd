"""Read every account into the store. A repeated run updates; it never loses a decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from migrator.domain.dossier import User
from migrator.domain.errors import MigratorError, NotFound, UsageError
from migrator.domain.lifecycle import State
from migrator.domain.model import AccountFacts, GroupFacts, Json, UserFacts
from migrator.domain.reconcile import Reconciled, Seen, reconcile
from migrator.domain.rules import Rules
from migrator.operations.read_trails import read_trails
from migrator.operations.weigh import weigh
from migrator.ports.aws import Account, Organization
from migrator.ports.store import Reading, Recorded, UnitOfWork
from migrator.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class AccountRead:
    """What the reading of one account came to; `error` where it could not be entered."""

    account: Account
    users: int = 0
    new: int = 0
    updated: int = 0
    vanished: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    not_checked: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Discovered:
    """A reading of the organization: accounts read or not, and those left alone with the reason."""

    organization: str
    accounts: tuple[AccountRead, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where some account could not be read, 4 where none could."""
        failed = [read for read in self.accounts if read.error]
        if not failed:
            return 0
        return 4 if len(failed) == len(self.accounts) else 1


def discover(tools: Tools, only: Collection[str] = ()) -> Discovered:
    """Read every wanted account of the organization (or `only` these), accounts in parallel."""
    organization = tools.accounts.organization()
    with tools.store.begin() as work:
        work.claim(organization.id, tools.accounts.caller().partition)
        work.put_accounts(organization.accounts)
        work.commit()
    wanted, skipped = _wanted(organization, tools.rules, only)
    if tools.rules.listening:
        read_trails(tools, [account.id for account in wanted], [organization.management_account])
    read: list[AccountRead] = []
    for account, result in tools.pool.each(partial(_read, tools), wanted):
        if isinstance(result, MigratorError):
            read.append(_failed(tools, account, result))
        else:
            read.append(result)
        tools.tell(f"{account.name} ({account.id}): {read[-1].error or f'{read[-1].users} users'}")
    return Discovered(organization.id, tuple(read), skipped)


def _wanted(
    organization: Organization, rules: Rules, only: Collection[str]
) -> tuple[list[Account], tuple[tuple[str, str], ...]]:
    known = {account.id for account in organization.accounts}
    missing = sorted(set(only) - known)
    if missing:
        raise NotFound(f"no account {', '.join(missing)} in {organization.id}", next_step="see: migrator doctor")
    wanted, skipped = [], []
    for account in sorted(organization.accounts, key=lambda a: a.id):
        why = left_alone(account, rules, only)
        if why:
            skipped.append((account.id, why))
        else:
            wanted.append(account)
    if not wanted:
        whys = "; ".join(f"{account}: {why}" for account, why in skipped if not only or account in only)
        raise UsageError(f"no account is left to read ({whys})", next_step="name others, or widen aws.accounts")
    return wanted, tuple(skipped)


def left_alone(account: Account, rules: Rules, only: Collection[str] = ()) -> str:
    """Why an account is not read, in words; empty where it is."""
    if only and account.id not in only:
        return "not asked for"
    if account.status != "ACTIVE":
        return f"its status is {account.status}"
    if rules.include_accounts and not named(account, rules.include_accounts):
        return "not in aws.accounts.include"
    return "in aws.accounts.exclude" if named(account, rules.exclude_accounts) else ""


def named(account: Account, patterns: Sequence[str]) -> bool:
    """Whether one of these patterns means the account: by id, by name, or by a unit above it."""
    places = (account.id, account.name, f"{account.id}/{account.name}", *account.ou_path.split("/"), account.ou_path)
    return any(fnmatchcase(place, pattern) for pattern in patterns for place in places if place)


def _read(tools: Tools, account: Account) -> AccountRead:
    facts, now, actor = tools.reader.read_account(account.id), tools.clock.now(), tools.actor
    with tools.store.begin() as work:
        known = work.users.in_account(account.id)
        decisions = work.people.decisions([user.subject for user in known])
        restoring = _restoring(work, known)
        used = {d.user.id: d.used for d in work.dossiers([u.id for u in known], now, tools.rules.lookback)}
        found = reconcile(known, facts, tools.rules, decisions, now, used, restoring)
        _write(tools, work, facts, found, actor)
        work.commit()
    return AccountRead(
        account,
        users=len(found.seen),
        new=len(found.new) + len(found.strangers),
        updated=len(found.updated) + len(found.reappeared),
        vanished=tuple(user.key for user in found.vanished),
        strangers=tuple(seen.user.key for seen in found.strangers),
        refused=tuple((away.facts.key, away.why) for away in found.refused),
        not_checked=facts.not_checked,
    )


def _restoring(work: UnitOfWork, known: Sequence[User]) -> list[str]:
    """Names of users that a rollback is recreating at this moment, or left off recreating."""
    rolling = {run.subject for run in work.journal.unfinished() if run.kind == "rollback"}
    return [user.user_name for user in known if user.subject in rolling and user.state is State.DELETED]


def _write(tools: Tools, work: UnitOfWork, facts: AccountFacts, found: Reconciled, actor: str) -> None:
    work.users.vanish(found.vanished, facts.observed_at)
    groups = {group.name: group for group in facts.groups}
    entries = [_recorded(seen, groups, facts.policies) for seen in found.seen]
    saved = work.users.record(entries)
    work.people.link({user.id: entry.emails for user, entry in zip(saved, entries, strict=True)}, "discover")
    root = None
    if facts.root is not None:
        used = facts.root.password_last_used
        root = {
            "mfa_active": facts.root.mfa_active,
            "active_access_keys": facts.root.active_access_keys,
            "password_last_used": used.isoformat() if used else None,
        }
    work.read(Reading(facts.account_id, facts.observed_at, facts.complete, root))
    for user in found.vanished:
        work.record.append(actor, "vanished", user.subject, {"user": user.key}, tools.clock.now())
    for user, seen in zip(saved, found.seen, strict=True):
        if not seen.user.id:
            details = {"user": user.key, "kind": str(user.kind)}
            work.record.append(actor, "discovered", user.subject, details, tools.clock.now())
    weigh(tools, work, [user.id for user in saved])


def _recorded(seen: Seen, groups: Mapping[str, GroupFacts], policies: Mapping[str, Json]) -> Recorded:
    return Recorded(seen.user, seen.facts, _grants(seen.facts, groups, policies), seen.evidence, seen.user.persons)


def _grants(
    facts: UserFacts, groups: Mapping[str, GroupFacts], policies: Mapping[str, Json]
) -> tuple[tuple[str, str, Json], ...]:
    """Everything that grants or bounds: the user's own, its groups', its boundary."""
    found = [("user", name, document) for name, document in facts.inline_policies.items()]
    found += [("user", arn, policies[arn]) for arn in facts.attached_policies if arn in policies]
    for name in facts.groups:
        group = groups.get(name, GroupFacts(name))
        found += [(f"group:{name}", policy, document) for policy, document in group.inline_policies.items()]
        found += [(f"group:{name}", arn, policies[arn]) for arn in group.attached_policies if arn in policies]
    if facts.boundary in policies:
        found.append(("boundary", str(facts.boundary), policies[str(facts.boundary)]))
    return tuple(found)


def _failed(tools: Tools, account: Account, error: MigratorError) -> AccountRead:
    with tools.store.begin() as work:
        work.read(Reading(account.id, tools.clock.now(), complete=False, error=error.what))
        work.commit()
    return AccountRead(account, error=f"{error.what} ({error.next_step})" if error.next_step else error.what)
