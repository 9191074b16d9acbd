import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sandbox.cloud import MANAGEMENT, Cloud, refusal

MEMBER = "222222222222"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str = "Allow", action: Any = "*", resource: Any = "*", **others: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def trust(principal: Any, **others: Any) -> str:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **others})


ALLOW_ALL = policy(statement())
DENY_ALL = policy(statement("Deny"))


@pytest.fixture
def enforced(cloud: Cloud) -> Cloud:
    cloud.control.enforce()
    return cloud


def administration(cloud: Cloud) -> Any:
    return cloud.administrator("iam")


def user(cloud: Cloud, name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    iam = administration(cloud)
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
    key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def message(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(*args, **kwargs)
    return str(refused.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("iam", "list_users", "AccessDenied", 403),
        ("s3", "list_buckets", "AccessDenied", 403),
        ("ec2", "describe_instances", "UnauthorizedOperation", 403),
        ("sqs", "list_queues", "AccessDenied", 403),
        ("sns", "list_topics", "AuthorizationError", 403),
        ("dynamodb", "list_tables", "AccessDeniedException", 400),
        ("lambda", "list_functions", "AccessDeniedException", 403),
        ("organizations", "list_accounts", "AccessDeniedException", 400),
        ("logs", "describe_log_groups", "AccessDeniedException", 400),
    ],
)
def test_an_explicit_deny_is_worded_as_each_service_words_it(cloud: Cloud, service, call, code, status):
    client = cloud.with_key(service, user(cloud, "ann", statement(), statement("Deny")))
    with pytest.raises(ClientError) as refused:
        getattr(client, call)()
    error = refused.value.response
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert "with an explicit deny in an identity-based policy" in error["Error"]["Message"]
    assert "User: arn:aws:iam::123456789012:user/ann is not authorized" in error["Error"]["Message"]


def test_without_enforcement_only_explicit_denies_hold(cloud: Cloud):
    cloud.with_key("s3", user(cloud, "ann")).list_buckets()
    assert refusal(cloud.with_key("s3", user(cloud, "bob", statement("Deny"))).list_buckets) == "AccessDenied"


def test_with_enforcement_what_is_not_allowed_is_refused(enforced: Cloud):
    key = user(enforced, "ann", statement(action="s3:ListAllMyBuckets"))
    enforced.with_key("s3", key).list_buckets()
    text = message(enforced.with_key("iam", key).list_users)
    assert "because no identity-based policy allows the iam:ListUsers action" in text


def test_with_enforcement_unknown_credentials_are_refused(enforced: Cloud):
    assert refusal(enforced.root("iam").list_users) == "InvalidClientTokenId"


def test_nobody_loses_get_caller_identity_or_session_tokens(enforced: Cloud):
    sts = enforced.with_key("sts", user(enforced, "ann", statement("Deny")))
    assert sts.get_caller_identity()["Arn"].endswith(":user/ann")
    assert sts.get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_groups_attached_policies_and_boundaries_count(enforced: Cloud):
    iam = administration(enforced)
    key = user(enforced, "ann")
    client = enforced.with_key("s3", key)
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="ann")
    assert refusal(client.list_buckets) == "AccessDenied"
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=ALLOW_ALL)
    client.list_buckets()
    iam.put_user_permissions_boundary(
        UserName="ann", PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    )
    assert "because no permissions boundary allows" in message(client.list_buckets)
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary="arn:aws:iam::aws:policy/AWSDenyAll")
    assert "with an explicit deny in a permissions boundary" in message(client.list_buckets)
    iam.delete_user_permissions_boundary(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")
    assert "with an explicit deny in an identity-based policy" in message(client.list_buckets)
    iam.detach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")
    client.list_buckets()


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:username": "ann"}}, True),
        ({"StringEquals": {"aws:username": "bob"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/a*"}}, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"StringLike": {"aws:UserAgent": "*Boto*"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2100-01-01T00:00:00Z"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, True),
    ],
)
def test_conditions_see_the_real_request(enforced: Cloud, condition, allowed):
    key = user(enforced, "ann", statement(Condition=condition))
    administration(enforced).tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "blue"}])
    client = enforced.with_key("s3", key)
    if allowed:
        client.list_buckets()
    else:
        assert refusal(client.list_buckets) == "AccessDenied"


def test_resources_and_variables_are_judged(enforced: Cloud):
    enforced.administrator("s3").create_bucket(Bucket="homes")
    key = user(enforced, "ann", statement(action="s3:*Object", resource="arn:aws:s3:::homes/${aws:username}/*"))
    s3 = enforced.with_key("s3", key)
    s3.put_object(Bucket="homes", Key="ann/note", Body=b"x")
    assert s3.get_object(Bucket="homes", Key="ann/note")["Body"].read() == b"x"
    assert 'on resource: "arn:aws:s3:::homes/bob/note"' in message(s3.put_object, Bucket="homes", Key="bob/note")


