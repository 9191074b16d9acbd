"""The trail read by Athena: one query a day, counted as files are."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from botocore.stub import Stubber

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.athena import AthenaTrail, query_text
from migrator.adapters.usage.days import Day
from migrator.adapters.usage.records import part_usage
from migrator.ports.aws import AccessDenied
from tests.integration.usage.test_lookup import NOW, Clock
from tests.unit.usage.trail_records import ALICE, PART, a_federated_session, a_file, a_record, a_session
from tests.unit.usage.trail_records import an_identity as a_user

GOLDEN = Path(__file__).with_name("athena_query.sql")
SSO = "AWSReservedSSO_Developer_0123456789abcdef"
MAY_3 = datetime(2026, 5, 3, tzinfo=UTC)
COLUMNS = (
    *(
        "type",
        "arn",
        "account_id",
        "access_key",
        "invoked_by",
        "user_id",
        "issuer_type",
        "issuer_arn",
        "source",
        "name",
    ),
    *("region", "address", "agent", "recipient", "error", "parameters", "resources", "response", "message", "id"),
    *("calls", "first", "last"),
)
PORTAL = {"type": "IdentityCenterUser", "accountId": "111122223333", "onBehalfOf": {"userId": "u-1"}}
WHEN = "2026-05-03T10:00:00Z"
GET = {"eventName": "GetObject", "requestParameters": {"bucketName": "b", "key": 'k"1'}, "eventTime": WHEN}
RECORDS = [
    a_record(**GET),
    a_record(**GET, errorCode="AccessDenied", errorMessage="explicit deny", eventID="e-1"),
    a_record(eventTime=WHEN, resources=[{"ARN": "arn:aws:s3:::b/x y"}], userIdentity=a_user(invokedBy="athena.a.com")),
    a_record(eventTime=WHEN, userIdentity=a_user(accessKeyId="ASIA1"), responseElements={"errorCode": "AccessDenied"}),
    a_record(eventTime=WHEN, userIdentity=a_federated_session()),
    a_record(eventTime=WHEN, userIdentity=a_session(SSO, "alice@example.com")),
    a_record(eventTime=WHEN, userIdentity=PORTAL),
]


def a_row(record, calls=1, last=None):
    """What the query answers for events like this record."""
    who = record["userIdentity"]
    issuer = who.get("sessionContext", {}).get("sessionIssuer", {})
    refused = record.get("errorCode") == "AccessDenied"
    parameters, response = record.get("requestParameters"), record.get("responseElements")
    return {
        "type": who["type"],
        "arn": who.get("arn"),
        "account_id": who.get("accountId"),
        "access_key": who.get("accessKeyId"),
        "invoked_by": who.get("invokedBy"),
        "user_id": who.get("onBehalfOf", {}).get("userId"),
        "issuer_type": issuer.get("type"),
        "issuer_arn": issuer.get("arn"),
        "source": record["eventSource"],
        "name": record["eventName"],
        "region": record["awsRegion"],
        "address": record["sourceIPAddress"],
        "agent": record["userAgent"],
        "recipient": record["recipientAccountId"],
        "error": record.get("errorCode"),
        "parameters": json.dumps(parameters) if parameters else None,
        "resources": json.dumps([each["ARN"] for each in record.get("resources", ())]),
        "response": json.dumps(response) if response else None,
        "message": record.get("errorMessage") if refused else None,
        "id": record["eventID"] if refused else None,
        "calls": str(calls),
        "first": record["eventTime"],
        "last": last or record["eventTime"],
    }


@pytest.fixture
def athena(client, moto_url):
    """Asks Athena about the third of May; what it answers is queued beforehand."""
    made, clock = client("athena"), Clock()
    source = AthenaTrail(made, "default", "logs", "primary", "s3://results/here", clock, Catalogue())

    def asked(*rows):
        cells = [[{"VarCharValue": name} for name in COLUMNS]]
        cells += [[{"VarCharValue": row[name]} if row[name] is not None else {} for name in COLUMNS] for row in rows]
        results = [{"rows": [{"Data": row} for row in cells], "column_info": []}]
        body = {"account_id": "123456789012", "region": "us-east-1", "results": results}
        url = f"{moto_url}/moto-api/static/athena/query-results"
        request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310  # our own
        urlopen(request).close()  # noqa: S310  # moto on this machine
        return source.read(next(iter(source.list_parts(MAY_3, MAY_3))))

    return asked


def test_what_athena_tells_is_what_the_files_tell(athena):
    usage, files = athena(*map(a_row, RECORDS)), part_usage(PART, *[as_stream(a_file(*RECORDS))], Catalogue())
    assert usage.facts == files.facts
    assert usage.refusals == files.refusals
    assert (usage.events, usage.first, usage.newest, usage.bad) == (len(RECORDS), files.first, files.newest, "")


def as_stream(data):
    from io import BytesIO

    return BytesIO(data)


def test_calls_that_athena_added_up_stay_added_up(athena):
    usage = athena(a_row(RECORDS[0], calls=40, last="2026-05-03T23:00:00Z"), a_row(RECORDS[0], calls=2))
    (fact,) = usage.facts
    assert (fact.principal, fact.calls, usage.events) == (ALICE, 42, 42)
    assert (fact.first, fact.last) == (MAY_3 + timedelta(hours=10), MAY_3 + timedelta(hours=23))


def test_a_day_without_calls_is_a_part_without_calls(athena):
    usage = athena()
    assert (usage.events, usage.facts, usage.bad, usage.newest) == (0, (), "", None)


def test_a_part_is_a_day_and_only_the_present_day_is_asked_again_once_an_hour(client):
    source = AthenaTrail(client("athena"), "default", "logs", "primary", "s3://r/h", Clock(), Catalogue())
    parts = [(part.key, part.etag) for part in source.list_parts(NOW - timedelta(days=2), NOW + timedelta(days=2))]
    assert parts == [("2026-05-02", "whole"), ("2026-05-03", "whole"), ("2026-05-04", "2026-05-04T12")]


def test_the_query_is_the_one_that_was_reviewed():
    assert query_text("default", 'lo"gs', Day(MAY_3, NOW)) == GOLDEN.read_text(encoding="utf-8")


@pytest.fixture
def stubbed(client):
    made = client("athena")
    with Stubber(made) as stub:
        yield AthenaTrail(made, "default", "logs", "primary", "s3://r/h", Clock(), Catalogue()), stub
        stub.assert_no_pending_responses()


def ended(state, **more):
    return {"QueryExecution": {"Status": {"State": state, **more}}}


def test_a_query_is_waited_for_and_one_that_fails_says_why(stubbed):
    source, stub = stubbed
    stub.add_response("start_query_execution", {"QueryExecutionId": "q"})
    stub.add_response("get_query_execution", ended("QUEUED"))
    stub.add_response("get_query_execution", ended("RUNNING"))
    stub.add_response("get_query_execution", ended("FAILED", StateChangeReason="TABLE_NOT_FOUND"))
    usage = source.read(next(iter(source.list_parts(MAY_3, MAY_3))))
    assert (usage.bad, usage.events) == ("the query failed: TABLE_NOT_FOUND", 0)


def test_whoever_may_not_ask_is_told_so(stubbed):
    source, stub = stubbed
    stub.add_client_error("start_query_execution", "AccessDeniedException", "no", http_status_code=400)
    with pytest.raises(AccessDenied, match="athena:StartQueryExecution"):
        source.read(next(iter(source.list_parts(MAY_3, MAY_3))))
