"""What names a user in an account: found where it stands, or said to be not checked."""

import json

import pytest

from migrator.adapters.aws.references import search
from migrator.adapters.aws.session import Sessions
from migrator.ports.aws import AccessDenied, NameReference
from tests.integration.aws.accounts import MEMBER

HERE, THERE = "eu-central-1", "us-east-1"
ADA = f"arn:aws:iam::{MEMBER}:user/ada"
ROOT = f"arn:aws:iam::{MEMBER}:root"


def policy(principal=ADA, action="*", **more: object) -> str:
    one = {"Effect": "Allow", "Action": action, "Resource": "*", "Principal": {"AWS": principal}, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


@pytest.fixture
def ada(aws) -> str:
    aws("iam", MEMBER).create_user(UserName="ada")
    return ADA


@pytest.fixture
def found(sessions, ada):
    """Searches the member account for Ada."""
    return lambda *regions: search(sessions, MEMBER, [ada], regions or (HERE,))


def make_role(aws) -> str:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ADA}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return aws("iam", MEMBER).create_role(RoleName="hers", AssumeRolePolicyDocument=document)["Role"]["Arn"]


def make_bucket(aws) -> str:
    s3 = aws("s3", MEMBER, HERE)
    s3.create_bucket(Bucket="hers", CreateBucketConfiguration={"LocationConstraint": HERE})
    s3.put_bucket_policy(Bucket="hers", Policy=policy(action="s3:GetObject", Resource="arn:aws:s3:::hers/*"))
    return "arn:aws:s3:::hers"


def make_queue(aws) -> str:
    sqs = aws("sqs", MEMBER, HERE)
    sqs.create_queue(QueueName="hers", Attributes={"Policy": policy(action="sqs:SendMessage")})
    return f"arn:aws:sqs:{HERE}:{MEMBER}:hers"


def make_topic(aws) -> str:
    sns = aws("sns", MEMBER, HERE)
    arn = sns.create_topic(Name="hers")["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(action="sns:Publish"))
    return arn


def make_secret(aws) -> str:
    secrets = aws("secretsmanager", MEMBER, HERE)
    arn = secrets.create_secret(Name="hers", SecretString="quiet")["ARN"]
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=policy(action="secretsmanager:GetSecretValue"))
    return arn


def make_key(aws) -> str:
    kms = aws("kms", MEMBER, HERE)
    return kms.create_key(Policy=policy([ADA, ROOT], "kms:*"))["KeyMetadata"]["Arn"]


def make_repository(aws) -> str:
    ecr = aws("ecr", MEMBER, HERE)
    arn = ecr.create_repository(repositoryName="hers")["repository"]["repositoryArn"]
    ecr.set_repository_policy(repositoryName="hers", policyText=policy(action="ecr:BatchGetImage"))
    return arn


@pytest.mark.parametrize(
    ("make", "effect"),
    [
        (make_role, "trust"),
        (make_bucket, "allow"),
        (make_queue, "allow"),
        (make_topic, "allow"),
        (make_secret, "allow"),
        (make_key, "allow"),
        (make_repository, "allow"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_policy_that_names_the_user_is_found(found, aws, make, effect):
    where = make(aws)

    result = found()

    assert result.found == (NameReference(ADA, where, effect),)
    assert result.not_checked == ()


def test_nothing_is_found_where_nothing_names_the_user(found, aws):
    aws("kms", MEMBER, HERE).create_key()
    aws("sqs", MEMBER, HERE).create_queue(QueueName="plain")
    aws("sns", MEMBER, HERE).create_topic(Name="plain")
    aws("s3", MEMBER, HERE).create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": HERE})

    assert found() == type(found())((), ())


def test_a_key_that_only_the_user_administers_is_told_apart(found, aws):
    arn = aws("kms", MEMBER, HERE).create_key(Policy=policy(action="kms:*"), BypassPolicyLockoutSafetyCheck=True)
    where = arn["KeyMetadata"]["Arn"]

    assert found().found == (NameReference(ADA, where, "allow"), NameReference(ADA, where, "sole-administrator"))


def test_a_grant_is_found(found, aws):
    kms = aws("kms", MEMBER, HERE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_grant(KeyId=arn, GranteePrincipal=ADA, Operations=["Decrypt"])

    assert found().found == (NameReference(ADA, arn, "allow"),)


def test_only_the_regions_asked_for_are_searched(found, aws):
    where = make_queue(aws)

    assert found(THERE).found == ()
    assert [each.where for each in found(THERE, HERE).found] == [where]


def test_a_policy_that_shows_the_unique_id_is_found(found, aws):
    user_id = aws("iam", MEMBER).get_user(UserName="ada")["User"]["UserId"]
    sqs = aws("sqs", MEMBER, HERE)
    sqs.create_queue(QueueName="hers", Attributes={"Policy": policy(user_id, "sqs:SendMessage")})

    assert [each.user_arn for each in found().found] == [ADA]


def test_users_may_be_given_by_unique_id_too(sessions, ada, aws):
    ids = [aws("iam", MEMBER).get_user(UserName="ada")["User"]["UserId"]]
    ids.append(aws("iam", MEMBER).create_user(UserName="bob")["User"]["UserId"])
    for user_id in ids:
        document = policy(user_id, "sqs:SendMessage")
        aws("sqs", MEMBER, HERE).create_queue(QueueName=user_id, Attributes={"Policy": document})

    found = search(sessions, MEMBER, [ada, *ids], [HERE]).found

    assert {each.user_arn: each.where.rsplit(":", 1)[-1] for each in found} == {ADA: ids[0], ids[1]: ids[1]}


def test_nobody_to_search_for_costs_no_call(endpoint):  # noqa: ARG001
    calls = []
    sessions = Sessions(on_call=lambda moment, _n: calls.append(moment))

    assert search(sessions, MEMBER, [], [HERE]).found == ()
    assert calls == []


@pytest.mark.parametrize(
    ("action", "make", "words"),
    [
        ("iam:GetAccountAuthorizationDetails", make_role, "trust policies of roles"),
        ("iam:ListUsers", make_role, f"unique ids of users in account {MEMBER}"),
        ("sqs:ListQueues", make_queue, "SQS queues in eu-central-1"),
        ("kms:ListKeys", make_key, "KMS keys in eu-central-1"),
        ("s3:ListAllMyBuckets", make_bucket, "S3 buckets"),
        ("s3:GetBucketPolicy", make_bucket, "policy of arn:aws:s3:::hers"),
    ],
)
def test_what_the_role_may_not_read_is_not_checked(found, aws, action, make, words):
    make(aws)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    aws("iam", MEMBER).put_role_policy(
        RoleName="MigratorDiscovery", PolicyName="deny", PolicyDocument=json.dumps(document)
    )

    result = found()

    assert words in result.not_checked
    assert len(result.found) == (action == "iam:ListUsers")


def test_an_account_that_cannot_be_entered_is_an_error(ada, roles):  # noqa: ARG001
    with pytest.raises(AccessDenied, match="NobodyMadeMe"):
        search(Sessions(discovery_role="NobodyMadeMe"), MEMBER, [ada], [HERE])
