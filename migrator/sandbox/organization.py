"""The simulated organization `acme`: four working accounts and a closed one, their policies and resources."""

from typing import Any

from migrator.sandbox.organization_types import Account, Group, Organization, Policy, Resource, allow, document
from migrator.sandbox.organization_users import USERS

_LAKE = "arn:aws:s3:::acme-data-lake"
_ASSETS = "arn:aws:s3:::acme-web-assets"
_BACKUPS = "arn:aws:s3:::acme-shared-backups"

_ACCOUNT = {"Principal": {"AWS": "arn:aws:iam::{account}:root"}}


def _named(user: str, *actions: str, resource: str | None = "*") -> dict[str, Any]:
    """Return a statement that names a user as principal; without a resource it is a trust policy's."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{{account}}:user/{user}"},
        "Action": list(actions),
    }
    return statement if resource is None else {**statement, "Resource": resource}


_SELF_SERVICE = document(
    allow(
        "iam:ChangePassword",
        "iam:ListAccessKeys",
        "iam:CreateAccessKey",
        "iam:UpdateAccessKey",
        "iam:GetUser",
        on="arn:aws:iam::*:user/${aws:username}",
    )
)
_BOUNDARY = document(
    allow(
        "ec2:Describe*",
        "s3:*",
        "cloudformation:*",
        "sns:*",
        "ssm:Get*",
        "ssm:Describe*",
        "sts:*",
        "sqs:*",
        "iam:Get*",
        "iam:List*",
    ),
    {
        "Effect": "Deny",
        "Action": "iam:*AccessKey*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    },
)

POLICIES = (
    Policy("web", "SelfService", _SELF_SERVICE),
    Policy("web", "DeveloperBoundary", _BOUNDARY),
    Policy("shared", "OpsBoundary", _BOUNDARY, path="/boundaries/"),
    Policy(
        "data",
        "EtlIngest",
        document(
            allow("sqs:SendMessage", "sqs:GetQueueUrl", on="arn:aws:sqs:*:*:ingest-events"),
            allow("s3:PutObject", on=f"{_LAKE}/raw/*"),
            allow("dynamodb:PutItem", "dynamodb:DescribeTable", on="arn:aws:dynamodb:*:*:table/orders"),
        ),
    ),
    Policy(
        "web",
        "Deploy",
        document(
            allow("cloudformation:*", "sns:Publish", "ssm:GetParameter"),
            allow("s3:PutObject", "s3:ListBucket", on=(_ASSETS, f"{_ASSETS}/*")),
        ),
    ),
    Policy("shared", "SendMail", document(allow("ses:SendRawEmail", "ses:SendEmail", "ses:GetSendQuota"))),
    Policy(
        "shared",
        "Backup",
        document(
            allow("s3:PutObject", "s3:ListBucket", on=(_BACKUPS, f"{_BACKUPS}/*")),
            allow("ec2:DescribeVolumes", "ec2:DescribeInstances", "ec2:CreateSnapshot"),
        ),
    ),
)

GROUPS = (
    Group(
        "data",
        "data-team",
        managed=("AmazonDynamoDBReadOnlyAccess",),
        inline={
            "lake": document(
                allow("s3:ListAllMyBuckets", "sqs:ListQueues", "kms:ListAliases", "kms:ListKeys"),
                allow("s3:ListBucket", "s3:GetObject", "s3:PutObject", on=(_LAKE, f"{_LAKE}/*")),
                allow(
                    "sqs:GetQueueUrl",
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                    on="arn:aws:sqs:*:*:ingest-events",
                ),
            )
        },
    ),
    Group("data", "readonly", managed=("job-function/ViewOnlyAccess",)),
    Group(
        "web",
        "developers",
        managed=("AmazonEC2ReadOnlyAccess", "AWSCloudFormationReadOnlyAccess"),
        own=("SelfService",),
        inline={
            "assets": document(
                allow("s3:ListBucket", "s3:GetObject", "s3:PutObject", on=(_ASSETS, f"{_ASSETS}/*")),
                allow("sns:ListTopics", "sns:Publish", "ssm:GetParameter", "ssm:DescribeParameters"),
            )
        },
    ),
    Group("web", "readonly", managed=("job-function/ViewOnlyAccess",)),
    Group(
        "shared",
        "ops",
        managed=("AmazonSSMReadOnlyAccess", "AmazonEC2ReadOnlyAccess"),
        inline={
            "operate": document(
                allow("secretsmanager:ListSecrets", "sns:ListTopics", "sns:Publish", "iam:ListRoles"),
                allow("secretsmanager:GetSecretValue", on="arn:aws:secretsmanager:*:*:secret:ops/*"),
                allow("sts:AssumeRole", on="arn:aws:iam::*:role/OnCall"),
            )
        },
    ),
    Group("shared", "readonly", managed=("job-function/ViewOnlyAccess",)),
)

RESOURCES = (
    Resource("data", "bucket", "acme-data-lake", content="orders.csv"),
    Resource(
        "data",
        "bucket",
        "acme-data-reports",
        policy=document(_named("victor", "s3:GetObject", "s3:PutObject", resource="arn:aws:s3:::acme-data-reports/*")),
        content="weekly.csv",
    ),
    Resource(
        "data",
        "queue",
        "ingest-events",
        policy=document(_named("victor", "sqs:SendMessage", resource="arn:aws:sqs:{region}:{account}:ingest-events")),
    ),
    Resource("data", "table", "orders"),
    Resource("data", "secret", "reports/warehouse", content="not-a-real-secret"),
    # The account may look and encrypt; nobody but Quentin may change the policy or schedule the end of the key.
    Resource(
        "data",
        "key",
        "lake",
        policy=document(
            _named("quentin", "kms:*"),
            {**allow("kms:Get*", "kms:List*", "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt"), **_ACCOUNT},
        ),
    ),
    Resource("web", "bucket", "acme-web-assets", content="index.html"),
    Resource("web", "topic", "deploys"),
    Resource("web", "parameter", "/web/release", content="1.4.2"),
    Resource("shared", "bucket", "acme-shared-backups", content="manifest.json"),
    Resource(
        "shared",
        "topic",
        "alarms",
        policy=document(_named("wendy", "sns:Publish", resource="arn:aws:sns:{region}:{account}:alarms")),
    ),
    Resource("shared", "secret", "ops/pager", content="not-a-real-secret"),
    Resource("shared", "parameter", "/ops/rota", content="wendy,peggy"),
    Resource("shared", "role", "OnCall", policy=document(_named("wendy", "sts:AssumeRole", resource=None))),
)

ACME = Organization(
    name="acme",
    domain="acme.example",
    home_region="us-east-1",
    accounts=(
        Account("acme"),
        Account("data", unit="workloads/data"),
        Account("web", unit="workloads/web"),
        Account("shared", unit="infrastructure"),
        Account("legacy", unit="suspended", suspended=True),
    ),
    policies=POLICIES,
    groups=GROUPS,
    users=USERS,
    resources=RESOURCES,
    trail="organization",
    trail_bucket="acme-organization-trail",
)
