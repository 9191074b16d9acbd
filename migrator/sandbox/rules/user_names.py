"""Names of users, groups, roles and policies are unique whatever their case, and a rename keeps everything.

Deviation: moto lets `z` and `Z` live beside each other, finds `Alice` only as it is written, and on a rename loses the
user's tags and leaves the old name on its keys. Source: IAM User Guide, "IAM and STS quotas" (names are not
distinguished by case) and "Renaming an IAM user".
"""

from collections.abc import Callable, Iterable
from typing import Any

from moto.iam.models import IAMBackend, User

from migrator.sandbox.rules.iam_wire import IamCall, before, instead_of
from migrator.sandbox.rules.wire import Fault


def install() -> None:
    """Check new names, look users up whatever the case, rename whole."""
    before(_new_user, "CreateUser")
    before(_new_group, "CreateGroup")
    before(_new_role, "CreateRole")
    before(_new_policy, "CreatePolicy")
    instead_of(_renamed, "UpdateUser")
    IAMBackend.get_user = _get_user


def _get_user(iam: IAMBackend, name: str) -> User:
    folded = name.lower()
    user = iam.users.get(name) or next((user for known, user in iam.users.items() if known.lower() == folded), None)
    if user is None:
        raise Fault("NoSuchEntity", f"The user with name {name} cannot be found.")
    return user


def _new_user(call: IamCall) -> None:
    _refuse_taken(call["UserName"], call.iam.users, "User with name {} already exists.")


def _new_group(call: IamCall) -> None:
    _refuse_taken(call["GroupName"], call.iam.groups, "Group with name {} already exists.")


def _new_role(call: IamCall) -> None:
    names = [role.name for role in call.iam.roles.values()]
    _refuse_taken(call["RoleName"], names, "Role with name {} already exists.")


def _new_policy(call: IamCall) -> None:
    names = [policy.name for policy in call.iam.managed_policies.values() if ":aws:policy/" not in policy.arn]
    _refuse_taken(call["PolicyName"], names, "A policy called {} already exists. Duplicate names are not allowed.")


def _refuse_taken(name: str, taken: Iterable[str], message: str) -> None:
    if name.lower() in {each.lower() for each in taken}:
        raise Fault("EntityAlreadyExists", message.format(name))


def _renamed(call: IamCall, moto: Callable[[], Any]) -> Any:
    del moto
    user = call.user()
    new_name = call.get("NewUserName") or user.name
    if new_name.lower() != user.name.lower():
        _refuse_taken(new_name, call.iam.users, "User with name {} already exists.")
    tags = call.iam.tagger.list_tags_for_resource(user.arn)["Tags"]
    call.iam.tagger.delete_all_tags_for_resource(user.arn)
    del call.iam.users[user.name]
    user.name, user.path = new_name, call.get("NewPath") or user.path
    call.iam.users[new_name] = user
    call.iam.tagger.tag_resource(user.arn, tags)
    for owned in (*user.access_keys, *user.ssh_public_keys, *user.signing_certificates.values()):
        owned.user_name = new_name
    return None
