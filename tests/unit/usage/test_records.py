"""What one log file says of whom: identities, errors, windows."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.records import part_usage
from tests.unit.usage.trail_records import (
    ALICE,
    NOON,
    PART,
    a_federated_session,
    a_file,
    a_record,
    a_session,
    an_identity,
    counted,
)

CATALOGUE = Catalogue()
SSO = "AWSReservedSSO_Developer_0123456789abcdef"
PATHED = "arn:aws:iam::111122223333:user/team/a/alice"


def read(*records: Any, **window: Any):
    return part_usage(PART, BytesIO(a_file(*records)), CATALOGUE, **window)


def the_fact(*records: Any):
    (fact,) = read(*records).facts
    return fact


WHO = [
    ("an IAM user", an_identity(), ALICE, ""),
    ("an IAM user with a path", an_identity(PATHED), PATHED, ""),
    ("a session of its keys", an_identity(accessKeyId="ASIAEXAMPLE"), ALICE, "session"),
    (
        "a service on its behalf",
        an_identity(invokedBy="cloudformation.amazonaws.com"),
        ALICE,
        "cloudformation.amazonaws.com",
    ),
    (
        "a service within a session",
        an_identity(accessKeyId="ASIAEXAMPLE", invokedBy="athena.amazonaws.com"),
        ALICE,
        "athena.amazonaws.com",
    ),
    ("a federated session of its keys", a_federated_session(), ALICE, "federated-session"),
    (
        "an Identity Center session",
        a_session(SSO, "alice@example.com"),
        f"arn:aws:sts::111122223333:assumed-role/{SSO}/alice@example.com",
        "",
    ),
    (
        "an Identity Center user in the portal",
        {"type": "IdentityCenterUser", "accountId": "1", "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:x"}},
        "identitystore:u-1",
        "",
    ),
]


@pytest.mark.parametrize(("identity", "principal", "via"), [each[1:] for each in WHO], ids=[each[0] for each in WHO])
def test_a_call_is_counted_for_the_one_who_made_it(identity, principal, via):
    fact = the_fact(a_record(userIdentity=identity))
    assert (fact.principal, fact.via, fact.calls) == (principal, via, 1)


NOBODY = {
    "root": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"},
    "a role": a_session("Deploy", "alice"),
    "a role whose session is named like a reserved role": a_session("Deploy", SSO),
    "a role that only ends like a reserved one": a_session("MyAWSReservedSSO_Developer", "alice"),
    "a service": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
    "another account": {"type": "AWSAccount", "accountId": "999988887777", "principalId": "AIDAEXAMPLE"},
    "a user without an ARN": {"type": "IAMUser", "accountId": "1", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
    "nobody": None,
    "an identity without a type": {"accountId": "111122223333", "invokedBy": "AWS Internal"},
    "an unknown type": {"type": "Martian", "arn": ALICE},
    "a portal user without an id": {"type": "IdentityCenterUser", "accountId": "1"},
    "a federated session of a role": {
        "type": "FederatedUser",
        "arn": "arn:aws:sts::111122223333:federated-user/x",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/x"}},
    },
    "a federated session of root": {"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/x"},
    "another identity that nests an IAM user": {
        **a_session("Deploy", "x"),
        "sessionContext": {"type": "IAMUser", "arn": ALICE, "sessionIssuer": {"type": "IAMUser", "arn": ALICE}},
    },
}


@pytest.mark.parametrize("identity", NOBODY.values(), ids=NOBODY.keys())
def test_everybody_else_is_counted_as_an_event_only(identity):
    usage = read(a_record(userIdentity=identity))
    assert (usage.events, usage.facts, usage.refusals) == (1, (), ())


def test_an_iam_user_in_the_parameters_of_somebody_else_is_not_that_user():
    trap = {"note": json.dumps({"userIdentity": an_identity()}), "userIdentity": an_identity()}
    usage = read(a_record(userIdentity=a_session("Deploy", "x"), requestParameters=trap, responseElements=trap))
    assert (usage.events, usage.facts) == (1, ())


def test_users_whose_names_begin_alike_and_users_of_one_name_in_two_accounts_stay_apart():
    arns = [
        f"arn:aws:iam::{account}:user/{name}"
        for account in ("111122223333", "444455556666")
        for name in ("al", "alice")
    ]
    usage = read(
        *(a_record(userIdentity=an_identity(arn)) for arn in arns), a_record(userIdentity=an_identity(arns[0]))
    )
    assert {fact.principal: fact.calls for fact in usage.facts} == dict(zip(arns, (2, 1, 1, 1), strict=True))
    assert {fact.principal: fact.account_id for fact in usage.facts} == {arn: arn.split(":")[4] for arn in arns}


ERRORS = [
    ({"errorCode": "AccessDenied"}, "AccessDenied", True),
    ({"errorCode": "AccessDeniedException"}, "AccessDeniedException", True),
    ({"errorCode": "Client.UnauthorizedOperation"}, "Client.UnauthorizedOperation", True),
    ({"errorCode": "com.amazon.coral.service#AccessDeniedException"}, "AccessDeniedException", True),
    ({"errorCode": "AccessDeniedException:http://internal.amazon.com/coral/"}, "AccessDeniedException", True),
    ({"errorCode": "NoSuchBucket"}, "NoSuchBucket", False),
    ({"responseElements": {"errorCode": "AccessDenied", "errorMessage": "no"}}, "AccessDenied", True),
    ({"responseElements": {"Error": {"Code": "AccessDenied"}}}, "AccessDenied", True),
    ({"responseElements": {"error": {"code": "AccessDeniedException"}}}, "AccessDeniedException", True),
    ({"responseElements": {"__type": "x#AccessDeniedException", "message": "no"}}, "AccessDeniedException", True),
    ({"responseElements": {"code": "AccessDenied"}}, "AccessDenied", True),
    ({"responseElements": {"code": "green", "errors": []}}, "", False),
    ({"responseElements": {"status": "Denied", "note": "AccessDenied"}}, "", False),
    ({"responseElements": {"state": {"code": 16, "error": "none"}}}, "", False),
    ({"errorCode": ""}, "", False),
    ({"errorCode": None, "responseElements": "Denied"}, "", False),
]


@pytest.mark.parametrize(("changes", "error", "refused"), ERRORS)
def test_an_error_is_found_wherever_the_service_put_it(changes, error, refused):
    usage = read(a_record(eventID="e-1", **changes))
    assert (usage.facts[0].error, usage.facts[0].refused) == (error, refused)
    assert [each.event_id for each in usage.refusals] == (["e-1"] if refused else [])


def test_a_refusal_tells_all_that_a_scream_needs():
    (refusal,) = read(a_record(eventID="e-1", errorCode="AccessDenied", errorMessage="explicit deny")).refusals
    assert (refusal.event_id, refusal.at, refusal.principal, refusal.account_id) == ("e-1", NOON, ALICE, "111122223333")
    assert (refusal.source, refusal.event, refusal.address) == ("s3.amazonaws.com", "ListBuckets", "192.0.2.1")
    assert (refusal.agent, refusal.message, refusal.access_key) == ("aws-cli/2", "explicit deny", "AKIAEXAMPLE")


def test_refusals_come_from_users_and_the_sessions_of_their_keys_only():
    identities = [an_identity(), an_identity(accessKeyId="ASIAEXAMPLE"), a_federated_session(), a_session(SSO, "a@b.c")]
    usage = read(*(a_record(userIdentity=each, errorCode="AccessDenied") for each in identities))
    assert [each.principal for each in usage.refusals] == [ALICE, ALICE, ALICE]
    assert sum(fact.calls for fact in usage.facts if fact.refused) == 4


SIGN_INS = [
    ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}}, ""),
    ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "no"}, "Failure"),
    ({"eventName": "CheckMfa", "responseElements": {"CheckMfa": "Failure"}}, "Failure"),
    ({"eventName": "CredentialVerification", "serviceEventDetails": {"CredentialVerification": "Failure"}}, "Failure"),
    ({"eventName": "CredentialVerification", "serviceEventDetails": {"CredentialVerification": "Success"}}, ""),
]


@pytest.mark.parametrize(("changes", "error"), SIGN_INS)
def test_a_sign_in_says_whether_it_worked(changes, error):
    fact = the_fact(a_record(eventSource="signin.amazonaws.com", **changes))
    assert (fact.error, fact.action, fact.refused) == (error, None, False)


def test_calls_are_told_apart_by_all_that_matters_and_added_by_nothing_else():
    apart = [
        {},
        {"eventName": "CreateBucket", "requestParameters": {"bucketName": "b"}},
        {"eventSource": "sqs.amazonaws.com"},
        {"awsRegion": "us-east-1"},
        {"sourceIPAddress": "192.0.2.2"},
        {"userAgent": "boto3"},
        {"errorCode": "SlowDown"},
        {"userIdentity": an_identity(accessKeyId="AKIAOTHER")},
        {"userIdentity": an_identity(invokedBy="x.amazonaws.com")},
    ]
    same = {"eventTime": "2026-05-04T13:00:00Z", "requestID": "r", "eventID": "e", "tlsDetails": {"x": 1}}
    usage = read(*(a_record(**each) for each in apart), a_record(**same))
    assert sorted(fact.calls for fact in usage.facts) == [1] * (len(apart) - 1) + [2]
    twice = max(usage.facts, key=lambda fact: fact.calls)
    assert (twice.first, twice.last) == (NOON, NOON + timedelta(hours=1))


def test_an_event_that_stands_twice_in_a_file_counts_once():
    usage = read(a_record(eventID="e-1"), a_record(eventID="e-2"), a_record(eventID="e-1"))
    assert (usage.events, [fact.calls for fact in usage.facts]) == (2, [2])


def test_events_without_an_id_are_never_taken_for_copies():
    assert the_fact(a_record(), a_record(eventID=...)).calls == 2


def test_the_order_of_events_in_a_file_changes_nothing():
    records = [
        a_record(
            eventTime=f"2026-05-04T12:00:{second:02}Z",
            eventName=name,
            errorCode=error,
            eventID=f"{second}{name}{error}",
        )
        for second in range(3)
        for name in ("ListBuckets", "PutObject")
        for error in ("AccessDenied", None)
    ]
    assert read(*records) == read(*reversed(records))


def test_the_window_holds_its_beginning_and_not_its_end():
    records = [a_record(eventTime=f"2026-05-04T{hour:02}:00:00Z") for hour in (11, 12, 13, 14)]
    usage = read(*records, since=NOON, until=NOON + timedelta(hours=2))
    assert (usage.events, usage.facts[0].calls) == (2, 2)
    assert (usage.first, usage.newest) == (NOON, NOON + timedelta(hours=1))


TIMES = [
    ("2026-05-04T12:00:00Z", NOON),
    ("2026-05-04T12:00:00.123Z", NOON.replace(microsecond=123000)),
    ("2026-05-04 12:00:00", NOON),
    ("2026-05-04 12:00:00.000000000", NOON),
    ("2026-05-04T14:00:00+02:00", NOON),
]


@pytest.mark.parametrize(("text", "at"), TIMES)
def test_every_spelling_of_a_time_is_read_as_utc(text, at):
    usage = read(a_record(eventTime=text))
    assert usage.facts[0].last == usage.newest == at
    assert usage.facts[0].last.utcoffset() == timedelta(0)


@pytest.mark.parametrize("time", [None, ..., "yesterday", 7, "", {}])
def test_an_event_without_a_time_is_given_the_newest_of_its_file(time):
    usage = read(
        a_record(eventName="PutObject", eventTime=time), a_record(), a_record(eventTime="2026-05-03T12:00:00Z")
    )
    assert {fact.event: fact.last for fact in usage.facts} == {"ListBuckets": NOON, "PutObject": NOON}
    assert usage.events == 3


def test_an_s3_call_that_names_a_version_needs_the_action_for_versions():
    fact = the_fact(
        a_record(eventName="GetObject", requestParameters={"bucketName": "b", "key": "k", "versionId": "v"})
    )
    assert fact.action == "s3:GetObjectVersion"


def test_what_the_catalogue_does_not_know_stays_without_an_action():
    assert the_fact(a_record(eventSource="martian.amazonaws.com", eventName="Land")).action is None


def test_an_event_of_40_kilobytes_is_one_event():
    fact = the_fact(a_record(requestParameters={"policyDocument": "x" * 40_000, "bucketName": "b"}))
    assert (fact.calls, fact.resource) == (1, "arn:aws:s3:::b")


def test_an_identity_center_session_is_not_refused_work_of_a_user_even_in_its_name():
    usage = read(a_record(userIdentity=a_session(SSO, "x:user/alice"), errorCode="AccessDenied"))
    assert usage.refusals == ()
    assert counted(usage).total() == 1
