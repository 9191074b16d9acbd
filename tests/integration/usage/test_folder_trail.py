"""CloudTrail files in a folder, in every layout."""

import os
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.domain.errors import NotFound
from tests.unit.usage.trail_records import a_file, a_record

ONE, TWO = "111122223333", "444455556666"
SINCE, UNTIL = datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_log(account=ONE, region="eu-west-1", day="2026/05/04", tag="Aaaa", time="1200", ending="json.gz"):
    """Where the trail of an account puts a log: path below `AWSLogs/[o-…/]`."""
    name = f"{account}_CloudTrail_{region}_{day.replace('/', '')}T{time}Z_{tag}.{ending}"
    return f"{account}/CloudTrail/{region}/{day}/{name}"


def put(root: Path, *paths: str, data: bytes | None = None) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(a_file(a_record()) if data is None else data)


def keys(root: Path, since=SINCE, until=UNTIL, accounts=None, below=""):
    trail = FolderTrail(str(root / below), Catalogue())
    return [part.key for part in trail.list_parts(since, until, accounts)]


LAYOUTS = ["AWSLogs/", "AWSLogs/o-abc123/", "prefix/AWSLogs/", "a/b/AWSLogs/o-abc123/", ""]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_found_and_sorted(tmp_path, layout):
    logs = [
        a_log(),
        a_log(region="us-east-1"),
        a_log(day="2026/05/03"),
        a_log(TWO),
        a_log(time="0005"),
        a_log(region="us-gov-west-1"),
    ]
    put(tmp_path, *(layout + log for log in logs))
    trail = FolderTrail(str(tmp_path), Catalogue())
    parts = [*trail.list_parts(SINCE, UNTIL)]
    assert [part.key for part in parts] == sorted(layout + log for log in logs)
    assert {(part.account_id, part.source) for part in parts} == {
        (account, f"cloudtrail:{tmp_path}") for account in (ONE, TWO)
    }
    assert all(trail.read(part).events == 1 for part in parts)


@pytest.mark.parametrize(
    "below",
    [
        "AWSLogs",
        "AWSLogs/o-abc123",
        f"AWSLogs/o-abc123/{ONE}",
        f"AWSLogs/o-abc123/{ONE}/CloudTrail",
        f"AWSLogs/o-abc123/{ONE}/CloudTrail/eu-west-1",
        f"AWSLogs/o-abc123/{ONE}/CloudTrail/eu-west-1/2026",
        f"AWSLogs/o-abc123/{ONE}/CloudTrail/eu-west-1/2026/05/04",
        f"AWSLogs/o-abc123/{a_log()}",
    ],
)
def test_a_location_may_be_any_depth_of_the_layout(tmp_path, below):
    put(tmp_path, f"AWSLogs/o-abc123/{a_log()}", f"AWSLogs/o-abc123/{a_log(day='2026/01/01')}")
    trail = FolderTrail(str(tmp_path / below), Catalogue())
    (part,) = trail.list_parts(SINCE, UNTIL)
    assert part.account_id == ONE
    assert trail.read(part).events == 1


def test_only_the_days_of_the_window_are_listed_and_the_day_after_it_for_late_deliveries(tmp_path):
    days = [
        "2025/05/04",
        "2026/04/30",
        "2026/05/02",
        "2026/05/03",
        "2026/05/04",
        "2026/05/05",
        "2026/05/06",
        "2027/05/04",
    ]
    put(tmp_path, *("AWSLogs/" + a_log(day=day) for day in days))
    put(tmp_path, *("flat/" + a_log(TWO, day=day).rpartition("/")[2] for day in days))
    listed = keys(tmp_path)
    assert len(listed) == 6
    assert {day for day in days for key in listed if day.replace("/", "") in key} == set(days[3:6])


def test_a_window_over_new_year_holds_both_years(tmp_path):
    put(tmp_path, *("AWSLogs/" + a_log(day=day) for day in ["2026/12/30", "2026/12/31", "2027/01/01", "2027/01/02"]))
    listed = keys(tmp_path, datetime(2026, 12, 31, tzinfo=UTC), datetime(2026, 12, 31, 18, tzinfo=UTC))
    assert [key.split("/")[4:7] for key in listed] == [["2026", "12", "31"], ["2027", "01", "01"]]


def test_the_days_are_those_of_utc(tmp_path):
    put(tmp_path, "AWSLogs/" + a_log(day="2026/05/03"), "AWSLogs/" + a_log(day="2026/05/04"))
    tokyo = datetime.fromisoformat("2026-05-04T08:00:00+09:00")
    assert len(keys(tmp_path, tokyo, tokyo)) == 2


def test_only_the_accounts_that_are_needed_are_listed(tmp_path):
    put(tmp_path, "AWSLogs/" + a_log(), "AWSLogs/" + a_log(TWO), "flat/" + a_log(TWO, tag="Flat").rpartition("/")[2])
    assert keys(tmp_path, accounts=[ONE]) == ["AWSLogs/" + a_log()]
    assert len(keys(tmp_path, accounts=[TWO])) == 2
    assert keys(tmp_path, accounts=[]) == []
    assert len(keys(tmp_path, accounts=None)) == 3


