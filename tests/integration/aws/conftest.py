"""An AWS of two accounts on moto, in this process; sandbox rules are installed by whoever tests them."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.organizations.models import organizations_backends

from migrator.adapters.aws.session import Sessions

OWN = "123456789012"
MEMBER = "222222222222"


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def endpoint(moto: str, monkeypatch) -> str:
    BackendDict.reset()
    organizations_backends.master_accounts.clear()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    return moto


@pytest.fixture
def sessions(endpoint: str) -> Sessions:  # noqa: ARG001  # clients find it in the environment
    """Own credentials in `OWN`, roles everywhere else."""
    return Sessions(region="eu-central-1", discovery_role="MigratorDiscovery", change_role="MigratorChange")


@pytest.fixture
def aws(endpoint: str) -> Callable[..., Any]:
    """A plain boto3 client inside any account: `aws("iam", MEMBER)`."""

    def client(service: str, account: str = OWN, region: str = "eu-central-1") -> Any:
        made = boto3.client(
            service, region_name=region, endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1})
        )
        made.meta.events.register(
            "before-call", lambda params, **_: params["headers"].update({"x-moto-account-id": account})
        )
        return made

    return client
