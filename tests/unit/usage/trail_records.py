"""Builders for CloudTrail records, and a slow, obvious reference for counting them."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from migrator.domain.usage import Part, PartUsage

ALICE = "arn:aws:iam::111122223333:user/alice"
PART = Part(source="cloudtrail:test", account_id="111122223333", key="a.json.gz", etag="1")
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def an_identity(arn: str = ALICE, **changes: Any) -> dict[str, Any]:
    account = arn.split(":")[4]
    name = arn.rpartition("/")[2]
    identity = {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": arn,
        "accountId": account,
        "accessKeyId": "AKIAEXAMPLE",
        "userName": name,
    }
    return {key: value for key, value in {**identity, **changes}.items() if value is not ...}


def a_record(**changes: Any) -> dict[str, Any]:
    record = {
        "eventVersion": "1.09",
        "userIdentity": an_identity(),
        "eventTime": "2026-05-04T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2",
        "requestParameters": None,
        "responseElements": None,
        "eventID": None,
        "recipientAccountId": "111122223333",
    }
    return {key: value for key, value in {**record, **changes}.items() if value is not ...}


def a_session(role: str, session: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/{session}",
        "accountId": "111122223333",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}},
        **changes,
    }


def a_federated_session(arn: str = ALICE) -> dict[str, Any]:
    return {
        "type": "FederatedUser",
        "principalId": "111122223333:broker",
        "arn": "arn:aws:sts::111122223333:federated-user/broker",
        "accountId": "111122223333",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": arn, "accountId": "111122223333"}},
    }


def a_file(*records: Any, packed: bool = True) -> bytes:
    text = json.dumps({"Records": list(records)}).encode()
    return gzip.compress(text, mtime=0) if packed else text


def counted(usage: PartUsage) -> Counter[tuple[str, str, str, str, bool]]:
    """Facts as (principal, source, event, via, refused) → calls."""
    found: Counter[tuple[str, str, str, str, bool]] = Counter()
    for fact in usage.facts:
        found[fact.principal, fact.source, fact.event, fact.via, fact.refused] += fact.calls
    return found


def reference(records: list[dict[str, Any]]) -> Counter[tuple[str, str, str, str, bool]]:
    """The same, counted as plainly as can be, one record after the other."""
    found: Counter[tuple[str, str, str, str, bool]] = Counter()
    for record in records:
        who = record.get("userIdentity") or {}
        kind, arn, via = who.get("type"), who.get("arn"), who.get("invokedBy") or ""
        principal = None
        if kind == "IAMUser" and arn:
            principal = arn
            if not via and (who.get("accessKeyId") or "").startswith("ASIA"):
                via = "session"
        elif kind == "AssumedRole" and arn and arn.split("/")[0].endswith(":assumed-role"):
            principal = arn if arn.split("/")[1].startswith("AWSReservedSSO_") else None
        elif kind == "FederatedUser":
            issuer = (who.get("sessionContext") or {}).get("sessionIssuer") or {}
            principal, via = (issuer["arn"] if issuer.get("type") == "IAMUser" else None), "federated-session"
        elif kind == "IdentityCenterUser":
            principal = "identitystore:" + who["onBehalfOf"]["userId"]
        if principal:
            error = record.get("errorCode")
            refused = error in {"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"}
            found[principal, record["eventSource"], record["eventName"], via, refused] += 1
    return found
