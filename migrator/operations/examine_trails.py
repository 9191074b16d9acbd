"""Whether calls are recorded, which refused ones would be, and whether we can read the records."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from migrator.domain.data_plane import COMMON
from migrator.domain.errors import MigratorError
from migrator.domain.trails import Calls, Taken, Trail, taken
from migrator.operations.discover import left_alone
from migrator.operations.finding import Finding, examined, failed, good, warning
from migrator.operations.read_trails import is_read
from migrator.ports.aws import Account, Organization
from migrator.ports.tools import Tools, UsageSource

CHECK = "trail"
_FRESH = timedelta(days=2)
_FIX = "let an organization trail log management events of every account and region, and start its logging"


def examine_trails(tools: Tools, organization: Organization) -> Iterator[Finding]:
    """One organization trail that hears everything is enough; else each account is asked for its own."""
    wanted = [account for account in organization.accounts if not left_alone(account, tools.rules)]
    management = [account for account in organization.accounts if account.id == organization.management_account]
    shared = _organization_trails(tools, management)
    whole = [trail for trail in shared if not _problems(trail)]
    if whole:
        yield good(CHECK, f"{whole[0].arn} records management events of the whole organization")
        yield from _data_events(whole, None)
        yield from _where_it_goes(tools, whole)
        return
    for account, found in tools.pool.each(partial(_trails, tools), wanted):
        if isinstance(found, MigratorError):
            yield failed(CHECK, found.what, found.next_step, account.id)
        else:
            yield from _of_account(account, found)


def _organization_trails(tools: Tools, management: Sequence[Account]) -> list[Trail]:
    found: list[Trail] = []
    for account in management:
        # Where this account may not be read, the look at each account will say so.
        with suppress(MigratorError):
            found += [trail for trail in _trails(tools, account) if trail.organization]
    return found


def _trails(tools: Tools, account: Account) -> Sequence[Trail]:
    return tools.reader.trails(account.id, tools.rules.home_region)


def _of_account(account: Account, trails: Sequence[Trail]) -> Iterator[Finding]:
    whole = [trail for trail in trails if not _problems(trail)]
    if whole:
        yield good(CHECK, f"{whole[0].arn} records management events", account.id)
        yield from _data_events(whole, account.id)
    elif not trails:
        said = f"no trail records what happens in {account.name}: nobody would hear a scream"
        yield failed(CHECK, said, _FIX, account.id)
    else:
        for trail in trails:
            yield failed(CHECK, f"{trail.arn} {', '.join(_problems(trail))}", _FIX, account.id)


def _problems(trail: Trail) -> list[str]:
    problems = [] if trail.logging else ["is not logging"]
    problems += [f"cannot deliver: {trail.failing}"] if trail.failing else []
    problems += [] if trail.management_events else ["does not select every management event"]
    return problems + ([] if trail.regions == "all" else [f"records {trail.regions} only"])


def _data_events(trails: Sequence[Trail], account_id: str | None) -> Iterator[Finding]:
    """Of anybody, no user named: what is recorded for some users only counts as some."""
    found = {plane.words: taken(trails, Calls("", plane.source, plane.resource_type)) for plane in COMMON}
    deaf = [words for words, much in found.items() if much is Taken.NONE]
    some = [words for words, much in found.items() if much is Taken.SOME]
    if deaf or some:
        said = f"refused data-plane calls would not be heard: {', '.join([*deaf, *(f'some {each}' for each in some)])}"
        yield warning("data-events", said, "migrator listen plan shows what users under test need", account_id)
    else:
        yield good("data-events", f"refused calls of {', '.join(found)} are recorded", account_id)


def _where_it_goes(tools: Tools, trails: Sequence[Trail]) -> Iterator[Finding]:
    """A trail that nobody reads hears nothing for us."""
    if not any(is_read(tools, trail) for trail in trails):
        said = f"the trail delivers to s3://{trails[0].bucket}, which no usage source reads"
        yield warning(CHECK, said, "set the location in usage.sources to that bucket")


def examine_sources(tools: Tools, accounts: Collection[str]) -> list[Finding]:
    """Whether every usage source can be listed and holds fresh log files."""
    sources: list[UsageSource] = []

    def look() -> Iterator[Finding]:
        sources.extend(tools.sources)
        yield from _unread(tools)

    found = examined("usage-source", look)
    for source in sources:
        found += examined("usage-source", partial(_source, tools, source, accounts))
    return found


def _unread(tools: Tools) -> Iterator[Finding]:
    if not tools.sources:
        yield warning(
            "usage-source",
            "no CloudTrail files are read: nobody's calls are known, and no scream is heard",
            "add {type: cloudtrail, location: s3://BUCKET/PREFIX} to usage.sources",
        )
    for unread in tools.rules.unread_sources:
        said = f"a usage source of type {unread} is not read by this version"
        yield warning("usage-source", said, "use type cloudtrail or access-advisor")


def _source(tools: Tools, source: UsageSource, accounts: Collection[str]) -> Iterator[Finding]:
    name = source.source.removeprefix("cloudtrail:")
    if _holds(tools, source, accounts, _FRESH):
        yield good("usage-source", f"{name} holds log files of the last {_FRESH.days} days")
    elif _holds(tools, source, accounts, tools.rules.lookback):
        said = f"{name} holds log files, but none of the last {_FRESH.days} days"
        yield warning("usage-source", said, "see whether the trail still delivers there")
    else:
        said = f"{name} holds no log file of the last {tools.rules.lookback.days} days"
        yield failed("usage-source", said, "correct the location in usage.sources")


def _holds(tools: Tools, source: UsageSource, accounts: Collection[str], age: timedelta) -> bool:
    """Whether there is a log file that young; account by account, because a whole listing may take an hour."""
    now = tools.clock.now()
    asked: list[Collection[str] | None] = [[account] for account in sorted(accounts)] or [None]
    return any(next(iter(source.list_parts(now - age, now, each)), None) is not None for each in asked)
