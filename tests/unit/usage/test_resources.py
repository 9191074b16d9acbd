"""Which resource an event touched."""

import json

import pytest
from msgspec import Raw

from migrator.adapters.usage.events import Event
from migrator.adapters.usage.resources import Place, resource_of

HERE = Place("aws", "eu-west-1", "111122223333")
QUEUE = "https://sqs.eu-west-1.amazonaws.com/444455556666/jobs"


def touched(source, name, parameters, resources=None, place=HERE):
    event = Event(source=f"{source}.amazonaws.com", name=name, parameters=Raw(json.dumps(parameters).encode()))
    if resources is not None:
        event.resources = Raw(json.dumps(resources).encode())
    return resource_of(event, place)


BUILT = [
    ("s3", "GetObject", {"bucketName": "b", "key": "a/b.txt"}, "arn:aws:s3:::b/a/b.txt"),
    ("s3", "ListObjects", {"bucketName": "b", "prefix": "a/"}, "arn:aws:s3:::b"),
    (
        "s3",
        "GetObject",
        {"bucketName": "arn:aws:s3:eu-west-1:1:accesspoint/p", "key": "k"},
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/k",
    ),
    ("s3", "ListBuckets", {}, ""),
    ("s3", "GetObject", {"bucketName": 7, "key": ["x"]}, ""),
    ("sqs", "SendMessage", {"queueUrl": QUEUE}, "arn:aws:sqs:eu-west-1:444455556666:jobs"),
    ("sqs", "CreateQueue", {"queueName": "jobs"}, "arn:aws:sqs:eu-west-1:111122223333:jobs"),
    ("sqs", "SendMessage", {"queueUrl": "https://evil/../x"}, ""),
    ("sns", "Publish", {"topicArn": "arn:aws:sns:eu-west-1:1:t"}, "arn:aws:sns:eu-west-1:1:t"),
    ("sns", "CreateTopic", {"name": "t"}, "arn:aws:sns:eu-west-1:111122223333:t"),
    ("dynamodb", "PutItem", {"tableName": "t"}, "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
    (
        "dynamodb",
        "PutItem",
        {"tableName": "arn:aws:dynamodb:eu-west-1:1:table/t"},
        "arn:aws:dynamodb:eu-west-1:1:table/t",
    ),
    ("dynamodb", "BatchGetItem", {"requestItems": {"t": {}}}, "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
    ("dynamodb", "BatchGetItem", {"requestItems": {"t": {}, "u": {}}}, ""),
    ("lambda", "Invoke", {"functionName": "f"}, "arn:aws:lambda:eu-west-1:111122223333:function:f"),
    (
        "lambda",
        "Invoke",
        {"functionName": "f", "qualifier": "live"},
        "arn:aws:lambda:eu-west-1:111122223333:function:f:live",
    ),
    (
        "lambda",
        "Invoke",
        {"functionName": "444455556666:function:f"},
        "arn:aws:lambda:eu-west-1:444455556666:function:f",
    ),
    (
        "lambda",
        "Invoke",
        {"functionName": "arn:aws:lambda:us-east-1:1:function:f:2"},
        "arn:aws:lambda:us-east-1:1:function:f:2",
    ),
    ("kms", "Decrypt", {"keyId": "1234"}, "arn:aws:kms:eu-west-1:111122223333:key/1234"),
    ("kms", "Decrypt", {"keyId": "alias/x"}, "arn:aws:kms:eu-west-1:111122223333:alias/x"),
    ("kms", "Decrypt", {"keyId": "arn:aws:kms:us-east-1:1:key/2"}, "arn:aws:kms:us-east-1:1:key/2"),
    ("sts", "AssumeRole", {"roleArn": "arn:aws:iam::1:role/r"}, "arn:aws:iam::1:role/r"),
    ("sts", "AssumeRole", {"roleArn": "r"}, ""),
    (
        "secretsmanager",
        "GetSecretValue",
        {"secretId": "prod/db"},
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????",
    ),
    (
        "secretsmanager",
        "GetSecretValue",
        {"secretId": "arn:aws:secretsmanager:e:1:secret:x-AbCdEf"},
        "arn:aws:secretsmanager:e:1:secret:x-AbCdEf",
    ),
    ("iam", "GetUser", {"userName": "bob"}, "arn:aws:iam::111122223333:user/bob"),
    ("iam", "AddUserToGroup", {"userName": "bob", "groupName": "g"}, "arn:aws:iam::111122223333:group/g"),
    ("iam", "PutRolePolicy", {"roleName": "r", "policyName": "p"}, "arn:aws:iam::111122223333:role/r"),
    (
        "iam",
        "AttachRolePolicy",
        {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/P"},
        "arn:aws:iam::111122223333:role/r",
    ),
    ("iam", "GetPolicy", {"policyArn": "arn:aws:iam::aws:policy/P"}, "arn:aws:iam::aws:policy/P"),
    ("iam", "ListUsers", {}, ""),
    ("ssm", "GetParameter", {"name": "/app/key"}, "arn:aws:ssm:eu-west-1:111122223333:parameter/app/key"),
    ("ssm", "CreateDocument", {"name": "doc"}, ""),
    ("logs", "FilterLogEvents", {"logGroupName": "/g"}, "arn:aws:logs:eu-west-1:111122223333:log-group:/g:*"),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "/g", "logStreamName": "s"},
        "arn:aws:logs:eu-west-1:111122223333:log-group:/g:log-stream:s",
    ),
    (
        "ec2",
        "StopInstances",
        {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
    ),
    ("ec2", "StopInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}, ""),
    ("ec2", "DescribeInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, ""),
    ("ec2", "RunInstances", {"subnetId": "subnet-1"}, ""),
    ("ec2", "AttachVolume", {"instanceId": "i-1", "volumeId": "vol-1"}, ""),
    ("ec2", "DeleteVolume", {"volumeId": "vol-1"}, "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"),
    ("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "d"}, "arn:aws:rds:eu-west-1:111122223333:db:d"),
    ("rds", "CreateDBSnapshot", {"dBInstanceIdentifier": "d", "dBSnapshotIdentifier": "s"}, ""),
    ("cloudformation", "DescribeStacks", {"stackName": "s"}, "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/*"),
    ("monitoring", "PutMetricAlarm", {"alarmName": "a"}, "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"),
    ("route53", "GetHostedZone", {"hostedZoneId": "/hostedzone/Z1"}, "arn:aws:route53:::hostedzone/Z1"),
    ("apigateway", "GetRestApi", {"restApiId": "r"}, "arn:aws:apigateway:eu-west-1::/restapis/r"),
    ("apigateway", "GetResources", {"restApiId": "r"}, "arn:aws:apigateway:eu-west-1::/restapis/r/*"),
    ("apigateway", "GetRoutes", {"apiId": "a"}, "arn:aws:apigateway:eu-west-1::/apis/a/*"),
    (
        "acm",
        "DescribeCertificate",
        {"certificateArn": "arn:aws:acm:e:1:certificate/c"},
        "arn:aws:acm:e:1:certificate/c",
    ),
    ("acm", "X", {"aArn": "arn:aws:acm:e:1:certificate/c", "bArn": "arn:aws:acm:e:1:certificate/d"}, ""),
    ("ecs", "RunTask", {"roleArn": "arn:aws:iam::1:role/r", "cluster": "c"}, ""),
    ("events", "PutTargets", {"rule": "r"}, "arn:aws:events:eu-west-1:111122223333:rule/r"),
]


@pytest.mark.parametrize(("source", "name", "parameters", "arn"), BUILT)
def test_an_arn_is_built_from_the_parameters_or_not_at_all(source, name, parameters, arn):
    assert touched(source, name, parameters) == arn


BUCKET, OBJECT = {"ARN": "arn:aws:s3:::b"}, {"ARN": "arn:aws:s3:::b/k"}
LISTED = [
    ([BUCKET, OBJECT], "arn:aws:s3:::b/k"),
    ([OBJECT, BUCKET], "arn:aws:s3:::b/k"),
    ([{"ARNPrefix": "arn:aws:s3:::b/", "type": "AWS::S3::Object"}, BUCKET], "arn:aws:s3:::b"),
    ([{"ARN": "arn:aws:s3:::b/"}, BUCKET], "arn:aws:s3:::b"),
    ([BUCKET, {"ARN": "arn:aws:s3:::b/"}], "arn:aws:s3:::b"),
    ([BUCKET, {"ARN": "arn:aws:s3:::bb/k"}], "arn:aws:s3:::b"),
    ([{"arn": "arn:aws:kms:e:1:key/k", "type": "AWS::KMS::Key"}], "arn:aws:kms:e:1:key/k"),
    ([], "arn:aws:s3:::parameter"),
    ([None, {"ARN": "not an ARN"}], "arn:aws:s3:::parameter"),
    ({"ARN": "arn:aws:s3:::b"}, "arn:aws:s3:::parameter"),
]


@pytest.mark.parametrize(("resources", "arn"), LISTED)
def test_the_records_own_list_comes_first_and_its_most_specific_arn_counts(resources, arn):
    assert touched("s3", "GetObject", {"bucketName": "parameter"}, resources) == arn


def test_an_arn_is_built_in_the_partition_region_and_account_of_the_call():
    china = Place("aws-cn", "cn-north-1", "999988887777")
    assert touched("sqs", "CreateQueue", {"queueName": "q"}, place=china) == "arn:aws-cn:sqs:cn-north-1:999988887777:q"
    assert touched("s3", "HeadBucket", {"bucketName": "b"}, place=china) == "arn:aws-cn:s3:::b"


@pytest.mark.parametrize("parameters", [None, "x", 7, ["bucketName"], {"bucketName": None}, {"bucketName": {}}])
def test_parameters_of_any_type_give_at_most_nothing(parameters):
    assert touched("s3", "GetObject", parameters) == ""
