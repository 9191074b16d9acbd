import json
from datetime import UTC, datetime, timedelta

import pytest

from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control
from migrator.sandbox.organization import ACME
from migrator.sandbox.people import People, history
from migrator.sandbox.repertoire import HABITS, SIGN_INS
from migrator.sandbox.seed import CHANGE_ROLE, DISCOVERY_ROLE, seed

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, tzinfo=UTC).date()
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


class Acme:
    """The seeded organization, with an administrator's clients."""

    def __init__(self, endpoint) -> None:
        Control(endpoint).reset()
        self.seeded = seed(endpoint, ACME, NOW)
        self.control = Control(endpoint)
        self.kept = self.control.snapshot()
        self.clients = Clients(endpoint)

    def client(self, service, account="acme", role="OrganizationAccountAccessRole"):
        seeded = self.seeded
        if account == "acme":
            return self.clients.make(service, seeded.administrator, "us-east-1")
        sts = self.clients.make("sts", seeded.administrator, "us-east-1")
        arn = f"arn:aws:iam::{seeded.accounts[account]}:role/{role}"
        session = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return self.clients.make(service, Credentials.of_session(session), "us-east-1")

    def people(self):
        return People(self.seeded, MONDAY)

    def events(self, account, attribute, value):
        """Return the records that the event history has for an attribute."""
        wanted = [{"AttributeKey": attribute, "AttributeValue": value}]
        found = self.client("cloudtrail", account).lookup_events(LookupAttributes=wanted)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in found]

    def assign(self, account, email, statement):
        """Give a person one permission set in an account, through a group."""
        admin, store = self.client("sso-admin"), self.client("identitystore")
        center = self.seeded.identity_center
        made = admin.create_permission_set(InstanceArn=center.instance_arn, Name="given")["PermissionSet"]
        params = {"InstanceArn": center.instance_arn, "PermissionSetArn": made["PermissionSetArn"]}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        admin.put_inline_policy_to_permission_set(**params, InlinePolicy=text)
        ids = {"IdentityStoreId": center.identity_store_id}
        names = {"DisplayName": email, "Name": {"GivenName": "G", "FamilyName": "F"}}
        user = store.create_user(**ids, UserName=email, **names)["UserId"]
        group = store.create_group(**ids, DisplayName="given")["GroupId"]
        store.create_group_membership(**ids, GroupId=group, MemberId={"UserId": user})
        target = {"TargetId": self.seeded.accounts[account], "TargetType": "AWS_ACCOUNT"}
        admin.create_account_assignment(**params, **target, PrincipalType="GROUP", PrincipalId=group)


@pytest.fixture(scope="module")
def built(sandbox):
    return Acme(sandbox.endpoint)


@pytest.fixture
def acme(built):
    yield built
    built.control.restore(built.kept)


def users(acme, account):
    details = acme.client("iam", account, DISCOVERY_ROLE if account != "acme" else "")
    found = details.get_account_authorization_details(Filter=["User"])["UserDetailList"]
    return {each["UserName"]: each for each in found}


def test_the_accounts_are_there_and_one_is_closed(built):
    listed = {each["Name"]: each["State"] for each in built.client("organizations").list_accounts()["Accounts"]}
    assert listed == {"acme": "ACTIVE", "data": "ACTIVE", "web": "ACTIVE", "shared": "ACTIVE", "legacy": "SUSPENDED"}


def test_every_user_is_there_with_its_tags_groups_and_age(built):
    for account in ("acme", "data", "web", "shared"):
        found = users(built, account)
        expected = {user.name: user for user in ACME.users if user.account == account}
        assert set(found) == set(expected)
        for name, user in expected.items():
            tags = {tag["Key"]: tag["Value"] for tag in found[name].get("Tags", [])}
            assert user.tags.items() <= tags.items()
            assert sorted(found[name]["GroupList"]) == sorted(user.groups)
            assert abs(NOW - timedelta(days=user.age) - found[name]["CreateDate"]) < timedelta(minutes=1)


def test_awkward_users_leave_no_room_for_a_deny(built):
    deny = {"PolicyName": "deny", "PolicyDocument": json.dumps(DENY)}
    for account, name in (("data", "carol"), ("shared", "grace")):
        iam = built.client("iam", account)
        with pytest.raises(iam.exceptions.LimitExceededException):
            iam.put_user_policy(UserName=name, **deny)
    for account, name in (("web", "dave"), ("shared", "grace")):
        iam = built.client("iam", account)
        with pytest.raises(iam.exceptions.LimitExceededException):
            iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")
    assert "PermissionsBoundary" in users(built, "web")["frank"]
    assert "PermissionsBoundary" in users(built, "shared")["grace"]


