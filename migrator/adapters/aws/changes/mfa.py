"""MFA devices: the bond to the user, and the virtual device behind it."""

from migrator.adapters.aws.changes.kind import IamKind, Target, listed, not_so
from migrator.domain.changes import Change
from migrator.domain.model import Json


class MfaDevice(IamKind):
    """`{"virtual"}`: the device's bond to its user; only deactivated, because nobody else holds the seed."""

    reads = ("iam:ListMFADevices",)
    writes = ("iam:DeactivateMFADevice",)

    def observe(self, target: Target) -> Json:
        """Whether the user has the device; a virtual one's serial is an ARN `…:mfa/…`."""
        account, user, serial = target
        devices = listed(self.reading(account), "list_mfa_devices", "MFADevices", UserName=user)
        held = any(device["SerialNumber"] == serial for device in devices)
        return {"virtual": ":mfa/" in serial} if held else None

    def make(self, change: Change) -> None:
        """Take the device from its user."""
        if change.after is not None:
            raise not_so(change, "a device can only be deactivated")
        account, user, serial = change.target
        self.changing(account).deactivate_mfa_device(UserName=user, SerialNumber=serial)


class VirtualMfaDevice(IamKind):
    """True: the virtual device, which lives in the account also without a user; only deleted."""

    reads = ("iam:ListVirtualMFADevices",)
    writes = ("iam:DeleteVirtualMFADevice",)

    def observe(self, target: Target) -> Json:
        """Whether the account has the device; GetMFADevice answers for FIDO keys only, so the listing is read."""
        account, _, serial = target
        devices = listed(self.reading(account), "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Any")
        return True if any(device["SerialNumber"] == serial for device in devices) else None

    def make(self, change: Change) -> None:
        """Delete the device with its seed."""
        if change.after is not None:
            raise not_so(change, "a device can only be deleted")
        account, _, serial = change.target
        self.changing(account).delete_virtual_mfa_device(SerialNumber=serial)
