"""The words in which a simulated organization is written down: plain frozen data, no calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account; `unit` is the path of its organizational unit. The first account is the management account."""

    name: str
    unit: str = ""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A customer managed policy of one account."""

    account: str
    name: str
    document: Document
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Group:
    """An IAM group with AWS's policies by path and name, own policies by name, and inline documents."""

    account: str
    name: str
    managed: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user with everything that hangs on it; ages are days before now.

    `managed` names AWS's policies by path and name, `own` and `boundary` name the account's. `keys` has the status
    each access key ends in. `stack` says that CloudFormation made the user.
    """

    account: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    groups: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)
    boundary: str | None = None
    password: bool = False
    keys: tuple[str, ...] = ("Active",)
    ssh_keys: int = 0
    service_credentials: tuple[str, ...] = ()
    certificates: int = 0
    mfa: bool = False
    age: int = 400
    last_seen: int | None = None
    stack: str | None = None

    @property
    def id(self) -> str:
        """The user as `ACCOUNT_NAME/USER_NAME`."""
        return f"{self.account}/{self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that people use: `kind` is bucket, queue, topic, table, key, role, secret or parameter.

    `policy` is the resource's own policy (a role's trust) with `{account}` and `{region}` filled in at seeding;
    `content` is what is put into it.
    """

    account: str
    kind: str
    name: str
    policy: Document | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Organization:
    """A whole organization as data."""

    name: str
    domain: str
    home_region: str
    accounts: tuple[Account, ...]
    policies: tuple[Policy, ...]
    groups: tuple[Group, ...]
    users: tuple[User, ...]
    resources: tuple[Resource, ...]
    trail: str
    trail_bucket: str

    @property
    def management(self) -> Account:
        """The management account."""
        return self.accounts[0]


def allow(*actions: str, on: str | tuple[str, ...] = "*", **condition: Any) -> dict[str, Any]:
    """Return an Allow statement for these actions."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": on if on == "*" else list(_many(on)),
    }
    return {**statement, "Condition": condition} if condition else statement


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy document of statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _many(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
