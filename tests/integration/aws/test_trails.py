"""Trails as the sandbox's CloudTrail has them."""

import pytest

from migrator.adapters.aws.trails import read_trails
from tests.integration.aws.accounts import OWN

HOME = "us-east-1"


@pytest.fixture
def cloudtrail(aws):
    aws("s3", OWN, HOME).create_bucket(Bucket="logs")
    return aws("cloudtrail", OWN, HOME)


def trails(sessions, region=HOME):
    return read_trails(sessions, OWN, region)


def test_an_account_without_trails_has_none(sessions):
    assert trails(sessions) == ()


def test_a_trail_that_logs_is_read(sessions, cloudtrail):
    cloudtrail.create_trail(Name="all", S3BucketName="logs", S3KeyPrefix="here", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="all")

    (trail,) = trails(sessions)

    assert trail.arn == f"arn:aws:cloudtrail:{HOME}:{OWN}:trail/all"
    assert (trail.logging, trail.bucket, trail.prefix, trail.regions) == (True, "logs", "here", "all")
    assert (trail.organization, trail.management_events, trail.data_selectors) == (False, True, ())


def test_a_trail_that_was_never_started_is_silent(sessions, cloudtrail):
    cloudtrail.create_trail(Name="all", S3BucketName="logs")

    assert [(trail.logging, trail.regions) for trail in trails(sessions)] == [(False, HOME)]


def test_a_trail_of_all_regions_is_seen_from_another(sessions, cloudtrail):
    cloudtrail.create_trail(Name="all", S3BucketName="logs", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="all")

    assert [trail.logging for trail in trails(sessions, "eu-west-1")] == [True]


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        (
            {
                "EventSelectors": [
                    {
                        "ReadWriteType": "All",
                        "IncludeManagementEvents": True,
                        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
                    }
                ]
            },
            "EventSelectors",
        ),
        (
            {
                "AdvancedEventSelectors": [
                    {
                        "Name": "objects",
                        "FieldSelectors": [
                            {"Field": "eventCategory", "Equals": ["Data"]},
                            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                        ],
                    }
                ]
            },
            "AdvancedEventSelectors",
        ),
    ],
)
def test_both_kinds_of_selectors_are_read(sessions, cloudtrail, selectors, chosen):
    cloudtrail.create_trail(Name="all", S3BucketName="logs")
    cloudtrail.put_event_selectors(TrailName="all", **selectors)

    (trail,) = trails(sessions)

    (selector,) = trail.data_selectors
    assert {key: selector[key] for key in selectors[chosen][0]} == selectors[chosen][0]
    assert trail.management_events is (chosen == "EventSelectors")
