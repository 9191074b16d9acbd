import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.sandbox.cloud import MANAGEMENT, Cloud, refusal
from tests.integration.sandbox.test_enforcement import policy, statement, trust

START = datetime(2026, 3, 4, 10, 2, tzinfo=UTC)


@pytest.fixture
def trail(cloud: Cloud) -> Cloud:
    """A sandbox with an organization trail that logs into the bucket `trail`, under the prefix `p`."""
    cloud.control.set_clock(START)
    cloud.root("organizations").create_organization(FeatureSet="ALL")
    cloud.root("s3").create_bucket(Bucket="trail")
    client = cloud.root("cloudtrail")
    client.create_trail(
        Name="org", S3BucketName="trail", S3KeyPrefix="p", IsMultiRegionTrail=True, IsOrganizationTrail=True
    )
    client.start_logging(Name="org")
    cloud.control.deliver()
    for each in keys(cloud):
        cloud.root("s3").delete_object(Bucket="trail", Key=each)
    return cloud


def keys(cloud: Cloud, bucket: str = "trail") -> list[str]:
    found = cloud.root("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(each["Key"] for each in found)


def delivered(cloud: Cloud, bucket: str = "trail") -> list[dict[str, Any]]:
    """Every record in the bucket, without those of the stage hands."""
    cloud.control.deliver()
    s3 = cloud.root("s3")
    records: list[dict[str, Any]] = []
    for key in keys(cloud, bucket):
        records += json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))["Records"]
    return [each for each in records if each["userIdentity"]["type"] != "Root"]


def member(cloud: Cloud) -> str:
    made = cloud.root("organizations").create_account(Email="a@example.org", AccountName="a")
    return str(made["CreateAccountStatus"]["AccountId"])


def test_files_lie_where_an_organization_trail_puts_them(trail: Cloud):
    account = member(trail)
    cloud_key = trail.user("ann", account)
    trail.with_key("sqs", cloud_key, region="eu-west-1").list_queues()
    trail.control.deliver()
    organization = trail.root("organizations").describe_organization()["Organization"]["Id"]
    mine = [each for each in keys(trail) if f"/{account}/" in each and "eu-west-1" in each]
    folder = f"p/AWSLogs/{organization}/{account}/CloudTrail/eu-west-1/2026/03/04/"
    assert len(mine) == 1
    assert mine[0].startswith(f"{folder}{account}_CloudTrail_eu-west-1_20260304T1005Z_")
    assert mine[0].endswith(".json.gz")


def test_an_account_trail_leaves_the_organization_out_and_hears_its_account_only(cloud: Cloud):
    cloud.root("s3").create_bucket(Bucket="own")
    client = cloud.root("cloudtrail")
    client.create_trail(Name="own", S3BucketName="own", IsMultiRegionTrail=True)
    key, stranger = cloud.user("ann"), cloud.user("eve", "222222222222")
    client.start_logging(Name="own")
    cloud.with_key("sqs", key).list_queues()
    cloud.with_key("sqs", stranger).list_queues()
    assert [each["userIdentity"]["userName"] for each in delivered(cloud, "own")] == ["ann"]
    assert all(each.startswith(f"AWSLogs/{MANAGEMENT}/CloudTrail/") for each in keys(cloud, "own"))


def test_five_minutes_and_each_region_have_a_file_of_their_own(trail: Cloud):
    key = trail.user("ann")
    trail.control.deliver()
    before = set(keys(trail))
    for region in ("eu-west-1", "eu-west-1", "us-west-2"):
        trail.with_key("sqs", key, region=region).list_queues()
    trail.control.advance(300)
    trail.with_key("sqs", key, region="eu-west-1").list_queues()
    trail.control.deliver()
    new = [each for each in keys(trail) if each not in before and "us-east-1" not in each]
    assert len(new) == 3


def test_moving_the_clock_delivers(trail: Cloud):
    key = trail.user("ann")
    trail.with_key("sqs", key).list_queues()
    trail.control.advance(1)
    assert keys(trail)


