"""A queued request of Identity Center is read to its end, and no further than patience goes."""

import pytest

from migrator.adapters.aws.changes.center_kind import PATIENCE, path_and_name, read_to_the_end
from migrator.ports.aws import Rejected, Transient, Unavailable
from tests.contract.hands_worlds import NOW, TestClock


def answers(statuses):
    """Reads one status after the other, the last one for ever."""
    left = list(statuses)
    return lambda request: {"RequestId": request, "Status": left.pop(0) if len(left) > 1 else left[0]}


QUEUED = {"RequestId": "r-1", "Status": "IN_PROGRESS"}


def test_a_request_that_ended_at_once_is_not_read_again():
    clock = TestClock()
    read_to_the_end(clock, "assigning", {"RequestId": "r-1", "Status": "SUCCEEDED"}, lambda _: pytest.fail("read"))
    assert clock.slept == []


def test_pauses_double_up_to_five_seconds():
    clock = TestClock()
    read_to_the_end(clock, "assigning", QUEUED, answers([*["IN_PROGRESS"] * 7, "SUCCEEDED"]))
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_request_that_never_ends_is_given_up_by_name():
    clock = TestClock()
    with pytest.raises(Unavailable, match="r-1") as error:
        read_to_the_end(clock, "assigning", QUEUED, answers(["IN_PROGRESS"]))
    assert error.value.next_step
    assert PATIENCE <= clock.now() - NOW < PATIENCE * 1.1


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("Received a 404 status error: policy team/reader does not exist.", Rejected),
        ("Received a 403 status error: not authorized.", Rejected),
        ("Received a 409 status error: role is being changed.", Transient),
        ("Received a 429 status error: Rate exceeded.", Transient),
        ("Received a 503 status error: try later.", Transient),
        ("The 429 roles of this account are its limit.", Rejected),
        (None, Rejected),
    ],
)
def test_a_failed_request_says_why_and_whether_another_try_helps(reason, error):
    failed = {"RequestId": "r-1", "Status": "FAILED", "FailureReason": reason}
    with pytest.raises(error) as raised:
        read_to_the_end(TestClock(), "assigning", failed, answers(["FAILED"]))
    assert (reason or "no reason") in raised.value.what
    assert raised.value.next_step


def test_a_hostile_reason_is_made_harmless():
    failed = {"RequestId": "r-1", "Status": "FAILED", "FailureReason": "no\x1b[2J\r\nway"}
    with pytest.raises(Rejected) as raised:
        read_to_the_end(TestClock(), "assigning", failed, answers(["FAILED"]))
    assert raised.value.what.isprintable()


@pytest.mark.parametrize(
    ("reference", "path", "name"), [("/reader", "/", "reader"), ("/team/data/reader", "/team/data/", "reader")]
)
def test_a_customer_policy_is_named_by_path_and_name(reference, path, name):
    assert path_and_name(reference) == {"Name": name, "Path": path}
