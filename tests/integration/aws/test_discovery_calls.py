"""How many requests a whole account takes, and that fewer requests tell no less."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from migrator.adapters.aws.iam import IamReader
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import CredentialKind
from migrator.domain.snapshot import to_document
from tests.integration.aws.accounts import MEMBER, SkippingClock

ACCOUNT_WIDE = {
    "AssumeRole": 1,
    "GenerateCredentialReport": 1,
    "GetAccountAuthorizationDetails": 1,
    "GetCredentialReport": 1,
    "ListServiceSpecificCredentials": 1,
}
USERS = 200
SSH_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCexample ada@acme"
EVERY = {"password": 2, "key": 3, "mfa": 4, "ssh": 10, "login": 25}
"""What every how many-th user has."""


@dataclass
class Counted:
    """A reader, and how often it called which operation."""

    reader: IamReader
    sessions: Sessions
    made: Counter = field(default_factory=Counter)

    def on(self, event: str, do) -> None:
        self.sessions.client("iam", MEMBER, "read").meta.events.register(event, do)


@dataclass
class WrongClock:
    """A machine's clock that is ahead of AWS's, or behind it."""

    right: SkippingClock
    wrong: timedelta

    def now(self) -> datetime:
        return self.right.now() + self.wrong

    def sleep(self, seconds: float) -> None:
        self.right.sleep(seconds)


@pytest.fixture
def counted(roles, clock) -> Counted:  # noqa: ARG001  # the roles are found in the account
    sessions = Sessions(discovery_role="MigratorDiscovery")
    counted = Counted(IamReader(sessions, clock), sessions)
    for client in (sessions.own_client("sts"), sessions.client("iam", MEMBER, "read")):
        client.meta.events.register("before-call", lambda model, **_: counted.made.update([model.name]))
    counted.made.clear()
    return counted


@pytest.fixture
def iam(aws):
    return aws("iam", MEMBER)


def a_user(iam, name: str, *has: str) -> None:
    """A user with these of `EVERY`."""
    iam.create_user(UserName=name)
    if "password" in has:
        iam.create_login_profile(UserName=name, Password="Correct-Horse-7", PasswordResetRequired="mfa" in has)
    if "key" in has:
        iam.create_access_key(UserName=name)
    if "ssh" in has:
        iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=SSH_KEY)
    if "login" in has:
        iam.create_service_specific_credential(UserName=name, ServiceName="codecommit.amazonaws.com")
    if "mfa" in has:
        serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=name, SerialNumber=serial, **codes)


@pytest.fixture
def many(iam) -> dict[str, set[str]]:
    """What each of 200 users has."""
    has = {f"user-{n:03}": {what for what, every in EVERY.items() if n % every == 0} for n in range(USERS)}
    for name, what in has.items():
        a_user(iam, name, *what)
    return has


def test_two_hundred_users_take_five_requests_and_one_for_each_thing_that_no_bulk_answer_tells(counted, many):
    facts = counted.reader.read_account(MEMBER)

    assert counted.made == {
        **ACCOUNT_WIDE,
        "ListSSHPublicKeys": USERS,
        "GetLoginProfile": USERS // EVERY["password"],
        "ListAccessKeys": -(-USERS // EVERY["key"]),
        "ListMFADevices": USERS // EVERY["mfa"],
    }
    kinds = {
        "password": CredentialKind.CONSOLE_PASSWORD,
        "key": CredentialKind.ACCESS_KEY,
        "mfa": CredentialKind.MFA_DEVICE,
        "ssh": CredentialKind.SSH_PUBLIC_KEY,
        "login": CredentialKind.SERVICE_SPECIFIC,
    }
    assert {user.user_name: {credential.kind for credential in user.credentials} for user in facts.users} == {
        name: {kinds[what] for what in having} for name, having in many.items()
    }
    # Whatever a user can have, somebody in the first hundred has it: they are asked for one by one.
    for user in facts.users[: USERS // 2 : 5]:
        assert to_document(counted.reader.read_user(MEMBER, user.user_name)) == to_document(user)


def test_a_second_look_within_four_hours_finds_what_came_since(counted, iam, sandbox):
    for name in ("ada", "bob"):
        iam.create_user(UserName=name)
    counted.reader.read_account(MEMBER)
    sandbox.control.advance(60)
    iam.create_access_key(UserName="ada")
    iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=SSH_KEY)
    counted.made.clear()

    ada, bob = counted.reader.read_account(MEMBER).users

    assert [each.kind for each in ada.credentials] == [CredentialKind.ACCESS_KEY]
    assert [each.kind for each in bob.credentials] == [CredentialKind.SSH_PUBLIC_KEY]
    assert counted.made["ListAccessKeys"] == 2, "the old report is not believed"


def test_a_second_look_in_the_same_moment_does_not_believe_the_report_of_the_first(counted, iam):
    iam.create_user(UserName="ada")
    counted.reader.read_account(MEMBER)
    iam.create_access_key(UserName="ada")

    (ada,) = counted.reader.read_account(MEMBER).users

    assert [each.kind for each in ada.credentials] == [CredentialKind.ACCESS_KEY]


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_clock_that_is_wrong_does_not_make_a_report_old(counted, iam, clock, minutes):
    iam.create_user(UserName="ada")
    reader = IamReader(counted.sessions, WrongClock(clock, timedelta(minutes=minutes)))

    reader.read_account(MEMBER)

    assert counted.made == {**ACCOUNT_WIDE, "ListSSHPublicKeys": 1}


def test_an_endpoint_that_does_not_know_all_users_is_asked_for_each(counted, iam):
    for name in ("ada", "bob"):
        a_user(iam, name, "login")
    counted.on("provide-client-params.iam.ListServiceSpecificCredentials", without_all_users)

    facts = counted.reader.read_account(MEMBER)

    assert [[each.kind for each in user.credentials] for user in facts.users] == [[CredentialKind.SERVICE_SPECIFIC]] * 2
    assert all(user.not_checked == () for user in facts.users)


def without_all_users(params, **_) -> dict:
    return {name: value for name, value in params.items() if name != "AllUsers"}


def test_credentials_without_a_user_are_not_believed(counted, iam):
    a_user(iam, "ada", "login")

    def nameless(parsed, **_) -> None:
        if len(parsed["ServiceSpecificCredentials"]) == 1 and counted.made["ListServiceSpecificCredentials"] == 1:
            del parsed["ServiceSpecificCredentials"][0]["UserName"]

    counted.on("after-call.iam.ListServiceSpecificCredentials", nameless)

    (ada,) = counted.reader.read_account(MEMBER).users

    assert [each.kind for each in ada.credentials] == [CredentialKind.SERVICE_SPECIFIC]
    assert counted.made["ListServiceSpecificCredentials"] == 2


def test_a_report_that_takes_its_time_is_waited_for(counted, iam, clock, sandbox):
    iam.create_user(UserName="ada")
    sandbox.control.faults({"fault": "never-ends", "operation": "GenerateCredentialReport", "times": 4})

    facts = counted.reader.read_account(MEMBER)

    assert facts.not_checked == ()
    assert facts.root is not None
    assert counted.made["ListAccessKeys"] == 0, "the report tells that there is no key"
    assert 8 < sum(clock.slept) < 14


def test_a_report_that_never_ends_is_given_up_and_everybody_asked_for(counted, iam, clock, sandbox):
    a_user(iam, "ada", "password", "key")
    sandbox.control.faults({"fault": "never-ends", "operation": "GenerateCredentialReport"})

    facts = counted.reader.read_account(MEMBER)

    assert facts.not_checked == ("credential report",)
    assert len(facts.users[0].credentials) == 2
    assert 50 < sum(clock.slept) <= 60
