"""The two worlds that the contract of Hands holds in: the fake, and AWS's own API on the emulator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

import pytest

from migrator.adapters.aws.changes.hands import AwsHands
from migrator.adapters.aws.identity_center import IdentityCenterDirectory
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Credential, CredentialKind, GroupFacts
from migrator.ports.aws import Directory, Hands
from migrator.sandbox import launch
from migrator.sandbox.center_control import enable_identity_center
from migrator.sandbox.control import Control
from tests.fakes.hands import HOME, FakeAws

Target = tuple[str, ...]

HOME_REGION = "eu-central-1"
REQUEST_SECONDS = 3600
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

# A self-signed certificate without any use; its key was thrown away.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIDBTCCAe2gAwIBAgIUF2k0O50pZBsuAwUcCheT6PUFMZowDQYJKoZIhvcNAQEL
BQAwETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMzIxNDcxMFoYDzIxMjYxMDMw
MjE0NzEwWjARMQ8wDQYDVQQDDAZub2JvZHkwggEiMA0GCSqGSIb3DQEBAQUAA4IB
DwAwggEKAoIBAQCrswOVO8gdubeAwS73ow93JHGC4THoeC0gkuioSa2HwbF3OIJ2
i2a2ocEjXDoAPeCGun3lA8UkmgbxqhrID0oRJLk2oaH5IcYYpDur4+boL8Anxnok
MU/hiOd5WsWKnjWePFq3wfiiXdOUuwQv92ZMgcR+aGcSnrNec6qYksfehmB3MZcd
SkhzdxxoGWm7awViCQmDHJaqT8JmSOmm3glMkx/ca9xwizoSxYG9AhTws1Dq/nxV
7tzqnNHqKBH+S+DfC+4eKtIEMrTGR90pWyDxf9gDMtAe2ky/AF5Y+3Oz0q1Lc/tB
I6a01Q8IBomLbU1vDK75/QnTpAqcEH707E6jAgMBAAGjUzBRMB0GA1UdDgQWBBQg
xIk1xVVPSTAMPjudx7PEt9XwnjAfBgNVHSMEGDAWgBQgxIk1xVVPSTAMPjudx7PE
t9XwnjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQCMSFMe/EAU
TkIMQuGGd6NGGrctQ434lnyl8qbUAWXKFbyQAYlipX0YfvqcJ6SpevktEK+4maOE
2dGhglZnCzLuyP+ZKC82XW67KsQOY3yXpdD9xdN0f6VuePh3/VxDRdKeBmW8saGx
ZryEiCjHyEP3UTe8mZkeWhm04koPISBC5RyV/F9cTFO2AysVZ/YLhD1TG0PRCVyD
iKOWNTuGhiq3Kw85mup8lGwqa4B52Xku6pGuVE1J3YzIqNsJEID6S436NVUM48+F
OWmDebKQJVZ+8/Sag4F/BiHiSfGAmAjiVAP3v4CybvRwyFNcIFpV5yGvPCrjeuK6
O5ZlOjNcGhwt
-----END CERTIFICATE-----"""
SSH_KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC64KhFW0W6tgl/KCP2Inqm+42dLESnW072oapDZazyogvN0fmpuy"
    "TAlCwvzaOT1AAuXK5EfMpFqGb8jEMDdvY79Bx8MXUux+bFczbzNr25ZjNeCtZroxzFIpjE/x0XU6isGe/q4guchHv1"
    "1bT/zH4CxIsSToSXxYLVydMDeZCcOati8nAuWDlHDbe67KIKOhlBJRSyfWrf+yspEbwXBNMnp4LSkZHgao2HlRAFwn"
    "5n1EmqEHCax0zsOg2lpZMLpFKqKN8ofEUG7VnaL1Uh5g2XfrzWVqrAyggGtVFETHuMSY81lVWydmOct8j6qd+zxBwx"
    "Hcww3+aRkeyROV4/9D5D nobody"
)


