"""The copy of a permission set in an account: changes of the set do nothing there until it is provisioned again."""

from dataclasses import dataclass

from migrator.adapters.aws.changes.center_kind import LOOK_UP, CenterKind, read_to_the_end
from migrator.adapters.aws.changes.kind import Target, listed, not_so
from migrator.adapters.aws.errors import translated
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.ports.aws import NotSupported
from migrator.ports.clock import Clock

LATEST = "latest"
STALE = "stale"


@dataclass(frozen=True, slots=True)
class PermissionSetProvisioning(CenterKind):
    """`latest` or `stale`; None where the account has no copy, which only a first assignment makes."""

    clock: Clock

    reads = (*LOOK_UP, "sso:ListPermissionSetsProvisionedToAccount", "sso:ListAccountAssignments")
    writes = (*LOOK_UP, "sso:ProvisionPermissionSet", "sso:DescribePermissionSetProvisioningStatus")

    def observe(self, target: Target) -> Json:
        """Whether the account has the set's latest state."""
        instance, name, account = target
        return self.center.with_set(instance, name, lambda arn: self._read(instance, arn, account))

    def _read(self, instance: str, arn: str, account: str) -> Json:
        try:
            with translated(f"listing permission sets provisioned to {account}"):
                for state, status in (
                    (LATEST, "LATEST_PERMISSION_SET_PROVISIONED"),
                    (STALE, "LATEST_PERMISSION_SET_NOT_PROVISIONED"),
                ):
                    if arn in self._provisioned(instance, account, status):
                        return state
        except NotSupported:
            return self._by_assignments(instance, arn, account)
        return None

    def _provisioned(self, instance: str, account: str, status: str) -> set[str]:
        operation = "list_permission_sets_provisioned_to_account"
        which: Json = {"InstanceArn": instance, "AccountId": account, "ProvisioningStatus": status}
        return set(listed(self.center.sso(), operation, "PermissionSets", **which))

    def _by_assignments(self, instance: str, arn: str, account: str) -> Json:
        """Where the endpoint cannot tell, an assignment counts as a copy: it was provisioned when it was made."""
        which: Json = {"InstanceArn": instance, "AccountId": account, "PermissionSetArn": arn}
        rows = listed(self.center.sso(), "list_account_assignments", "AccountAssignments", **which)
        return LATEST if any(True for _ in rows) else None

    def make(self, change: Change) -> None:
        """Bring the account's copy up to date, and wait until it is."""
        if change.after != LATEST:
            raise not_so(change, "a copy can only be brought up to date")
        instance, name, account = change.target
        self.center.with_set(instance, name, lambda arn: self._provision(instance, arn, account, change.where))

    def _provision(self, instance: str, arn: str, account: str, where: str) -> None:
        sso = self.center.sso()
        queued = sso.provision_permission_set(
            InstanceArn=instance, PermissionSetArn=arn, TargetType="AWS_ACCOUNT", TargetId=account
        )
        read_to_the_end(
            self.clock,
            f"provisioning {where}",
            queued["PermissionSetProvisioningStatus"],
            lambda request: sso.describe_permission_set_provisioning_status(
                InstanceArn=instance, ProvisionPermissionSetRequestId=request
            )["PermissionSetProvisioningStatus"],
        )
