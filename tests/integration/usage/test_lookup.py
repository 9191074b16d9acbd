"""CloudTrail's event history as a usage source: by region and day, at two calls a second."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.lookup import EventHistory, regions_of
from migrator.ports.aws import AccessDenied
from tests.unit.usage.trail_records import ALICE, a_record, a_session

ACCOUNT = "111122223333"
NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
MAY_3 = {"StartTime": datetime(2026, 5, 3, tzinfo=UTC), "EndTime": datetime(2026, 5, 3, 23, 59, 59, tzinfo=UTC)}


class Clock:
    """A clock that moves only while somebody waits."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def cloudtrail(client):
    made = client("cloudtrail")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def history(client, clock=None, regions=("eu-west-1", "us-east-1")):
    return EventHistory(lambda _region: client, lambda: ACCOUNT, regions, clock or Clock(), Catalogue())


def listed(since, until, accounts=None):
    parts = history(None).list_parts(since, until, accounts)
    return [(part.key, part.etag) for part in parts]


def test_a_part_is_a_region_and_a_day_and_only_the_present_day_is_asked_again():
    assert listed(NOW - timedelta(days=1), NOW) == [
        ("eu-west-1/2026-05-03", "whole"),
        ("eu-west-1/2026-05-04", "2026-05-04T12:30"),
        ("us-east-1/2026-05-03", "whole"),
        ("us-east-1/2026-05-04", "2026-05-04T12:30"),
    ]


def test_what_is_older_than_90_days_is_not_asked_for_and_the_future_neither():
    keys = [key for key, _ in listed(NOW - timedelta(days=400), NOW + timedelta(days=9))]
    assert (keys[0], keys[90], len(keys)) == ("eu-west-1/2026-02-03", "eu-west-1/2026-05-04", 2 * 91)


@pytest.mark.parametrize(("accounts", "parts"), [([ACCOUNT], 2), (["444455556666"], 0), ([], 0), (None, 2)])
def test_only_the_callers_account_is_told_of(accounts, parts):
    assert len(listed(NOW, NOW, accounts)) == parts


def a_page(*records, **more):
    return {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in records], **more}


def the_part(source):
    return next(iter(source.list_parts(NOW - timedelta(days=1), NOW)))


def test_all_pages_of_a_day_are_counted_at_two_calls_a_second(cloudtrail):
    client, stub = cloudtrail
    when = "2026-05-03T10:00:00Z"
    refused = a_record(eventTime=when, eventID="e-2", errorCode="AccessDenied")
    stub.add_response(
        "lookup_events",
        a_page(a_record(eventTime=when, eventID="e-1"), a_record(userIdentity=a_session("Deploy", "x")), NextToken="n"),
        {**MAY_3, "MaxResults": 50},
    )
    stub.add_response("lookup_events", a_page(refused), {**MAY_3, "MaxResults": 50, "NextToken": "n"})
    clock = Clock()
    source = history(client, clock)
    usage = source.read(the_part(source))
    assert (usage.bad, usage.events, {fact.principal for fact in usage.facts}) == ("", 3, {ALICE})
    assert [refusal.event_id for refusal in usage.refusals] == ["e-2"]
    assert clock.at - NOW == timedelta(seconds=1)


def test_a_day_without_events_is_a_part_without_events(cloudtrail):
    client, stub = cloudtrail
    stub.add_response("lookup_events", {"Events": []}, {**MAY_3, "MaxResults": 50})
    source = history(client)
    usage = source.read(the_part(source))
    assert (usage.events, usage.bad) == (0, "")


def test_pages_that_go_in_circles_end(cloudtrail):
    client, stub = cloudtrail
    for token in ({}, {"NextToken": "n"}):
        stub.add_response("lookup_events", a_page(NextToken="n"), {**MAY_3, "MaxResults": 50, **token})
    source = history(client)
    assert source.read(the_part(source)).events == 0


def test_whoever_may_not_ask_is_told_so(cloudtrail):
    client, stub = cloudtrail
    stub.add_client_error("lookup_events", "AccessDeniedException", "no", http_status_code=400)
    source = history(client)
    with pytest.raises(AccessDenied, match="cloudtrail:LookupEvents"):
        source.read(the_part(source))


@pytest.mark.parametrize(
    ("region", "regions"),
    [
        ("eu-west-1", ("eu-west-1", "us-east-1")),
        ("us-east-1", ("us-east-1",)),
        ("us-gov-east-1", ("us-gov-east-1", "us-gov-west-1")),
        ("cn-northwest-1", ("cn-north-1", "cn-northwest-1")),
    ],
)
def test_global_services_are_looked_up_where_their_partition_tells_of_them(region, regions):
    assert regions_of(region) == regions