@pytest.mark.parametrize(("pattern", "allowed"), [("ops/pager-??????", True), ("ops/pager", False), ("ops/*", True)])
def test_a_secret_asked_for_by_name_is_judged_by_its_whole_arn(enforced: Cloud, pattern, allowed):
    enforced.administrator("secretsmanager").create_secret(Name="ops/pager", SecretString="x")
    arn = f"arn:aws:secretsmanager:us-east-1:{MANAGEMENT}:secret:{pattern}"
    key = user(enforced, "ann", statement(action="secretsmanager:GetSecretValue", resource=arn))
    own = enforced.with_key("secretsmanager", key)
    if allowed:
        assert own.get_secret_value(SecretId="ops/pager")["SecretString"] == "x"
    else:
        assert refusal(own.get_secret_value, SecretId="ops/pager") == "AccessDeniedException"


def test_a_bucket_policy_allows_within_the_account_and_both_are_needed_across(enforced: Cloud):
    admin = enforced.administrator("s3")
    admin.create_bucket(Bucket="shared")
    key = user(enforced, "ann")
    enforced.control.enforce(on=False)
    stranger = enforced.user("eve", MEMBER)
    enforced.control.enforce()
    principals = ["arn:aws:iam::123456789012:user/ann", f"arn:aws:iam::{MEMBER}:user/eve"]
    document = statement(action="s3:ListBucket", resource="arn:aws:s3:::shared", Principal={"AWS": principals})
    admin.put_bucket_policy(Bucket="shared", Policy=policy(document))
    enforced.with_key("s3", key).list_objects_v2(Bucket="shared")
    assert refusal(enforced.with_key("s3", stranger).list_objects_v2, Bucket="shared") == "AccessDenied"


def test_the_administrator_enters_member_accounts_by_roles_that_exist_and_trust(enforced: Cloud):
    sts = enforced.administrator("sts")
    organizations = enforced.administrator("organizations")
    organizations.create_organization(FeatureSet="ALL")
    account = organizations.create_account(Email="a@example.org", AccountName="a")["CreateAccountStatus"]["AccountId"]
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    session = sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    iam = enforced.with_key("iam", session)
    iam.create_role(RoleName="MigratorChange", AssumeRolePolicyDocument=trust({"AWS": MANAGEMENT}))
    iam.create_role(RoleName="Closed", AssumeRolePolicyDocument=trust({"AWS": "333333333333"}))
    sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/MigratorChange", RoleSessionName="work")
    for role in ("MigratorDiscovery", "Closed"):
        call = {"RoleArn": f"arn:aws:iam::{account}:role/{role}", "RoleSessionName": "work"}
        assert refusal(sts.assume_role, **call) == "AccessDenied"
    organizations.close_account(AccountId=account)
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="work") == "AccessDenied"


def test_a_role_is_assumed_only_with_its_external_id_and_for_as_long_as_it_allows(cloud: Cloud):
    condition = {"StringEquals": {"sts:ExternalId": "secret"}}
    document = trust({"AWS": MANAGEMENT}, Condition=condition)
    cloud.root("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)
    call = {"RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/r", "RoleSessionName": "work"}
    sts = cloud.with_key("sts", cloud.user("ann"))
    assert refusal(sts.assume_role, **call) == "AccessDenied"
    assert refusal(sts.assume_role, **call, ExternalId="secret", DurationSeconds=7200) == "ValidationError"
    made = sts.assume_role(**call, ExternalId="secret")
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{MANAGEMENT}:assumed-role/r/work"
    identity = cloud.with_key("sts", made["Credentials"]).get_caller_identity()
    assert identity["Arn"] == made["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == made["AssumedRoleUser"]["AssumedRoleId"]
    cloud.control.advance(3601)
    assert refusal(cloud.with_key("sts", made["Credentials"]).get_caller_identity) == "ExpiredToken"


def test_role_sessions_are_judged_by_the_roles_policies_and_not_by_the_users(enforced: Cloud):
    iam = administration(enforced)
    key = user(enforced, "ann", statement(action="sts:AssumeRole"))
    document = trust({"AWS": f"arn:aws:iam::{MANAGEMENT}:user/ann"})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy(statement(action="s3:*")))
    arn = f"arn:aws:iam::{MANAGEMENT}:role/r"
    session = enforced.with_key("sts", key).assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=DENY_ALL)
    enforced.with_key("s3", session).list_buckets()
    assert refusal(enforced.with_key("sqs", session).list_queues) == "AccessDenied"
    assert refusal(enforced.with_key("sts", key).assume_role, RoleArn=arn, RoleSessionName="work") == "AccessDenied"


