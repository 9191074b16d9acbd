import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from migrator.sandbox import launch
from migrator.sandbox.control import SandboxError
from tests.integration.sandbox.cloud import MANAGEMENT, Cloud, refusal


def test_the_clock_moves_everything_that_shows_a_time(cloud: Cloud, iam):
    then = datetime(2024, 2, 29, 12, tzinfo=UTC)
    cloud.control.set_clock(then)
    key = cloud.user("ann")
    assert abs(iam.get_user(UserName="ann")["User"]["CreateDate"] - then) < timedelta(seconds=10)
    cloud.control.advance(timedelta(days=60).total_seconds())
    cloud.with_key("s3", key).create_bucket(Bucket="made-later")
    later = then + timedelta(days=60)
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["LastUsedDate"]
    made = cloud.root("s3").list_buckets()["Buckets"][0]["CreationDate"]
    assert all(abs(each - later) < timedelta(seconds=10) for each in (used, made, cloud.control.now()))


def test_a_clock_that_was_set_ticks_on(cloud: Cloud):
    cloud.control.set_clock(datetime(2030, 1, 1, tzinfo=UTC))
    first = cloud.control.now()
    time.sleep(0.05)
    assert timedelta(seconds=0.05) <= cloud.control.now() - first < timedelta(seconds=5)


def test_the_administrators_session_outlives_every_clock(cloud: Cloud):
    cloud.control.set_clock(datetime(2040, 1, 1, tzinfo=UTC))
    identity = cloud.administrator("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{MANAGEMENT}:assumed-role/OrganizationAdmin/administrator"


def test_a_snapshot_puts_back_users_buckets_organization_and_clock(cloud: Cloud, iam):
    key = cloud.user("ann")
    cloud.root("organizations").create_organization(FeatureSet="ALL")
    s3 = cloud.root("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a/b", Body=b"content")
    session = cloud.with_key("sts", key).get_session_token()["Credentials"]
    before = cloud.control.now()
    kept = cloud.control.snapshot()
    for _ in range(2):
        iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName="ann")
        s3.delete_object(Bucket="kept", Key="a/b")
        s3.delete_bucket(Bucket="kept")
        s3.create_bucket(Bucket="new")
        cloud.control.advance(1_000_000)
        cloud.control.restore(kept)
        assert cloud.with_key("sts", key).get_caller_identity()["Arn"].endswith(":user/ann")
        assert cloud.with_key("sts", session).get_caller_identity()["Arn"].endswith(":user/ann")
        assert s3.get_object(Bucket="kept", Key="a/b")["Body"].read() == b"content"
        assert refusal(s3.head_bucket, Bucket="new") == "404"
        assert cloud.root("organizations").describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
        assert cloud.control.now() - before < timedelta(minutes=1)


def test_the_same_calls_give_the_same_identifiers_after_a_restore(cloud: Cloud, iam):
    kept = cloud.control.snapshot()
    ids = []
    for _ in range(2):
        cloud.control.restore(kept)
        key = cloud.user("ann")
        ids.append((iam.get_user(UserName="ann")["User"]["UserId"], key["AccessKeyId"], key["SecretAccessKey"]))
    assert ids[0] == ids[1]


def test_a_forgotten_snapshot_cannot_be_restored_and_the_others_can(cloud: Cloud):
    kept, forgotten = cloud.control.snapshot(), cloud.control.snapshot()
    cloud.control.forget(forgotten)
    assert cloud.control.snapshot() not in (kept, forgotten)
    cloud.control.restore(kept)
    with pytest.raises(SandboxError, match=forgotten):
        cloud.control.restore(forgotten)


def test_a_snapshot_that_was_not_taken_cannot_be_restored(cloud: Cloud):
    with pytest.raises(SandboxError, match="snapshot-99"):
        cloud.control.restore("snapshot-99")


def test_calls_are_counted_without_secrets(cloud: Cloud, iam):
    key = cloud.user("ann")
    iam.create_login_profile(UserName="ann", Password="correct horse")
    cloud.control.clear_calls()
    refusal(cloud.with_key("iam", key).create_login_profile, UserName="ann", Password="battery staple")
    iam.delete_login_profile(UserName="ann")
    made = cloud.control.calls()
    assert [(each["operation"], each["error"]) for each in made] == [
        ("CreateLoginProfile", "EntityAlreadyExists"),
        ("DeleteLoginProfile", ""),
    ]
    assert made[0]["principal"] == f"arn:aws:iam::{MANAGEMENT}:user/ann"
    assert "battery" not in str(made)
    assert cloud.control.counts() == {"iam:DeleteLoginProfile": 1}


def test_users_and_keys_are_made_older(cloud: Cloud, iam):
    key = cloud.user("ann")
    then = datetime(2020, 5, 4, 3, 2, 1, tzinfo=UTC)
    cloud.control.age_user(MANAGEMENT, "ann", created=then, password_used=then)
    cloud.control.age_key(key["AccessKeyId"], created=then, used=then, service="sqs", region="eu-west-1")
    user = iam.get_user(UserName="ann")["User"]
    assert (user["CreateDate"], user["PasswordLastUsed"]) == (then, then)
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["CreateDate"] == then
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert used == {"LastUsedDate": then, "ServiceName": "sqs", "Region": "eu-west-1"}


@pytest.mark.parametrize(
    ("service", "operation"), [("iam", "list_organizations_features"), ("accessanalyzer", "list_analyzers")]
)
def test_what_is_missing_says_so_in_the_services_own_protocol(cloud: Cloud, service, operation):
    assert refusal(getattr(cloud.root(service), operation)) == "NotImplemented"


def test_a_detached_sandbox_outlives_whoever_started_it():
    script = (
        "from migrator.sandbox import launch\n"
        "sandbox = launch.start(detached=True)\n"
        "print(sandbox.endpoint, sandbox.pid)\n"
    )
    started = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    endpoint, pid = started.stdout.split()
    sandbox = launch.Sandbox(endpoint, int(pid))
    try:
        assert sandbox.control.answers()
    finally:
        launch.stop(sandbox)
    assert not sandbox.control.answers()
    with pytest.raises(ProcessLookupError):
        os.kill(sandbox.pid, 0)


def test_a_port_in_use_is_reported(cloud: Cloud, tmp_path):
    port = int(cloud.endpoint.rpartition(":")[2])
    with pytest.raises(launch.NotStarted, match="log"):
        launch.start(port=port, log=tmp_path / "log")
