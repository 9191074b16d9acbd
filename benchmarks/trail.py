"""A generated CloudTrail trail, like a busy organization's: what `benchmarks.mining` reads.

A fifth of the events are IAM users', a twentieth Identity Center sessions', the rest roles' and services'. Services,
sizes (about 1.4 KB an event) and how well it packs (about one to seven) are those of real trails.
"""

import base64
import gzip
import json
import random
from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 4, tzinfo=UTC)
ACCOUNT = "111122223333"
TLS = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"}
AGENTS = (
    "aws-cli/2.15.{n} Python/3.11.6 Linux/6.5.0-1022-aws exe/x86_64.ubuntu.22 prompt/off command/s3.cp",
    "Boto3/1.34.{n} md/Botocore#1.34.{n} ua/2.0 os/linux#5.10.219 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.{n} (+https://www.terraform.io) terraform-provider-aws/5.4{n}.0 (+https://reg)",
    "aws-sdk-java/2.25.{n} Linux/5.10.219-208.866.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.11+9-LTS Java/17.0.11",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/12{n}.0.0.0 Safari",
)
BUCKET = {"bucketName": "data-lake-{n}-eu-west-1", "Host": "data-lake-{n}-eu-west-1.s3.eu-west-1.amazonaws.com"}
ROLE = {"roleArn": "arn:aws:iam::111122223333:role/service/app-{n}", "roleSessionName": "task-{n}"}
STACK = {"stackName": "arn:aws:cloudformation:eu-west-1:111122223333:stack/network-{n}/5d0f7b60-11ee"}
CALLS = (
    ("s3", "GetObject", {**BUCKET, "key": "reports/2026/05/{n}/part-{id}.parquet"}),
    ("s3", "PutObject", {**BUCKET, "key": "in/2026/05/{n}/{id}.json", "x-amz-server-side-encryption": "aws:kms"}),
    ("s3", "ListObjects", {**BUCKET, "prefix": "reports/2026/", "list-type": "2", "max-keys": "1000"}),
    ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {"items": [{"name": "tag:Name"}]}}),
    ("ec2", "DescribeNetworkInterfaces", {"networkInterfaceIdSet": {"items": [{"networkInterfaceId": "eni-{id}"}]}}),
    ("ec2", "CreateTags", {"resourcesSet": {"items": [{"resourceId": "i-{id}"}]}, "tagSet": {"items": [{"key": "x"}]}}),
    ("sts", "AssumeRole", {**ROLE, "durationSeconds": 3600}),
    ("sts", "GetCallerIdentity", None),
    ("dynamodb", "GetItem", {"tableName": "orders-{n}", "key": {"id": "HIDDEN_DUE_TO_SECURITY_REASONS"}}),
    ("kms", "Decrypt", {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::data-lake-{n}/{id}"}}),
    ("kms", "GenerateDataKey", {"keyId": "arn:aws:kms:eu-west-1:111122223333:key/0000-{n}", "keySpec": "AES_256"}),
    ("logs", "CreateLogStream", {"logGroupName": "/aws/lambda/app-{n}", "logStreamName": "2026/05/04/[$LATEST]{id}"}),
    ("lambda", "GetFunction20150331v2", {"functionName": "app-{n}"}),
    ("ssm", "GetParameter", {"name": "/app/{n}/url", "withDecryption": True}),
    ("secretsmanager", "GetSecretValue", {"secretId": "app/{n}/database"}),
    ("cloudformation", "DescribeStacks", STACK),
    ("iam", "GetRole", {"roleName": "app-{n}"}),
    ("monitoring", "PutMetricData", {"namespace": "App/{n}"}),
)


def write_trail(root, files, events, account=ACCOUNT):
    """Files of a trail below `root`, in the organization layout; returns the bytes of their JSON."""
    chance = random.Random(1)  # noqa: S311  # a repeatable choice, no secret
    folder = root / f"AWSLogs/o-bench00001/{account}/CloudTrail/eu-west-1/2026/05/04"
    folder.mkdir(parents=True, exist_ok=True)
    raw = 0
    for number in range(files):
        records = [a_record(chance, 300 * number + 300 * each // events) for each in range(events)]
        text = json.dumps({"Records": records}, separators=(",", ":")).encode()
        raw += len(text)
        name = f"{account}_CloudTrail_eu-west-1_20260504T{number // 60:02}{number % 60:02}Z_{number:016}.json.gz"
        (folder / name).write_bytes(gzip.compress(text, 6, mtime=0))
    return raw


def a_record(chance, second):
    """One event of this second of the day."""
    service, name, parameters = chance.choice(CALLS)
    who, request, event = chance.randrange(40), _uuid(chance), _uuid(chance)
    common = {"n": str((who + chance.randrange(3)) % 20), "id": f"{chance.getrandbits(68):017x}"}
    return {
        "eventVersion": "1.11",
        "userIdentity": an_identity(chance, who),
        "eventTime": f"{START + timedelta(seconds=second % 86_400):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": f"192.0.2.{who * 2 + chance.randrange(2)}",
        "userAgent": AGENTS[(who + chance.randrange(2)) % 5].replace("{n}", str(who % 8)),
        **({"errorCode": "AccessDenied", "errorMessage": "You are not authorized"} if chance.random() < 0.03 else {}),
        "requestParameters": _filled(parameters, common),
        "responseElements": _answer(name, chance),
        **({"additionalEventData": _more(chance)} if service == "s3" else {}),
        "requestID": request,
        "eventID": event,
        "readOnly": not name.startswith(("Put", "Create")),
        **({"resources": _resources(service, common)} if service in {"s3", "kms"} else {}),
        "eventType": "AwsApiCall",
        "managementEvent": service != "s3",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data" if service == "s3" else "Management",
        "tlsDetails": {**TLS, "clientProvidedHostHeader": f"{service}.eu-west-1.amazonaws.com"},
    }


def an_identity(chance, number):
    """Who calls: the same names, keys and roles again and again, with a new session name for each task of a role."""
    draw = chance.random()
    arn, key = f"arn:aws:iam::{ACCOUNT}:user/team-{number % 5}/user-{number}", f"{number:016}"
    if draw < 0.2:
        return {"type": "IAMUser", "principalId": f"AIDA{key}", "arn": arn, "accountId": ACCOUNT,
                "accessKeyId": f"AKIA{key}", "userName": f"user-{number}"}  # fmt: skip
    if draw >= 0.8:
        return {
            "type": "AWSService",
            "invokedBy": ("autoscaling", "ecs-tasks", "lambda")[number % 3] + ".amazonaws.com",
        }
    role, session, key = f"app-{number}", f"i-{chance.getrandbits(64):016x}", f"{chance.getrandbits(64):016X}"
    if draw < 0.25:
        key, role, session = (
            f"{number:016}",
            "AWSReservedSSO_Developer_0123456789abcdef",
            f"person-{number}@example.com",
        )
    issuer = {"type": "Role", "principalId": f"AROA{number:016}", "arn": f"arn:aws:iam::{ACCOUNT}:role/service/{role}",
              "accountId": ACCOUNT, "userName": role}  # fmt: skip
    attributes = {"creationDate": f"2026-05-04T{number % 24:02}:00:00Z", "mfaAuthenticated": "false"}
    return {"type": "AssumedRole", "principalId": f"AROA{number:016}:{session}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}", "accountId": ACCOUNT,
            "accessKeyId": f"ASIA{key}",
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}}  # fmt: skip


def _uuid(chance):
    text = f"{chance.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _filled(parameters, common):
    if parameters is None:
        return None
    text = json.dumps(parameters)
    for name, value in common.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


def _answer(name, chance):
    if name == "AssumeRole":
        token = base64.b64encode(chance.randbytes(600)).decode()
        return {
            "credentials": {"accessKeyId": f"ASIA{token[:16].upper()}", "sessionToken": token, "expiration": "May 4"},
            "assumedRoleUser": {
                "assumedRoleId": f"AROAX:{token[:8]}",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b",
            },
        }
    return {"requestId": _uuid(chance), "_return": True} if name.startswith(("Put", "Create")) else None


def _more(chance):
    return {
        "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader", "x-amz-id-2": base64.b64encode(chance.randbytes(56)).decode(),
        "bytesTransferredOut": chance.randrange(10**6),
    }  # fmt: skip


def _resources(service, common):
    if service == "kms":
        return [
            {
                "accountId": ACCOUNT,
                "type": "AWS::KMS::Key",
                "ARN": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0000-{common['n']}",
            }
        ]
    bucket = f"arn:aws:s3:::data-lake-{common['n']}-eu-west-1"
    return [{"type": "AWS::S3::Object", "ARNPrefix": bucket + "/"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": bucket}]  # fmt: skip
