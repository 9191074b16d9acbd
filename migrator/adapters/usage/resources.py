"""Which resource an event touched: the record's own list, else an ARN built from the request's parameters.

A wrong ARN would narrow somebody's permissions to the wrong thing, so where a call touches several resources, or where
the parameters do not name its resource in full, there is none (an empty text).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.adapters.usage.events import Event, opened


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ARN lives: `aws`, `eu-west-1`, `111122223333`."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def far(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account that belongs to no region."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"


_NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "athena": (("workGroup", "workgroup/"),),
    "codebuild": (("projectName", "project/"),),
    "codecommit": (("repositoryName", ""),),
    "dynamodb": (("tableName", "table/"),),
    "ec2": (
        ("groupId", "security-group/"),
        ("instanceId", "instance/"),
        ("snapshotId", "snapshot/"),
        ("subnetId", "subnet/"),
        ("volumeId", "volume/"),
        ("vpcId", "vpc/"),
    ),
    "ecr": (("repositoryName", "repository/"),),
    "eks": (("clusterName", "cluster/"),),
    "events": (("rule", "rule/"),),
    "firehose": (("deliveryStreamName", "deliverystream/"),),
    "kinesis": (("streamName", "stream/"),),
    "kms": (("keyId", "key/"),),
    "rds": (
        ("dBClusterIdentifier", "cluster:"),
        ("dBInstanceIdentifier", "db:"),
        ("dBSnapshotIdentifier", "snapshot:"),
    ),
    "sns": (("topicArn", ""), ("targetArn", ""), ("name", "")),
    "sqs": (("queueName", ""),),
    "states": (("executionArn", ""), ("stateMachineArn", "")),
    "sts": (("roleArn", ""),),
}
"""First part of eventSource → (parameter, what stands before its value in the ARN); a value may be an ARN already."""

_IAM = (
    ("instanceProfileName", "instance-profile/"),
    ("roleName", "role/"),
    ("groupName", "group/"),
    ("userName", "user/"),
    ("policyArn", ""),
    ("policyName", "policy/"),
)
"""In the order in which IAM asks: AddUserToGroup is a call on the group. Paths are not in the parameters."""

_NEEDS_MORE = ("Create", "Describe", "List", "Request", "Run")
"""EC2 calls that touch several resources, or none: one parameter does not say which."""
_QUEUE = re.compile(r"https?://[^/]*/(\d{12})/([A-Za-z0-9_.-]+)")
_FUNCTION = re.compile(r"(?:(\d{12}):function:)?([A-Za-z0-9_-]+(?::[A-Za-z0-9_$-]+)?)")
_REST_API = frozenset(
    {"DeleteRestApi", "GetRestApi", "PutRestApi", "UpdateRestApi", "DeleteApi", "GetApi", "UpdateApi"}
)

Parameters = Mapping[str, Any]


def resource_of(event: Event, place: Place) -> str:
    """The best single ARN of what an event touched, else an empty text.

    A record's `resources` come first: the most specific ARN among them (an object rather than its bucket).
    """
    found = listed_resource(event)
    if found or not event.parameters:
        return found
    parameters = opened(event.parameters)
    return _from_parameters(event, parameters, place) if isinstance(parameters, dict) else ""


def listed_resource(event: Event) -> str:
    """The most specific ARN that the record itself lists, else an empty text."""
    listed = opened(event.resources)
    return _most_specific(listed) if isinstance(listed, list) else ""


def _most_specific(listed: list[Any]) -> str:
    named = [each.get("ARN") or each.get("arn") for each in listed if isinstance(each, dict)]
    arns = [str(arn) for arn in named if _is_arn(arn)]
    best = arns[0] if arns else ""
    for arn in arns[1:]:
        bare = best.removesuffix("/")
        if arn == bare or (arn.startswith((bare + "/", bare + ":")) and arn != bare + "/"):
            best = arn
    return best


def _from_parameters(event: Event, parameters: Parameters, place: Place) -> str:
    label = (event.source or "").partition(".")[0]
    special = _SPECIAL.get(label)
    found = special(event.name or "", parameters, place) if special else None
    if found is None:
        found = _named(label, parameters, place)
    return found or _any_arn(label, parameters)


def _named(label: str, parameters: Parameters, place: Place) -> str:
    """The ARN from the one parameter that names the resource; none where several do."""
    found = [
        value if _is_arn(value) else place.arn(label, before + value)
        for name, before in _NAMES.get(label, ())
        if (value := _text(parameters, name)) and (before or _is_arn(value) or not name.endswith("Arn"))
    ]
    return found[0] if len(found) == 1 else ""


def _any_arn(label: str, parameters: Parameters) -> str:
    """The one parameter that is called an ARN and belongs to the service that was called."""
    named = {value for name, value in parameters.items() if name.lower().endswith("arn") and _is_arn(value)}
    own = [value for value in named if value.split(":", 3)[2] == label]
    return own[0] if len(own) == 1 else ""


def _text(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    return value if isinstance(value, str) else ""


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:") and value.count(":") >= 5  # noqa: PLR2004  # arn:partition:service:region:account:resource


def _apigateway(event: str, parameters: Parameters, place: Place) -> str:
    kind, name = ("restapis", _text(parameters, "restApiId")) if "restApiId" in parameters else ("apis", "")
    name = name or _text(parameters, "apiId")
    tail = "" if event in _REST_API else "/*"
    return f"arn:{place.partition}:apigateway:{place.region}::/{kind}/{name}{tail}" if name else ""


def _cloudformation(_event: str, parameters: Parameters, place: Place) -> str:
    name = _text(parameters, "stackName")
    return name if _is_arn(name) else place.arn("cloudformation", f"stack/{name}/*") if name else ""


def _cloudwatch(_event: str, parameters: Parameters, place: Place) -> str:
    name = _text(parameters, "alarmName")
    return place.arn("cloudwatch", f"alarm:{name}") if name else ""


def _dynamodb(_event: str, parameters: Parameters, place: Place) -> str | None:
    """The table of a batch that touches one only; every other call names its table."""
    items = parameters.get("requestItems")
    if not isinstance(items, dict):
        return None
    tables = [*items]
    if len(tables) != 1:
        return ""
    return tables[0] if _is_arn(tables[0]) else place.arn("dynamodb", f"table/{tables[0]}")


def _ec2(event: str, parameters: Parameters, place: Place) -> str | None:
    wrapped = parameters.get("instancesSet")
    items = wrapped.get("items") if isinstance(wrapped, dict) else None
    if event.startswith(_NEEDS_MORE):
        return ""
    if not isinstance(items, list):
        return None
    one = _text(items[0], "instanceId") if len(items) == 1 and isinstance(items[0], dict) else ""
    return place.arn("ec2", f"instance/{one}") if one else ""


def _iam(_event: str, parameters: Parameters, place: Place) -> str:
    for name, before in _IAM:
        value = _text(parameters, name)
        if value:
            return value if _is_arn(value) else place.far("iam", before + value) if before else ""
    return ""


def _kms(_event: str, parameters: Parameters, place: Place) -> str | None:
    key = _text(parameters, "keyId")
    return place.arn("kms", key) if key.startswith("alias/") else None


def _lambda(_event: str, parameters: Parameters, place: Place) -> str:
    """The function, with its alias or version: a call on one is authorized against the qualified ARN."""
    value, qualifier = _text(parameters, "functionName"), _text(parameters, "qualifier")
    match = _FUNCTION.fullmatch(value)
    if not match:
        return value if _is_arn(value) else ""
    name = f"{match[2]}:{qualifier}" if qualifier and ":" not in match[2] else match[2]
    return f"arn:{place.partition}:lambda:{place.region}:{match[1] or place.account}:function:{name}"


def _logs(_event: str, parameters: Parameters, place: Place) -> str:
    group, stream = _text(parameters, "logGroupName"), _text(parameters, "logStreamName")
    return place.arn("logs", f"log-group:{group}:{'log-stream:' + stream if stream else '*'}") if group else ""


def _route53(_event: str, parameters: Parameters, place: Place) -> str:
    zone = _text(parameters, "hostedZoneId").removeprefix("/hostedzone/")
    return f"arn:{place.partition}:route53:::hostedzone/{zone}" if zone else ""


def _s3(_event: str, parameters: Parameters, place: Place) -> str:
    bucket, key = _text(parameters, "bucketName"), _text(parameters, "key")
    if _is_arn(bucket):
        return f"{bucket}/object/{key}" if key else bucket
    return f"arn:{place.partition}:s3:::{bucket}{'/' + key if key else ''}" if bucket else ""


def _secretsmanager(_event: str, parameters: Parameters, place: Place) -> str:
    """The secret; its random ending is unknown and written `-??????`, as AWS's policy examples do."""
    name = _text(parameters, "secretId") or _text(parameters, "name")
    return name if _is_arn(name) else place.arn("secretsmanager", f"secret:{name}-??????") if name else ""


def _sqs(_event: str, parameters: Parameters, place: Place) -> str | None:
    match = _QUEUE.fullmatch(_text(parameters, "queueUrl"))
    return f"arn:{place.partition}:sqs:{place.region}:{match[1]}:{match[2]}" if match else None


def _ssm(event: str, parameters: Parameters, place: Place) -> str:
    name = _text(parameters, "name") if "Parameter" in event else ""
    return name if _is_arn(name) else place.arn("ssm", f"parameter/{name.lstrip('/')}") if name else ""


_SPECIAL: Mapping[str, Callable[[str, Parameters, Place], str | None]] = {
    "apigateway": _apigateway,
    "cloudformation": _cloudformation,
    "dynamodb": _dynamodb,
    "ec2": _ec2,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "route53": _route53,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sqs": _sqs,
    "ssm": _ssm,
}
"""What needs more than one parameter's name. None means: look at the names after all."""
