"""Temporary credentials work: bound to their user or role, alive until they expire, evaluated at each request.

Deviation: moto's GetSessionToken and GetFederationToken answer one constant key that belongs to nobody, so that a
session which outlives its key cannot be shown; its AssumeRole takes roles that do not exist and accounts that are
closed, and never ends a session. Trust is judged by `enforcement`.
Source: STS API; IAM User Guide, "Compare AWS STS credentials" (what sessions may call, how long they last).
"""

import json
from datetime import timedelta
from typing import Any

from moto.iam.models import User
from moto.moto_api._internal import mock_random
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from migrator.sandbox import gateway
from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.grants import default_document
from migrator.sandbox.principals import ROLE_CONTEXT, SESSIONS, Principal, Session, iam_of, unknown_key
from migrator.sandbox.rules.aws_managed_policies import make
from migrator.sandbox.rules.center_state import member
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.wire import Fault

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DEFAULT_SECONDS, _LONGEST_SECONDS, _SHORTEST_SECONDS = 43_200, 129_600, 900
_CHAINED_SECONDS = 3_600
_STS_FOR_SESSIONS = frozenset({"AssumeRole", "GetCallerIdentity"})


def install() -> None:
    """Replace the four operations and hold sessions to what they may call."""
    gateway.CHECKS.append(_check)
    serve_iam(
        {
            "GetSessionToken": get_session_token,
            "GetFederationToken": get_federation_token,
            "AssumeRole": assume_role,
            "GetCallerIdentity": get_caller_identity,
        },
        TokenResponse,
    )


def get_session_token(call: IamCall) -> dict[str, Any]:
    """Mint a session of the calling user, with the user's own permissions."""
    user = _long_term(call, "GetSessionToken")
    return {"Credentials": _credentials(_minted(call, user, mfa=_with_mfa(call, user)))}


def get_federation_token(call: IamCall) -> dict[str, Any]:
    """Mint a session for somebody whom the calling user vouches for, within the user's permissions and the policy."""
    user = _long_term(call, "GetFederationToken")
    session = _minted(call, user, name=call["Name"], policy=call.get("Policy"))
    arn = f"arn:{call.iam.partition}:sts::{call.iam.account_id}:federated-user/{call['Name']}"
    return {
        "Credentials": _credentials(session),
        "FederatedUser": {"FederatedUserId": f"{call.iam.account_id}:{call['Name']}", "Arn": arn},
        "PackedPolicySize": 6,
    }


def assume_role(call: IamCall) -> dict[str, Any]:
    """Mint a session of a role; that it exists and trusts the caller was checked before."""
    arn = str(call["RoleArn"])
    account = arn.split(":")[4]
    role = next(role for role in iam_of(account, call.iam.partition).roles.values() if role.arn == arn)
    duration = int(call.get("DurationSeconds") or 3600)
    _check_duration(call, duration, int(role.max_session_duration or 3600))
    backend = sts_backends[account][call.iam.partition]
    assumed = backend.assume_role(
        call.iam.region_name, call["RoleSessionName"], arn, call.get("Policy"), duration, call.get("ExternalId")
    )
    assumed.session_token = _random(96)
    ROLE_CONTEXT.value[assumed.access_key_id] = {
        "mfa": _request_mfa(call),
        "policies": tuple(_policies(call, account)),
        "source": call.get("SourceIdentity"),
    }
    return {
        "Credentials": assumed,
        "AssumedRoleUser": {"AssumedRoleId": assumed.user_id, "Arn": assumed.arn},
        "PackedPolicySize": 6,
    }


def get_caller_identity(call: IamCall) -> dict[str, Any]:
    """Tell who calls."""
    principal = call.principal
    return {"UserId": principal.principal_id, "Account": principal.account, "Arn": principal.arn}


def _long_term(call: IamCall, operation: str) -> User:
    principal = call.principal
    if principal.user is None or principal.session is not None:
        raise Fault("AccessDenied", f"Cannot call {operation} with session credentials")
    return principal.user


def _minted(
    call: IamCall, user: User, *, mfa: bool = False, name: str | None = None, policy: str | None = None
) -> Session:
    seconds = int(call.get("DurationSeconds") or _DEFAULT_SECONDS)
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        raise Fault("ValidationError", f"DurationSeconds must be between {_SHORTEST_SECONDS} and {_LONGEST_SECONDS}.")
    now = CLOCK.now()
    session = Session(
        access_key="ASIA" + _random(16),
        account=call.iam.account_id,
        user_id=user.id,
        secret=str(mock_random.get_random_string(40)),
        token=_random(96),
        issued=now,
        expires=now + timedelta(seconds=seconds),
        mfa=mfa,
        federated_name=name,
        policy=policy,
    )
    SESSIONS.value[session.access_key] = session
    return session


def _random(length: int) -> str:
    return "".join(mock_random.choices(_ALPHABET, k=length))


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": naive(session.expires),
    }


def _with_mfa(call: IamCall, user: User) -> bool:
    if not call.get("SerialNumber"):
        return False
    if call["SerialNumber"] not in user.mfa_devices:
        raise Fault(
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        )
    return True


def _request_mfa(call: IamCall) -> bool:
    user = call.principal.user
    if user is not None and call.get("SerialNumber"):
        return _with_mfa(call, user)
    return bool(call.principal.mfa)


def _check_duration(call: IamCall, seconds: int, longest: int) -> None:
    if call.principal.kind == "AssumedRole" and seconds > _CHAINED_SECONDS:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise Fault("ValidationError", message)
    if seconds > longest:
        raise Fault(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _policies(call: IamCall, account: str) -> list[str]:
    iam = iam_of(account, call.iam.partition)
    documents = []
    for each in call.get("PolicyArns") or ():
        make(iam, each["arn"])
        if each["arn"] not in iam.managed_policies:
            raise Fault("MalformedPolicyDocument", f"Policy {each['arn']} does not exist.")
        documents.append(default_document(iam.managed_policies[each["arn"]]))
    if call.get("Policy"):
        json.loads(call["Policy"])
    return documents


def _check(call: ApiCall, principal: Principal) -> None:
    if call.service == "sts" and call.operation == "AssumeRole":
        _refuse_closed(call, principal)
    session = principal.session
    if session is None:
        return
    if call.service == "iam" and (session.federated_name or not session.mfa):
        raise unknown_key(call)
    if call.service == "sts" and call.operation not in _STS_FOR_SESSIONS:
        raise Refusal("AccessDenied", f"Cannot call {call.operation} with session credentials", 403)


def _refuse_closed(call: ApiCall, principal: Principal) -> None:
    arn = str(call.params.get("RoleArn"))
    account = member(arn.split(":")[4]) if arn.count(":") >= 5 else None  # noqa: PLR2004 - an ARN has six parts
    if account is not None and account.status != "ACTIVE":
        message = f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise Refusal("AccessDenied", message, 403)
