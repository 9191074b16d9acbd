"""The port Hands over AWS: one line for each change kind."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrator.adapters.aws.changes import status_credential as credential
from migrator.adapters.aws.changes.account_assignment import AccountAssignment
from migrator.adapters.aws.changes.attached_policy import AttachedPolicy
from migrator.adapters.aws.changes.event_selectors import EventSelectors
from migrator.adapters.aws.changes.group_membership import GroupMembership
from migrator.adapters.aws.changes.identity_store_group import IdentityStoreGroup
from migrator.adapters.aws.changes.identity_store_membership import IdentityStoreMembership
from migrator.adapters.aws.changes.identity_store_user import IdentityStoreUser
from migrator.adapters.aws.changes.inline_policy import InlinePolicy
from migrator.adapters.aws.changes.kind import ChangeVerbs
from migrator.adapters.aws.changes.login_profile import LoginProfile
from migrator.adapters.aws.changes.managed_policy import ManagedPolicy
from migrator.adapters.aws.changes.mfa import MfaDevice, VirtualMfaDevice
from migrator.adapters.aws.changes.permission_set import PermissionSet
from migrator.adapters.aws.changes.permission_set_boundary import BoundaryOfSet
from migrator.adapters.aws.changes.permission_set_customer_policy import CustomerPolicyOfSet
from migrator.adapters.aws.changes.permission_set_inline_policy import InlinePolicyOfSet
from migrator.adapters.aws.changes.permission_set_managed_policy import ManagedPolicyOfSet
from migrator.adapters.aws.changes.permissions_boundary import PermissionsBoundary
from migrator.adapters.aws.changes.provisioning import PermissionSetProvisioning
from migrator.adapters.aws.changes.user import User
from migrator.adapters.aws.errors import translated
from migrator.domain.changes import KINDS, Change
from migrator.domain.model import Json
from migrator.ports.aws import Missing
from migrator.ports.clock import Clock

if TYPE_CHECKING:
    from migrator.adapters.aws.identity_center import IdentityCenterDirectory
    from migrator.adapters.aws.session import Purpose, Sessions


def kinds(sessions: "Sessions", center: "IdentityCenterDirectory", clock: Clock) -> Mapping[str, ChangeVerbs]:
    """Every change kind of `domain.changes.KINDS` with what carries it out."""
    return {
        "user": User(sessions),
        "login-profile": LoginProfile(sessions),
        "access-key": credential.StatusCredential(sessions, credential.ACCESS_KEY),
        "ssh-public-key": credential.StatusCredential(sessions, credential.SSH_PUBLIC_KEY),
        "service-specific-credential": credential.StatusCredential(sessions, credential.SERVICE_SPECIFIC),
        "signing-certificate": credential.StatusCredential(sessions, credential.SIGNING_CERTIFICATE),
        "mfa-device": MfaDevice(sessions),
        "virtual-mfa-device": VirtualMfaDevice(sessions),
        "inline-policy": InlinePolicy(sessions),
        "attached-policy": AttachedPolicy(sessions),
        "group-membership": GroupMembership(sessions),
        "permissions-boundary": PermissionsBoundary(sessions),
        "managed-policy": ManagedPolicy(sessions),
        "identity-store-user": IdentityStoreUser(center),
        "identity-store-group": IdentityStoreGroup(center),
        "identity-store-membership": IdentityStoreMembership(center),
        "permission-set": PermissionSet(center),
        "permission-set-inline-policy": InlinePolicyOfSet(center),
        "permission-set-managed-policy": ManagedPolicyOfSet(center),
        "permission-set-customer-policy": CustomerPolicyOfSet(center),
        "permission-set-boundary": BoundaryOfSet(center),
        "permission-set-provisioning": PermissionSetProvisioning(center, clock),
        "account-assignment": AccountAssignment(center, clock),
        "event-selectors": EventSelectors(sessions),
    }


class AwsHands:
    """Observes and makes changes on AWS, each by its kind, with errors in the port's words."""

    def __init__(self, sessions: "Sessions", directory: "IdentityCenterDirectory", clock: Clock) -> None:
        self._kinds = kinds(sessions, directory, clock)

    def permissions(self, purpose: "Purpose") -> Mapping[str, tuple[str, ...]]:
        """The IAM actions that each kind takes, of the role that reads or of the one that changes."""
        return {name: verbs.reads if purpose == "read" else verbs.writes for name, verbs in self._kinds.items()}

    def observe(self, change: Change) -> Json:
        """What is there now; None where it, or what it belongs to, does not exist."""
        try:
            with translated(f"reading {change.kind} {change.where}", _account(change)):
                return self._kinds[change.kind].observe(change.target)
        except Missing:
            return None

    def make(self, change: Change) -> None:
        """Carry the change out; returning means that AWS said yes, and that what is asynchronous has ended."""
        verb = "creating" if change.creates else "deleting" if change.deletes else "changing"
        with translated(f"{verb} {change.kind} {change.where}", _account(change)):
            self._kinds[change.kind].make(change)


def _account(change: Change) -> str:
    parts = KINDS[change.kind].parts
    return change.target[parts.index("account")] if "account" in parts else ""
