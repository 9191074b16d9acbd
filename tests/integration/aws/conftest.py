"""The sandbox as an AWS of two accounts: the caller's own, whose root we are, and a member with migrator's roles."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from migrator.adapters.aws.session import Sessions
from migrator.sandbox import launch
from tests.integration.aws.accounts import MEMBER, OWN, ROLES, SkippingClock


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[launch.Sandbox]:
    started = launch.start(log=tmp_path_factory.mktemp("sandbox") / "log")
    yield started
    launch.stop(started)


@pytest.fixture
def endpoint(sandbox, monkeypatch) -> str:
    sandbox.control.reset()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWN)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "root")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    return sandbox.endpoint


@pytest.fixture
def aws(endpoint) -> Callable[..., Any]:
    """A plain boto3 client of any account's root: `aws("iam", MEMBER)`."""

    def client(service: str, account: str = OWN, region: str = "eu-central-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="root",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return client


@pytest.fixture
def roles(aws) -> None:
    """The roles of migrator, in the member and in the caller's account."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "sts:AssumeRole"}
    for account in (OWN, MEMBER):
        for name in ROLES:
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            aws("iam", account).create_role(RoleName=name, AssumeRolePolicyDocument=document)


@pytest.fixture
def sessions(roles) -> Sessions:  # noqa: ARG001  # the roles are found in the account
    """Own credentials in `OWN`, roles everywhere else."""
    return Sessions(region="eu-central-1", discovery_role="MigratorDiscovery", change_role="MigratorChange")


@pytest.fixture
def clock(sandbox) -> SkippingClock:
    return SkippingClock(sandbox.control)