def test_files_arrive_by_themselves_within_seconds(trail: Cloud):
    trail.with_key("sqs", trail.user("ann"), region="eu-west-1").list_queues()
    deadline = time.monotonic() + 20
    while not any("eu-west-1" in each for each in keys(trail)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_users_call_is_recorded_whole(trail: Cloud):
    key = trail.user("ann")
    client = trail.with_key("iam", key, user_agent="tool/1.0")
    client.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({"X-Sandbox-Source-Ip": "203.0.113.7"})
    )
    client.tag_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
    record = delivered(trail)[-1]
    user = trail.root("iam").get_user(UserName="ann")["User"]
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": user["UserId"],
        "arn": user["Arn"],
        "accountId": MANAGEMENT,
        "accessKeyId": key["AccessKeyId"],
        "userName": "ann",
    }
    shown = ("eventVersion", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "readOnly")
    record["userAgent"] = record["userAgent"].partition("/1.4")[0]
    assert [record[each] for each in shown] == [
        "1.11", "iam.amazonaws.com", "TagUser", "us-east-1", "203.0.113.7", "tool/1.0 Botocore", False
    ]  # fmt: skip
    assert record["requestParameters"] == {"userName": "ann", "tags": [{"key": "a", "value": "b"}]}
    assert (record["managementEvent"], record["recipientAccountId"]) == (True, MANAGEMENT)
    assert record["eventTime"].startswith("2026-03-04T10:0")
    assert "errorCode" not in record


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("iam", "list_users", "AccessDenied"),
        ("dynamodb", "list_tables", "AccessDeniedException"),
        ("ec2", "describe_instances", "Client.UnauthorizedOperation"),
    ],
)
def test_refused_calls_are_recorded_with_whom_they_came_from(trail: Cloud, service, call, code):
    key = trail.user("ann", deny=policy(statement("Deny")))
    refusal(getattr(trail.with_key(service, key), call))
    record = delivered(trail)[-1]
    assert record["errorCode"] == code
    assert "with an explicit deny in an identity-based policy" in record["errorMessage"]
    assert record["userIdentity"]["userName"] == "ann"


def test_calls_with_an_inactive_key_leave_nothing(trail: Cloud):
    key = trail.user("ann")
    trail.root("iam").update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    refusal(trail.with_key("iam", key).list_users)
    assert delivered(trail) == []
    used = trail.root("iam").get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert used["ServiceName"] == "N/A"


def test_no_secret_is_recorded(trail: Cloud):
    key = trail.user("ann")
    iam = trail.with_key("iam", key)
    iam.create_login_profile(UserName="ann", Password="correct horse battery")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    trail.with_key("secretsmanager", key).create_secret(Name="s", SecretString="hunter2")
    session = trail.with_key("sts", key).get_session_token()["Credentials"]
    text = json.dumps(delivered(trail))
    for secret in (
        "correct horse",
        made["SecretAccessKey"],
        "hunter2",
        session["SecretAccessKey"],
        session["SessionToken"],
    ):
        assert secret not in text
    assert made["AccessKeyId"] in text
    assert session["AccessKeyId"] in text


def test_role_sessions_name_their_role_and_both_accounts_see_them_begin(trail: Cloud):
    account = member(trail)
    key = trail.user("ann")
    document = trust({"AWS": f"arn:aws:iam::{MANAGEMENT}:user/ann"})
    trail.root("iam", account).create_role(RoleName="r", AssumeRolePolicyDocument=document)
    arn = f"arn:aws:iam::{account}:role/r"
    session = trail.with_key("sts", key).assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    trail.with_key("sqs", session).list_queues()
    records = delivered(trail)
    begun = {each["recipientAccountId"]: each for each in records if each["eventName"] == "AssumeRole"}
    assert begun[MANAGEMENT]["userIdentity"]["userName"] == "ann"
    assert begun[MANAGEMENT]["responseElements"]["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert begun[account]["userIdentity"]["type"] == "AWSAccount"
    assert begun[account]["sharedEventID"] == begun[MANAGEMENT]["sharedEventID"]
    identity = next(each for each in records if each["eventName"] == "ListQueues")["userIdentity"]
    assert (identity["type"], identity["arn"]) == ("AssumedRole", f"arn:aws:sts::{account}:assumed-role/r/work")
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "r"
    assert identity["principalId"].startswith("AROA")


def test_federated_users_name_the_user_who_vouches(trail: Cloud):
    key = trail.user("broker")
    session = trail.with_key("sts", key).get_federation_token(Name="guest")["Credentials"]
    trail.with_key("sqs", session).list_queues()
    identity = delivered(trail)[-1]["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("FederatedUser", f"{MANAGEMENT}:guest")
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "broker"


SELECT_OBJECTS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::data/"]}],
    }
]


