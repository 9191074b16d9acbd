import io
import json
import zipfile
from typing import Any

import pytest

from tests.integration.sandbox.cloud import MANAGEMENT, Cloud

ROLE = f"arn:aws:iam::{MANAGEMENT}:role/r"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def run(event, context): return event")
    return packed.getvalue()


TOUCHED: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "sqs": ("create_queue", {"QueueName": "q"}, "list_queues", {}),
    "sns": ("create_topic", {"Name": "t"}, "list_topics", {}),
    "kms": ("create_key", {}, "list_keys", {}),
    "ssm": ("put_parameter", {"Name": "p", "Value": "v", "Type": "String"}, "describe_parameters", {}),
    "secretsmanager": ("create_secret", {"Name": "s", "SecretString": "x"}, "list_secrets", {}),
    "logs": ("create_log_group", {"logGroupName": "g"}, "describe_log_groups", {}),
    "events": ("put_rule", {"Name": "r", "ScheduleExpression": "rate(1 day)"}, "list_rules", {}),
    "ecr": ("create_repository", {"repositoryName": "repository"}, "describe_repositories", {}),
    "ec2": ("create_vpc", {"CidrBlock": "10.0.0.0/16"}, "describe_vpcs", {}),
    "dynamodb": (
        "create_table",
        {
            "TableName": "t",
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        "list_tables",
        {},
    ),
    "lambda": (
        "create_function",
        {"FunctionName": "f", "Runtime": "python3.12", "Role": ROLE, "Handler": "f.run", "Code": {"ZipFile": code()}},
        "list_functions",
        {},
    ),
    "cloudformation": (
        "create_stack",
        {"StackName": "s", "TemplateBody": '{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}'},
        "list_stacks",
        {},
    ),
    "stepfunctions": (
        "create_state_machine",
        {"name": "m", "definition": '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}', "roleArn": ROLE},
        "list_state_machines",
        {},
    ),
    "cloudtrail": ("create_trail", {"Name": "own", "S3BucketName": "bucket"}, "describe_trails", {}),
}


def plain(answer: dict[str, Any]) -> str:
    answer.pop("ResponseMetadata")
    return json.dumps(answer, default=str, sort_keys=True)


@pytest.mark.parametrize("service", TOUCHED)
def test_a_service_in_use_is_kept_put_back_and_usable(cloud: Cloud, iam, service):
    make, arguments, read, question = TOUCHED[service]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    cloud.root("s3").create_bucket(Bucket="bucket")
    client = cloud.root(service)
    empty = cloud.control.snapshot()
    getattr(client, make)(**arguments)
    full = cloud.control.snapshot()
    expected = plain(getattr(client, read)(**question))
    cloud.control.restore(empty)
    assert plain(getattr(client, read)(**question)) != expected
    cloud.control.restore(full)
    assert plain(getattr(client, read)(**question)) == expected
    cloud.control.restore(empty)
    getattr(client, make)(**arguments)
