"""The identity store as AWS has it: unique names and addresses, required names, memberships that die with their ends.

moto lets case variants, equal addresses and doubled memberships pass, ignores filters that it does not know (and
returns everybody), keeps no external ids, cannot update, deletes what is not there, and makes a store for any id.
"""

import copy
import functools
from collections.abc import Iterator
from typing import Any

from moto.identitystore.responses import IdentityStoreResponse
from moto.moto_api._internal import mock_random

from migrator.sandbox.rules.center_state import Center, Directory, administers, centers, now, organization_of
from migrator.sandbox.rules.wire import Call, Fault, page, serve

_RESERVED = {"administrator", "administrators", "aws_administrator", "aws_administrators"}


@functools.cache
def install() -> None:
    """Replace moto's identitystore by this module."""
    serve(IdentityStoreResponse, "identitystore", OPERATIONS)


def create_user(call: Call) -> dict[str, Any]:
    """Create a user with a user name, a given and a family name and a display name; the user has no password."""
    directory = _writable(call)
    user = {name: copy.deepcopy(value) for name, value in call.params.items() if name != "IdentityStoreId"}
    _check_user(directory, user)
    user["UserId"] = str(mock_random.uuid4())
    user |= {"UserStatus": "ENABLED", "CreatedAt": now(), "UpdatedAt": now()}
    directory.users[user["UserId"]] = user
    return {"UserId": user["UserId"], "IdentityStoreId": call["IdentityStoreId"]}


def describe_user(call: Call) -> dict[str, Any]:
    """Describe a user."""
    return _described(call, _user(_readable(call), call["UserId"]))


def update_user(call: Call) -> dict[str, Any]:
    """Change, add or remove attributes by path; the rules of creation hold for the outcome."""
    directory = _writable(call)
    user = copy.deepcopy(_user(directory, call["UserId"]))
    for operation in call["Operations"]:
        _set(user, operation["AttributePath"], operation.get("AttributeValue"))
    _check_user(directory, user)
    user["UpdatedAt"] = now()
    directory.users[user["UserId"]] = user
    return {"UserId": user["UserId"], "IdentityStoreId": call["IdentityStoreId"]}


def delete_user(call: Call) -> dict[str, Any]:
    """Delete a user and its memberships; assignments to it stay behind, as in AWS."""
    directory = _writable(call)
    user = _user(directory, call["UserId"])["UserId"]
    del directory.users[user]
    _drop_memberships(directory, user)
    return {}


def list_users(call: Call) -> dict[str, Any]:
    """List users; the filters that AWS knows are UserName and ExternalId.Id."""
    directory = _readable(call)
    users = [_described(call, each) for each in directory.users.values()]
    return page(call, _filtered(call, users, ("UserName",)), "Users")


def get_user_id(call: Call) -> dict[str, Any]:
    """Find a user by user name, by address or by external id."""
    directory = _readable(call)
    found = _alternate(call, directory.users, {"username": _user_names, "emails.value": _addresses})
    if found is None:
        raise _absent("USER")
    return {"UserId": found, "IdentityStoreId": call["IdentityStoreId"]}


def create_group(call: Call) -> dict[str, Any]:
    """Create a group under a display name that no other has."""
    directory = _writable(call)
    group = {"DisplayName": call.get("DisplayName"), "Description": call.get("Description"), "ExternalIds": []}
    _check_group(directory, group)
    group["GroupId"] = str(mock_random.uuid4())
    directory.groups[group["GroupId"]] = group
    return {"GroupId": group["GroupId"], "IdentityStoreId": call["IdentityStoreId"]}


def describe_group(call: Call) -> dict[str, Any]:
    """Describe a group."""
    return _described(call, _group(_readable(call), call["GroupId"]))


def update_group(call: Call) -> dict[str, Any]:
    """Change a group's display name or description."""
    directory = _writable(call)
    group = copy.deepcopy(_group(directory, call["GroupId"]))
    for operation in call["Operations"]:
        _set(group, operation["AttributePath"], operation.get("AttributeValue"))
    _check_group(directory, group)
    directory.groups[group["GroupId"]] = group
    return {"GroupId": group["GroupId"], "IdentityStoreId": call["IdentityStoreId"]}


def delete_group(call: Call) -> dict[str, Any]:
    """Delete a group and its memberships."""
    directory = _writable(call)
    group = _group(directory, call["GroupId"])["GroupId"]
    del directory.groups[group]
    _drop_memberships(directory, group)
    return {}


def list_groups(call: Call) -> dict[str, Any]:
    """List groups; the filter that AWS knows is DisplayName."""
    groups = [_described(call, each) for each in _readable(call).groups.values()]
    return page(call, _filtered(call, groups, ("DisplayName",)), "Groups")


