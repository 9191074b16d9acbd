"""The sandbox as tests use it: clients for whoever calls, and the code of a refusal."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from migrator.sandbox.control import Control

MANAGEMENT = "123456789012"
_SESSION = boto3.Session()
_ONCE = Config(
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    inject_host_prefix=False,
)


@dataclass(frozen=True)
class Cloud:
    """The sandbox, and clients for whoever calls: an account's root, a key, a session."""

    endpoint: str
    control: Control

    def root(self, service: str, account: str = MANAGEMENT, region: str = "us-east-1") -> Any:
        return self.client(service, account, "root", region=region)

    def client(
        self, service: str, key: str, secret: str, token: str | None = None, region: str = "us-east-1", **config: Any
    ) -> Any:
        return _SESSION.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_ONCE.merge(Config(**config)),
        )

    def with_key(self, service: str, key: dict[str, Any], **options: Any) -> Any:
        """A client with an access key or with temporary credentials, as IAM and STS answer them."""
        return self.client(service, key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken"), **options)

    def administrator(self, service: str, **options: Any) -> Any:
        found = self.control.administrator()
        return self.client(
            service, found["access_key_id"], found["secret_access_key"], found["session_token"], **options
        )

    def user(self, name: str, account: str = MANAGEMENT, **documents: str) -> dict[str, Any]:
        """Makes a user with inline policies and gives its access key."""
        iam = self.root("iam", account)
        iam.create_user(UserName=name)
        for policy, document in documents.items():
            iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=document)
        key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
        return key


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    """Gives the code with which a call is refused; it must be refused."""
    with pytest.raises(ClientError) as refused:
        call(*args, **kwargs)
    return str(refused.value.response["Error"]["Code"])


def enable_mfa(iam: Any, *_: Any) -> None:
    """Gives the user `ann` a virtual device."""
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ann", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
