"""Makes the resources that people use, and the organization's trail."""

import json
from collections.abc import Callable
from typing import Any

from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.organization_types import Organization, Resource, allow, document

Make = Callable[[Any, Resource, str], None]


def make_resource(clients: Clients, administrator: Credentials, account: str, region: str, resource: Resource) -> None:
    """Make one resource in its account, as the account's administrator."""
    service, make = _KINDS[resource.kind]
    policy = json.dumps(resource.policy).replace("{account}", account).replace("{region}", region)
    make(clients.make(service, administrator, region), resource, "" if resource.policy is None else policy)


def make_trail(clients: Clients, administrator: Credentials, organization: Organization, org_id: str) -> str:
    """Start the organization trail for management events in every account and region; gives `s3://bucket/prefix`."""
    region, bucket = organization.home_region, organization.trail_bucket
    s3 = clients.make("s3", administrator, region)
    s3.create_bucket(Bucket=bucket, **_place(region))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_trail_policy(bucket)))
    cloudtrail = clients.make("cloudtrail", administrator, region)
    trail = {"Name": organization.trail, "S3BucketName": bucket}
    cloudtrail.create_trail(**trail, IsMultiRegionTrail=True, IsOrganizationTrail=True, IncludeGlobalServiceEvents=True)
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    cloudtrail.put_event_selectors(TrailName=organization.trail, EventSelectors=[selector])
    cloudtrail.start_logging(Name=organization.trail)
    return f"s3://{bucket}/AWSLogs/{org_id}/"


def _trail_policy(bucket: str) -> dict[str, Any]:
    service = {"Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return document(
        {**allow("s3:GetBucketAcl", on=f"arn:aws:s3:::{bucket}"), **service},
        {**allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/AWSLogs/*"), **service},
    )


def _place(region: str) -> dict[str, Any]:
    # S3 refuses its oldest region as a constraint.
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def _bucket(s3: Any, resource: Resource, policy: str) -> None:
    s3.create_bucket(Bucket=resource.name, **_place(s3.meta.region_name))
    if policy:
        s3.put_bucket_policy(Bucket=resource.name, Policy=policy)
    if resource.content:
        s3.put_object(Bucket=resource.name, Key=resource.content, Body=b"sandbox")


def _queue(sqs: Any, resource: Resource, policy: str) -> None:
    sqs.create_queue(QueueName=resource.name, Attributes={"Policy": policy} if policy else {})


def _topic(sns: Any, resource: Resource, policy: str) -> None:
    sns.create_topic(Name=resource.name, Attributes={"Policy": policy} if policy else {})


def _table(dynamodb: Any, resource: Resource, _policy: str) -> None:
    dynamodb.create_table(
        TableName=resource.name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _key(kms: Any, resource: Resource, policy: str) -> None:
    # The caller is locked out on purpose: only the user named in the policy administers the key.
    made = kms.create_key(Description=resource.name, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    kms.create_alias(AliasName=f"alias/{resource.name}", TargetKeyId=made["KeyMetadata"]["KeyId"])


def _role(iam: Any, resource: Resource, policy: str) -> None:
    iam.create_role(RoleName=resource.name, AssumeRolePolicyDocument=policy)
    reads = document(allow("cloudwatch:Get*", "cloudwatch:List*", "sns:ListTopics", "ssm:DescribeParameters"))
    iam.put_role_policy(RoleName=resource.name, PolicyName="reads", PolicyDocument=json.dumps(reads))


def _secret(secretsmanager: Any, resource: Resource, _policy: str) -> None:
    secretsmanager.create_secret(Name=resource.name, SecretString=resource.content)


def _parameter(ssm: Any, resource: Resource, _policy: str) -> None:
    ssm.put_parameter(Name=resource.name, Value=resource.content, Type="String")


_KINDS: dict[str, tuple[str, Make]] = {
    "bucket": ("s3", _bucket),
    "queue": ("sqs", _queue),
    "topic": ("sns", _topic),
    "table": ("dynamodb", _table),
    "key": ("kms", _key),
    "role": ("iam", _role),
    "secret": ("secretsmanager", _secret),
    "parameter": ("ssm", _parameter),
}
