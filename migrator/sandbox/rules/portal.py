"""The access portal: temporary credentials for a person who is assigned to a permission set in an account.

Stands in for `sso:GetRoleCredentials`, whose access token comes from a sign-in in a browser.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.sts.models import sts_backends

from migrator.sandbox.rules.center_assignments import settle
from migrator.sandbox.rules.center_state import Center, PermissionSet, centers, member
from migrator.sandbox.rules.reserved_roles import role_of


class NotAssigned(Exception):
    """The portal shows this person no such account or permission set."""


@dataclass(frozen=True, slots=True)
class RoleCredentials:
    """Temporary credentials of a session `assumed-role/AWSReservedSSO_<set>_<suffix>/<user name>`."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime
    role_arn: str


def role_credentials(user_name: str, account: str, permission_set: str) -> RoleCredentials:
    """Sign a person in and take up a permission set in an account, by name; `NotAssigned` where the portal would not.

    The session is named by the user name, as CloudTrail shows it, and lasts as long as the set's session duration.
    """
    for center in centers():
        settle(center)
        chosen = next((each for each in center.sets.values() if each.name == permission_set), None)
        user = _user(center, user_name)
        if chosen is not None and user is not None and _assigned(center, user, account, chosen):
            return _session(center, user["UserName"], account, chosen)
    raise NotAssigned(f"{user_name} is not assigned to {permission_set} in account {account}")


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
