"""Whole accounts and single users, as the sandbox's IAM tells them."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from migrator.adapters.aws.iam import IamReader
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Credential, CredentialKind
from migrator.domain.snapshot import to_document
from migrator.ports.aws import AccessDenied
from tests.integration.aws.accounts import MEMBER, OWN

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
DENY_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
FOUR_OF_THE_ACCOUNT = {
    "GenerateCredentialReport": 1,
    "GetAccountAuthorizationDetails": 1,
    "GetCredentialReport": 1,
    "ListServiceSpecificCredentials": 1,
}
FENCE = f"arn:aws:iam::{MEMBER}:policy/fence"
SSH_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCexample ada@acme"


@pytest.fixture
def iam(aws):
    return aws("iam", MEMBER)


@pytest.fixture
def reader(sessions, clock) -> IamReader:
    return IamReader(sessions, clock)


@pytest.fixture
def counted(roles, clock) -> tuple[IamReader, Counter]:  # noqa: ARG001  # the roles are found in the account
    """A reader, and how often it called which operation in the member account."""
    made: Counter = Counter()
    sessions = Sessions(discovery_role="MigratorDiscovery")
    client = sessions.client("iam", MEMBER, "read")
    client.meta.events.register("before-call", lambda model, **_: made.update([model.name]))
    return IamReader(sessions, clock), made


@pytest.fixture(scope="session")
def certificate() -> str:
    """A self-signed certificate: IAM refuses what is none."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ada")])
    born = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, born, born + timedelta(days=9999))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def ada(iam, certificate) -> str:
    """A user with one of everything."""
    iam.create_user(UserName="ada", Path="/team/", Tags=[{"Key": "Email", "Value": "ada@acme.example"}])
    iam.create_group(GroupName="ops")
    iam.put_group_policy(GroupName="ops", PolicyName="reads", PolicyDocument=json.dumps(ALLOW))
    iam.add_user_to_group(GroupName="ops", UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=json.dumps(ALLOW))
    iam.attach_user_policy(UserName="ada", PolicyArn=READ_ONLY)
    iam.create_policy(PolicyName="fence", PolicyDocument=json.dumps(DENY_ALL))
    iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=FENCE)
    iam.create_login_profile(UserName="ada", Password="Correct-Horse-7", PasswordResetRequired=True)
    first, second = (iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"] for _ in range(2))
    iam.update_access_key(UserName="ada", AccessKeyId=max(first, second), Status="Inactive")
    iam.upload_ssh_public_key(UserName="ada", SSHPublicKeyBody=SSH_KEY)
    iam.create_service_specific_credential(UserName="ada", ServiceName="codecommit.amazonaws.com")
    iam.upload_signing_certificate(UserName="ada", CertificateBody=certificate)
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ada", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    return "ada"


def of_kind(user, kind) -> list[Credential]:
    return [credential for credential in user.credentials if credential.kind is kind]


def test_a_user_with_one_of_everything_is_read_whole(reader, ada):
    facts = reader.read_account(MEMBER)
    (user,) = facts.users

    assert (user.user_name, user.path, user.tags) == (ada, "/team/", {"Email": "ada@acme.example"})
    assert user.user_id.startswith("AIDA")
    assert (user.groups, user.inline_policies, user.attached_policies) == (("ops",), {"own": ALLOW}, (READ_ONLY,))
    assert user.boundary == FENCE
    assert Counter(credential.kind for credential in user.credentials) == {
        kind: 2 if kind is CredentialKind.ACCESS_KEY else 1 for kind in CredentialKind
    }
    assert user.not_checked == ()


def test_each_credential_says_what_it_is(reader, ada):
    user = reader.read_user(MEMBER, ada)

    (password,) = of_kind(user, CredentialKind.CONSOLE_PASSWORD)
    (device,) = of_kind(user, CredentialKind.MFA_DEVICE)
    (login,) = of_kind(user, CredentialKind.SERVICE_SPECIFIC)
    assert (password.id, password.detail) == ("password", {"password_reset_required": True})
    assert (device.id, device.detail["virtual"]) == (f"arn:aws:iam::{MEMBER}:mfa/ada", True)
    assert login.detail == {"service": "codecommit.amazonaws.com"}
    assert [key.status for key in of_kind(user, CredentialKind.ACCESS_KEY)] == ["Active", "Inactive"]
    assert all(credential.created_at for credential in user.credentials)


def test_both_ways_of_reading_give_the_same_snapshot(reader, ada):
    (user,) = reader.read_account(MEMBER).users

    assert to_document(reader.read_user(MEMBER, ada)) == to_document(user)


@pytest.mark.usefixtures("ada")
def test_groups_policies_and_root_are_read(reader):
    facts = reader.read_account(MEMBER)

    assert [(group.name, group.inline_policies) for group in facts.groups] == [("ops", {"reads": ALLOW})]
    assert facts.policies[FENCE] == DENY_ALL
    assert facts.policies[READ_ONLY]["Statement"]
    assert set(facts.policies) == {FENCE, READ_ONLY}
    assert facts.root is not None
    assert facts.not_checked == ()
    assert facts.complete


def test_pages_of_every_listing_are_read(reader, iam, sandbox):
    for number in range(7):
        iam.create_user(UserName=f"user-{number}")
        iam.create_group(GroupName=f"group-{number}")
        iam.add_user_to_group(GroupName=f"group-{number}", UserName="user-0")
        iam.put_user_policy(UserName="user-0", PolicyName=f"inline-{number}", PolicyDocument=json.dumps(ALLOW))
    for _ in range(2):
        iam.create_access_key(UserName="user-0")
        iam.create_service_specific_credential(UserName="user-0", ServiceName="codecommit.amazonaws.com")
    sandbox.control.pages(1)

    facts = reader.read_account(MEMBER)

    assert [user.user_name for user in facts.users] == [f"user-{number}" for number in range(7)]
    assert len(facts.groups) == len(facts.users[0].groups) == len(facts.users[0].inline_policies) == 7
    assert len(facts.users[0].credentials) == 4
    assert to_document(reader.read_user(MEMBER, "user-0")) == to_document(facts.users[0])


def test_the_report_saves_calls_for_what_users_do_not_have(counted, iam):
    reader, made = counted
    for number in range(3):
        iam.create_user(UserName=f"user-{number}")

    reader.read_account(MEMBER)

    assert made == {**FOUR_OF_THE_ACCOUNT, "ListSSHPublicKeys": 3}


def test_the_report_tells_the_last_use_of_a_single_key(counted, iam):
    reader, made = counted
    iam.create_user(UserName="ada")
    iam.create_access_key(UserName="ada")

    reader.read_account(MEMBER)

    assert (made["ListAccessKeys"], made["GetAccessKeyLastUsed"]) == (1, 0)


def test_an_old_report_hides_nothing_that_came_after_it(reader, iam, sandbox):
    iam.create_user(UserName="ada")
    assert reader.read_account(MEMBER).users[0].credentials == ()
    sandbox.control.advance(600)

    iam.create_access_key(UserName="ada")
    iam.create_login_profile(UserName="ada", Password="Correct-Horse-7")
    iam.create_user(UserName="bob")
    ada, bob = reader.read_account(MEMBER).users

    assert [credential.kind for credential in ada.credentials] == [
        CredentialKind.ACCESS_KEY,
        CredentialKind.CONSOLE_PASSWORD,
    ]
    assert bob.user_name == "bob"


def test_a_recreated_user_does_not_inherit_the_row_of_the_dead(reader, iam):
    iam.create_user(UserName="ada")
    first = reader.read_account(MEMBER).users[0]
    iam.delete_user(UserName="ada")
    iam.create_user(UserName="ada")
    iam.create_access_key(UserName="ada")

    (second,) = reader.read_account(MEMBER).users

    assert second.user_id != first.user_id
    assert len(second.credentials) == 1


def test_the_last_use_of_a_key_is_read(reader, iam, sandbox):
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    boto3.client(
        "sts",
        region_name="eu-west-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    ).get_caller_identity()

    (credential,) = reader.read_user(MEMBER, "ada").credentials

    assert credential.last_used_at is not None
    assert sandbox.control.now() - credential.last_used_at < timedelta(minutes=16)
    assert credential.last_used_service == "sts"


def test_an_unknown_user_is_none(reader):
    assert reader.read_user(MEMBER, "nobody") is None


def test_accounts_are_apart(reader, aws):
    aws("iam", OWN).create_user(UserName="here")
    aws("iam", MEMBER).create_user(UserName="there")

    assert [user.key for user in reader.read_account(OWN).users] == [f"{OWN}/here"]
    assert [user.key for user in reader.read_account(MEMBER).users] == [f"{MEMBER}/there"]


@pytest.mark.usefixtures("ada")
def test_facts_are_as_old_as_the_first_call(reader, clock):
    before = clock.now()
    facts = reader.read_account(MEMBER)

    assert before <= facts.observed_at <= clock.now()
    assert facts.users[0].observed_at == facts.observed_at


@pytest.mark.usefixtures("endpoint")
def test_an_account_without_the_role_cannot_be_entered(clock):
    reader = IamReader(Sessions(discovery_role="NobodyMadeMe"), clock)

    with pytest.raises(AccessDenied, match="NobodyMadeMe") as error:
        reader.read_account(MEMBER)

    assert "NobodyMadeMe" in error.value.next_step


def deny(aws, *actions: str) -> None:
    """Lets the discovery role of the member account do everything but these actions."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": actions, "Resource": "*"}]}
    aws("iam", MEMBER).put_role_policy(
        RoleName="MigratorDiscovery", PolicyName="deny", PolicyDocument=json.dumps(document)
    )


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("iam:GetLoginProfile", "console password"),
        ("iam:ListAccessKeys", "access keys"),
        ("iam:GetAccessKeyLastUsed", "last use of access keys"),
        ("iam:ListSSHPublicKeys", "SSH public keys"),
        ("iam:ListServiceSpecificCredentials", "service-specific credentials"),
        ("iam:ListSigningCertificates", "signing certificates"),
        ("iam:ListMFADevices", "MFA devices"),
    ],
)
def test_what_the_role_may_not_read_is_not_checked(reader, aws, ada, action, words):
    deny(aws, action)

    user = reader.read_user(MEMBER, ada)

    assert user.not_checked == (words,)
    assert len({credential.kind for credential in user.credentials}) >= 5


def test_without_a_report_every_user_is_asked_for(reader, aws, ada):
    deny(aws, "iam:GenerateCredentialReport")

    facts = reader.read_account(MEMBER)

    assert facts.not_checked == ("credential report",)
    assert facts.root is None
    assert to_document(reader.read_user(MEMBER, ada)) == to_document(facts.users[0])


@pytest.mark.parametrize("action", ["iam:GetAccountAuthorizationDetails", "iam:*"])
def test_without_the_main_answer_the_account_is_not_read(reader, aws, action):
    deny(aws, action)

    with pytest.raises(AccessDenied, match=f"GetAccountAuthorizationDetails in account {MEMBER} was refused"):
        reader.read_account(MEMBER)


def test_a_user_that_may_not_be_read_is_an_error_and_not_none(reader, aws, ada):
    deny(aws, "iam:GetUser")

    with pytest.raises(AccessDenied, match="GetUser"):
        reader.read_user(MEMBER, ada)


@pytest.mark.usefixtures("ada")
def test_a_user_that_vanishes_meanwhile_is_left_out(sessions, clock, iam):
    iam.create_user(UserName="bob")
    client = sessions.client("iam", MEMBER, "read")
    client.meta.events.register("after-call.iam.GetCredentialReport", lambda **_: iam.delete_user(UserName="bob"))

    facts = IamReader(sessions, clock).read_account(MEMBER)

    assert [user.user_name for user in facts.users] == ["ada"]


def test_last_uses_are_read_with_two_calls_and_one_a_key(counted, ada):
    reader, made = counted
    found = reader.read_last_use(MEMBER, ada)
    whole = reader.read_user(MEMBER, ada)
    assert found.user_id == whole.user_id
    assert list(found.credentials) == of_kind(whole, CredentialKind.ACCESS_KEY)
    made.clear()
    reader.read_last_use(MEMBER, ada)
    assert made == {"GetUser": 1, "ListAccessKeys": 1, "GetAccessKeyLastUsed": 2}
    assert reader.read_last_use(MEMBER, "nobody") is None