def test_the_credentials_of_every_kind_are_there(built):
    iam = built.client("iam", "web")
    assert sorted(key["Status"] for key in iam.list_access_keys(UserName="heidi")["AccessKeyMetadata"]) == [
        "Active",
        "Inactive",
    ]
    assert len(iam.list_ssh_public_keys(UserName="ivan")["SSHPublicKeys"]) == 2
    assert len(iam.list_service_specific_credentials(UserName="ivan")["ServiceSpecificCredentials"]) == 1
    assert len(iam.list_signing_certificates(UserName="ivan")["Certificates"]) == 1
    data = built.client("iam", "data")
    assert len(data.list_mfa_devices(UserName="judy")["MFADevices"]) == 1
    assert data.get_login_profile(UserName="judy")["LoginProfile"]["UserName"] == "judy"


def test_a_user_of_cloudformation_says_so(built):
    tags = {tag["Key"]: tag["Value"] for tag in users(built, "web")["walter"]["Tags"]}
    assert tags["aws:cloudformation:stack-name"] == "team-users"


def test_the_leaver_was_last_seen_long_ago(built):
    iam = built.client("iam", "data")
    key = iam.list_access_keys(UserName="niaj")["AccessKeyMetadata"][0]["AccessKeyId"]
    used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]["LastUsedDate"]
    assert (NOW - used).days in {299, 300}


def test_policies_name_users_in_every_place(built):
    numbers = built.seeded.accounts
    bucket = built.client("s3", "data").get_bucket_policy(Bucket="acme-data-reports")["Policy"]
    sqs = built.client("sqs", "data")
    queue = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName="ingest-events")["QueueUrl"], AttributeNames=["All"]
    )
    sns = built.client("sns", "shared")
    topic = sns.get_topic_attributes(TopicArn=f"arn:aws:sns:us-east-1:{numbers['shared']}:alarms")
    role = built.client("iam", "shared").get_role(RoleName="OnCall")["Role"]
    for text, account, user in (
        (bucket, "data", "victor"),
        (queue["Attributes"]["Policy"], "data", "victor"),
        (topic["Attributes"]["Policy"], "shared", "wendy"),
        (json.dumps(role["AssumeRolePolicyDocument"]), "shared", "wendy"),
    ):
        assert f"arn:aws:iam::{numbers[account]}:user/{user}" in text


def test_one_user_alone_administers_a_key(built):
    quentin = built.clients.make("kms", built.seeded.credentials["data/quentin"], "us-east-1")
    key = quentin.describe_key(KeyId="alias/lake")["KeyMetadata"]["KeyId"]
    policy = json.loads(quentin.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    rights = {
        statement["Principal"]["AWS"].rpartition(":")[2]: statement["Action"] for statement in policy["Statement"]
    }
    assert rights["user/quentin"] == ["kms:*"]
    assert not {"kms:*", "kms:PutKeyPolicy"} & set(rights["root"])
    kms = built.client("kms", "data")
    with pytest.raises(kms.exceptions.ClientError):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy="{}")
    assert built.client("kms", "data", DISCOVERY_ROLE).get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def test_the_trail_of_the_organization_is_on(built):
    trail = built.client("cloudtrail").describe_trails()["trailList"][0]
    assert (trail["IsOrganizationTrail"], trail["IsMultiRegionTrail"]) == (True, True)
    organization = built.client("organizations").describe_organization()["Organization"]["Id"]
    assert built.seeded.trail_location == f"s3://{trail['S3BucketName']}/AWSLogs/{organization}/"


@pytest.mark.parametrize("role", [DISCOVERY_ROLE, CHANGE_ROLE])
def test_migrator_s_roles_open_to_the_management_account(built, role):
    assert built.client("iam", "shared", role).list_users()["Users"]


def test_whoever_lives_was_made(built):
    known = {user.id for user in ACME.users}
    assert {habit.user for habit in HABITS} | {each.user for each in SIGN_INS} <= known
    assert {habit.user for habit in HABITS} <= set(built.seeded.credentials)


