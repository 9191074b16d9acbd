"""The policies that single resources carry, read for the calls that touched them."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from botocore import xform_name

from migrator.adapters.aws.authorization import document
from migrator.adapters.aws.errors import ActionDenied, translated
from migrator.adapters.aws.resource_policies import (
    BUCKETS,
    FUNCTIONS,
    KEYS,
    QUEUES,
    REPOSITORIES,
    SECRETS,
    TOPICS,
    PolicySource,
)
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Json
from migrator.domain.policy.consents import GONE
from migrator.ports.aws import Missing, NotSupported, Rejected, Transient

PERMISSIONS = (
    "ecr:GetRepositoryPolicy",
    "iam:GetRole",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "lambda:GetPolicy",
    "s3:GetBucketPolicy",
    "secretsmanager:GetResourcePolicy",
    "sns:GetTopicAttributes",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
)

_BEARABLE = (ActionDenied, NotSupported, Rejected, Transient)
"""What one resource may answer without spoiling the others."""


class ResourceGuards:
    """The port `Guards` over boto3."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def read(self, account_id: str, arns: Collection[str]) -> Mapping[str, Json | None]:
        """One or two calls a resource, in the order of their ARNs."""
        found: dict[str, Json | None] = {}
        for arn in sorted(arns):
            try:
                found[arn] = self._one(account_id, arn)
            except Missing:
                # Of a key or a role there is always a policy: what is missing is the thing itself.
                found[arn] = GONE if arn.split(":")[2] in _ALWAYS else None
            except _BEARABLE:
                continue
        return found

    def _one(self, account_id: str, arn: str) -> Json | None:
        service, region, name = arn.split(":")[2], arn.split(":")[3], arn.split(":", 5)[5]
        if service == "iam":
            client = self._sessions.client("iam", account_id, "read")
            answer = self._ask(client, account_id, "iam", "GetRole", RoleName=name.rpartition("/")[2])
            return document(answer["Role"]["AssumeRolePolicyDocument"])
        source = _SOURCES[service]
        client = self._sessions.client(service, account_id, "read", region or None)
        arguments = source.arguments(self._element(client, account_id, arn, name))
        policy = source.policy(self._ask(client, account_id, service, source.reading, **arguments))
        return None if not policy else json.loads(policy) if isinstance(policy, str) else policy

    def _element(self, client: Any, account_id: str, arn: str, name: str) -> Json:
        """What the source's listing would have said of the resource."""
        service = arn.split(":")[2]
        if service == "sqs":
            return self._ask(client, account_id, service, "GetQueueUrl", QueueName=name)["QueueUrl"]
        if service == "kms" and not name.startswith("key/"):
            answer = self._ask(client, account_id, service, "DescribeKey", KeyId=arn)
            return {"KeyArn": answer["KeyMetadata"]["Arn"]}
        return _ELEMENTS[service](arn, name)

    def _ask(self, client: Any, account_id: str, service: str, operation: str, **arguments: Any) -> Json:
        with translated(f"{service}:{operation}", account_id):
            return getattr(client, xform_name(operation))(**arguments)


_SOURCES: Mapping[str, PolicySource] = {
    one.service: one for one in (BUCKETS, QUEUES, TOPICS, SECRETS, KEYS, REPOSITORIES, FUNCTIONS)
}
_ELEMENTS: Mapping[str, Callable[[str, str], Json]] = {
    "s3": lambda _arn, name: {"Name": name},
    "sns": lambda arn, _name: {"TopicArn": arn},
    "secretsmanager": lambda arn, _name: {"ARN": arn},
    "kms": lambda arn, _name: {"KeyArn": arn},
    "ecr": lambda _arn, name: {"repositoryName": name.removeprefix("repository/")},
    "lambda": lambda arn, _name: {"FunctionArn": arn},
}
_ALWAYS = frozenset({"iam", "kms"})
