"""What CloudTrail calls a call: its source, its name, whether it reads, whether it is a data event and on what.

Source: CloudTrail User Guide, "CloudTrail record contents", "Logging data events"; the services' pages on CloudTrail.
"""

from dataclasses import dataclass

from migrator.sandbox.actions import account_of, resource_of
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal

GLOBAL_SERVICES = frozenset({"iam", "organizations", "route53", "cloudfront", "account"})
"""Services whose events are in us-east-1, wherever the caller is."""

_SOURCES = {
    "cloudwatch": "monitoring",
    "sso-admin": "sso",
    "resourcegroupstaggingapi": "tagging",
    "sesv2": "ses",
    "stepfunctions": "states",
    "elbv2": "elasticloadbalancing",
}
_NAMES = {
    ("s3", "ListObjectsV2"): "ListObjects",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "GetFunction"): "GetFunction20150331v2",
    ("lambda", "ListFunctions"): "ListFunctions20150331",
    ("lambda", "UpdateFunctionCode"): "UpdateFunctionCode20150331v2",
    ("lambda", "UpdateFunctionConfiguration"): "UpdateFunctionConfiguration20150331v2",
}
_READS = ("Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "BatchGet", "Select", "Simulate")
_ALSO_READS = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "ReceiveMessage"})

_S3_LISTS = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions", "DeleteObjects", "HeadBucket"})
_DATA = {
    "lambda": ("AWS::Lambda::Function", frozenset({"Invoke", "InvokeAsync"})),
    "dynamodb": (
        "AWS::DynamoDB::Table",
        frozenset(
            {
                "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
                "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement",
            }
        ),
    ),
    "sns": ("AWS::SNS::Topic", frozenset({"Publish", "PublishBatch"})),
    "sqs": (
        "AWS::SQS::Queue",
        frozenset(
            {
                "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch",
                "ChangeMessageVisibility", "ChangeMessageVisibilityBatch",
            }
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventKind:
    """How CloudTrail classifies a call; `resource_type` is empty for management events without a known resource."""

    source: str
    name: str
    region: str
    read_only: bool
    data: bool
    resource_type: str
    resource: str
    owner: str


def classify(call: ApiCall, principal: Principal) -> EventKind:
    """Classify a call."""
    resource = resource_of(call, principal)
    data, resource_type = _data(call)
    return EventKind(
        source=f"{_source(call)}.amazonaws.com",
        name=_NAMES.get((call.service, call.operation), call.operation),
        region="us-east-1" if call.service in GLOBAL_SERVICES and principal.partition == "aws" else call.region,
        read_only=call.operation.startswith(_READS) or call.operation in _ALSO_READS,
        data=data,
        resource_type=resource_type,
        resource=resource,
        owner=account_of(call, resource, principal),
    )


def _source(call: ApiCall) -> str:
    if call.service in _SOURCES:
        return _SOURCES[call.service]
    return str(call.model.metadata.get("signingName") or call.model.endpoint_prefix) if call.model else call.service


def _data(call: ApiCall) -> tuple[bool, str]:
    if call.service == "s3":
        on_objects = bool(call.params.get("Key")) or call.operation in _S3_LISTS
        return on_objects, "AWS::S3::Object" if on_objects else "AWS::S3::Bucket"
    resource_type, operations = _DATA.get(call.service, ("", frozenset()))
    if call.operation == "AssumeRole":
        return False, "AWS::IAM::Role"
    return call.operation in operations, resource_type if call.operation in operations else ""
