"""The nouns: what AWS says of an IAM user, and what we decide about it. All frozen, all plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = Any
"""A JSON value: policies, snapshots and the before and after of a change."""


class Kind(StrEnum):
    """What uses the IAM user."""

    HUMAN = "human"
    MACHINE = "machine"
    BREAK_GLASS = "break-glass"
    UNKNOWN = "unknown"


class Destination(StrEnum):
    """Where the user's access goes."""

    PERMISSION_SET = "permission-set"
    IAM_ROLE = "iam-role"
    RETIRE = "retire"
    KEEP = "keep"


class CredentialKind(StrEnum):
    """The six kinds of long-term credentials an IAM user may hold."""

    CONSOLE_PASSWORD = "console-password"  # noqa: S105  # a name, not a password
    ACCESS_KEY = "access-key"
    SSH_PUBLIC_KEY = "ssh-public-key"
    SERVICE_SPECIFIC = "service-specific-credential"
    SIGNING_CERTIFICATE = "signing-certificate"
    MFA_DEVICE = "mfa-device"


ACTIVE = "Active"
INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of a user: never the secret, only its id, its status and its use.

    `status` is `Active` or `Inactive`, as IAM spells it; passwords and MFA devices, which have no status, are `Active`.
    `detail` holds what only that kind has: `{"service": …}`, `{"virtual": true}`.
    """

    kind: CredentialKind
    id: str
    status: str = ACTIVE
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_service: str | None = None
    last_used_region: str | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)

    @property
    def long_term(self) -> bool:
        """Whether it opens a door by itself: everything but an MFA device."""
        return self.kind is not CredentialKind.MFA_DEVICE

    @property
    def live(self) -> bool:
        """Whether AWS would accept it today."""
        return self.long_term and self.status == ACTIVE


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What AWS said of one IAM user at `observed_at`: the full snapshot, from which a deleted user is recreated.

    `inline_policies` maps names to documents, `attached_policies` holds ARNs; `not_checked` names what was not read.
    """

    account_id: str
    user_name: str
    user_id: str
    arn: str
    observed_at: datetime
    path: str = "/"
    created_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    inline_policies: Mapping[str, Json] = field(default_factory=dict)
    attached_policies: tuple[str, ...] = ()
    boundary: str | None = None
    credentials: tuple[Credential, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How people write this user: `ACCOUNT_ID/USER_NAME`."""
        return f"{self.account_id}/{self.user_name}"

    @property
    def last_used(self) -> datetime | None:
        """The latest use of any credential; None where none is known."""
        return max((c.last_used_at for c in self.credentials if c.last_used_at), default=None)


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """An IAM group and what it grants."""

    name: str
    inline_policies: Mapping[str, Json] = field(default_factory=dict)
    attached_policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RootFacts:
    """The credential report's row of the root user, for the break-glass audit."""

    mfa_active: bool | None = None
    active_access_keys: int | None = None
    password_last_used: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything one reading of one account found. Only a `complete` reading may mark users vanished.

    `policies` maps managed policy ARNs (AWS's and the account's own) to their default version's document.
    """

    account_id: str
    observed_at: datetime
    users: tuple[UserFacts, ...] = ()
    groups: tuple[GroupFacts, ...] = ()
    policies: Mapping[str, Json] = field(default_factory=dict)
    root: RootFacts | None = None
    complete: bool = True
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim about a user and where it comes from: what a decision rests on.

    `confidence` is between 0 and 1; `window` is the time the source covers, in words or as `FROM/TO`.
    """

    claim: str
    value: Json
    confidence: float
    source: str
    observed_at: datetime
    window: str | None = None
    not_checked: tuple[str, ...] = ()
