"""Mining: every file of a source added up, one record per IAM user."""

from collections import Counter
from datetime import timedelta
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.records import Window
from migrator.adapters.usage.sums import Summing
from migrator.domain.usage import MOST, Part, UsageSums
from migrator.operations.mine_usage import mine_usage
from tests.unit.usage.trail_records import (
    ALICE,
    NOON,
    a_federated_session,
    a_file,
    a_record,
    a_session,
    an_identity,
    reference,
)

CATALOGUE = Catalogue()
SSO = "AWSReservedSSO_Developer_0123456789abcdef"
SINCE, UNTIL = NOON - timedelta(days=1), NOON + timedelta(days=1)


class Files:
    """A usage source over files in memory."""

    source = "cloudtrail:memory"

    def __init__(self, **files: bytes) -> None:
        self._files = files

    def list_parts(self, since, until, accounts=None):
        del since, until, accounts
        return [Part(source=self.source, account_id="", key=name, etag="") for name in sorted(self._files)]

    def summing(self, *, since=None, until=None):
        sums, window = Summing(CATALOGUE), Window(since, until)

        def add(parts):
            for part in parts:
                sums.add(part.key, BytesIO(self._files[part.key]), window)
            return sums.sums

        return add


def mined(**files: bytes):
    return mine_usage(Files(**files), SINCE, UNTIL)


def test_the_report_has_the_keys_of_the_contract():
    get = {"eventName": "GetObject", "requestParameters": {"bucketName": "b", "key": "k"}}
    report = mined(
        a=a_file(a_record(**get), a_record(**get, errorCode="AccessDenied", eventTime="2026-05-04T13:00:00Z")),
        b=a_file(a_record(**get, userIdentity=an_identity(invokedBy="athena.amazonaws.com"))),
        c=b"{",
    ).to_json()
    assert (report["events"], report["files"], report["bad_files"]) == (3, 2, [{"file": "c", "why": "truncated JSON"}])
    (user,) = report["users"]
    assert (user["user_arn"], user["first"], user["last"]) == (ALICE, "2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z")
    named = {"event_source": "s3.amazonaws.com", "event_name": "GetObject", "action": "s3:GetObject"}
    assert [{**named, **call} for call in user["calls"]] == user["calls"]
    seen = [[call[key] for key in ("calls", "denied", "resources", "last", "via")] for call in user["calls"]]
    assert seen == [
        [2, 1, ["arn:aws:s3:::b/k"], "2026-05-04T13:00:00Z", None],
        [1, 0, ["arn:aws:s3:::b/k"], "2026-05-04T12:00:00Z", "athena.amazonaws.com"],
    ]
    assert (user["addresses"], user["agents"]) == (["192.0.2.1"], ["aws-cli/2"])
    assert (user["access_keys"], user["regions"]) == (["AKIAEXAMPLE"], ["eu-west-1"])


