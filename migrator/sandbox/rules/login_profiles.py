"""Login profiles: what is not passed stays, a reset that was asked for is kept, dates are the profile's own.

Deviation: moto's UpdateLoginProfile without `Password` deletes the profile, its CreateLoginProfile ignores
PasswordResetRequired, and it shows the user's creation date as the profile's. ChangePassword is missing.
Source: IAM API, CreateLoginProfile, UpdateLoginProfile, ChangePassword.
"""

from typing import Any

from moto.iam.models import User

from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.wire import Fault

_SHORTEST = 8


def install() -> None:
    """Replace the five operations."""
    User.password_created = None
    User.password_changed = None
    serve_iam(
        {
            "CreateLoginProfile": create_profile,
            "GetLoginProfile": get_profile,
            "UpdateLoginProfile": update_profile,
            "DeleteLoginProfile": delete_profile,
            "ChangePassword": change_password,
        }
    )


def create_profile(call: IamCall) -> dict[str, Any]:
    """Give a user a console password."""
    user = call.user()
    if user.password:
        raise Fault("EntityAlreadyExists", f"Login Profile for user {user.name} already exists.")
    password = call.get("Password")
    if password is None:
        raise Fault("ValidationError", "Value null at 'password' failed to satisfy constraint: Member must not be null")
    _set_password(call, user, password)
    user.password_created = user.password_changed
    user.password_reset_required = bool(call.get("PasswordResetRequired"))
    return {"LoginProfile": _described(user)}


def get_profile(call: IamCall) -> dict[str, Any]:
    """Show a user's login profile."""
    return {"LoginProfile": _described(_profiled(call))}


def update_profile(call: IamCall) -> dict[str, Any]:
    """Change the password, the need to reset it, or both."""
    user = _profiled(call)
    if call.get("Password") is not None:
        _set_password(call, user, call["Password"])
    if call.get("PasswordResetRequired") is not None:
        user.password_reset_required = bool(call["PasswordResetRequired"])
    return {}


def delete_profile(call: IamCall) -> dict[str, Any]:
    """Take a user's password away; when it was last used stays known."""
    user = _profiled(call)
    user.password, user.password_reset_required = None, False
    user.password_created = user.password_changed = None
    return {}


def change_password(call: IamCall) -> dict[str, Any]:
    """Let the caller change the own password."""
    user = call.principal.user
    if user is None or not user.password:
        raise Fault("NoSuchEntity", "Login Profile for the caller cannot be found.")
    if call["OldPassword"] != user.password:
        raise Fault("AccessDenied", "The old password was incorrect.")
    _set_password(call, user, call["NewPassword"])
    user.password_reset_required = False
    return {}


def _profiled(call: IamCall) -> User:
    user = call.user()
    if not user.password:
        raise Fault("NoSuchEntity", f"Login Profile for User {user.name} cannot be found.")
    return user


def _set_password(call: IamCall, user: User, password: str) -> None:
    policy = call.iam.account_password_policy
    shortest = policy.minimum_password_length if policy else _SHORTEST
    if len(password) < shortest:
        raise Fault("PasswordPolicyViolation", f"Password should have a minimum length of {shortest}")
    user.password, user.password_changed = password, naive(CLOCK.now())


def _described(user: User) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": user.password_created or user.create_date,
        "PasswordResetRequired": user.password_reset_required,
    }