def test_a_fortnight_is_lived_with_few_refusals_and_always_the_same(acme):
    first = list(history(acme.people(), MONDAY, 14))
    acme.control.restore(acme.kept)
    again = list(history(acme.people(), MONDAY, 14))
    assert first == again
    assert sum(day.calls for day in first) > 100
    assert {(each.user, each.call) for day in first for each in day.refused} == {("web/mia", "ec2.start_instances")}


def test_people_rest_at_the_weekend_and_scripts_do_not(acme):
    saturday = acme.people().live(MONDAY - timedelta(days=2))
    assert 0 < saturday.calls < 10


def test_nothing_is_played_after_the_given_moment(acme):
    until = datetime(2026, 3, 9, 6, tzinfo=UTC)
    day = acme.people().live(MONDAY, until)
    assert 0 < day.calls < 10
    assert acme.control.now() < until


def test_a_script_goes_on_with_the_key_of_a_person_who_moved(acme):
    allow = {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "dynamodb:*"], "Resource": "*"}
    acme.assign("data", "erin@acme.example", allow)
    deny = {"PolicyName": "deny", "PolicyDocument": json.dumps(DENY)}
    acme.client("iam", "data").put_user_policy(UserName="erin", **deny)
    people = acme.people()
    refused = {(each.user, each.call, each.code) for each in people.live(MONDAY).refused}
    assert ("data/erin", "secretsmanager.get_secret_value", "AccessDeniedException") in refused
    screams = [event for event in acme.events("data", "Username", "erin") if "errorCode" in event]
    assert {event["userAgent"] for event in screams} == {"nightly-report/1.4"}
    assert {event["sourceIPAddress"] for event in screams} == {"10.20.0.7"}
    assert {event["eventName"] for event in screams} == {"GetSecretValue"}
    assert len(acme.events("data", "Username", "erin@acme.example")) == 1
    people.live(MONDAY + timedelta(days=1))
    assert len(acme.events("data", "Username", "erin@acme.example")) == 1


def test_a_person_with_access_works_through_the_portal_and_not_with_the_key(acme):
    allow = {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "dynamodb:*"], "Resource": "*"}
    acme.assign("data", "alice@acme.example", allow)
    deny = {"PolicyName": "deny", "PolicyDocument": json.dumps(DENY)}
    acme.client("iam", "data").put_user_policy(UserName="alice", **deny)
    days = list(history(acme.people(), MONDAY + timedelta(days=7), 7))
    assert [each for day in days for each in day.refused if each.user == "data/alice"] == []
    roles = acme.client("iam", "data").list_roles(PathPrefix="/aws-reserved/")["Roles"]
    role = acme.client("iam", "data").get_role(RoleName=roles[0]["RoleName"])["Role"]
    assert role["RoleLastUsed"]["LastUsedDate"]
    events = acme.events("acme", "EventName", "Federate")
    assert {event["serviceEventDetails"]["account_id"] for event in events} == {acme.seeded.accounts["data"]}
    assert {event["userIdentity"]["type"] for event in events} == {"IdentityCenterUser"}
    worked = acme.events("data", "Username", "alice@acme.example")
    assert {event["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] for event in worked} == {
        role["RoleName"]
    }


def test_a_denied_person_without_access_is_refused_at_work(acme):
    deny = {"PolicyName": "deny", "PolicyDocument": json.dumps(DENY)}
    acme.client("iam", "web").put_user_policy(UserName="heidi", **deny)
    days = list(history(acme.people(), MONDAY + timedelta(days=7), 8))
    assert {each.call for day in days for each in day.refused if each.user == "web/heidi"} == {
        "ssm.get_parameter",
        "sns.list_topics",
    }


def test_a_console_sign_in_is_seen_on_the_password(acme):
    list(history(acme.people(), MONDAY, 7))
    user = acme.client("iam", "data").get_user(UserName="judy")["User"]
    logins = [
        event for event in acme.events("data", "EventName", "ConsoleLogin") if "judy" in event["userIdentity"]["arn"]
    ]
    assert {event["additionalEventData"]["MFAUsed"] for event in logins} == {"Yes"}
    assert {event["sourceIPAddress"] for event in logins} == {"203.0.113.20"}
    assert (datetime.combine(MONDAY, datetime.min.time(), UTC) - user["PasswordLastUsed"]).days < 7


def test_a_user_whose_password_is_gone_cannot_sign_in(acme):
    acme.client("iam", "data").delete_login_profile(UserName="judy")
    days = list(history(acme.people(), MONDAY, 7))
    assert [each.call for day in days for each in day.refused if each.user == "data/judy"] == ["console"] * 2
