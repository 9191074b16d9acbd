"""Users, groups, policies and virtual MFA devices cannot be deleted while something still hangs on them.

Deviation: moto's DeleteUser minds only policies; login profile, keys, certificates, devices and group memberships do
not block, and the memberships dangle. Its DeleteGroup, DeletePolicy and DeleteVirtualMFADevice mind nothing. A wrong
order of teardown passes on moto and fails on AWS with DeleteConflict.
Source: IAM API, DeleteUser (the nine kinds), DeleteGroup, DeletePolicy, DeleteVirtualMFADevice.
"""

from collections.abc import Iterator

from moto.iam.models import IAMBackend, User

from migrator.sandbox.rules.iam_wire import IamCall, before
from migrator.sandbox.rules.wire import Fault


def install() -> None:
    """Check each deletion."""
    before(_user, "DeleteUser")
    before(_group, "DeleteGroup")
    before(_policy, "DeletePolicy")
    before(_virtual_mfa, "DeleteVirtualMFADevice")


def _user(call: IamCall) -> None:
    leftover = next(leftovers(call.iam, call.user()), None)
    if leftover:
        raise Fault("DeleteConflict", f"Cannot delete entity, must {leftover} first.")


def leftovers(iam: IAMBackend, user: User) -> Iterator[str]:
    """Say what has to be done before a user can be deleted, in the order in which IAM complains."""
    if user.access_keys:
        yield "delete access keys"
    if user.signing_certificates:
        yield "delete signing certificates"
    if user.ssh_public_keys:
        yield "delete SSH public keys"
    if getattr(user, "service_specific_credentials", None):
        yield "delete service specific credentials"
    if user.mfa_devices:
        yield "delete MFA device"
    if user.password:
        yield "delete login profile"
    if any(user in group.users for group in iam.groups.values()):
        yield "remove users from group"
    if user.managed_policies:
        yield "detach all policies"
    if user.policies:
        yield "delete policies"


def _group(call: IamCall) -> None:
    group = call.iam.groups.get(call["GroupName"])
    if group is None:
        return
    for leftover, remedy in (
        (group.users, "remove users from group"),
        (group.managed_policies, "detach all policies"),
        (group.policies, "delete policies"),
    ):
        if leftover:
            raise Fault("DeleteConflict", f"Cannot delete entity, must {remedy} first.")


def _policy(call: IamCall) -> None:
    arn = call["PolicyArn"]
    if ":iam::aws:policy/" in arn:
        raise Fault("AccessDenied", f"Policy {arn} is owned by AWS and cannot be deleted.")
    policy = call.iam.managed_policies.get(arn)
    if policy is None:
        return
    holders = (*call.iam.users.values(), *call.iam.groups.values(), *call.iam.roles.values())
    if any(
        arn in holder.managed_policies or getattr(holder, "permissions_boundary_arn", None) == arn for holder in holders
    ):
        raise Fault("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        message = (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
        raise Fault("DeleteConflict", message)


def _virtual_mfa(call: IamCall) -> None:
    if any(call["SerialNumber"] in user.mfa_devices for user in call.iam.users.values()):
        raise Fault("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
