"""What logs do not tell: actions that are used and that a trail does not record, or only where its selectors ask.

Of these a log that is silent proves nothing, so what is granted of them stays. Sources: CloudTrail User Guide,
"Logging data events"; the services' pages on CloudTrail; Service Authorization Reference (PassRole is no call).
"""

from collections.abc import Iterable, Mapping

from migrator.domain.policy.actions import Actions

_SILENT: Mapping[str, str] = {
    "s3": (
        "AbortMultipartUpload DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging "
        "GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging "
        "GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionTagging ListBucket "
        "ListBucketMultipartUploads ListBucketVersions ListMultipartUploadParts PutObject PutObjectAcl "
        "PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging "
        "ReplicateDelete ReplicateObject RestoreObject"
    ),
    "dynamodb": (
        "BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem DescribeStream GetItem GetRecords "
        "GetShardIterator PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate PutItem Query Scan UpdateItem"
    ),
    "lambda": "InvokeAsync InvokeFunction InvokeFunctionUrl",
    "sns": "Publish",
    "sqs": (
        "ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues ListQueues "
        "ReceiveMessage SendMessage"
    ),
    "kinesis": "GetRecords GetShardIterator PutRecord PutRecords SubscribeToShard",
    "firehose": "PutRecord PutRecordBatch",
    "cloudwatch": "GetMetricData GetMetricStatistics GetMetricWidgetImage ListMetrics PutMetricData",
    "logs": "PutLogEvents",
    "xray": "GetTraceGraph BatchGetTraces PutTelemetryRecords PutTraceSegments",
    "events": "PutEvents",
    "execute-api": "Invoke InvalidateCache ManageConnections",
    "rds-db": "connect",
    "es": "ESHttpDelete ESHttpGet ESHttpHead ESHttpPatch ESHttpPost ESHttpPut",
    "aoss": "APIAccessAll DashboardsAccessAll",
    "ssmmessages": "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel",
    "ebs": "CompleteSnapshot GetSnapshotBlock ListChangedBlocks ListSnapshotBlocks PutSnapshotBlock StartSnapshot",
    "codeartifact": "ReadFromRepository GetPackageVersionAsset",
    "appsync": "GraphQL",
    "iotdata": "DeleteThingShadow GetThingShadow Publish UpdateThingShadow",
    "elasticfilesystem": "ClientMount ClientRootAccess ClientWrite",
    "redshift": "GetClusterCredentials JoinGroup",
    "bedrock": "InvokeAgent InvokeFlow Retrieve RetrieveAndGenerate",
    "lakeformation": "GetDataAccess",
    "timestream": "Select WriteRecords",
    "cassandra": "Select Modify",
    "qldb": "SendCommand",
    "sdb": "BatchDeleteAttributes BatchPutAttributes DeleteAttributes GetAttributes PutAttributes Select",
}

SILENT: Mapping[str, frozenset[str]] = {
    service: frozenset(f"{service}:{name}" for name in names.split()) for service, names in _SILENT.items()
}
"""Per service, the actions of its data plane."""

NO_CALLS = frozenset({"iam:PassRole", "iam:CreateServiceLinkedRole"})
"""What is asked of whoever makes a service act, and is no call of its own: it goes with writing to services."""

_PASSING = (
    *("Add", "Associate", "Create", "Import", "Modify", "Put", "Register"),
    *("Replace", "Request", "Run", "Start", "Submit", "Update"),
)
_NEVER_PASSED_TO = frozenset({"s3", "sqs", "sns", "kms", "sts", "secretsmanager", "ssmmessages", "dynamodb"})


def passes_roles(actions: Iterable[str], catalogue: Actions) -> bool:
    """Whether any of these actions may have handed a role to a service."""
    for action in actions:
        service, _, name = action.partition(":")
        if service not in _NEVER_PASSED_TO and name.startswith(_PASSING) and catalogue.access_level(action) == "Write":
            return True
    return False
