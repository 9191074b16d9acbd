"""The AWS in memory can lose calls, lose answers and lag, as apply-loop tests need it."""

import pytest

from migrator.domain.changes import Change
from migrator.domain.model import Credential, CredentialKind, UserFacts
from tests.contract.hands_worlds import NOW, READ
from tests.fakes.hands import FakeAws

ADA = UserFacts(
    "222222222222",
    "ada",
    "AIDAADA",
    "arn:aws:iam::222222222222:user/staff/ada",
    NOW,
    path="/staff/",
    created_at=NOW,
    tags={"Email": "ada@acme.example"},
    groups=("devs", "ops"),
    inline_policies={"own": READ},
    attached_policies=("arn:aws:iam::222222222222:policy/reader",),
    boundary="arn:aws:iam::222222222222:policy/bound",
    credentials=(
        Credential(CredentialKind.CONSOLE_PASSWORD, "ada"),
        Credential(CredentialKind.ACCESS_KEY, "AKIA1", "Inactive", last_used_service="s3"),
        Credential(CredentialKind.MFA_DEVICE, "GAHT0001", detail={"virtual": False}),
    ),
)
KEY = ("222222222222", "ada", "AKIA1")
SWITCH = Change("access-key", KEY, {"status": "Inactive"}, {"status": "Active"})


class Crash(BaseException):
    """The process is gone."""


@pytest.fixture
def aws():
    fake = FakeAws(lambda: NOW)
    fake.add_user(ADA)
    return fake


def crash_at(moment, n):
    def on_call(now, call) -> None:
        if (now, call) == (moment, n):
            raise Crash

    return on_call


def test_a_user_reads_back_as_it_was_added(aws):
    assert aws.read_user("222222222222", "ada") == ADA
    assert aws.read_account("222222222222").users == (ADA,)
    assert [group.name for group in aws.read_account("222222222222").groups] == ["devs", "ops"]


def test_a_reader_sees_what_a_change_did(aws):
    aws.make(SWITCH)
    statuses = {each.id: each.status for each in aws.read_user("222222222222", "ada").credentials}
    assert statuses["AKIA1"] == "Active"


@pytest.mark.parametrize(("moment", "status"), [("before", "Inactive"), ("after", "Active")])
def test_a_call_is_lost_before_and_its_answer_after(aws, moment, status):
    aws.on_call = crash_at(moment, 1)
    with pytest.raises(Crash):
        aws.make(SWITCH)
    assert aws.there["access-key", KEY] == {"status": status}


def test_calls_are_counted_and_kept(aws):
    seen = []
    aws.on_call = lambda moment, n: seen.append((moment, n))
    aws.observe(SWITCH)
    aws.make(SWITCH)
    assert seen == [("before", 1), ("after", 1), ("before", 2), ("after", 2)]
    assert aws.calls == [("observe", SWITCH), ("make", SWITCH)]


def test_a_refused_call_has_no_answer_to_lose(aws):
    seen = []
    aws.on_call = lambda moment, n: seen.append((moment, n))
    with pytest.raises(Exception, match="DeleteConflict"):
        aws.make(Change("user", ("222222222222", "ada"), {}, None))
    assert seen == [("before", 1)]


def test_lagging_observations_show_what_was_there_before(aws):
    aws.lag = 2
    aws.make(SWITCH)
    assert [aws.observe(SWITCH)["status"] for _ in range(3)] == ["Inactive", "Inactive", "Active"]


def test_state_compares_worlds_without_what_only_aws_can_set(aws):
    before = aws.state()
    assert before["user"] == {"222222222222 ada": {"path": "/staff/", "tags": {"Email": "ada@acme.example"}}}
    assert aws.state(volatile=True)["user"]["222222222222 ada"]["user_id"] == "AIDAADA"
    aws.make(SWITCH)
    assert aws.state() != before


def test_what_is_read_is_a_copy(aws):
    target = ("222222222222", "ada", "own")
    aws.observe(Change("inline-policy", target, None, None))["Statement"].clear()
    assert aws.there["inline-policy", target] == READ
