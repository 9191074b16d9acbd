"""Service last accessed data: jobs started together, read to their end, with a bound."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from migrator.adapters.usage.last_accessed import LastAccess, last_accessed
from migrator.domain.errors import Unreachable

ALICE, BOB = "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
USED = datetime(2026, 4, 1, tzinfo=UTC)
IDS = {ALICE: "a" * 36, BOB: "b" * 36}


class Clock:
    """A clock that moves only while somebody waits."""

    def __init__(self) -> None:
        self.at = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def a_page(*services: Any, status="COMPLETED", **more: Any):
    return {
        "JobStatus": status,
        "JobCreationDate": NOON,
        "JobCompletionDate": NOON,
        "ServicesLastAccessed": list(services),
        **more,
    }


def a_service(name, at=None, **more: Any):
    used = {"LastAuthenticated": at} if at else {}
    return {"ServiceName": name, "ServiceNamespace": name, **used, **more}


@pytest.fixture
def iam(client):
    made = client("iam")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def expect_start(stub, arn):
    words = {"Arn": arn, "Granularity": "ACTION_LEVEL"}
    stub.add_response("generate_service_last_accessed_details", {"JobId": IDS[arn]}, words)


def expect_look(stub, arn, page, **words: Any):
    stub.add_response("get_service_last_accessed_details", page, {"JobId": IDS[arn], **words})


def test_all_jobs_are_started_before_the_first_is_read(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    expect_start(stub, BOB)
    expect_look(stub, ALICE, a_page(a_service("s3", USED), a_service("ec2")))
    expect_look(stub, BOB, a_page())
    alice, bob = last_accessed(client, [ALICE, BOB], Clock())
    assert alice.entries == (LastAccess("ec2", None, None), LastAccess("s3", None, USED))
    assert (bob.user_arn, bob.entries, bob.not_checked, bob.read_at) == (BOB, (), "", NOON)


def test_tracked_actions_are_told_beside_their_service_over_all_pages(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    tracked = [{"ActionName": "ListBuckets", "LastAccessedTime": USED}, {"ActionName": "CreateBucket"}]
    expect_look(
        stub, ALICE, a_page(a_service("s3", USED, TrackedActionsLastAccessed=tracked), IsTruncated=True, Marker="m")
    )
    expect_look(stub, ALICE, a_page(a_service("sqs", USED)), Marker="m")
    (alice,) = last_accessed(client, [ALICE], Clock())
    assert alice.entries == (
        LastAccess("s3", None, USED),
        LastAccess("s3", "s3:CreateBucket", None),
        LastAccess("s3", "s3:ListBuckets", USED),
        LastAccess("sqs", None, USED),
    )


def test_a_running_job_is_waited_for(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    expect_look(stub, ALICE, a_page(status="IN_PROGRESS"))
    expect_look(stub, ALICE, a_page(status="IN_PROGRESS"))
    expect_look(stub, ALICE, a_page(a_service("s3", USED)))
    clock = Clock()
    (alice,) = last_accessed(client, [ALICE], clock)
    assert (len(alice.entries), alice.read_at, clock.slept) == (1, NOON + timedelta(seconds=1.5), [0.5, 1.0])


def test_waiting_for_all_together_ends_and_a_job_that_ended_meanwhile_is_still_read(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    expect_start(stub, BOB)
    for _ in range(3):
        expect_look(stub, ALICE, a_page(status="IN_PROGRESS"))
    expect_look(stub, BOB, a_page(a_service("s3", USED)))
    alice, bob = last_accessed(client, [ALICE, BOB], Clock(), bound=timedelta(seconds=1))
    assert (alice.entries, alice.not_checked) == ((), "the job did not end in time")
    assert (len(bob.entries), bob.not_checked) == (1, "")


def test_a_failed_job_is_not_checked_and_says_why(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    expect_look(stub, ALICE, a_page(status="FAILED", Error={"Code": "ServiceFailure", "Message": "x"}))
    (alice,) = last_accessed(client, [ALICE], Clock())
    assert alice.not_checked == "the job failed: ServiceFailure"


def test_a_user_that_is_gone_does_not_stop_the_others(iam):
    client, stub = iam
    stub.add_client_error("generate_service_last_accessed_details", "NoSuchEntity", http_status_code=404)
    expect_start(stub, BOB)
    expect_look(stub, BOB, a_page(a_service("s3", USED)))
    alice, bob = last_accessed(client, [ALICE, BOB], Clock())
    assert (alice.not_checked, bob.not_checked) == ("AWS answered NoSuchEntity", "")


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        ("AccessDenied", 403, "we may not ask: grant iam:GenerateServiceLastAccessedDetails and its Get"),
        ("InvalidAction", 400, "this endpoint has no last accessed data"),
        ("404", 404, "this endpoint has no last accessed data"),
        ("NotImplemented", 501, "this endpoint has no last accessed data"),
    ],
)
def test_a_refusal_that_would_meet_every_user_is_asked_for_once(iam, code, status, why):
    client, stub = iam
    stub.add_client_error("generate_service_last_accessed_details", code, http_status_code=status)
    answers = [*last_accessed(client, [ALICE, BOB], Clock())]
    assert [(each.user_arn, each.not_checked, each.entries) for each in answers] == [(ALICE, why, ()), (BOB, why, ())]


def test_an_endpoint_without_the_operation_is_not_checked(client):
    answers = [*last_accessed(client("iam"), [ALICE, BOB], Clock())]
    assert [each.not_checked for each in answers] == ["this endpoint has no last accessed data"] * 2


def test_an_endpoint_that_is_silent_is_an_error(client):
    with pytest.raises(Unreachable, match="EndpointConnectionError"):
        [*last_accessed(client("iam", "http://127.0.0.1:9"), [ALICE], Clock())]


def test_nobody_to_ask_about_asks_nothing(iam):
    client, _ = iam
    assert [*last_accessed(client, [], Clock())] == []


def test_pages_without_end_are_told_and_bear_no_numbers(iam):
    client, stub = iam
    expect_start(stub, ALICE)
    endless = a_page(a_service("s3", USED), IsTruncated=True, Marker="again")
    expect_look(stub, ALICE, endless)
    expect_look(stub, ALICE, endless, Marker="again")
    (alice,) = last_accessed(client, [ALICE], Clock())
    assert (alice.entries, alice.not_checked) == ((), "AWS sent pages that do not end")
