"""Where resource-based policies live: one row a service, each listing resources and reading their policies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from migrator.domain.model import Json

Arguments = Callable[[Json], Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class PolicySource:
    """How a service's policies are found: a listing, and one call a resource that answers with JSON text.

    `arguments` makes that call's parameters from an element of the listing; `policy` and `where` (an ARN) are taken
    from the element and the answer. A `one_region` service lists the resources of every region at once.
    """

    service: str
    words: str
    listing: str
    key: str
    reading: str
    arguments: Arguments
    policy: Callable[[Json], Json]
    where: Callable[[Json, Json, str], str]
    page_size: int | None = None
    one_region: bool = False
    actions: tuple[str, ...] = ()


def _field(name: str) -> Callable[[Json, Json, str], str]:
    return lambda element, _answer, _partition: str(element[name])


def _attribute_policy(answer: Json) -> Json:
    return (answer.get("Attributes") or {}).get("Policy")


BUCKETS = PolicySource(
    service="s3",
    words="S3 buckets",
    listing="ListBuckets",
    key="Buckets",
    reading="GetBucketPolicy",
    arguments=lambda bucket: {"Bucket": bucket["Name"]},
    policy=lambda answer: answer.get("Policy"),
    where=lambda bucket, _answer, partition: f"arn:{partition}:s3:::{bucket['Name']}",
    one_region=True,
    actions=("s3:ListAllMyBuckets", "s3:GetBucketPolicy"),
)
QUEUES = PolicySource(
    service="sqs",
    words="SQS queues",
    listing="ListQueues",
    key="QueueUrls",
    reading="GetQueueAttributes",
    arguments=lambda url: {"QueueUrl": url, "AttributeNames": ["Policy", "QueueArn"]},
    policy=_attribute_policy,
    where=lambda url, answer, _partition: str((answer.get("Attributes") or {}).get("QueueArn", url)),
    page_size=1000,  # without a size ListQueues ends at 1,000 queues and says nothing
)
TOPICS = PolicySource(
    service="sns",
    words="SNS topics",
    listing="ListTopics",
    key="Topics",
    reading="GetTopicAttributes",
    arguments=lambda topic: {"TopicArn": topic["TopicArn"]},
    policy=_attribute_policy,
    where=_field("TopicArn"),
)
SECRETS = PolicySource(
    service="secretsmanager",
    words="secrets",
    listing="ListSecrets",
    key="SecretList",
    reading="GetResourcePolicy",
    arguments=lambda secret: {"SecretId": secret["ARN"]},
    policy=lambda answer: answer.get("ResourcePolicy"),
    where=_field("ARN"),
)
KEYS = PolicySource(
    service="kms",
    words="KMS keys",
    listing="ListKeys",
    key="Keys",
    reading="GetKeyPolicy",
    arguments=lambda key: {"KeyId": key["KeyArn"], "PolicyName": "default"},
    policy=lambda answer: answer.get("Policy"),
    where=_field("KeyArn"),
    actions=("kms:ListKeys", "kms:GetKeyPolicy", "kms:ListGrants"),
)
REPOSITORIES = PolicySource(
    service="ecr",
    words="ECR repositories",
    listing="DescribeRepositories",
    key="repositories",
    reading="GetRepositoryPolicy",
    arguments=lambda repository: {"repositoryName": repository["repositoryName"]},
    policy=lambda answer: answer.get("policyText"),
    where=_field("repositoryArn"),
)
FUNCTIONS = PolicySource(
    service="lambda",
    words="Lambda functions",
    listing="ListFunctions",
    key="Functions",
    reading="GetPolicy",
    arguments=lambda function: {"FunctionName": function["FunctionArn"]},
    policy=lambda answer: answer.get("Policy"),
    where=_field("FunctionArn"),
)

SOURCES = (BUCKETS, QUEUES, TOPICS, SECRETS, KEYS, REPOSITORIES, FUNCTIONS)


def permissions(source: PolicySource) -> tuple[str, ...]:
    """The IAM actions that a source takes: its operations, unless IAM names them otherwise."""
    return source.actions or (f"{source.service}:{source.listing}", f"{source.service}:{source.reading}")
