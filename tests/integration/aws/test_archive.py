"""Heads of the record in a bucket: written once, locked where it can be, read back with every version."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import text

from migrator.adapters.aws.archive import S3Archive
from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.cli.main import run
from migrator.domain.errors import NotFound, Refused, UsageError
from migrator.domain.record import entry_hash
from migrator.ports.aws import AccessDenied

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN, LOCKED, RULED = "plain-bucket", "locked-bucket", "ruled-bucket"
DAYS = 30


@pytest.fixture
def s3(aws):
    """Three buckets: without Object Lock, with it, and with a rule of its own."""
    made = aws("s3", region="us-east-1")
    made.create_bucket(Bucket=PLAIN)
    for bucket in (LOCKED, RULED):
        made.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": DAYS}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    made.put_object_lock_configuration(Bucket=RULED, ObjectLockConfiguration=lock)
    return made


@pytest.fixture
def archive(s3, sessions):
    del s3
    return S3Archive(sessions)


@pytest.fixture
def until():
    """A year from the sandbox's now, which is ours."""
    return (datetime.now(UTC) + timedelta(days=365)).replace(microsecond=0)


def versions(archive, location):
    return list(archive.versions(location))


# -- the archive -------------------------------------------------------------------------------------------------------


def test_an_object_is_locked_where_the_bucket_can(archive, s3, until):
    kept = archive.keep(f"s3://{LOCKED}/a/b", b"one", until)
    there = s3.head_object(Bucket=LOCKED, Key="a/b")
    assert (kept.locked_until, there["ObjectLockMode"]) == (until, "GOVERNANCE")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=LOCKED, Key="a/b", VersionId=there["VersionId"])


def test_a_bucket_with_a_rule_of_its_own_locks_as_its_owner_wants(archive, s3, until):
    kept = archive.keep(f"s3://{RULED}/a", b"one", until)
    assert s3.head_object(Bucket=RULED, Key="a")["ObjectLockMode"] == "COMPLIANCE"
    assert timedelta(days=DAYS - 1) < kept.locked_until - datetime.now(UTC) <= timedelta(days=DAYS)


def test_without_object_lock_it_is_kept_and_said_not_to_be_locked(archive, until):
    assert archive.keep(f"s3://{PLAIN}/a", b"one", until).locked_until is None
    assert versions(archive, f"s3://{PLAIN}/a") == [(f"s3://{PLAIN}/a", b"one")]


@pytest.mark.parametrize("bucket", [PLAIN, LOCKED, RULED])
def test_what_is_there_is_never_overwritten(archive, bucket, until):
    location = f"s3://{bucket}/head"
    archive.keep(location, b"one", until)
    archive.keep(location, b"one", until)
    with pytest.raises(Refused, match="is there already and says something else"):
        archive.keep(location, b"two", until)
    assert versions(archive, location) == [(location, b"one")]


def test_what_somebody_hid_or_wrote_over_is_still_read(archive, s3, until):
    location = f"s3://{LOCKED}/head-1"
    archive.keep(location, b"one", until)
    s3.delete_object(Bucket=LOCKED, Key="head-1")
    assert versions(archive, f"s3://{LOCKED}/head-") == [(location, b"one")]
    s3.put_object(Bucket=LOCKED, Key="head-1", Body=b"forged")
    assert sorted(body for _, body in versions(archive, f"s3://{LOCKED}/head-")) == [b"forged", b"one"]


def test_only_what_begins_so_is_read(archive, until):
    for key in ("a/head-1", "a/record-1", "b/head-1"):
        archive.keep(f"s3://{PLAIN}/{key}", key.encode(), until)
    assert [body for _, body in versions(archive, f"s3://{PLAIN}/a/head-")] == [b"a/head-1"]


@pytest.mark.parametrize("location", ["s3://", "s3://bucket", "s3://bucket/", "bucket/key", "/tmp/x", "s3:///key"])  # noqa: S108  # no file is made
def test_a_location_must_name_a_bucket_and_a_key(archive, until, location):
    with pytest.raises(UsageError, match="is no location"):
        archive.keep(location, b"", until)


