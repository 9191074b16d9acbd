"""Megabytes of CloudTrail JSON mined a second, beside plain `json.loads` and `gzip -dc`: `python -m benchmarks.mining`.

A trail is generated in a temporary folder, in the organization layout; every figure is from the same run over the same
files, best of three. Options: events a file, files.
"""

import gzip
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.operations.mine_usage import mine_usage

START = datetime(2026, 5, 4, tzinfo=UTC)
CALLS = (
    ("s3.amazonaws.com", "GetObject", {"bucketName": "data-{n}", "key": "reports/{n}.csv"}),
    ("s3.amazonaws.com", "ListObjects", {"bucketName": "data-{n}", "prefix": "reports/"}),
    ("ec2.amazonaws.com", "DescribeInstances", {"instancesSet": {}, "filterSet": {"items": [{"name": "tag:x"}]}}),
    ("sts.amazonaws.com", "AssumeRole", {"roleArn": "arn:aws:iam::111122223333:role/r{n}", "roleSessionName": "s"}),
    ("dynamodb.amazonaws.com", "PutItem", {"tableName": "t{n}", "key": {"id": "x"}}),
    ("kms.amazonaws.com", "Decrypt", {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::data-{n}/x"}}),
)
TLS = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "x.amazonaws.com"}


def an_identity(chance):
    """A fifth of a trail is IAM users; the rest is roles and services, as in real organizations."""
    draw, number = chance.random(), chance.randrange(40)
    if draw < 0.2:
        arn = f"arn:aws:iam::111122223333:user/user-{number}"
        return {"type": "IAMUser", "principalId": f"AIDA{number}", "arn": arn, "accountId": "111122223333",
                "accessKeyId": f"AKIA{number}", "userName": f"user-{number}"}  # fmt: skip
    if draw < 0.8:
        role = "AWSReservedSSO_Developer_0123456789abcdef" if draw < 0.3 else f"app-{number}"
        issuer = {"type": "Role", "principalId": "AROAX", "arn": f"arn:aws:iam::1:role/{role}", "userName": role}
        attributes = {"creationDate": "2026-05-04T00:00:00Z", "mfaAuthenticated": "false"}
        return {"type": "AssumedRole", "principalId": f"AROAX:s{number}", "accountId": "111122223333",
                "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/s{number}", "accessKeyId": "ASIAX",
                "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}}  # fmt: skip
    return {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}


def a_record(chance, number):
    source, name, parameters = chance.choice(CALLS)
    bucket = str(chance.randrange(20))
    return {
        "eventVersion": "1.09",
        "userIdentity": an_identity(chance),
        "eventTime": f"{START + timedelta(seconds=number % 80_000):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": f"192.0.2.{chance.randrange(8)}",
        "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/6.5 exe/x86_64.ubuntu.22 prompt/off command/s3.cp",
        **({"errorCode": "AccessDenied", "errorMessage": "no"} if chance.random() < 0.03 else {}),
        "requestParameters": json.loads(json.dumps(parameters).replace("{n}", bucket)),
        "responseElements": {"x-amz-request-id": f"{chance.getrandbits(64):x}"} if chance.random() < 0.5 else None,
        "requestID": f"{chance.getrandbits(128):x}",
        "eventID": f"{chance.getrandbits(128):x}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": TLS,
    }


def write_trail(root, files, events):
    """Files of a trail below `root`; returns the bytes of their JSON."""
    chance = random.Random(1)  # noqa: S311  # a repeatable choice, no secret
    folder = root / "AWSLogs/o-bench00001/111122223333/CloudTrail/eu-west-1/2026/05/04"
    folder.mkdir(parents=True)
    raw = 0
    for number in range(files):
        records = [a_record(chance, number * events + each) for each in range(events)]
        text = json.dumps({"Records": records}, separators=(",", ":")).encode()
        raw += len(text)
        name = f"111122223333_CloudTrail_eu-west-1_20260504T{number // 60:02}{number % 60:02}Z_{number:016}.json.gz"
        (folder / name).write_bytes(gzip.compress(text, 6))
    return raw


def mine(root):
    report = mine_usage(FolderTrail(str(root), Catalogue()), START, START + timedelta(days=1))
    found = {}
    for user in report.users:
        for row in user.rows:
            key = (user.principal, row.source, row.event)
            calls, denied = found.get(key, (0, 0))
            found[key] = (calls + row.calls, denied + row.denied)
    return found


def count_plainly(root):
    """What a script would do: json.loads, and two counters."""
    calls, denied = Counter(), Counter()
    for path in sorted(root.rglob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            who = record["userIdentity"]
            if who["type"] == "IAMUser":
                key = (who["arn"], record["eventSource"], record["eventName"])
                calls[key] += 1
                denied[key] += record.get("errorCode") == "AccessDenied"
    return {key: (count, denied[key]) for key, count in calls.items()}


def unpack_only(root):
    paths = [str(path) for path in sorted(root.rglob("*.json.gz"))]
    subprocess.run([shutil.which("gzip") or "gzip", "-dc", *paths], check=True, stdout=subprocess.DEVNULL)


def best_of(function, root, rounds=3):
    times, answer = [], None
    for _ in range(rounds):
        begun = perf_counter()
        answer = function(root)
        times.append(perf_counter() - begun)
    return min(times), answer


def peak_of_mining(root):
    """MiB at the peak of a process that does nothing but mine."""
    command = [sys.executable, "-m", "benchmarks.mining", "--mine", str(root)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024


def main(files=60, events=2000):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        megabytes = write_trail(root, files, events) / 1e6
        print(f"{files} files, {files * events} events, {megabytes:.0f} MB of JSON")
        ours, mined = best_of(mine, root)
        plain, counted = best_of(count_plainly, root)
        assert mined == counted, "the answers differ"
        unpacked, _ = best_of(unpack_only, root)
        for name, seconds in (("migrator, one core", ours), ("json.loads", plain), ("gzip -dc, no reading", unpacked)):
            speed, events_a_second = megabytes / seconds, files * events / seconds
            print(
                f"{name:22} {speed:7.0f} MB/s  {events_a_second:9.0f} events/s  {plain / seconds:5.2f} times json.loads"
            )
        print(f"peak memory of a process that mines: {peak_of_mining(root):.0f} MiB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mine"]:
        mine(Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    else:
        main(*map(int, sys.argv[1:]))