@dataclass
class TestClock:
    """A clock that moves only when somebody sleeps."""

    __test__ = False
    at: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class World(Protocol):
    """What a contract needs besides the hands: names, and things that no change can make."""

    hands: Hands
    directory: Directory
    account: str
    instance: str
    store: str

    def give(self, kind: str, user: str) -> Target:
        """Give a user a credential; its target."""
        ...

    def add_group(self, name: str) -> None:
        """Let an IAM group exist."""
        ...

    def add_trail(self) -> Target:
        """Let a trail exist that nobody configured."""
        ...


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        self.aws = FakeAws(lambda: NOW)
        self.hands: Hands = self.aws
        self.directory: Directory = self.aws
        self.account = "222222222222"
        self.instance = HOME.instance_arn
        self.store = HOME.identity_store_id
        self._given = 0

    def give(self, kind: str, user: str) -> Target:
        self._given += 1
        at = (self.account, user)
        if kind == "login-profile":
            self.aws.add_credential(at, Credential(CredentialKind.CONSOLE_PASSWORD, user))
            return at
        serial = f"arn:aws:iam::{self.account}:mfa/{user}-{self._given}"
        name = serial if kind == "mfa-device" else f"{kind.upper()}{self._given}"
        self.aws.add_credential(at, Credential(CredentialKind(kind), name))
        return (*at, name)

    def add_group(self, name: str) -> None:
        self.aws.add_group(self.account, GroupFacts(name))

    def add_trail(self) -> Target:
        return (self.account, self.aws.add_trail("audit", self.account))


class EmulatedWorld:
    """AwsHands on the sandbox; what no change can make is made by plain IAM calls."""

    def __init__(self, sessions: Sessions, control: Control) -> None:
        self.clock = TestClock()
        self.sessions = sessions
        self.control = control
        directory = IdentityCenterDirectory(sessions, HOME_REGION)
        self.directory = directory
        self.hands: Hands = AwsHands(sessions, directory, self.clock)
        center = directory.instance()
        self.account = center.owner_account
        self.instance = center.instance_arn
        self.store = center.identity_store_id
        self.iam = sessions.own_client("iam")

    def give(self, kind: str, user: str) -> Target:
        return (self.account, user, *give(self.iam, kind, user))

    def add_group(self, name: str) -> None:
        self.iam.create_group(GroupName=name)

    def add_trail(self) -> Target:
        where = {"LocationConstraint": HOME_REGION}
        self.sessions.own_client("s3").create_bucket(Bucket="logs", CreateBucketConfiguration=where)
        made = self.sessions.own_client("cloudtrail").create_trail(Name="audit", S3BucketName="logs")
        return (self.account, made["TrailARN"])

    def end_requests(self) -> None:
        """Let AWS end, by itself, what was queued."""
        self.control.advance(2 * REQUEST_SECONDS)


class Emulator:
    """The sandbox, a process of its own; every world begins with an organization of one account and nobody in it."""

    def __enter__(self) -> Self:
        self._sandbox = launch.start()
        self.control = self._sandbox.control
        administrator = self.control.administrator()
        names = ("access_key_id", "secret_access_key", "session_token")
        self.environment = {f"AWS_{name.upper()}": administrator[name] for name in names}
        self.environment["AWS_ENDPOINT_URL"] = self._sandbox.endpoint
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            self._sessions = Sessions(region=HOME_REGION)
            # botocore reads the environment when a client is made: all that will be needed are made here.
            for service in ("sts", "iam", "sso-admin", "identitystore", "cloudtrail", "s3"):
                self._sessions.own_client(service)
            self._sessions.own_client("organizations").create_organization(FeatureSet="ALL")
        enable_identity_center(self._sandbox.endpoint, HOME_REGION, seconds=REQUEST_SECONDS)
        self._beginning = self.control.snapshot()
        return self

    def __exit__(self, *_error: object) -> None:
        launch.stop(self._sandbox)

    def world(self) -> EmulatedWorld:
        self.control.restore(self._beginning)
        return EmulatedWorld(self._sessions, self.control)


def give(iam: Any, kind: str, user: str) -> Target:
    """Give a user a credential through plain IAM; what names it beside the user."""
    return _GIVE[kind](iam, user)


def _login_profile(iam: Any, user: str) -> Target:
    iam.create_login_profile(UserName=user, Password="correct-Horse-7-battery")
    return ()


def _access_key(iam: Any, user: str) -> Target:
    return (iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"],)


def _ssh_key(iam: Any, user: str) -> Target:
    return (iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=SSH_KEY)["SSHPublicKey"]["SSHPublicKeyId"],)


def _service_specific(iam: Any, user: str) -> Target:
    made = iam.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")
    return (made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"],)


def _certificate(iam: Any, user: str) -> Target:
    made = iam.upload_signing_certificate(UserName=user, CertificateBody=CERTIFICATE)
    return (made["Certificate"]["CertificateId"],)


def _mfa(iam: Any, user: str) -> Target:
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{user}-phone")["VirtualMFADevice"]
    serial = device["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)
    return (serial,)


_GIVE: dict[str, Callable[[Any, str], Target]] = {
    "login-profile": _login_profile,
    "access-key": _access_key,
    "ssh-public-key": _ssh_key,
    "service-specific-credential": _service_specific,
    "signing-certificate": _certificate,
    "mfa-device": _mfa,
}
