"""What operations need from AWS: reading accounts, and the two verbs of every change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from migrator.domain.changes import Change
from migrator.domain.errors import MigratorError, Unreachable
from migrator.domain.model import AccountFacts, Credential, Json, UserFacts
from migrator.domain.roles import RoleFacts
from migrator.domain.trails import Trail


class AccessDenied(Unreachable):
    """AWS refused the caller: a permission or a role is missing. Never retried."""


class Unavailable(Unreachable):
    """AWS did not answer in time, or throttled to the end of our patience."""


class Transient(MigratorError):
    """AWS says "not now": ConcurrentModification, EntityTemporarilyUnmodifiable, a conflict with an earlier write."""


class Rejected(MigratorError):
    """AWS will never do this as asked: a quota, a malformed document, a policy that is not there."""


class NoInstance(Rejected):
    """There is no Identity Center instance where the configuration says, or more than one to choose from."""

    exit_code = 2


class Missing(MigratorError):
    """The parent of what was looked for does not exist (a deleted user, an unknown permission set)."""


class NotSupported(MigratorError):
    """This endpoint does not have the operation; what it would have told counts as not checked."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the organization; `status` is `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`."""

    id: str
    name: str
    status: str = "ACTIVE"
    ou_path: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who we are, by STS: ARN, unique id (`AIDA…`, `AROA…:session`), account, partition."""

    arn: str
    user_id: str
    account_id: str
    partition: str = "aws"

    @property
    def identity(self) -> str:
        """Who decides: session name under `AWSReservedSSO_*`, a user's id, else the role's ARN (design, "State")."""
        resource = self.arn.rsplit(":", 1)[-1]
        if resource.startswith("assumed-role/"):
            _, role, session = resource.split("/", 2)
            if role.startswith("AWSReservedSSO_"):
                return session
            return f"arn:{self.partition}:iam::{self.account_id}:role/{role}"
        return self.user_id if resource.startswith("user/") else self.arn


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization the caller is in; `id` is `o-…`, or the account id where there is no organization."""

    id: str
    management_account: str
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class IdentityCenter:
    """The Identity Center instance: ARN, identity store, home region, owner account."""

    instance_arn: str
    identity_store_id: str
    region: str
    owner_account: str = ""


@dataclass(frozen=True, slots=True)
class NameReference:
    """A policy that names a user: `where` is the resource's ARN, `effect` what its deletion does.

    `effect` is `trust`, `allow`, `deny` (named in a Deny, or left out of a grant), `deny-others` (NotPrincipal) or
    `sole-administrator` (a KMS key nobody else manages).
    """

    user_arn: str
    where: str
    effect: str


@dataclass(frozen=True, slots=True)
class References:
    """All references found in one account, and what could not be searched."""

    found: tuple[NameReference, ...] = ()
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastUse:
    """When a user's password and access keys were last used: who has the name now, and what IAM says of each."""

    user_id: str
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class SetOnAws:
    """A permission set as it exists: everything a specification has, and where it is assigned."""

    name: str
    arn: str
    description: str = ""
    session_duration: str = "PT1H"
    inline_policy: Json = None
    managed_policies: tuple[str, ...] = ()
    customer_policies: tuple[str, ...] = ()
    boundary: Json = None
    tags: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()


class Accounts(Protocol):
    """The organization and our own identity."""

    def caller(self) -> Caller:
        """Who we are; raises Unreachable where the credentials are missing, expired or refused."""
        ...

    def organization_id(self) -> str:
        """The id of the organization alone, in one call that every account may make."""
        ...

    def organization(self) -> Organization:
        """The organization with every account, suspended ones included."""
        ...


class AccountReader(Protocol):
    """IAM, read. Listings are sorted; an answer is never partial without `not_checked` saying so."""

    def read_account(self, account_id: str) -> AccountFacts:
        """Every user of an account with all it has; raises Unreachable where the account cannot be entered."""
        ...

    def read_user(self, account_id: str, user_name: str) -> UserFacts | None:
        """One user afresh, everything a snapshot needs; None where it does not exist."""
        ...

    def read_last_use(self, account_id: str, user_name: str) -> LastUse | None:
        """When one user's credentials were last used, in as few calls as that takes; None where it does not exist."""
        ...

    def read_role(self, account_id: str, name: str) -> RoleFacts | None:
        """One role with what it grants and when it was last used; None where it does not exist."""
        ...

    def read_policies(self, account_id: str, arns: Collection[str]) -> Mapping[str, Json]:
        """The documents of these managed policies as they are now; one that does not exist is left out."""
        ...

    def find_references(self, account_id: str, user_arns: Collection[str], regions: Sequence[str]) -> References:
        """Policies of this account that name one of these users (by ARN or by unique id)."""
        ...

    def trails(self, account_id: str, region: str) -> Sequence[Trail]:
        """The trails that record this account, by ARN; raises Unreachable where they may not be listed."""
        ...


class Directory(Protocol):
    """Identity Center, read."""

    def instance(self) -> IdentityCenter:
        """The instance; raises NoInstance where there is none or more than one, saying which setting helps."""
        ...

    def permission_sets(self) -> Sequence[SetOnAws]:
        """Every permission set, sorted by name; many calls each."""
        ...

    def permission_set(self, name: str) -> SetOnAws | None:
        """One permission set whole; None where there is none of that name."""
        ...

    def permission_set_names(self) -> Sequence[str]:
        """The names of all permission sets, sorted."""
        ...

    def assignments(self, permission_set: str) -> Sequence[tuple[str, str, str]]:
        """Where a set is assigned: (account, `GROUP` or `USER`, principal); a principal that is gone by its id."""
        ...

    def count_sets(self) -> int:
        """How many permission sets there are."""
        ...

    def find_user(self, user_name: str, email: str) -> str | None:
        """The identity store id of a user by name, else by address."""
        ...

    def user_name(self, user_id: str) -> str:
        """The name of a user by its id; its sessions carry it."""
        ...

    def members(self, group: str) -> Sequence[str] | None:
        """The names of the users in a group, sorted; None where there is no such group."""
        ...

    def assigned(self, group: str) -> Sequence[tuple[str, str]]:
        """What a group gives its members: (account, permission set), sorted."""
        ...

    def holders(self) -> Sequence[tuple[str, str, str]]:
        """Who holds what: (user name, account, permission set), groups resolved."""
        ...


class Hands(Protocol):
    """The two verbs of every change kind; `apply` is their only caller."""

    def observe(self, change: Change) -> Json:
        """What is there now at the change's target, in the shape of its `before` and `after`; None where absent."""
        ...

    def make(self, change: Change) -> None:
        """Carry the change out with as few calls as it takes; asynchronous ones are read to their end.

        Raises AccessDenied, Transient, Rejected, Missing or Unavailable; returning means that AWS said yes.
        """
        ...
