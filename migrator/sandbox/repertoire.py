"""What the people and machines of `acme` do with their credentials, how often, from where and with which program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator.sandbox.clients import Origin

_CLI = "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0 exe/x86_64.ubuntu.22 prompt/off"
_BOTO = "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/macos#23.4.0 lang/python#3.12.2"
_TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) terraform-provider-aws/5.38.0"
_NOWHERE = Origin()
# What a careless or malicious program may send: escape sequences and markup that must never reach a screen as such.
_HOSTILE = "curl/8.6 \x1b[2J\x1b[31mOWNED\x1b[0m <script>alert(1)</script> =1+1"


@dataclass(frozen=True, slots=True)
class Habit:
    """One call that a user makes every `every` days.

    `call` is `service.method` of boto3; text in `params` is formatted with `account`, `region` and `endpoint`. A script
    (`unattended`) runs at night, on every day of the week, and keeps the key it was given. `stopped` is how many days
    before the present the habit ended.
    """

    user: str
    call: str
    params: Mapping[str, Any] = field(default_factory=dict)
    every: int = 7
    origin: Origin = _NOWHERE
    unattended: bool = False
    stopped: int | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user who works in the console, every `every` days; `then` are the calls made there."""

    user: str
    every: int
    origin: Origin
    then: tuple[str, ...] = ()
    mfa: bool = False


def _habits(user: str, host: int, agent: str, every: int, *calls: tuple[str, Mapping[str, Any]]) -> tuple[Habit, ...]:
    origin = Origin(f"203.0.113.{host}", agent)
    return tuple(Habit(user, call, params, every, origin) for call, params in calls)


def _script(
    user: str, address: str, agent: str, every: int, *calls: tuple[str, Mapping[str, Any]]
) -> tuple[Habit, ...]:
    origin = Origin(address, agent)
    return tuple(Habit(user, call, params, every, origin, unattended=True) for call, params in calls)


_NOTHING: Mapping[str, Any] = {}
_BUCKETS = ("s3.list_buckets", _NOTHING)
_ORDERS = ("dynamodb.describe_table", {"TableName": "orders"})
_LAKE = ("s3.list_objects_v2", {"Bucket": "acme-data-lake"})
_READ_LAKE = ("s3.get_object", {"Bucket": "acme-data-lake", "Key": "orders.csv"})
_QUEUES = ("sqs.list_queues", _NOTHING)
_QUEUE = ("sqs.get_queue_attributes", {"QueueUrl": "{endpoint}/{account}/ingest-events", "AttributeNames": ["All"]})
_ALIASES = ("kms.list_aliases", _NOTHING)
_INSTANCES = ("ec2.describe_instances", _NOTHING)
_STACKS = ("cloudformation.describe_stacks", _NOTHING)
_TOPICS = ("sns.list_topics", _NOTHING)
_RELEASE = ("ssm.get_parameter", {"Name": "/web/release"})
_PARAMETERS = ("ssm.describe_parameters", _NOTHING)
_SECRETS = ("secretsmanager.list_secrets", _NOTHING)
_PAGER = ("secretsmanager.get_secret_value", {"SecretId": "ops/pager"})
_PUBLISH = ("sns.publish", {"TopicArn": "arn:aws:sns:{region}:{account}:deploys", "Message": "deployed"})
_WHO = ("sts.get_caller_identity", _NOTHING)
_OWN_KEYS = ("iam.list_access_keys", _NOTHING)
_ON_CALL = {"RoleArn": "arn:aws:iam::{account}:role/OnCall", "RoleSessionName": "wendy"}
_HOME = {"Bucket": "acme-data-lake", "Key": "home/bob/notes.txt", "Body": "notes"}
_PROJECT = {"Bucket": "acme-data-lake", "Key": "projects/000/plan.csv", "Body": "plan"}
_REPORT = {"Bucket": "acme-data-reports", "Key": "nightly.csv", "Body": "report"}
_BACKUP = {"Bucket": "acme-shared-backups", "Key": "nightly.tar", "Body": "backup"}
_RAW = {"Bucket": "acme-data-lake", "Key": "raw/batch.json", "Body": "[]"}
_KEY_POLICY = {"KeyId": "alias/lake"}

DATA = (
    *_habits("data/alice", 11, _BOTO, 4, _ORDERS, _LAKE, _QUEUE),
    *_habits("data/bob", 12, _CLI, 5, ("s3.put_object", _HOME), _QUEUES),
    *_habits("data/carol", 13, _BOTO, 5, ("s3.put_object", _PROJECT), _ORDERS),
    *_habits("data/sybil", 15, _TERRAFORM, 6, _BUCKETS, _QUEUES),
    *_habits("data/victor", 16, _CLI, 5, _QUEUE, ("s3.put_object", _REPORT)),
    *_habits("data/quentin", 17, _CLI, 9, _ALIASES, ("kms.describe_key", _KEY_POLICY)),
    *_habits("data/zoe", 18, _BOTO, 6, _READ_LAKE, _ORDERS),
    *_habits("data/kim", 19, _CLI, 6, _BUCKETS, _LAKE),
    Habit("data/erin", *_ORDERS, every=3, origin=Origin("203.0.113.14", _BOTO), stopped=45),
    # Erin moved on; the server under somebody's desk still reports every night with her key.
    *_script(
        "data/erin",
        "10.20.0.7",
        "nightly-report/1.4",
        1,
        ("secretsmanager.get_secret_value", {"SecretId": "reports/warehouse"}),
    ),
    *_script("data/erin", "10.20.0.7", "nightly-report/1.4", 7, ("s3.put_object", _REPORT)),
    *_script("data/etl-ingest", "198.51.100.40", "etl/3.2 Boto3/1.26.90", 2, _ORDERS, ("s3.put_object", _RAW)),
)

