"""The access portal: temporary credentials for a person who is assigned to a permission set in an account.

Stands in for `sso:ListAccountRoles` and `sso:GetRoleCredentials`, whose access token comes from a sign-in in a browser,
and for what has no AWS call: enabling Identity Center in a management account, and naming that account. All are control
commands.
"""

import functools
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.sts.models import sts_backends

from migrator.sandbox import control_commands
from migrator.sandbox.principals import MANAGEMENT_ACCOUNT
from migrator.sandbox.rules.center_assignments import settle
from migrator.sandbox.rules.center_state import Center, PermissionSet, centers, enable, member
from migrator.sandbox.rules.portal_events import note_federation
from migrator.sandbox.rules.reserved_roles import role_of


class NotAssigned(ValueError):
    """The portal shows this person no such account or permission set."""


@dataclass(frozen=True, slots=True)
class RoleCredentials:
    """Temporary credentials of a session `assumed-role/AWSReservedSSO_<set>_<suffix>/<user name>`."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime
    role_arn: str


@functools.cache
def install() -> None:
    """Offer the portal through the control interface."""
    control_commands.COMMANDS["account/name"] = name_command
    control_commands.COMMANDS["identity-center/enable"] = enable_command
    control_commands.COMMANDS["portal/access"] = access_command
    control_commands.COMMANDS["portal/credentials"] = credentials_command


def name_command(account: str, name: str, email: str) -> dict[str, Any]:
    """Name an account and its root's address, as is done when it is opened; moto calls the first one `master`."""
    found = member(account)
    if found is None:
        raise ValueError(f"{account} is in no organization")
    found.name, found.email = name, email
    return {"account": account}


def enable_command(
    region: str, management: str = MANAGEMENT_ACCOUNT, polls: int = 1, seconds: float = 5.0
) -> dict[str, Any]:
    """Enable Identity Center in a home region, or change how long its requests take."""
    center = enable(management, region, polls=polls, seconds=seconds)
    return {"instance_arn": center.instance_arn, "identity_store_id": center.store_id, "region": center.region}


def access_command() -> dict[str, Any]:
    """List what the portal shows each person: accounts and permission sets by name, by user name."""
    return {"access": {user["UserName"]: access(user["UserName"]) for each in centers() for user in _users(each)}}


def credentials_command(
    user_name: str, account: str, permission_set: str, source_ip: str = "", user_agent: str = ""
) -> dict[str, Any]:
    """Give temporary credentials, keyed as boto3 takes them."""
    found = role_credentials(user_name, account, permission_set, source_ip, user_agent)
    return {
        "aws_access_key_id": found.access_key_id,
        "aws_secret_access_key": found.secret_access_key,
        "aws_session_token": found.session_token,
        "expiration": found.expiration.isoformat(),
        "role_arn": found.role_arn,
    }


def access(user_name: str) -> list[tuple[str, str]]:
    """Return the accounts and names of permission sets that a person is assigned to, sorted."""
    found = set()
    for center in centers():
        settle(center)
        user = _user(center, user_name)
        if user is None:
            continue
        for each in center.assignments:
            chosen = center.permission_set(each.permission_set)
            if _assigned(center, user, each.account, chosen):
                found.add((each.account, chosen.name))
    return sorted(found)


def role_credentials(
    user_name: str, account: str, permission_set: str, source_ip: str = "", user_agent: str = ""
) -> RoleCredentials:
    """Sign a person in and take up a permission set in an account, by name; `NotAssigned` where the portal would not.

    The portal records it as a Federate event. The session is named by the user name, as CloudTrail shows it, and
    lasts as long as the set's session duration.
    """
    for center in centers():
        settle(center)
        chosen = next((each for each in center.sets.values() if each.name == permission_set), None)
        user = _user(center, user_name)
        if chosen is not None and user is not None and _assigned(center, user, account, chosen):
            note_federation(center, user, account, permission_set, source_ip, user_agent)
            return _session(center, user["UserName"], account, chosen)
    raise NotAssigned(f"{user_name} is not assigned to {permission_set} in account {account}")


def _users(center: Center) -> list[dict[str, Any]]:
    return list(center.directory.users.values())


def _user(center: Center, user_name: str) -> dict[str, Any] | None:
    users = center.directory.users.values()
    return next((each for each in users if each["UserName"].lower() == user_name.lower()), None)


def _assigned(center: Center, user: dict[str, Any], account: str, chosen: PermissionSet) -> bool:
    found = member(account)
    if found is None or found.status != "ACTIVE":
        return False
    principals = {user["UserId"]} | center.directory.groups_of(user["UserId"])
    return any(
        (each.account, each.permission_set) == (account, chosen.arn) and each.principal in principals
        for each in center.assignments
    )


def _session(center: Center, user_name: str, account: str, chosen: PermissionSet) -> RoleCredentials:
    role = role_of(center, account, chosen)
    session = sts_backends[account][center.instance_arn.split(":")[1]].assume_role(
        region_name=center.region,
        role_session_name=re.sub(r"[^\w+=,.@-]", "_", user_name, flags=re.ASCII)[:64],
        role_arn=role.arn,
        policy="",
        duration=_seconds(chosen.session_duration),
        external_id="",
    )
    return RoleCredentials(
        session.access_key_id, session.secret_access_key, session.session_token, session.expiration, role.arn
    )


def _seconds(duration: str) -> int:
    units = {"H": 3600, "M": 60, "S": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([HMS])", duration))
