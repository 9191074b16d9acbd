"""Look at everything a migration stands on, change nothing, and say what to do about what is not well."""

from collections.abc import Iterator, Sequence

from migrator.operations.examine_accounts import examine_accounts
from migrator.operations.examine_center import examine_center
from migrator.operations.examine_database import (
    Remembered,
    examine_break_glass,
    examine_store,
    examine_worker,
    remember,
)
from migrator.operations.examine_trails import examine_sources, examine_trails
from migrator.operations.finding import Finding, Result, examined, failed, good, not_checked, warning
from migrator.ports.aws import Organization
from migrator.ports.tools import Tools

WRONG_CONFIGURATION, OUT_OF_REACH, SOMETHING_FAILED = 2, 4, 1


def doctor(tools: Tools) -> list[Finding]:
    """Every check in order; each stands alone, and what could not be looked at says so."""
    configured = examined("configuration", lambda: _configuration(tools))
    if _failed(configured):
        return configured
    stored, known = _database(tools)
    known_to_aws = examined("credentials", lambda: _credentials(tools))
    if _failed(known_to_aws):
        checks = ("organization", "accounts", "identity-center", "trail", "usage-source")
        looked = [not_checked(check, "the credentials do not work") for check in checks]
    else:
        looked = _aws(tools, known)
    return [*configured, *stored, *known_to_aws, *looked, *_remembered(tools, known)]


def exit_code(findings: Sequence[Finding]) -> int:
    """2 where the configuration is wrong, 4 where database or AWS are out of reach, 1 where a check failed, else 0."""
    wrong = {finding.check for finding in findings if finding.result is Result.FAILED}
    if "configuration" in wrong:
        return WRONG_CONFIGURATION
    if wrong & {"database", "credentials"}:
        return OUT_OF_REACH
    return SOMETHING_FAILED if wrong else 0


def _failed(findings: Sequence[Finding]) -> bool:
    return any(finding.result is Result.FAILED for finding in findings)


def _configuration(tools: Tools) -> Iterator[Finding]:
    rules = tools.rules
    yield good("configuration", f"loads; Identity Center's home region is {rules.home_region}")


def _database(tools: Tools) -> tuple[list[Finding], Remembered | None]:
    kept: list[Remembered] = []

    def look() -> Iterator[Finding]:
        kept.append(remember(tools))
        yield from examine_store(tools)

    return examined("database", look), kept[0] if kept else None


def _credentials(tools: Tools) -> Iterator[Finding]:
    caller = tools.accounts.caller()
    if caller.arn.endswith(":root"):
        fix = "sign in as a role or a user: root can assume no role"
        yield warning("credentials", f"we are the root user of {caller.account_id}", fix)
    else:
        yield good("credentials", f"we are {caller.arn}")


def _aws(tools: Tools, known: Remembered | None) -> list[Finding]:
    kept: list[Organization] = []

    def look() -> Iterator[Finding]:
        kept.append(tools.accounts.organization())
        yield from _organization(kept[0], known)

    found = examined("organization", look)
    organization = kept[0] if kept else None
    if organization is None:
        found += [not_checked(check, "the organization could not be read") for check in ("accounts", "trail")]
    else:
        found += examined("accounts", lambda: examine_accounts(tools, organization, known))
    found += examine_center(tools, organization, known)
    if organization is not None:
        found += examined("trail", lambda: examine_trails(tools, organization))
    return found + examine_sources(tools, [each.id for each in organization.accounts] if organization else ())


def _organization(organization: Organization, known: Remembered | None) -> Iterator[Finding]:
    active = sum(account.status == "ACTIVE" for account in organization.accounts)
    said = f"{organization.id}: {len(organization.accounts)} accounts, {active} of them active"
    yield good("organization", said)
    if known is not None and known.organization not in {None, organization.id}:
        yield failed(
            "organization",
            f"the database belongs to organization {known.organization}, the credentials to {organization.id}",
            "name the right database in the configuration, or use the other organization's credentials",
        )


def _remembered(tools: Tools, known: Remembered | None) -> list[Finding]:
    if known is None:
        return [not_checked(check, "the database could not be read") for check in ("break-glass", "worker")]
    found = examined("break-glass", lambda: examine_break_glass(tools, known))
    return found + examined("worker", lambda: examine_worker(tools, known))
