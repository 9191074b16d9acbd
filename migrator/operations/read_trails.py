"""Read which trails record each account, and what they select; accounts in parallel."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from migrator.domain.errors import DatabaseFailed, MigratorError
from migrator.domain.trails import AccountTrails, Trail
from migrator.ports.tools import Tools

S3 = "cloudtrail:s3://"


def read_trails(tools: Tools, accounts: Collection[str], owners: Collection[str]) -> list[AccountTrails]:
    """Read these accounts' trails and keep what was read; an account that cannot be read says so in `error`.

    `owners` are accounts that may have trails of the whole organization: its management account.
    """
    found = dict(tools.pool.each(partial(_trails, tools), sorted({*accounts, *owners})))
    shared = {
        trail.arn: trail
        for owner in owners
        if not isinstance(seen := found[owner], MigratorError)
        for trail in seen
        if trail.organization
    }
    readings = [_reading(tools, account, found[account], shared) for account in sorted(set(accounts))]
    unread = [found[owner] for owner in owners if isinstance(found[owner], MigratorError)]
    readings = [_without_shared(reading, unread) for reading in readings]
    with tools.store.begin() as work:
        work.trails.put(readings)
        work.commit()
    return readings


def refresh_trails(tools: Tools, accounts: Collection[str]) -> None:
    """Read those accounts' trails anew that were not read for a poll; where that fails, what is known stays."""
    if not tools.rules.listening:
        return
    with tools.store.begin() as work:
        known = work.trails.of(accounts)
    now = tools.clock.now()
    stale = [each for each in set(accounts) if each not in known or now - known[each].at >= tools.rules.poll]
    if not stale:
        return
    owners = {trail.owner for each in known.values() for trail in each.trails if trail.organization}
    try:
        if len(known) < len(set(accounts)):
            owners.add(tools.accounts.organization().management_account)
        read_trails(tools, stale, owners)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        tools.tell(f"the trails were not read: {error.what}")


def _trails(tools: Tools, account: str) -> Sequence[Trail]:
    return tools.reader.trails(account, tools.rules.home_region)


def _reading(
    tools: Tools, account: str, seen: Sequence[Trail] | MigratorError, shared: dict[str, Trail]
) -> AccountTrails:
    """An organization's trail as its owner sees it: members see its shadow, perhaps without its selectors."""
    error = seen.what if isinstance(seen, MigratorError) else ""
    own = () if isinstance(seen, MigratorError) else seen
    whole = {trail.arn: trail for trail in own} | shared
    trails = tuple(replace(whole[arn], read=is_read(tools, whole[arn])) for arn in sorted(whole))
    unread = (f"{trail.arn}: {trail.unread}" for trail in trails if trail.unread)
    return AccountTrails(account, tools.clock.now(), trails, "; ".join(filter(None, (error, *unread))))


def _without_shared(reading: AccountTrails, unread: Sequence[Sequence[Trail] | MigratorError]) -> AccountTrails:
    """Where the organization's trails could not be read, nobody knows whether one records this account."""
    why = "; ".join(one.what for one in unread if isinstance(one, MigratorError))
    return replace(reading, error=reading.error or why) if why else reading


def is_read(tools: Tools, trail: Trail) -> bool:
    """Whether a usage source reads what this trail delivers; of a folder nobody knows where its files come from."""
    places: list[str] = []
    with suppress(MigratorError):
        places = [source.source for source in tools.sources]
    if not places or any(not place.startswith(S3) for place in places):
        return True
    there = (place.removeprefix(S3).partition("/")[::2] for place in places)
    return any(bucket == trail.bucket and _same_way(prefix, trail.prefix) for bucket, prefix in there)


def _same_way(one: str, other: str) -> bool:
    one, other = one.strip("/"), other.strip("/")
    return one.startswith(other) or other.startswith(one)