def test_federated_and_role_sessions_stand_apart_from_users():
    report = mined(
        a=a_file(
            a_record(),
            a_record(userIdentity=an_identity(accessKeyId="ASIAEXAMPLE")),
            a_record(userIdentity=a_federated_session()),
            a_record(userIdentity=a_session(SSO, "alice@example.com")),
            a_record(userIdentity={"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}),
        )
    ).to_json()
    (user,) = report["users"]
    assert [(call["calls"], call["via"]) for call in user["calls"]] == [(1, None), (1, "session")]
    kinds = {session["kind"]: session["principal"] for session in report["sessions"]}
    assert kinds == {
        "federated": ALICE,
        "identity-center": f"arn:aws:sts::111122223333:assumed-role/{SSO}/alice@example.com",
        "identity-center-portal": "identitystore:u-1",
    }


def test_events_outside_the_window_are_not_counted():
    times = ["2026-05-03T11:59:59Z", "2026-05-03T12:00:00Z", "2026-05-05T11:59:59Z", "2026-05-05T12:00:00Z"]
    report = mined(a=a_file(*(a_record(eventTime=time) for time in times)))
    assert report.events == 2
    assert (report.users[0].first, report.users[0].last) == (SINCE, UNTIL - timedelta(seconds=1))


def test_an_empty_source_gives_an_empty_report():
    report = mined()
    assert (report.events, report.files, report.users, report.bad_files) == (0, 0, (), ())


def test_the_order_in_which_files_are_read_changes_nothing():
    files = Files(**{f"f{number}": a_file(a_record(eventName=f"Get{number % 3}")) for number in range(9)}, x=b"")
    forwards = mine_usage(files, SINCE, UNTIL)
    assert mine_usage(files, SINCE, UNTIL, carry=lambda summing, parts, _: summing()(reversed([*parts]))) == forwards
    assert mine_usage(files, SINCE, UNTIL, carry=one_by_one) == forwards


def one_by_one(summing, parts, _progress):
    """Every file by a process of its own."""
    sums = UsageSums()
    for part in reversed([*parts]):
        sums.merge(summing()([part]))
    return sums


def test_progress_is_told_after_every_file():
    heard: list[tuple[int, int]] = []
    files = Files(a=a_file(a_record()), b=b"", c=a_file(a_record(), a_record()))
    mine_usage(files, SINCE, UNTIL, progress=lambda *seen: heard.append(seen))
    assert heard == [(1, 1), (1, 1), (2, 3)]


def test_many_resources_are_cut_short_by_name_and_the_report_says_so():
    records = [
        a_record(eventName="GetObject", requestParameters={"bucketName": "b", "key": f"{number:05}"})
        for number in range(2 * MOST + 7)
    ]
    files = Files(a=a_file(*reversed(records)), b=a_file(a_record()))
    (user,) = mine_usage(files, SINCE, UNTIL).to_json()["users"]
    many, none = user["calls"]
    assert (len(many["resources"]), many["resources_more"], many["calls"]) == (MOST, True, len(records))
    assert many["resources"] == [f"arn:aws:s3:::b/{number:05}" for number in range(MOST)]
    assert (none["resources"], none["resources_more"]) == ([], False)


NAMES = ["al", "alice", "team/alice"]
USERS = st.builds(
    lambda account, name, key, via: an_identity(
        f"arn:aws:iam::{account}:user/{name}", accessKeyId=key, **({"invokedBy": via} if via else {})
    ),
    st.sampled_from(["111122223333", "444455556666"]),
    st.sampled_from(NAMES),
    st.sampled_from(["AKIA1", "AKIA2", "ASIA3"]),
    st.sampled_from([None, "athena.amazonaws.com"]),
)
OTHERS = st.sampled_from(
    [
        a_federated_session(),
        a_session(SSO, "alice@example.com"),
        a_session("Deploy", SSO),
        {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}},
        {"type": "Root", "arn": "arn:aws:iam::111122223333:root"},
        {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
        {"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        None,
    ]
)
RECORDS = st.builds(
    lambda identity, name, error, second, parameters: a_record(
        userIdentity=identity,
        eventName=name,
        errorCode=error,
        eventTime=f"2026-05-04T12:00:{second:02}Z",
        requestParameters=parameters,
    ),
    USERS | OTHERS,
    st.sampled_from(["ListBuckets", "GetObject", "Unheard"]),
    st.sampled_from([None, "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "SlowDown"]),
    st.integers(0, 59),
    st.sampled_from([None, "text", 7, {"bucketName": "b", "key": "k"}, {"x": an_identity()}]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(RECORDS, max_size=8), max_size=5))
def test_every_call_is_counted_exactly_as_a_slow_reference_counts_it(files):
    report = mined(**{f"f{number}": a_file(*records) for number, records in enumerate(files)})
    counts: Counter[tuple[str, str, str, str, bool]] = Counter()
    for who in (*report.users, *report.sessions):
        for row in who.rows:
            counts[who.principal, row.source, row.event, row.via, True] += row.denied
            counts[who.principal, row.source, row.event, row.via, False] += row.calls - row.denied
    everything = [record for records in files for record in records]
    assert +counts == reference(everything)
    assert report.events == len(everything)


@settings(max_examples=50, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=8))
def test_first_and_last_are_those_of_the_calls(records):
    report = mined(a=a_file(*records))
    for user in report.users:
        mine = [each for each in records if (each["userIdentity"] or {}).get("arn") == user.principal]
        times = sorted(record["eventTime"] for record in mine)
        written = user.to_json()
        assert (written["first"], written["last"]) == (times[0], times[-1])
