"""MFA devices: at most eight a user, one owner each, looked up singly, enabled only if they exist.

Deviation: moto lacks GetMFADevice, enables virtual devices that were never created and one device for two users,
limits nothing, and needs a user name where AWS takes the caller.
Source: IAM API, EnableMFADevice, GetMFADevice; IAM User Guide, quotas.
"""

from typing import Any

from moto.iam.models import User

from migrator.sandbox.rules.iam_wire import IamCall, before, serve_iam
from migrator.sandbox.rules.wire import Fault

_MOST = 8


def install() -> None:
    """Add and check."""
    serve_iam({"GetMFADevice": get_device, "ListMFADevices": list_devices})
    before(_enable, "EnableMFADevice")


def get_device(call: IamCall) -> dict[str, Any]:
    """Tell whose device it is and since when."""
    serial, name = call["SerialNumber"], call.get("UserName")
    users = [call.user(name)] if name else list(call.iam.users.values())
    for user in users:
        if serial in user.mfa_devices:
            return {"UserName": user.name, "SerialNumber": serial, "EnableDate": user.mfa_devices[serial].enable_date}
    if serial in call.iam.virtual_mfa_devices and not name:
        return {"SerialNumber": serial}
    raise Fault("NoSuchEntity", f"MFA Device with serial number {serial} does not exist.")


def list_devices(call: IamCall) -> dict[str, Any]:
    """List a user's devices."""
    user = call.user()
    return {"MFADevices": [_row(user, serial) for serial in user.mfa_devices], "IsTruncated": False}


def _row(user: User, serial: str) -> dict[str, Any]:
    return {"UserName": user.name, "SerialNumber": serial, "EnableDate": user.mfa_devices[serial].enable_date}


def _enable(call: IamCall) -> None:
    user, serial = call.user(), call["SerialNumber"]
    if any(serial in other.mfa_devices for other in call.iam.users.values()):
        raise Fault("EntityAlreadyExists", f"MFADevice entity with serial number {serial} is already in use.")
    if ":mfa/" in serial and serial not in call.iam.virtual_mfa_devices:
        raise Fault("NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist.")
    if len(user.mfa_devices) >= _MOST:
        raise Fault("LimitExceeded", f"Cannot exceed quota for MFADevicesPerUser: {_MOST}")