def advanced(*fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": "x", "FieldSelectors": list(fields)}]


def field(name: str, **test: list[str]) -> dict[str, Any]:
    return {"Field": name, **test}


@pytest.mark.parametrize(
    ("selectors", "heard"),
    [
        ({}, ["ListBuckets"]),
        ({"EventSelectors": SELECT_OBJECTS}, ["ListBuckets", "PutObject"]),
        ({"EventSelectors": [{**SELECT_OBJECTS[0], "ReadWriteType": "ReadOnly"}]}, ["ListBuckets"]),
        (
            {
                "AdvancedEventSelectors": advanced(
                    field("eventCategory", Equals=["Data"]), field("resources.type", Equals=["AWS::S3::Object"])
                )
            },
            ["PutObject"],
        ),
        (
            {
                "AdvancedEventSelectors": advanced(
                    field("eventCategory", Equals=["Data"]),
                    field("resources.type", Equals=["AWS::S3::Object"]),
                    field("userIdentity.arn", Equals=[f"arn:aws:iam::{MANAGEMENT}:user/bob"]),
                )
            },
            [],
        ),
    ],
)
def test_data_events_are_recorded_only_where_a_selector_asks(trail: Cloud, selectors, heard):
    trail.root("s3").create_bucket(Bucket="data")
    if selectors:
        trail.root("cloudtrail").put_event_selectors(TrailName="org", **selectors)
        assert trail.root("cloudtrail").describe_trails()["trailList"][0]["HasCustomEventSelectors"] is True
    s3 = trail.with_key("s3", trail.user("ann"))
    s3.list_buckets()
    s3.put_object(Bucket="data", Key="k", Body=b"x")
    assert [each["eventName"] for each in delivered(trail)] == heard


def test_a_stopped_trail_hears_nothing(trail: Cloud):
    key = trail.user("ann")
    trail.root("cloudtrail").stop_logging(Name="org")
    trail.with_key("sqs", key).list_queues()
    assert delivered(trail) == []


@pytest.mark.parametrize(("ok", "result"), [(True, "Success"), (False, "Failure")])
def test_console_sign_ins_are_recorded_and_date_the_password(trail: Cloud, ok, result):
    iam = trail.root("iam")
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="correct horse")
    trail.control.sign_in(MANAGEMENT, "ann", mfa=True, ok=ok, source_ip="203.0.113.9")
    record = delivered(trail)[-1]
    assert (record["eventName"], record["eventSource"]) == ("ConsoleLogin", "signin.amazonaws.com")
    assert record["responseElements"] == {"ConsoleLogin": result}
    assert (record["additionalEventData"]["MFAUsed"], record["sourceIPAddress"]) == ("Yes", "203.0.113.9")
    assert ("PasswordLastUsed" in iam.get_user(UserName="ann")["User"]) is ok


def test_the_event_history_is_of_one_account_and_one_region_newest_first(trail: Cloud):
    account = member(trail)
    key, other = trail.user("ann"), trail.user("eve", account)
    for operation in ("list_queues", "list_queues"):
        getattr(trail.with_key("sqs", key, region="eu-west-1"), operation)()
    trail.with_key("sns", key, region="eu-west-1").list_topics()
    trail.with_key("sqs", other, region="eu-west-1").list_queues()
    trail.with_key("sqs", key, region="us-west-2").list_queues()
    history = trail.root("cloudtrail", region="eu-west-1")
    assert [each["EventName"] for each in history.lookup_events()["Events"]][-3:] == [
        "ListTopics", "ListQueues", "ListQueues"
    ]  # fmt: skip
    by = {"AttributeKey": "AccessKeyId", "AttributeValue": key["AccessKeyId"]}
    first = history.lookup_events(LookupAttributes=[by], MaxResults=2)
    assert [each["Username"] for each in first["Events"]] == ["ann", "ann"]
    assert json.loads(first["Events"][0]["CloudTrailEvent"])["eventName"] == "ListTopics"
    rest = history.lookup_events(LookupAttributes=[by], NextToken=first["NextToken"])
    assert len(rest["Events"]) == 1


def test_the_event_history_goes_back_ninety_days_and_knows_no_data_events(trail: Cloud):
    key = trail.user("ann")
    trail.root("s3").create_bucket(Bucket="data")
    trail.with_key("s3", key).put_object(Bucket="data", Key="k", Body=b"x")
    trail.with_key("sqs", key).list_queues()
    history = trail.root("cloudtrail")
    by = {"AttributeKey": "Username", "AttributeValue": "ann"}
    found = history.lookup_events(LookupAttributes=[by])["Events"]
    assert [each["EventName"] for each in found] == ["ListQueues"]
    trail.control.advance(timedelta(days=91).total_seconds())
    assert history.lookup_events(LookupAttributes=[by])["Events"] == []


def test_a_page_of_the_event_history_holds_fifty(trail: Cloud):
    client = trail.root("sqs")
    for _ in range(51):
        client.list_queues()
    history = trail.root("cloudtrail")
    assert len(history.lookup_events()["Events"]) == 50
    assert refusal(history.lookup_events, MaxResults=51) in {
        "InvalidMaxResultsException",
        "InvalidParameterCombinationException",
    }
