"""Makes one IAM user with everything that hangs on it."""

import base64
import json
import struct
from typing import Any

from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.organization_types import Organization, User

_PASSWORD = "Sandbox-0nly!-not-a-secret"  # noqa: S105 - of a simulated user in a simulated account
_CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUZARopckxA97PPXwFFGLhRLP/af8wCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUc2FuZGJveC5hY21lLmV4YW1wbGUwHhcNMjYxMTIzMjE1MjEz
WhcNNDYxMTE4MjE1MjEzWjAfMR0wGwYDVQQDDBRzYW5kYm94LmFjbWUuZXhhbXBs
ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDhGBKXcqohBT2iluuDfE0B9smgU
Wk6/QAeAZdgfGAGz3BSLtdjwDcPwsh1T7Oo6n1Fhx+LBHt7HZrh73FCWmlmjUzBR
MB0GA1UdDgQWBBSw5l0og4MCcY8LUH/XI2h4Ogn5fjAfBgNVHSMEGDAWgBSw5l0o
g4MCcY8LUH/XI2h4Ogn5fjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA
MEQCICRvQ2tkBHCB9HWmsebYXhKYuPx07UUbFCZjBaFNhj+dAiB+swZKq2i6KfKH
250GtZsQjj+HHEtDlqV6SaHKdXyK4A==
-----END CERTIFICATE-----"""


def make_user(
    clients: Clients, administrator: Credentials, account: str, organization: Organization, user: User
) -> Credentials | None:
    """Make the user as `account`'s administrator; gives its first access key, if it has one."""
    iam = clients.make("iam", administrator, "us-east-1")
    tags = [{"Key": key, "Value": value} for key, value in user.tags.items()]
    if user.stack is None:
        iam.create_user(UserName=user.name, Path=user.path, Tags=tags)
    else:
        cloudformation = clients.make("cloudformation", administrator, organization.home_region)
        cloudformation.create_stack(StackName=user.stack, TemplateBody=_template(user, tags))
    _grant(iam, account, organization, user)
    _furnish(iam, user)
    return _make_keys(iam, user)


def _template(user: User, tags: list[dict[str, str]]) -> str:
    properties = {"UserName": user.name, "Path": user.path, "Tags": tags}
    resource = {"Type": "AWS::IAM::User", "Properties": properties}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"User": resource}})


def _grant(iam: Any, account: str, organization: Organization, user: User) -> None:
    own = {policy.name: policy.path for policy in organization.policies if policy.account == user.account}
    for group in user.groups:
        iam.add_user_to_group(GroupName=group, UserName=user.name)
    attached = [f"arn:aws:iam::aws:policy/{each}" for each in user.managed]
    for arn in attached + [f"arn:aws:iam::{account}:policy{own[each]}{each}" for each in user.own]:
        iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    for name, text in user.inline.items():
        iam.put_user_policy(UserName=user.name, PolicyName=name, PolicyDocument=json.dumps(text, separators=(",", ":")))
    if user.boundary is not None:
        arn = f"arn:aws:iam::{account}:policy{own[user.boundary]}{user.boundary}"
        iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=arn)


def _furnish(iam: Any, user: User) -> None:
    if user.password:
        iam.create_login_profile(UserName=user.name, Password=_PASSWORD, PasswordResetRequired=False)
    for number in range(user.ssh_keys):
        iam.upload_ssh_public_key(UserName=user.name, SSHPublicKeyBody=_ssh_key(f"{user.name}-{number}"))
    for service in user.service_credentials:
        iam.create_service_specific_credential(UserName=user.name, ServiceName=service)
    for _ in range(user.certificates):
        iam.upload_signing_certificate(UserName=user.name, CertificateBody=_CERTIFICATE)
    if user.mfa:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=user.name)["VirtualMFADevice"]["SerialNumber"]
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=user.name, SerialNumber=device, **codes)


def _make_keys(iam: Any, user: User) -> Credentials | None:
    first: Credentials | None = None
    for status in user.keys:
        made = iam.create_access_key(UserName=user.name)["AccessKey"]
        if status == "Inactive":
            iam.update_access_key(UserName=user.name, AccessKeyId=made["AccessKeyId"], Status="Inactive")
        first = first or Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    return first


def _ssh_key(comment: str) -> str:
    """Return a well-formed RSA public key made of the comment's bytes; nobody holds a private half."""
    modulus = b"\x00" + comment.encode().ljust(256, b"\x5a")
    parts = (b"ssh-rsa", b"\x01\x00\x01", modulus)
    blob = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"ssh-rsa {base64.b64encode(blob).decode()} {comment}"
