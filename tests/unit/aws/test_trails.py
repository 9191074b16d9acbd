"""Trails as CloudTrail describes them."""

import pytest

from migrator.adapters.aws.trails import read_trail
from tests.unit.aws.real import here, recorded

ARN = "arn:aws:cloudtrail:us-east-1:111111111111:trail/all"
BUCKET_READS = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]


def described(**more: object):
    return {"TrailARN": ARN, "S3BucketName": "logs", "HomeRegion": "us-east-1", **more}


def management(**fields: str):
    chosen = {"eventCategory": "Management", **fields}
    return {"FieldSelectors": [{"Field": field, "Equals": [value]} for field, value in chosen.items()]}


@pytest.mark.parametrize(
    ("why", "selectors", "heard"),
    [
        ("all", {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}, True),
        ("AWS's defaults", {"EventSelectors": [{}]}, True),
        ("writes only", {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]}, False),
        (
            "reads and writes apart",
            {"EventSelectors": [{"ReadWriteType": "WriteOnly"}, {"ReadWriteType": "ReadOnly"}]},
            True,
        ),
        ("data only", {"EventSelectors": [{"IncludeManagementEvents": False, "DataResources": BUCKET_READS}]}, False),
        ("advanced, all", {"AdvancedEventSelectors": [management()]}, True),
        ("advanced, writes only", {"AdvancedEventSelectors": [management(readOnly="false")]}, False),
        (
            "advanced, in halves",
            {"AdvancedEventSelectors": [management(readOnly="false"), management(readOnly="true")]},
            True,
        ),
        ("advanced, one source", {"AdvancedEventSelectors": [management(eventSource="kms.amazonaws.com")]}, False),
        (
            "advanced, without the noisy sources",
            {
                "AdvancedEventSelectors": [
                    {
                        "FieldSelectors": [
                            {"Field": "eventCategory", "Equals": ["Management"]},
                            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
                        ]
                    }
                ]
            },
            True,
        ),
        ("unknown", {}, False),
    ],
)
def test_management_events_are_heard_only_if_read_and_written(why, selectors, heard):
    assert read_trail(described(), {"IsLogging": True}, selectors).management_events is heard, why


@pytest.mark.parametrize(("custom", "heard"), [(False, True), (True, False), (None, False)])
def test_a_trail_that_nobody_configured_hears_all_management_events(custom, heard):
    assert read_trail(described(HasCustomEventSelectors=custom), {}, {}).management_events is heard


def test_data_selectors_are_given_as_they_are():
    basic = {"ReadWriteType": "All", "DataResources": BUCKET_READS}
    advanced = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}

    assert read_trail(described(), {}, {"EventSelectors": [basic, {"DataResources": []}]}).data_selectors == (basic,)
    assert read_trail(described(), {}, {"AdvancedEventSelectors": [management(), advanced]}).data_selectors == (
        advanced,
    )


def test_a_trail_whose_status_is_unknown_is_silent():
    trail = read_trail(described(), {}, {})

    assert (trail.logging, trail.bucket, trail.prefix, trail.regions) == (False, "logs", "", "us-east-1")


@here
def test_real_trails_are_read():
    trails = recorded("iam_api/c7n_placebo/test_cloudtrail_status.json")
    described_ones = trails["cloudtrail.DescribeTrails_1.json"]["data"]["trailList"]
    status = trails["cloudtrail.GetTrailStatus_1.json"]["data"]
    first = read_trail(described_ones[0], status, {})

    assert (first.logging, first.bucket, first.prefix, first.regions) == (
        False,
        "custodian-skunk-trails",
        "DataEvents",
        "all",
    )


@here
def test_real_selectors_are_read():
    recordings = recorded("iam_api/c7n_placebo/test_cloudtrail_event_selectors.json")
    all_of_them = recordings["cloudtrail.DescribeTrails_1.json"]["data"]["trailList"]
    selectors = recordings["cloudtrail.GetEventSelectors_1.json"]["data"]
    trails = [read_trail(each, {"IsLogging": True}, selectors) for each in all_of_them]

    assert [trail.organization for trail in trails] == [False, False, False, True]
    assert [trail.regions for trail in trails] == ["all", "all", "us-east-1", "all"]
    assert all(trail.management_events and trail.data_selectors == () for trail in trails)