def test_a_log_delivered_under_several_prefixes_comes_once(tmp_path):
    put(tmp_path, f"AWSLogs/o-abc123/{a_log()}", f"AWSLogs/{a_log()}", f"copy/AWSLogs/{a_log()}")
    put(tmp_path, "flat/" + a_log().rpartition("/")[2], f"AWSLogs/{a_log(tag='Other')}")
    assert len(keys(tmp_path)) == 2


def test_a_packed_log_and_its_plain_copy_are_one(tmp_path):
    put(tmp_path, f"AWSLogs/{a_log()}", f"AWSLogs/{a_log(ending='json')}")
    put(tmp_path, f"x/{a_log(TWO).rpartition('/')[2]}", f"x/{a_log(TWO, ending='json').rpartition('/')[2]}")
    assert sorted(key.rpartition(".")[2] for key in keys(tmp_path)) == ["gz", "gz"]


def test_of_a_truncated_copy_and_a_whole_one_the_whole_one_is_read(tmp_path):
    whole = a_file(a_record(), a_record(eventName="PutObject"))
    put(tmp_path, f"a/AWSLogs/{a_log()}", data=whole[:-20])
    put(tmp_path, f"b/AWSLogs/{a_log()}", data=whole)
    assert keys(tmp_path) == [f"b/AWSLogs/{a_log()}"]


def test_files_with_names_of_their_own_are_not_taken_for_copies(tmp_path):
    put(tmp_path, "a/events.json", "b/events.json", "events.jsonl")
    assert keys(tmp_path) == ["a/events.json", "b/events.json", "events.jsonl"]


def test_what_else_aws_keeps_beside_a_trail_is_passed_over(tmp_path):
    put(
        tmp_path,
        f"AWSLogs/{ONE}/CloudTrail-Digest/eu-west-1/2026/05/04/{ONE}_CloudTrail-Digest_eu-west-1_t_1.json.gz",
        f"AWSLogs/{ONE}/CloudTrail-Insight/eu-west-1/2026/05/04/x.json.gz",
        f"AWSLogs/{ONE}/vpcflowlogs/eu-west-1/2026/05/04/{ONE}_vpcflowlogs_eu-west-1_fl-1.log.gz",
        f"AWSLogs/o-abc123/{ONE}/Config/ConfigWritabilityCheckFile",
        f"flat/{ONE}_CloudTrail-Digest_eu-west-1_trail_eu-west-1_20260504T120000Z.json.gz",
        f"flat/{ONE}_elasticloadbalancing_eu-west-1_app.log.gz",
        f"AWSLogs/{ONE}/CloudTrail/eu-west-1/2026/05/04/.DS_Store",
    )
    assert keys(tmp_path) == []


def test_what_is_not_known_to_be_something_else_is_listed_and_bad(tmp_path):
    day = f"AWSLogs/{ONE}/CloudTrail/eu-west-1/2026/05/04"
    put(tmp_path, f"{day}/foreign.json.gz", "readme.txt", "table.csv", data=b"hello")
    trail = FolderTrail(str(tmp_path), Catalogue())
    bad = {part.key: trail.read(part).bad for part in trail.list_parts(SINCE, UNTIL)}
    assert bad == {
        f"{day}/foreign.json.gz": "not JSON",
        "readme.txt": "not a CloudTrail log file",
        "table.csv": "not a CloudTrail log file",
    }


def test_a_file_that_vanished_or_is_closed_is_bad(tmp_path):
    put(tmp_path, "a.json")
    trail = FolderTrail(str(tmp_path), Catalogue())
    (part,) = trail.list_parts(SINCE, UNTIL)
    (tmp_path / "a.json").unlink()
    assert trail.read(part).bad == "cannot be read: No such file or directory"


def test_links_to_folders_and_pipes_are_left_alone(tmp_path):
    put(tmp_path, "logs/a.json")
    (tmp_path / "logs" / "loop").symlink_to(tmp_path / "logs")
    os.mkfifo(tmp_path / "logs" / "pipe.json")
    assert keys(tmp_path) == ["logs/a.json"]


def test_a_folder_that_is_not_there_is_an_error_that_says_so(tmp_path):
    with pytest.raises(NotFound, match="there is no folder"):
        keys(tmp_path / "nowhere")


def test_a_changed_file_has_another_etag(tmp_path):
    put(tmp_path, "a.json")
    trail = FolderTrail(str(tmp_path), Catalogue())
    before = [*trail.list_parts(SINCE, UNTIL)]
    assert [*trail.list_parts(SINCE, UNTIL)] == before
    put(tmp_path, "a.json", data=b"[]")
    assert [part.etag for part in trail.list_parts(SINCE, UNTIL)] != [part.etag for part in before]


def test_a_window_can_be_read_out_of_a_file(tmp_path):
    put(tmp_path, "a.json.gz", data=a_file(a_record(), a_record(eventTime="2026-05-01T00:00:00Z")))
    trail = FolderTrail(str(tmp_path), Catalogue())
    (part,) = trail.list_parts(SINCE, UNTIL)
    assert (trail.read(part).events, trail.read(part, since=SINCE, until=UNTIL + timedelta(days=1)).events) == (2, 1)


def test_it_may_be_sent_to_another_process(tmp_path):
    put(tmp_path, "AWSLogs/" + a_log())
    trail = pickle.loads(pickle.dumps(FolderTrail(str(tmp_path), Catalogue())))  # noqa: S301  # written on this line
    (part,) = trail.list_parts(SINCE, UNTIL)
    assert trail.read(part).events == 1