def get_group_id(call: Call) -> dict[str, Any]:
    """Find a group by display name or external id."""
    found = _alternate(call, _readable(call).groups, {"displayname": _display_names})
    if found is None:
        raise _absent("GROUP")
    return {"GroupId": found, "IdentityStoreId": call["IdentityStoreId"]}


def create_membership(call: Call) -> dict[str, Any]:
    """Put a user into a group that it is not in yet."""
    directory = _writable(call)
    pair = (_group(directory, call["GroupId"])["GroupId"], _user(directory, call["MemberId"]["UserId"])["UserId"])
    if pair in directory.memberships.values():
        raise _taken("Member and group relationship already exists.")
    made = str(mock_random.uuid4())
    directory.memberships[made] = pair
    return {"MembershipId": made, "IdentityStoreId": call["IdentityStoreId"]}


def describe_membership(call: Call) -> dict[str, Any]:
    """Describe a membership."""
    directory = _readable(call)
    return _membership(call, call["MembershipId"], _pair(directory, call["MembershipId"]))


def delete_membership(call: Call) -> dict[str, Any]:
    """Take a user out of a group."""
    directory = _writable(call)
    _pair(directory, call["MembershipId"])
    del directory.memberships[call["MembershipId"]]
    return {}


def get_membership_id(call: Call) -> dict[str, Any]:
    """Find a membership by group and user."""
    wanted = (call["GroupId"], call["MemberId"]["UserId"])
    for found, pair in _readable(call).memberships.items():
        if pair == wanted:
            return {"MembershipId": found, "IdentityStoreId": call["IdentityStoreId"]}
    raise _absent("GROUP_MEMBERSHIP")


def list_memberships(call: Call) -> dict[str, Any]:
    """List a group's memberships."""
    directory = _readable(call)
    group = _group(directory, call["GroupId"])["GroupId"]
    rows = [_membership(call, found, pair) for found, pair in directory.memberships.items() if pair[0] == group]
    return page(call, rows, "GroupMemberships")


def list_memberships_of(call: Call) -> dict[str, Any]:
    """List a user's memberships."""
    directory = _readable(call)
    user = _user(directory, call["MemberId"]["UserId"])["UserId"]
    rows = [_membership(call, found, pair) for found, pair in directory.memberships.items() if pair[1] == user]
    return page(call, rows, "GroupMemberships")


def is_member(call: Call) -> dict[str, Any]:
    """Say of each group whether the user is in it."""
    member, directory = call["MemberId"], _readable(call)
    groups = directory.groups_of(member["UserId"])
    rows = [{"GroupId": each, "MemberId": member, "MembershipExists": each in groups} for each in call["GroupIds"]]
    return {"Results": rows}


def _readable(call: Call) -> Directory:
    """Return the directory for reading, which member accounts may do too (documentation of GetUserId)."""
    center = _center(call)
    organization = organization_of(call.account)
    if call.account != center.owner and (organization is None or organization.account_id != center.owner):
        raise Fault("AccessDeniedException", "You do not have sufficient access to perform this action.")
    return center.directory


def _writable(call: Call) -> Directory:
    center = _center(call)
    if not administers(call.account, center):
        raise Fault("AccessDeniedException", "You do not have sufficient access to perform this action.")
    return center.directory


def _center(call: Call) -> Center:
    store = call["IdentityStoreId"].rpartition("/")[2]
    for center in centers():
        if center.store_id == store and center.region == call.region:
            return center
    raise Fault("ResourceNotFoundException", "IDENTITY_STORE not found.", ResourceType="IDENTITY_STORE")


def _user(directory: Directory, user: str) -> dict[str, Any]:
    if user not in directory.users:
        raise _absent("USER")
    return directory.users[user]


def _group(directory: Directory, group: str) -> dict[str, Any]:
    if group not in directory.groups:
        raise _absent("GROUP")
    return directory.groups[group]


def _pair(directory: Directory, membership: str) -> tuple[str, str]:
    if membership not in directory.memberships:
        raise _absent("GROUP_MEMBERSHIP")
    return directory.memberships[membership]


def _drop_memberships(directory: Directory, end: str) -> None:
    for found in [found for found, pair in directory.memberships.items() if end in pair]:
        del directory.memberships[found]


def _check_user(directory: Directory, user: dict[str, Any]) -> None:
    names = user.get("Name") or {}
    needed = {
        "userName": user.get("UserName"),
        "displayName": user.get("DisplayName"),
        "name.givenName": names.get("GivenName"),
        "name.familyName": names.get("FamilyName"),
    }
    missing = [f"{path}: The attribute {path} is required" for path, value in needed.items() if not value]
    if missing:
        raise Fault("ValidationException", ", ".join(missing))
    if user["UserName"].lower() in _RESERVED:
        raise Fault("ValidationException", f"The user name {user['UserName']} is reserved.")
    for other in directory.users.values():
        if other["UserId"] == user.get("UserId"):
            continue
        if set(_user_names(other)) & set(_user_names(user)):
            raise _taken("Duplicate UserName")
        if set(_addresses(other)) & set(_addresses(user)):
            raise _taken("Duplicate email")


