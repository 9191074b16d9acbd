"""An organization of two accounts with Identity Center enabled, on an emulator of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.organizations.models import organizations_backends

from migrator.sandbox.rules import identity_center, identity_store, organizations, reserved_roles
from migrator.sandbox.rules.center_state import Center, enable

MANAGEMENT = "111111111111"


@dataclass(frozen=True)
class Cloud:
    """The emulator, the organization in it and its Identity Center."""

    endpoint: str
    center: Center
    member: str
    other: str

    def client(self, service: str, account: str = MANAGEMENT, region: str = "eu-central-1") -> Any:
        client = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="example",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register(
            "before-call", lambda params, **_: params["headers"].update({"x-moto-account-id": account})
        )
        return client

    @property
    def instance(self) -> str:
        return self.center.instance_arn

    @property
    def store(self) -> str:
        return self.center.store_id


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    for rule in (identity_center, identity_store, organizations, reserved_roles):
        rule.install()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str) -> Cloud:
    BackendDict.reset()
    organizations_backends.master_accounts.clear()
    bare = Cloud(endpoint, None, "", "")
    org = bare.client("organizations")
    org.create_organization(FeatureSet="ALL")
    accounts = [
        org.create_account(AccountName=name, Email=f"{name}@acme.example")["CreateAccountStatus"]["AccountId"]
        for name in ("data", "web")
    ]
    return Cloud(endpoint, enable(MANAGEMENT, "eu-central-1", seconds=3600), *accounts)


@dataclass(frozen=True)
class Person:
    """A user of the identity store and a group that it is in."""

    user: str
    group: str


@pytest.fixture
def ada(cloud: Cloud) -> Person:
    store = cloud.client("identitystore")
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
def refused() -> Callable[..., str]:
    def refused(call: Callable[..., Any], **params: Any) -> str:
        with pytest.raises(ClientError) as error:
            call(**params)
        return error.value.response["Error"]["Code"]

    return refused
