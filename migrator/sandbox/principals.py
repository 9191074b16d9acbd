"""Who makes a call: the principal behind an access key, as AWS would name it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import AccessKey, IAMBackend, Role, User, iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.state import Store

MANAGEMENT_ACCOUNT = "123456789012"
"""The account of callers that show no known credentials; the organization's management account."""

_ACCOUNT_DIGITS = 12


@dataclass(slots=True)
class Session:
    """Temporary credentials of an IAM user, from GetSessionToken or GetFederationToken."""

    access_key: str
    account: str
    user_id: str
    secret: str
    token: str
    issued: datetime
    expires: datetime
    mfa: bool = False
    federated_name: str | None = None
    policy: str | None = None


SESSIONS: Store[dict[str, Session]] = Store("sessions", dict)
"""The sessions of IAM users by access key id; they outlive the key that minted them, not the user."""

ROLE_CONTEXT: Store[dict[str, dict[str, Any]]] = Store("role-context", dict)
"""What a role session's requests carry beside its role, by access key id: `mfa`, `policies`, `source`."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: `kind` is CloudTrail's userIdentity type, `arn` what policies and messages call it."""

    kind: str
    account: str
    partition: str
    arn: str
    principal_id: str
    access_key: str = ""
    user: User | None = None
    role: Role | None = None
    session: Session | None = None
    role_session: AssumedRole | None = None
    issued: datetime | None = None
    mfa: bool | None = None

    @property
    def name(self) -> str:
        """The user's name, or the session's."""
        return self.arn.rpartition("/")[2]


def iam_of(account: str, partition: str = "aws") -> IAMBackend:
    """Return moto's IAM of an account."""
    backend: IAMBackend = iam_backends[account][partition]
    return backend


def resolve(call: ApiCall) -> Principal:
    """Return the call's principal, or refuse credentials that AWS would refuse.

    Keys that are no AWS key ids at all ("testing", twelve digits) stand for the root of an account, so that a test
    needs no user to set the stage; with enforcement on they are refused by `enforcement`.
    """
    partition = get_partition(call.region)
    key = call.access_key
    if key in SESSIONS.value:
        return _user_session(call, SESSIONS.value[key], partition)
    found = _find_key(key, partition)
    if found is not None:
        account, access_key = found
        if access_key.user_name is not None:
            return _user(call, account, access_key, partition)
        return _role_session(call, account, partition)
    if key.startswith(("AKIA", "ASIA")) and len(key) == 20:  # noqa: PLR2004 - the length of a key id
        raise unknown_key(call)
    return root(_stage_account(call), partition)


def root(account: str, partition: str = "aws") -> Principal:
    """Return an account's root."""
    return Principal("Root", account, partition, f"arn:{partition}:iam::{account}:root", account)


def unknown_key(call: ApiCall) -> Refusal:
    """Return the refusal of a key that does not exist, is inactive or belongs to nobody, as each protocol words it.

    Source: the services' lists of common errors; k9security, "Deactivate IAM user access key".
    """
    if call.service == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return Refusal("InvalidAccessKeyId", message, 403)
    if call.protocol == "ec2":
        return Refusal("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    message = "The security token included in the request is invalid."
    if call.protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        return Refusal("UnrecognizedClientException", message, 400 if call.protocol == "json" else 403)
    return Refusal("InvalidClientTokenId", message, 403)


def _expired(call: ApiCall) -> Refusal:
    code = "ExpiredTokenException" if call.protocol in {"json", "rest-json"} else "ExpiredToken"
    if call.protocol == "ec2":
        code = "RequestExpired"
    return Refusal(
        code, "The security token included in the request is expired", 400 if "json" in call.protocol else 403
    )


def _stage_account(call: ApiCall) -> str:
    if call.claimed_account:
        return call.claimed_account
    if len(call.access_key) == _ACCOUNT_DIGITS and call.access_key.isdigit():
        return call.access_key
    return MANAGEMENT_ACCOUNT


def _find_key(key: str, partition: str) -> tuple[str, AccessKey] | None:
    for account, backends in list(iam_backends.items()):
        access_key = backends[partition].access_keys.get(key)
        if access_key is not None:
            return account, access_key
    return None


def _user(call: ApiCall, account: str, access_key: AccessKey, partition: str) -> Principal:
    user = owner_of(iam_of(account, partition), access_key)
    if user is None or access_key.status != "Active":
        raise unknown_key(call)
    return Principal("IAMUser", account, partition, user.arn, user.id, access_key.access_key_id, user=user)


def owner_of(iam: IAMBackend, access_key: AccessKey) -> User | None:
    """Return the user who holds a key, found by the key itself because a rename leaves the key's user name behind."""
    return next((user for user in iam.users.values() if access_key in user.access_keys), None)


def user_by_id(iam: IAMBackend, user_id: str) -> User | None:
    """Return the user with a unique id, if it still exists."""
    return next((user for user in iam.users.values() if user.id == user_id), None)


def _user_session(call: ApiCall, session: Session, partition: str) -> Principal:
    user = user_by_id(iam_of(session.account, partition), session.user_id)
    if user is None or call.session_token != session.token:
        raise unknown_key(call)
    if CLOCK.now() >= session.expires:
        raise _expired(call)
    if session.federated_name is None:
        kind, arn, principal_id = "IAMUser", user.arn, user.id
    else:
        kind, principal_id = "FederatedUser", f"{session.account}:{session.federated_name}"
        arn = f"arn:{partition}:sts::{session.account}:federated-user/{session.federated_name}"
    return Principal(
        kind, session.account, partition, arn, principal_id, session.access_key, user, None, session,
        issued=session.issued, mfa=session.mfa,
    )  # fmt: skip


def _role_session(call: ApiCall, account: str, partition: str) -> Principal:
    assumed = sts_backends[account][partition].get_assumed_role_from_access_key(call.access_key)
    if assumed is None or (call.session_token or "") != assumed.session_token:
        raise unknown_key(call)
    role = next((role for role in iam_of(account, partition).roles.values() if role.arn == assumed.role_arn), None)
    if role is None:
        raise unknown_key(call)
    if naive(CLOCK.now()) >= assumed.expiration:
        raise _expired(call)
    carried = ROLE_CONTEXT.value.get(call.access_key, {})
    issued = assumed.access_key.create_date.replace(tzinfo=UTC)
    return Principal(
        "AssumedRole", account, partition, assumed.arn, f"{role.id}:{assumed.session_name}", call.access_key,
        role=role, role_session=assumed, issued=issued, mfa=carried.get("mfa"),
    )  # fmt: skip