def _check_group(directory: Directory, group: dict[str, Any]) -> None:
    if not group.get("DisplayName"):
        raise Fault("ValidationException", "displayName: The attribute displayName is required")
    for other in directory.groups.values():
        same = set(_display_names(other)) & set(_display_names(group))
        if same and other["GroupId"] != group.get("GroupId"):
            raise _taken("Duplicate GroupDisplayName")


def _user_names(user: dict[str, Any]) -> Iterator[str]:
    yield user["UserName"].lower()


def _display_names(group: dict[str, Any]) -> Iterator[str]:
    yield group["DisplayName"].lower()


def _addresses(user: dict[str, Any]) -> Iterator[str]:
    for email in user.get("Emails") or []:
        if email.get("Value"):
            yield email["Value"].lower()


def _alternate(call: Call, rows: dict[str, dict[str, Any]], paths: dict[str, Any]) -> str | None:
    wanted = call["AlternateIdentifier"]
    if "ExternalId" in wanted:
        matches = (key for key, row in rows.items() if wanted["ExternalId"] in (row.get("ExternalIds") or []))
        return next(matches, None)
    path, value = wanted["UniqueAttribute"]["AttributePath"], wanted["UniqueAttribute"].get("AttributeValue")
    if path.lower() not in paths:
        raise Fault("ValidationException", f"The attribute {path} is not a unique attribute")
    if not isinstance(value, str) or not value:
        raise Fault("ValidationException", f"attribute value cannot be empty or null for attribute path {path}")
    values = paths[path.lower()]
    return next((key for key, row in rows.items() if value.lower() in values(row)), None)


def _filtered(call: Call, rows: list[dict[str, Any]], paths: tuple[str, ...]) -> list[dict[str, Any]]:
    for each in call.get("Filters") or []:
        path = each["AttributePath"]
        if path in paths:
            rows = [row for row in rows if str(row.get(path, "")).lower() == each["AttributeValue"].lower()]
        elif path == "ExternalId.Id":
            ids = {key: [external["Id"] for external in row.get("ExternalIds") or []] for key, row in enumerate(rows)}
            rows = [row for key, row in enumerate(rows) if each["AttributeValue"] in ids[key]]
        else:
            raise Fault("ValidationException", f"The attribute path {path} is not supported by this filter.")
    return rows


def _set(entity: dict[str, Any], path: str, value: Any) -> None:
    """Write one attribute; the path is camelCase with dots, and no value removes it."""
    *parents, last = [f"{step[:1].upper()}{step[1:]}" for step in path.split(".")]
    for step in parents:
        entity = entity.setdefault(step, {})
    if value is None:
        entity.pop(last, None)
    else:
        entity[last] = _capitalised(value)


def _capitalised(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{key[:1].upper()}{key[1:]}": _capitalised(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_capitalised(each) for each in value]
    return value


def _described(call: Call, entity: dict[str, Any]) -> dict[str, Any]:
    return {**entity, "IdentityStoreId": call["IdentityStoreId"]}


def _membership(call: Call, found: str, pair: tuple[str, str]) -> dict[str, Any]:
    member = {"UserId": pair[1]}
    store = call["IdentityStoreId"]
    return {"MembershipId": found, "GroupId": pair[0], "MemberId": member, "IdentityStoreId": store}


def _absent(kind: str) -> Fault:
    return Fault("ResourceNotFoundException", f"{kind} not found.", ResourceType=kind)


def _taken(message: str) -> Fault:
    return Fault("ConflictException", message, Reason="UNIQUENESS_CONSTRAINT_VIOLATION")


OPERATIONS = {
    "CreateUser": create_user,
    "DescribeUser": describe_user,
    "UpdateUser": update_user,
    "DeleteUser": delete_user,
    "ListUsers": list_users,
    "GetUserId": get_user_id,
    "CreateGroup": create_group,
    "DescribeGroup": describe_group,
    "UpdateGroup": update_group,
    "DeleteGroup": delete_group,
    "ListGroups": list_groups,
    "GetGroupId": get_group_id,
    "CreateGroupMembership": create_membership,
    "DescribeGroupMembership": describe_membership,
    "DeleteGroupMembership": delete_membership,
    "GetGroupMembershipId": get_membership_id,
    "ListGroupMemberships": list_memberships,
    "ListGroupMembershipsForMember": list_memberships_of,
    "IsMemberInGroups": is_member,
}