def test_a_bucket_that_is_not_there_is_named(archive, until):
    with pytest.raises(NotFound, match="there is no bucket nobody-made-me"):
        archive.keep("s3://nobody-made-me/head", b"", until)
    with pytest.raises(NotFound, match="there is no bucket nobody-made-me"):
        versions(archive, "s3://nobody-made-me/head")


def test_wrong_credentials_are_refused_in_words(archive, monkeypatch, sessions, until):
    del sessions
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXPIRED000000000")
    with pytest.raises(AccessDenied, match="s3:GetObjectLockConfiguration in"):
        archive.keep(f"s3://{PLAIN}/a", b"", until)


# -- the commands ------------------------------------------------------------------------------------------------------


@dataclass
class Office:
    """The command line over a database with a record of `entries`."""

    store: SqlStore
    config: Any

    def add(self, *events: str):
        with self.store.begin() as work:
            for event in events:
                work.record.append("ops", event, "user:1", {"said": "é\u2028\x1b[31m"}, NOW)
            work.commit()

    def audit(self, *words: str):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--config", str(self.config), "audit", *words])
        return code, out.getvalue(), err.getvalue()

    def verify(self, *words: str):
        code, out, _ = self.audit("verify", "--json", *words)
        return code, json.loads(out)

    def forge(self):
        """Write the whole record anew, head included, as the database's owner can."""
        prev = "0" * 64
        with self.store.begin() as work:
            links = list(work.record.links())
        with self.store.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            for one in links:
                told = (one.seq, one.at, "nobody", one.event, one.subject, one.details, prev)
                digest = entry_hash(*told)
                words = "UPDATE audit SET actor = 'nobody', prev = :prev, hash = :hash WHERE seq = :seq"
                connection.execute(text(words), {"prev": prev, "hash": digest, "seq": one.seq})
                prev = digest
            connection.execute(text("UPDATE audit_head SET hash = :hash"), {"hash": prev})


@pytest.fixture
def office(s3, migrated_sqlite_url, tmp_path):
    del s3
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"database": migrated_sqlite_url}), encoding="utf-8")
    engine = connect(migrated_sqlite_url)
    made = Office(SqlStore(engine), config)
    made.add("one", "two", "three")
    yield made
    engine.dispose()


def test_record_and_head_are_kept_and_the_record_is_anchored_by_them(office, s3):
    code, out, err = office.audit("export", "--to", f"s3://{LOCKED}/acme")
    assert (code, out) == (0, "")
    assert f"kept: s3://{LOCKED}/acme/head-000000000003.json (locked until " in err
    assert "warning" not in err
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=LOCKED)["Contents"]}
    assert keys == {"acme/record-000000000003.jsonl", "acme/head-000000000003.json"}

    office.add("four")
    code, verdict = office.verify("--head", f"s3://{LOCKED}/acme")
    assert (code, verdict["intact"], verdict["entries"], verdict["anchored"]) == (0, True, 4, 3)
    code, verdict = office.verify("--head", f"s3://{LOCKED}/acme/head-000000000003.json")
    assert (code, verdict["anchored"]) == (0, 3)


def test_a_bucket_without_object_lock_is_written_with_a_warning(office):
    code, _, err = office.audit("export", "--to", f"s3://{PLAIN}/acme/")
    assert code == 0
    assert "warning: the bucket has no Object Lock: whoever may write there can overwrite or delete" in err
    assert office.verify("--head", f"s3://{PLAIN}/acme/")[1]["anchored"] == 3


def test_heads_pile_up_and_the_same_one_twice_is_one(office, s3):
    for events in ((), (), ("four",)):
        office.add(*events)
        assert office.audit("export", "--to", f"s3://{LOCKED}/acme")[0] == 0
    heads = s3.list_object_versions(Bucket=LOCKED, Prefix="acme/head-")["Versions"]
    assert sorted(each["Key"] for each in heads) == ["acme/head-000000000003.json", "acme/head-000000000004.json"]
    assert office.verify("--head", f"s3://{LOCKED}/acme")[1]["anchored"] == 4


