"""Service-specific credentials: passwords for CodeCommit and Keyspaces, long-term keys for Bedrock.

Deviation: moto has none of the five operations, though these credentials neither appear in the credential report nor
stop when access keys are made inactive. Source: IAM API, CreateServiceSpecificCredential and its siblings: two for
each service and user, each with a status of its own; AllUsers lists the account's, a page at a time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.iam.models import User
from moto.moto_api._internal import mock_random

from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.paging import page
from migrator.sandbox.rules.wire import Fault

SERVICES = ("bedrock.amazonaws.com", "cassandra.amazonaws.com", "cloudwatch.amazonaws.com", "codecommit.amazonaws.com")
_ALIASED = frozenset({"bedrock.amazonaws.com", "cloudwatch.amazonaws.com"})
_MOST = 2
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET_LENGTH = 40


@dataclass(slots=True)
class ServiceCredential:
    """One credential of one user for one service."""

    id: str
    service: str
    login: str
    secret: str
    created: datetime
    expires: datetime | None = None
    status: str = "Active"


def install() -> None:
    """Add the five operations."""
    User.service_specific_credentials = ()
    serve_iam(
        {
            "CreateServiceSpecificCredential": create_credential,
            "ListServiceSpecificCredentials": list_credentials,
            "UpdateServiceSpecificCredential": update_credential,
            "DeleteServiceSpecificCredential": delete_credential,
            "ResetServiceSpecificCredential": reset_credential,
        }
    )


def create_credential(call: IamCall) -> dict[str, Any]:
    """Make a credential; its secret is shown this once."""
    user, service = call.user(), call["ServiceName"]
    if service not in SERVICES:
        raise Fault("NoSuchEntity", f"No such service {service} is supported for Service Specific Credentials")
    held = [each for each in user.service_specific_credentials if each.service == service]
    if len(held) >= _MOST:
        raise Fault("LimitExceeded", f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {_MOST}")
    now, days = naive(CLOCK.now()), call.get("CredentialAgeDays")
    credential = ServiceCredential(
        id="ACCA" + "".join(mock_random.choices(_ALPHABET, k=17)),
        service=service,
        login=f"{user.name}+{len(held) + 1}-at-{call.iam.account_id}"
        if held
        else f"{user.name}-at-{call.iam.account_id}",
        secret=_secret(),
        created=now,
        expires=now + timedelta(days=int(days)) if days else None,
    )
    user.service_specific_credentials = (*user.service_specific_credentials, credential)
    return {"ServiceSpecificCredential": _with_secret(user, credential)}


def list_credentials(call: IamCall) -> dict[str, Any]:
    """List a user's credentials, or with AllUsers everybody's."""
    users = sorted(call.iam.users.values(), key=lambda user: user.name) if call.get("AllUsers") else [call.user()]
    service = call.get("ServiceName")
    rows = [
        _row(user, each)
        for user in users
        for each in user.service_specific_credentials
        if service in {None, each.service}
    ]
    if not call.get("AllUsers"):
        return {"ServiceSpecificCredentials": rows}
    return page(call.params, {"ServiceSpecificCredentials": rows})


def update_credential(call: IamCall) -> dict[str, Any]:
    """Set a credential Active or Inactive."""
    if call["Status"] not in {"Active", "Inactive"}:
        raise Fault("ValidationError", f"The specified value for status is invalid: {call['Status']}")
    _found(call)[1].status = call["Status"]
    return {}


def delete_credential(call: IamCall) -> dict[str, Any]:
    """Delete a credential for good."""
    user, credential = _found(call)
    kept = tuple(each for each in user.service_specific_credentials if each is not credential)
    user.service_specific_credentials = kept
    return {}


def reset_credential(call: IamCall) -> dict[str, Any]:
    """Replace a credential's secret; the old one stops at once."""
    user, credential = _found(call)
    credential.secret = _secret()
    return {"ServiceSpecificCredential": _with_secret(user, credential)}


def _found(call: IamCall) -> tuple[User, ServiceCredential]:
    identity = call["ServiceSpecificCredentialId"]
    named = call.get("UserName") or call.principal.user
    for user in [call.user()] if named else call.iam.users.values():
        for credential in user.service_specific_credentials:
            if credential.id == identity:
                return user, credential
    raise Fault("NoSuchEntity", f"No such credential {identity} exists")


def _secret() -> str:
    return str(mock_random.get_random_string(_SECRET_LENGTH)) + "="


def _row(user: User, credential: ServiceCredential) -> dict[str, Any]:
    login = "ServiceCredentialAlias" if credential.service in _ALIASED else "ServiceUserName"
    row = {
        "UserName": user.name,
        "Status": credential.status,
        login: credential.login,
        "CreateDate": credential.created,
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
    }
    return row if credential.expires is None else {**row, "ExpirationDate": credential.expires}


def _with_secret(user: User, credential: ServiceCredential) -> dict[str, Any]:
    secret = "ServiceCredentialSecret" if credential.service in _ALIASED else "ServicePassword"
    return {**_row(user, credential), secret: credential.secret}
