"""Whether Identity Center can be used: the right instance, its people, and room for what is planned."""

from collections.abc import Iterator

from migrator.operations.examine_database import Remembered
from migrator.operations.finding import Finding, examined, failed, good, warning
from migrator.ports.aws import IdentityCenter, Organization
from migrator.ports.tools import Tools

MOST_SETS = 3_500
"""Permission sets of an instance (Identity Center User Guide, "Quotas", 2025); it can be raised."""

NOBODY = "migrator-doctor"
"""A user name that is asked for to see whether asking is allowed; whether it exists is all the same."""


def examine_center(tools: Tools, organization: Organization | None, known: Remembered | None) -> list[Finding]:
    """The instance first; the rest where there is one."""
    found = examined("identity-center", lambda: _instance(tools, organization))
    if not found or any(finding.result == "failed" for finding in found):
        return found
    people = examined("identity-store", lambda: _people(tools))
    return [*found, *people, *examined("permission-sets", lambda: _sets(tools, known))]


def _instance(tools: Tools, organization: Organization | None) -> Iterator[Finding]:
    check, instance = "identity-center", tools.directory.instance()
    if organization is not None and _of_an_account(instance, organization):
        yield failed(
            check,
            f"{instance.instance_arn} belongs to account {instance.owner_account} alone and cannot assign accounts",
            "enable the organization's own instance in the management account, or correct "
            "identity_center.instance_arn, aws.region or identity_center.role_arn",
        )
        return
    yield good(check, f"{instance.instance_arn} in {instance.region}")


def _of_an_account(instance: IdentityCenter, organization: Organization) -> bool:
    """An organization's instance is owned by its management account, also where another account administers it."""
    return instance.owner_account not in {"", organization.management_account}


def _people(tools: Tools) -> Iterator[Finding]:
    tools.directory.find_user(NOBODY, "")
    yield good("identity-store", f"{tools.directory.instance().identity_store_id} answers")


def _sets(tools: Tools, known: Remembered | None) -> Iterator[Finding]:
    there = tools.directory.count_sets()
    planned = [each for each in known.sets if _is_set(each.spec)] if known else []
    new = sum(each.arn is None for each in planned)
    said = f"{there} of {MOST_SETS} permission sets exist, {new} more are planned"
    if there + new > MOST_SETS:
        fix = "ask for a higher quota of permission sets, or let more people share one (mapping.*)"
        yield warning("permission-sets", said, fix)
    else:
        yield good("permission-sets", said)


def _is_set(spec: dict[str, object]) -> bool:
    return spec.get("type", "permission-set") == "permission-set"