def test_a_record_written_anew_is_found_by_any_head_that_was_kept(office, s3):
    office.audit("export", "--to", f"s3://{LOCKED}/acme")
    office.add("four")
    office.forge()
    assert office.verify()[1]["intact"]
    assert office.audit("export", "--to", f"s3://{LOCKED}/acme")[0] == 0  # another entry is last: another name

    code, verdict = office.verify("--head", f"s3://{LOCKED}/acme")
    assert (code, verdict["intact"], verdict["first_bad"]) == (1, False, 3)

    s3.delete_object(Bucket=LOCKED, Key="acme/head-000000000003.json")
    code, verdict = office.verify("--head", f"s3://{LOCKED}/acme")
    assert (code, verdict["first_bad"]) == (1, 3)


def test_a_forged_record_of_the_same_length_is_not_exported_over_the_true_one(office):
    office.audit("export", "--to", f"s3://{LOCKED}/acme")
    office.forge()
    code, _, err = office.audit("export", "--to", f"s3://{LOCKED}/acme")
    assert code == 1
    assert "is there already and says something else" in err
    assert office.verify("--head", f"s3://{LOCKED}/acme")[1]["first_bad"] == 3


def test_the_kept_record_proves_itself_without_the_database(office, s3, tmp_path):
    office.audit("export", "--to", f"s3://{LOCKED}/acme")
    file = tmp_path / "record.jsonl"
    file.write_bytes(s3.get_object(Bucket=LOCKED, Key="acme/record-000000000003.jsonl")["Body"].read())
    code, verdict = office.verify("--file", str(file), "--head", f"s3://{LOCKED}/acme")
    assert (code, verdict["entries"], verdict["anchored"]) == (0, 3, 3)

    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"event":"two"', b'"event":"new"'))
    assert office.verify("--file", str(file))[1]["first_bad"] == 2
    file.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert office.verify("--file", str(file))[1]["intact"]
    assert office.verify("--file", str(file), "--head", f"s3://{LOCKED}/acme")[1]["first_bad"] == 3


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("verify", "--head", f"s3://{LOCKED}/nothing"), f"no head is kept at s3://{LOCKED}/nothing", 2),
        (("verify", "--head", "s3://nobody-made-me/acme"), "there is no bucket nobody-made-me", 2),
        (("export", "--to", "s3://nobody-made-me/acme"), "there is no bucket nobody-made-me", 2),
        (("export", "--to", "s3:///acme"), "is no location", 2),
        (("export", "--to", f"s3://{LOCKED}/acme", "--retain", "long"), "'long' is no length of time", 2),
    ],
)
def test_a_wrong_place_is_named(office, words, said, code):
    ended, out, err = office.audit(*words)
    assert (ended, out) == (code, "")
    assert said in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 2


def test_an_object_that_is_no_head_is_named(office, s3):
    s3.put_object(Bucket=PLAIN, Key="acme/head-000000000001.json", Body=b"\xff not JSON")
    code, _, err = office.audit("verify", "--head", f"s3://{PLAIN}/acme")
    assert (code, f"s3://{PLAIN}/acme/head-000000000001.json is no head" in err) == (2, True)


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        (0, "None is anchored: all could be rewritten or cut off unseen by whoever owns the database"),
        (2, "2 are anchored by the kept head; the last 1 could be rewritten or cut off unseen"),
        (3, "All of them are anchored by the kept head."),
    ],
)
def test_what_an_unanchored_tail_cannot_show_is_said(office, tmp_path, exported, said):
    with office.store.begin() as work:
        link = [*work.record.links()][exported - 1]
    head = tmp_path / "head"
    head.write_text(json.dumps({"seq": link.seq, "hash": link.hash}), encoding="utf-8")
    _, out, _ = office.audit("verify", *(("--head", str(head)) if exported else ()))
    assert said in " ".join(out.split())