WEB = (
    *_habits("web/alice.archer", 11, _BOTO, 10, _STACKS),
    *_habits("web/dave", 21, _CLI, 5, _INSTANCES, _PARAMETERS),
    *_habits("web/frank", 22, _CLI, 5, _INSTANCES, _STACKS),
    *_habits("web/heidi", 23, _BOTO, 6, _RELEASE, _TOPICS),
    *_habits("web/ivan", 24, _CLI, 6, _STACKS, _PUBLISH),
    *_habits("web/olivia", 25, _CLI, 5, _INSTANCES, _RELEASE),
    *_habits("web/trent", 26, _HOSTILE, 8, _TOPICS, _INSTANCES),
    *_habits("web/walter", 27, _CLI, 9, _INSTANCES),
    *_habits("web/mia", 28, _CLI, 7, _STACKS, ("ec2.start_instances", {"InstanceIds": ["i-0123456789abcdef0"]})),
    # One user, a team behind it: several addresses and programs on the same days.
    *_habits("web/dev-shared", 29, _CLI, 4, _INSTANCES),
    *_habits("web/dev-shared", 30, _BOTO, 4, _RELEASE),
    *_habits("web/dev-shared", 31, _TERRAFORM, 4, _STACKS),
    *_script("web/ci-deployer", "198.51.100.50", "aws-cli/1.27.41 Python/3.9.16 CI", 2, _STACKS, _RELEASE, _PUBLISH),
)

SHARED = (
    *_habits("shared/aarcher", 11, _BOTO, 14, _BUCKETS),
    *_habits("shared/grace", 41, _CLI, 5, _PARAMETERS, _INSTANCES),
    *_habits("shared/mallory", 42, _CLI, 6, _PAGER, _INSTANCES),
    *_habits("shared/peggy@acme.example", 43, _CLI, 6, _SECRETS, _PARAMETERS),
    *_habits("shared/rupert+ops=eu,1", 44, _BOTO, 7, _TOPICS, _PARAMETERS),
    *_habits("shared/wendy", 45, _CLI, 4, ("sts.assume_role", _ON_CALL), _PAGER),
    *_habits("shared/Zoe.O", 18, _BOTO, 12, _TOPICS),
    *_script("shared/ses-smtp-mailer", "198.51.100.60", "SES-SMTP", 3, ("ses.get_send_quota", {})),
    *_script(
        "shared/backup-script",
        "198.51.100.70",
        "aws-cli/1.18.69 Python/3.8.10 backup.sh",
        2,
        ("s3.put_object", _BACKUP),
        ("ec2.describe_volumes", {}),
    ),
)

MANAGEMENT = (*_habits("acme/lena", 51, _CLI, 5, _WHO, ("iam.list_users", {}), _OWN_KEYS),)

HABITS = DATA + WEB + SHARED + MANAGEMENT

_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) Safari/605.1.15"
_NOW_AND_THEN = {
    "data/bob": 12,
    "data/carol": 13,
    "data/erin": 14,
    "data/victor": 16,
    "data/zoe": 18,
    "web/dave": 21,
    "web/frank": 22,
    "web/heidi": 23,
    "web/olivia": 25,
    "web/mia": 28,
    "shared/grace": 41,
    "shared/mallory": 42,
    "shared/wendy": 45,
}
"""Who looks something up in the console about once a month, and the last number of the address."""

SIGN_INS = (
    *(SignIn(user, 23, Origin(f"203.0.113.{host}", _SAFARI)) for user, host in _NOW_AND_THEN.items()),
    SignIn("data/alice", 10, Origin("203.0.113.11", "Mozilla/5.0 (Macintosh) Safari/605.1.15"), mfa=True),
    SignIn(
        "data/judy", 4, Origin("203.0.113.20", "Mozilla/5.0 (X11; Linux) Firefox/123.0"), ("s3.list_buckets",), mfa=True
    ),
    SignIn(
        "data/contractor-7", 9, Origin("192.0.2.77", "Mozilla/5.0 (Windows NT 10.0) Edg/122.0"), ("s3.list_buckets",)
    ),
    SignIn("web/dev-shared", 7, Origin("203.0.113.32", "Mozilla/5.0 (Windows NT 10.0) Chrome/122.0")),
    SignIn("acme/yves", 12, Origin("203.0.113.52", "Mozilla/5.0 (Macintosh) Chrome/122.0")),
)
