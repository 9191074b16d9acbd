"""An organization of two member accounts with Identity Center enabled, in a sandbox of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from migrator.sandbox.center_control import CenterInstance, enable_identity_center
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control
from migrator.sandbox.launch import Sandbox, start, stop

MANAGEMENT = "123456789012"
HOME = "eu-central-1"


@dataclass
class Cloud:
    """The sandbox, the organization in it, its Identity Center and an administrator in every account."""

    endpoint: str
    administrator: Credentials
    member: str = ""
    other: str = ""
    center: CenterInstance | None = None
    _clients: Clients = field(init=False)
    _entered: dict[str, Credentials] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clients = Clients(self.endpoint)
        self._entered[MANAGEMENT] = self.administrator

    def client(self, service: str, account: str = MANAGEMENT, region: str = HOME) -> Any:
        if account not in self._entered:
            arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
            session = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")
            self._entered[account] = Credentials.of_session(session["Credentials"])
        return self._clients.make(service, self._entered[account], region)

    def client_of(self, service: str, key: str, secret: str) -> Any:
        return self._clients.make(service, Credentials(key, secret), HOME)

    def enable(self, region: str = HOME, seconds: float = 3600) -> None:
        self.center = enable_identity_center(self.endpoint, region, polls=1, seconds=seconds)

    @property
    def instance(self) -> str:
        return self.center.instance_arn

    @property
    def store(self) -> str:
        return self.center.identity_store_id


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    started = start()
    yield started
    stop(started)


@pytest.fixture
def alone(sandbox: Sandbox) -> Cloud:
    """One account, no organization."""
    return Cloud(sandbox.endpoint, Credentials.of(Control(sandbox.endpoint).reset()))


@pytest.fixture
def organization(alone: Cloud) -> Cloud:
    """Two accounts, Identity Center not enabled."""
    org = alone.client("organizations")
    org.create_organization(FeatureSet="ALL")
    alone.member, alone.other = (
        org.create_account(AccountName=name, Email=f"{name}@acme.example")["CreateAccountStatus"]["AccountId"]
        for name in ("data", "web")
    )
    return alone


@pytest.fixture
def cloud(organization: Cloud) -> Cloud:
    organization.enable()
    return organization


@dataclass(frozen=True)
class Person:
    """A user of the identity store and a group that it is in."""

    user: str
    group: str


def make_person(cloud: Cloud, region: str = HOME) -> Person:
    store = cloud.client("identitystore", region=region)
    user = store.create_user(
        IdentityStoreId=cloud.store,
        UserName="ada@acme.example",
        DisplayName="Ada",
        Name={"GivenName": "Ada", "FamilyName": "Byron"},
        Emails=[{"Value": "ada@acme.example", "Primary": True}],
    )["UserId"]
    group = store.create_group(IdentityStoreId=cloud.store, DisplayName="analysts")["GroupId"]
    store.create_group_membership(IdentityStoreId=cloud.store, GroupId=group, MemberId={"UserId": user})
    return Person(user, group)


@pytest.fixture
def ada(cloud: Cloud) -> Person:
    return make_person(cloud)


@pytest.fixture
def refused() -> Callable[..., str]:
    def refused(call: Callable[..., Any], **params: Any) -> str:
        with pytest.raises(ClientError) as error:
            call(**params)
        return error.value.response["Error"]["Code"]

    return refused