def test_service_control_policies_bind_members_and_never_the_management_account(enforced: Cloud):
    organizations = enforced.administrator("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    account = organizations.create_account(Email="a@example.org", AccountName="a")["CreateAccountStatus"]["AccountId"]
    made = organizations.create_policy(
        Name="no-users", Description="x", Type="SERVICE_CONTROL_POLICY",
        Content=policy(statement("Deny", "iam:CreateUser")),
    )  # fmt: skip
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    session = enforced.administrator("sts").assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    member = enforced.with_key("iam", session)
    member.create_user(UserName="before")
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    assert "with an explicit deny in a service control policy" in message(member.create_user, UserName="after")
    administration(enforced).create_user(UserName="in-management")


def test_a_session_of_a_user_survives_its_key_and_dies_with_the_user(cloud: Cloud):
    iam = cloud.root("iam")
    key = cloud.user("ann")
    session = cloud.with_key("sts", key).get_session_token(DurationSeconds=129600)["Credentials"]
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert cloud.with_key("sts", session).get_caller_identity()["Arn"].endswith(":user/ann")
    cloud.with_key("s3", session).list_buckets()
    iam.put_user_policy(UserName="ann", PolicyName="deny", PolicyDocument=DENY_ALL)
    assert refusal(cloud.with_key("s3", session).list_buckets) == "AccessDenied"
    iam.delete_user_policy(UserName="ann", PolicyName="deny")
    cloud.with_key("s3", session).list_buckets()
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="ann")
    assert refusal(cloud.with_key("s3", session).list_buckets) == "InvalidAccessKeyId"


def test_a_session_ends_when_it_expires_and_needs_its_token(cloud: Cloud):
    session = cloud.with_key("sts", cloud.user("ann")).get_session_token(DurationSeconds=900)["Credentials"]
    without = {**session, "SessionToken": "other"}
    assert refusal(cloud.with_key("sqs", without).list_queues) == "UnrecognizedClientException"
    cloud.control.advance(901)
    assert refusal(cloud.with_key("sqs", session).list_queues) == "ExpiredTokenException"


def test_sessions_may_not_mint_sessions_nor_call_iam_without_mfa(cloud: Cloud):
    session = cloud.with_key("sts", cloud.user("ann")).get_session_token()["Credentials"]
    assert refusal(cloud.with_key("sts", session).get_session_token) == "AccessDenied"
    assert refusal(cloud.with_key("iam", session).list_users) == "InvalidClientTokenId"


def test_a_deny_of_old_tokens_reaches_sessions_and_not_keys(cloud: Cloud):
    key = cloud.user("ann")
    session = cloud.with_key("sts", key).get_session_token()["Credentials"]
    older = {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}
    document = policy(statement("Deny", Condition=older))
    cloud.root("iam").put_user_policy(UserName="ann", PolicyName="revoke", PolicyDocument=document)
    assert refusal(cloud.with_key("s3", session).list_buckets) == "AccessDenied"
    cloud.with_key("s3", key).list_buckets()


def test_a_federated_user_may_do_what_both_the_user_and_the_policy_allow(enforced: Cloud):
    sts = enforced.with_key("sts", user(enforced, "broker", statement(action=["s3:*", "sts:GetFederationToken"])))
    made = sts.get_federation_token(Name="guest", Policy=ALLOW_ALL)
    assert made["FederatedUser"]["Arn"] == f"arn:aws:sts::{MANAGEMENT}:federated-user/guest"
    enforced.with_key("s3", made["Credentials"]).list_buckets()
    assert refusal(enforced.with_key("sqs", made["Credentials"]).list_queues) == "AccessDenied"
    nothing = sts.get_federation_token(Name="guest")["Credentials"]
    assert refusal(enforced.with_key("s3", nothing).list_buckets) == "AccessDenied"


def test_a_refused_head_leaves_the_connection_usable(cloud: Cloud):
    cloud.root("s3").create_bucket(Bucket="bucket")
    denied = statement("Deny", ["s3:ListBucket", "s3:GetObject"])
    s3 = cloud.with_key("s3", user(cloud, "ann", statement(), denied), max_pool_connections=1)
    for _ in range(3):
        assert refusal(s3.head_object, Bucket="bucket", Key="k") == "403"
        assert refusal(s3.head_bucket, Bucket="bucket") == "403"
        assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["bucket"]


def test_a_long_poll_answers_at_once(cloud: Cloud):
    sqs = cloud.root("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    begun = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert time.monotonic() - begun < 10
