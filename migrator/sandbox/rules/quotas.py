"""IAM's quotas hold: sizes of policies without white space, attachments, memberships, versions, keys.

Deviation: moto accepts 36 KB inline, thirteen attached policies and any number of groups, so a quarantine that does
not fit on AWS fits on moto. Source: IAM User Guide, "IAM and STS quotas"; white space is not counted.
"""

from collections.abc import Iterable
from typing import Any

from migrator.sandbox.rules.iam_wire import IamCall, before
from migrator.sandbox.rules.wire import Fault

USER_INLINE, GROUP_INLINE, ROLE_INLINE = 2048, 5120, 10240
MANAGED, TRUST = 6144, 2048
ATTACHED, GROUPS_OF_USER, SSH_KEYS = 10, 10, 5


def install() -> None:
    """Check what could pass a quota."""
    before(lambda call: _inline(call, "user", call.user(), USER_INLINE), "PutUserPolicy")
    before(lambda call: _inline(call, "group", _named(call, "groups", "GroupName"), GROUP_INLINE), "PutGroupPolicy")
    before(lambda call: _inline(call, "role", _role(call), ROLE_INLINE), "PutRolePolicy")
    before(lambda call: _size(call["PolicyDocument"], MANAGED, "PolicySize"), "CreatePolicy", "CreatePolicyVersion")
    before(lambda call: _size(call["AssumeRolePolicyDocument"], TRUST, "ACLSizePerRole"), "CreateRole")
    before(lambda call: _size(call["PolicyDocument"], TRUST, "ACLSizePerRole"), "UpdateAssumeRolePolicy")
    before(lambda call: _attached(call, call.user(), "User"), "AttachUserPolicy")
    before(lambda call: _attached(call, _named(call, "groups", "GroupName"), "Group"), "AttachGroupPolicy")
    before(lambda call: _attached(call, _role(call), "Role"), "AttachRolePolicy")
    before(_memberships, "AddUserToGroup")
    before(_ssh_keys, "UploadSSHPublicKey")


def weight(document: str) -> int:
    """Count a policy's characters as IAM does: without white space."""
    return sum(1 for character in document if not character.isspace())


def _size(document: str, limit: int, quota: str) -> None:
    if weight(document) > limit:
        raise Fault("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}")


def _inline(call: IamCall, kind: str, holder: Any, limit: int) -> None:
    if holder is None:
        return
    others = (document for name, document in holder.policies.items() if name != call["PolicyName"])
    if weight(call["PolicyDocument"]) + _total(others) > limit:
        name = call[f"{kind.capitalize()}Name"]
        raise Fault("LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {kind} {name}")


def _total(documents: Iterable[str]) -> int:
    return sum(map(weight, documents))


def _attached(call: IamCall, holder: Any, kind: str) -> None:
    if holder is None or call["PolicyArn"] in holder.managed_policies:
        return
    if len(holder.managed_policies) >= ATTACHED:
        raise Fault("LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind}: {ATTACHED}")


def _memberships(call: IamCall) -> None:
    user = call.user()
    groups = [group for group in call.iam.groups.values() if user in group.users]
    if call["GroupName"] not in {group.name for group in groups} and len(groups) >= GROUPS_OF_USER:
        raise Fault("LimitExceeded", f"Cannot exceed quota for GroupsPerUser: {GROUPS_OF_USER}")


def _ssh_keys(call: IamCall) -> None:
    if len(call.user().ssh_public_keys) >= SSH_KEYS:
        raise Fault("LimitExceeded", f"Cannot exceed quota for SSHPublicKeysPerUser: {SSH_KEYS}")


def _named(call: IamCall, collection: str, parameter: str) -> Any:
    return getattr(call.iam, collection).get(call[parameter])


def _role(call: IamCall) -> Any:
    return next((role for role in call.iam.roles.values() if role.name == call["RoleName"]), None)
