"""CloudTrail files in a bucket: found with few listings, read one by one."""

from datetime import UTC, datetime

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail, S3Trail
from migrator.domain.errors import NotFound, Unreachable
from migrator.operations.mine_usage import mine_usage
from tests.unit.usage.trail_records import a_file, a_record, an_identity

ONE, TWO = "111122223333", "444455556666"
BUCKET = "trail-bucket"
SINCE, UNTIL = datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_log(account=ONE, region="eu-west-1", day="2026/05/04", tag="Aaaa"):
    name = f"{account}_CloudTrail_{region}_{day.replace('/', '')}T1200Z_{tag}.json.gz"
    return f"{account}/CloudTrail/{region}/{day}/{name}"


@pytest.fixture
def s3(client):
    made = client("s3")
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def put(s3):
    def keep(*keys: str, data: bytes | None = None) -> None:
        for key in keys:
            s3.put_object(Bucket=BUCKET, Key=key, Body=a_file(a_record()) if data is None else data)

    return keep


@pytest.fixture
def listings(s3):
    """The listings asked for since the test began, as (prefix, first key)."""
    asked: list[tuple[str, str]] = []

    def hear(params: dict[str, str], **_rest: object) -> None:
        asked.append((params.get("Prefix", ""), params.get("StartAfter", "")))

    s3.meta.events.register("provide-client-params.s3.ListObjectsV2", hear)
    return asked


def trail(s3, prefix=""):
    return S3Trail(s3, BUCKET, prefix, Catalogue())


def keys(s3, prefix="", accounts=None):
    return [part.key for part in trail(s3, prefix).list_parts(SINCE, UNTIL, accounts)]


@pytest.mark.parametrize("prefix", ["", "logs", "logs/", "/logs/AWSLogs/", "logs/AWSLogs/o-abc123"])
def test_logs_are_found_below_any_prefix(s3, put, prefix):
    logs = [f"logs/AWSLogs/o-abc123/{log}" for log in (a_log(), a_log(TWO), a_log(region="us-east-1"))]
    put(*logs, "logs-of-others/" + a_log("999988887777") if prefix else "logs/x/")
    source = trail(s3, prefix)
    parts = [*source.list_parts(SINCE, UNTIL)]
    assert sorted(prefix.strip("/") + "/" + part.key if prefix else part.key for part in parts) == sorted(logs)
    assert source.source == f"cloudtrail:s3://{BUCKET}/{prefix.strip('/')}".rstrip("/")
    assert [source.read(part).events for part in parts] == [1, 1, 1]


def test_only_needed_days_and_accounts_are_listed_and_a_region_in_one_go(s3, put, listings):
    days = [f"2026/{month:02}/{day:02}" for month in (3, 4, 5) for day in (1, 4, 28)]
    put(
        *(
            f"AWSLogs/{a_log(account, region, day)}"
            for account in (ONE, TWO)
            for region in ("eu-west-1", "us-east-1")
            for day in days
        )
    )
    found = keys(s3, accounts=[ONE])
    assert found == [f"AWSLogs/{a_log(ONE, region)}" for region in ("eu-west-1", "us-east-1")]
    assert not [prefix for prefix, _ in listings if TWO in prefix]
    region = f"AWSLogs/{ONE}/CloudTrail/eu-west-1/"
    assert (region, region + "2026/05/03") in listings
    assert len(listings) == 8


def test_a_region_without_a_log_in_those_years_is_not_listed_through(s3, put, listings):
    put(f"AWSLogs/{a_log(day='2024/05/04')}")
    assert keys(s3) == []
    assert not [after for _, after in listings if after]


def test_pages_of_a_thousand_are_followed(s3, put):
    name = f"AWSLogs/{a_log(tag='TAG')}"
    put(*(name.replace("TAG", f"{number:05}") for number in range(1003)), data=b"[]")
    assert keys(s3) == [name.replace("TAG", f"{number:05}") for number in range(1003)]


def test_folder_markers_and_other_logs_are_passed_over_and_a_copy_comes_once(s3, put):
    put(f"AWSLogs/{a_log()}", f"AWSLogs/o-abc123/{a_log()}")
    put("AWSLogs/", f"AWSLogs/{ONE}/", f"AWSLogs/{ONE}/CloudTrail/eu-west-1/2026/05/04/", data=b"")
    put(f"AWSLogs/{ONE}/CloudTrail-Digest/eu-west-1/2026/05/04/d.json.gz", f"AWSLogs/{ONE}/Config/x.json.gz")
    assert keys(s3) == [f"AWSLogs/{a_log()}"]


def test_etags_tell_versions_apart(s3, put):
    put("a.json", data=b"[]")
    (before,) = trail(s3).list_parts(SINCE, UNTIL)
    put("a.json", data=b"[ ]")
    (after,) = trail(s3).list_parts(SINCE, UNTIL)
    assert before.etag != after.etag
    assert '"' not in before.etag


def test_an_object_that_is_gone_is_a_bad_file(s3, put):
    put("a.json")
    (part,) = trail(s3).list_parts(SINCE, UNTIL)
    s3.delete_object(Bucket=BUCKET, Key="a.json")
    assert trail(s3).read(part).bad == "gone since it was listed"


def test_an_archived_object_is_a_bad_file(s3):
    s3.put_object(Bucket=BUCKET, Key="a.json", Body=b"[]", StorageClass="GLACIER")
    (part,) = trail(s3).list_parts(SINCE, UNTIL)
    assert trail(s3).read(part).bad == "cannot be read: InvalidObjectState"


def test_a_bucket_that_is_not_there_and_an_endpoint_that_is_silent_are_errors(s3, put, client):
    with pytest.raises(NotFound, match="there is no bucket nowhere"):
        [*S3Trail(s3, "nowhere", "", Catalogue()).list_parts(SINCE, UNTIL)]
    put("a.json")
    (part,) = trail(s3).list_parts(SINCE, UNTIL)
    silent = trail(client("s3", "http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match="EndpointConnectionError"):
        [*silent.list_parts(SINCE, UNTIL)]
    with pytest.raises(Unreachable, match="EndpointConnectionError"):
        silent.read(part)


def test_a_bucket_and_a_folder_with_the_same_files_are_mined_alike(s3, put, tmp_path):
    users = [an_identity(f"arn:aws:iam::{account}:user/{name}") for account in (ONE, TWO) for name in ("al", "alice")]
    files = {
        f"AWSLogs/o-abc123/{a_log(who['accountId'], tag=who['userName'])}": a_file(
            *(a_record(userIdentity=who, eventName=name, eventID=name) for name in ("ListBuckets", "GetObject"))
        )
        for who in users
    }
    files[f"AWSLogs/o-abc123/{a_log(tag='Torn')}"] = a_file(a_record())[:-9]
    for key, data in files.items():
        put(key, data=data)
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(data)
    folder, bucket = (
        mine_usage(source, SINCE, datetime(2026, 5, 5, tzinfo=UTC)).to_json()
        for source in (FolderTrail(str(tmp_path), Catalogue()), trail(s3))
    )
    assert {**folder, "source": ""} == {**bucket, "source": ""}
    assert (folder["events"], folder["files"], len(folder["users"])) == (8, 4, 4)
    assert [each["why"] for each in folder["bad_files"]] == ["truncated gzip"]
