"""What the emulated IAM Identity Center remembers; kept on a moto backend, so that a snapshot carries it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core import utils as moto_utils
from moto.moto_api._internal import mock_random
from moto.organizations.models import FakeAccount, OrganizationsBackend, organizations_backends
from moto.ssoadmin.models import ssoadmin_backends
from moto.utilities.utils import get_partition

from migrator.sandbox.rules.wire import Call, Fault


@dataclass(slots=True)
class PermissionSet:
    """One permission set as last written; accounts see it only once it is provisioned to them."""

    arn: str
    name: str
    created: datetime
    description: str | None = None
    session_duration: str = "PT1H"
    relay_state: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    inline: str = ""
    managed: list[str] = field(default_factory=list)
    customer: list[tuple[str, str]] = field(default_factory=list)
    boundary: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """The `ps-…` identifier at the end of the ARN."""
        return self.arn.rpartition("/")[2]

    def content(self) -> tuple[Any, ...]:
        """Return what provisioning copies into an account's role, to tell a provisioned set from a changed one."""
        return (
            self.description,
            self.session_duration,
            self.inline,
            tuple(self.managed),
            tuple(self.customer),
            repr(self.boundary),
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """A principal's right to one permission set in one account."""

    account: str
    permission_set: str
    principal_type: str
    principal: str


@dataclass(slots=True)
class Work:
    """An asynchronous request: `create` or `delete` an assignment, or `provision` a permission set."""

    id: str
    kind: str
    permission_set: str
    account: str
    created: datetime
    assignment: Assignment | None = None
    accounts: tuple[str, ...] = ()
    status: str = "IN_PROGRESS"
    failure: str | None = None
    polls: int = 0


@dataclass(slots=True)
class Directory:
    """The identity store: users, groups and memberships, each by its identifier."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    memberships: dict[str, tuple[str, str]] = field(default_factory=dict)

    def groups_of(self, user: str) -> set[str]:
        """Return the identifiers of the groups that a user is in."""
        return {group for group, member in self.memberships.values() if member == user}


@dataclass(slots=True)
class Center:
    """An instance of IAM Identity Center: the organization's one, or a single account's (`of_organization` false).

    `polls` is how many status reads of a request still answer IN_PROGRESS; a request also ends once the sandbox clock
    moved on by `seconds`.
    """

    region: str
    owner: str
    instance_arn: str
    store_id: str
    created: datetime
    name: str | None = None
    of_organization: bool = True
    polls: int = 1
    seconds: float = 5.0
    directory: Directory = field(default_factory=Directory)
    sets: dict[str, PermissionSet] = field(default_factory=dict)
    assignments: dict[Assignment, datetime] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    provisioned: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)

    def permission_set(self, arn: str) -> PermissionSet:
        """Return a permission set; an unknown one is a ResourceNotFoundException."""
        if arn not in self.sets:
            raise Fault("ResourceNotFoundException", f"Could not find PermissionSet with id {arn.rpartition('/')[2]}")
        return self.sets[arn]


def now() -> datetime:
    """Return the sandbox's time as moto counts it: UTC without a zone."""
    return moto_utils.utcnow()


def enable(management: str, region: str, *, polls: int = 1, seconds: float = 5.0) -> Center:
    """Enable Identity Center in its home region, as an administrator does once in the console.

    There is no AWS call for it: CreateInstance is refused in the management account. Enabling again returns the
    instance that exists, with the new timing.
    """
    center = instance_of(management) or make_instance(management, region)
    center.polls, center.seconds = polls, seconds
    return center


def instance_of(account: str) -> Center | None:
    """Return the instance that an account owns, in whichever region."""
    return next((each for each in centers() if each.owner == account), None)


def make_instance(account: str, region: str, *, of_organization: bool = True) -> Center:
    """Make an account's instance in a region."""
    center = Center(
        region=region,
        owner=account,
        instance_arn=f"arn:{get_partition(region)}:sso:::instance/ssoins-{mock_random.get_random_hex(16)}",
        store_id=f"d-{mock_random.get_random_hex(10)}",
        created=now(),
        of_organization=of_organization,
    )
    vars(ssoadmin_backends[account][region])["center"] = center
    return center


def remove_instance(center: Center) -> None:
    """Remove an instance with everything in it."""
    del vars(ssoadmin_backends[center.owner][center.region])["center"]


def centers() -> Iterator[Center]:
    """Yield every instance there is."""
    for _, _, backend in list(ssoadmin_backends.iter_backends()):
        center = getattr(backend, "center", None)
        if center is not None:
            yield center


def organization_of(account: str) -> OrganizationsBackend | None:
    """Return the organization that an account belongs to, whichever account of it is asked."""
    for partitions in list(organizations_backends.values()):
        for backend in list(partitions.values()):
            if backend.org is not None and any(each.id == account for each in backend.accounts):
                return backend
    return None


def member(account: str) -> FakeAccount | None:
    """Return an account as its organization lists it."""
    backend = organization_of(account)
    return None if backend is None else next(each for each in backend.accounts if each.id == account)


def administers(account: str, center: Center) -> bool:
    """Whether an account may change an instance: its owner, and a delegated administrator the organization's."""
    return account == center.owner or (center.of_organization and account in delegates(center.owner))


def delegates(management: str) -> set[str]:
    """Return the accounts registered as delegated administrators of Identity Center."""
    backend = organization_of(management)
    admins = [] if backend is None else backend.admins
    return {admin.account.id for admin in admins if "sso.amazonaws.com" in admin.services}


def center_of(call: Call) -> Center:
    """Return the instance a call names, if the caller may use it and asks in its home region."""
    arn = call["InstanceArn"]
    center = next((each for each in centers() if each.instance_arn == arn and each.region == call.region), None)
    if center is None:
        raise Fault("ResourceNotFoundException", f"Instance with id {arn.rpartition('/')[2]} not found")
    if not administers(call.account, center):
        raise Fault("AccessDeniedException", "You do not have sufficient access to perform this action.")
    return center


def organization_center_of(call: Call) -> Center:
    """Return the instance a call names for work with accounts, which an account's own instance cannot do."""
    center = center_of(call)
    if not center.of_organization:
        message = "The operation is not supported for account instances of IAM Identity Center."
        raise Fault("ValidationException", message)
    return center


def refuse_delegate(call: Call, center: Center, accounts: set[str]) -> None:
    """Keep a delegated administrator away from the management account and from sets provisioned there.

    Source: IAM Identity Center user guide, "Delegated administration".
    """
    if call.account != center.owner and center.owner in accounts:
        raise Fault("AccessDeniedException", "You do not have sufficient access to perform this action.")


def accounts_with(center: Center, permission_set: str) -> set[str]:
    """Return the accounts that a permission set is provisioned to."""
    return {account for account, arn in center.provisioned if arn == permission_set}
