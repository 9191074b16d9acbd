"""The real log files of shared/data: all readable, counted as a slow reference counts them."""

import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.adapters.usage.records import part_usage
from migrator.operations.mine_usage import mine_usage
from tests.unit.usage.trail_records import PART, a_file, counted, reference

DATA = Path(__file__).parents[3].parent / "shared/data/cloudtrail"
CATALOGUE = Catalogue()
EVER = (datetime(2010, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")


def records_of(path: Path) -> list[dict[str, Any]]:
    value = json.loads(path.read_text())
    listed = value.get("Records", [value]) if isinstance(value, dict) else value
    return [each.get("detail", each) for each in listed]


def test_every_log_file_is_readable_and_the_others_are_named():
    report = mine_usage(FolderTrail(str(DATA), CATALOGUE), *EVER)
    assert [name for name, _ in report.bad_files] == [
        "aws_docs_events.json",
        "c7n_cwe/iam-duty-event.json",
        "otrf/AWS_S3_HoneyBucketLogs.csv",
        "panther_rule_tests.jsonl",
    ]
    assert report.files > 40
    assert report.events > 1000


@pytest.mark.parametrize("folder", ["invictus", "stratus", "trailscraper"])
def test_every_file_is_counted_exactly(folder):
    paths = sorted((DATA / folder).glob("*.json"))
    assert paths
    for path in paths:
        usage = part_usage(PART, BytesIO(path.read_bytes()), CATALOGUE)
        records = records_of(path)
        assert (usage.bad, usage.events) == ("", len(records)), path
        assert counted(usage) == reference(records), path


def test_every_event_of_the_detection_rules_is_read_alone():
    events = [json.loads(line)["event"] for line in (DATA / "panther_rule_tests.jsonl").read_text().splitlines()]
    trails = [event for event in events if "eventSource" in event and "eventName" in event and event.get("eventTime")]
    assert len(trails) > 150
    for event in trails:
        usage = part_usage(PART, BytesIO(a_file(event)), CATALOGUE)
        assert (usage.bad, usage.events) == ("", 1), event["eventName"]
        assert counted(usage) == reference([event]), event


def test_the_printed_examples_of_aws_are_read_alone():
    events = [each["json"] for each in json.loads((DATA / "aws_docs_events.json").read_text())]
    whole = [one for each in events for one in each.get("Records", [each]) if one.get("eventTime")]
    assert len(whole) > 10
    for event in whole:
        usage = part_usage(PART, BytesIO(a_file(event)), CATALOGUE)
        assert (usage.bad, usage.events) == ("", 1)
        assert counted(usage) == reference([event])


def test_nearly_every_real_call_of_a_user_has_an_action():
    report = mine_usage(FolderTrail(str(DATA / "invictus"), CATALOGUE), *EVER)
    rows = [row for user in report.users for row in user.rows if not CATALOGUE.is_sign_in(row.source, row.event)]
    unmapped = {row.event for row in rows if row.action is None}
    assert len(rows) > 200
    assert unmapped == {"GetStorageLensDashboardDataInternal"}
