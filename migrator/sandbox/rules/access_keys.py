"""Access keys: last used is told with AWS's sentinels, nobody's key is changed through another user's name.

Deviation: moto lets GetAccessKeyLastUsed look into other accounts, answers an empty date beside real ones, and refuses
to update keys where the user name was left out and the caller has none. Inactive keys are refused by the gateway (see
`principals.resolve`). Source: IAM API, GetAccessKeyLastUsed, UpdateAccessKey.
"""

from typing import Any

from moto.iam.models import AccessKey, User

from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.wire import Fault

_MOST = 2


def install() -> None:
    """Replace the five operations."""
    serve_iam(
        {
            "CreateAccessKey": create_key,
            "ListAccessKeys": list_keys,
            "UpdateAccessKey": update_key,
            "DeleteAccessKey": delete_key,
            "GetAccessKeyLastUsed": last_used,
        }
    )


def create_key(call: IamCall) -> dict[str, Any]:
    """Make a key; the secret is shown this once."""
    user = call.user()
    if len(user.access_keys) >= _MOST:
        raise Fault("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {_MOST}")
    key = user.create_access_key(prefix="AKIA")
    call.iam.access_keys[key.access_key_id] = key
    return {"AccessKey": {**_row(user, key), "SecretAccessKey": key.secret_access_key}}


def list_keys(call: IamCall) -> dict[str, Any]:
    """List a user's keys, without their secrets."""
    user = call.user()
    return {"AccessKeyMetadata": [_row(user, key) for key in user.access_keys], "IsTruncated": False}


def update_key(call: IamCall) -> dict[str, Any]:
    """Set a key Active or Inactive."""
    if call["Status"] not in {"Active", "Inactive"}:
        raise Fault("ValidationError", f"The specified value for status is invalid: {call['Status']}")
    _, key = _owned(call)
    key.status = call["Status"]
    return {}


def delete_key(call: IamCall) -> dict[str, Any]:
    """Delete a key for good."""
    user, key = _owned(call)
    user.access_keys.remove(key)
    call.iam.access_keys.pop(key.access_key_id, None)
    return {}


def last_used(call: IamCall) -> dict[str, Any]:
    """Tell when, where and with which service a key of this account was last used."""
    identity = call["AccessKeyId"]
    for user in call.iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == identity:
                return {"UserName": user.name, "AccessKeyLastUsed": _used(key)}
    raise Fault("AccessDenied", f"User: {call.principal.arn} is not authorized to perform: iam:GetAccessKeyLastUsed")


def _owned(call: IamCall) -> tuple[User, AccessKey]:
    identity = call["AccessKeyId"]
    owner = call.user() if call.get("UserName") or call.principal.user else _holder(call, identity)
    key = next((key for key in owner.access_keys if key.access_key_id == identity), None)
    if key is None:
        raise Fault("NoSuchEntity", f"The Access Key with id {identity} cannot be found.")
    return owner, key


def _holder(call: IamCall, identity: str) -> User:
    for user in call.iam.users.values():
        if any(key.access_key_id == identity for key in user.access_keys):
            return user
    raise Fault("NoSuchEntity", f"The Access Key with id {identity} cannot be found.")


def _row(user: User, key: AccessKey) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status,
        "CreateDate": key.create_date,
    }


def _used(key: AccessKey) -> dict[str, Any]:
    if key.last_used is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {
        "LastUsedDate": key.last_used.timestamp,
        "ServiceName": key.last_used.service,
        "Region": key.last_used.region,
    }
