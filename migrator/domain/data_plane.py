"""Which calls of a service are data events, recorded only where a trail's selectors ask for them; and which never are.

Source: CloudTrail user guide, "Logging data events" (the table of data events), and the pages of each service on its
logging with CloudTrail.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataPlane:
    """One resource type of CloudTrail's data events: the service in IAM's words, its event source, `words` for people.

    `events` are the names of its calls.
    """

    service: str
    source: str
    resource_type: str
    words: str
    events: frozenset[str]


def _plane(service: str, resource_type: str, words: str, events: str, source: str = "") -> DataPlane:
    return DataPlane(service, f"{source or service}.amazonaws.com", resource_type, words, frozenset(events.split()))


DATA_PLANES = (
    _plane(
        "s3",
        "AWS::S3::Object",
        "S3 objects",
        "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjects "
        "DeleteObjectTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention "
        "GetObjectTagging GetObjectTorrent HeadBucket HeadObject ListObjects ListObjectVersions ListParts PutObject "
        "PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging RestoreObject SelectObjectContent "
        "UploadPart UploadPartCopy",
    ),
    _plane("lambda", "AWS::Lambda::Function", "Lambda invocations", "Invoke InvokeAsync InvokeWithResponseStream"),
    _plane(
        "dynamodb",
        "AWS::DynamoDB::Table",
        "DynamoDB items",
        "BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem "
        "PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem",
    ),
    _plane("sns", "AWS::SNS::Topic", "SNS messages", "Publish PublishBatch"),
    _plane(
        "sqs",
        "AWS::SQS::Queue",
        "SQS messages",
        "ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage "
        "SendMessage SendMessageBatch",
    ),
    _plane(
        "kinesis",
        "AWS::Kinesis::Stream",
        "Kinesis records",
        "GetRecords GetShardIterator PutRecord PutRecords SubscribeToShard",
    ),
    _plane("firehose", "AWS::KinesisFirehose::DeliveryStream", "Firehose records", "PutRecord PutRecordBatch"),
    _plane("cloudwatch", "AWS::CloudWatch::Metric", "CloudWatch metrics", "GetMetricData PutMetricData", "monitoring"),
    _plane(
        "ses",
        "AWS::SES::EmailIdentity",
        "SES messages",
        "SendBulkEmail SendBulkTemplatedEmail SendEmail SendRawEmail SendTemplatedEmail",
    ),
    _plane("bedrock", "AWS::Bedrock::KnowledgeBase", "Bedrock knowledge bases", "Retrieve RetrieveAndGenerate"),
    _plane("bedrock", "AWS::Bedrock::AgentAlias", "Bedrock agents", "InvokeAgent"),
    _plane(
        "rds-data",
        "AWS::RDS::DBCluster",
        "RDS Data API statements",
        "BatchExecuteStatement BeginTransaction CommitTransaction ExecuteStatement RollbackTransaction",
        "rdsdata",
    ),
    _plane("cassandra", "AWS::Cassandra::Table", "Keyspaces rows", "Delete Insert Select Update"),
    _plane("timestream", "AWS::Timestream::Table", "Timestream queries", "Query"),
    _plane("ebs", "AWS::EC2::Snapshot", "EBS snapshot blocks", "GetSnapshotBlock ListChangedBlocks PutSnapshotBlock"),
    _plane("xray", "AWS::XRay::Trace", "X-Ray traces", "PutTraceSegments"),
    _plane(
        "appconfig",
        "AWS::AppConfig::Configuration",
        "AppConfig configurations",
        "GetLatestConfiguration StartConfigurationSession",
    ),
)
"""Data planes that a person's or a script's key is used on; one line more is one service more."""

COMMON = DATA_PLANES[:5]
"""Those that nearly every organization uses: what `doctor` asks about where no user is named."""

NEVER = {
    "execute-api": "calls of an API behind API Gateway",
    "rds-db": "sign-ins to a database with an IAM token",
}
"""Services, in IAM's words, whose calls no trail records, whatever it selects (each service's page on CloudTrail)."""

SOURCES = {
    "cloudwatch": "monitoring",
    "rds-data": "rdsdata",
    "tag": "tagging",
}
"""Where CloudTrail's event source is not IAM's service prefix."""


def source_of(service: str) -> str:
    """The event source of a service in IAM's words: `cloudwatch` is `monitoring.amazonaws.com`."""
    return f"{SOURCES.get(service, service)}.amazonaws.com"


def service_of(source: str) -> str:
    """A service in IAM's words, from an event source."""
    host = source.split(".", maxsplit=1)[0]
    return next((service for service, other in SOURCES.items() if other == host), host)


def planes_of(service: str) -> tuple[DataPlane, ...]:
    """The data planes of a service in IAM's words."""
    return tuple(plane for plane in DATA_PLANES if plane.service == service)


def plane_of(source: str, event: str) -> DataPlane | None:
    """The data plane that an event belongs to; None for a management event."""
    return next((plane for plane in DATA_PLANES if plane.source == source and event in plane.events), None)
