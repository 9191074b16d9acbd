"""What AWS says becomes one of the port's errors, in one clean sentence."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PaginationError,
    ParamValidationError,
    ReadTimeoutError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from migrator.adapters.aws.answers import LONGEST, clean
from migrator.adapters.aws.errors import SIGN_IN, ActionDenied, translated
from migrator.domain.errors import Stale
from migrator.ports.aws import AccessDenied, Missing, NotSupported, Rejected, Transient, Unavailable

ACCOUNT = "111111111111"


def refusal(code, message="", status=400, **more: str):
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}, "Op"
    )


def translation(error):
    with pytest.raises(Exception) as caught, translated("iam:DeleteUser", ACCOUNT):  # noqa: PT011  # any error
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", ActionDenied),
        ("AccessDeniedException", ActionDenied),
        ("UnauthorizedOperation", ActionDenied),
        ("Client.UnauthorizedOperation", ActionDenied),
        ("403", ActionDenied),
        ("ExpiredToken", AccessDenied),
        ("ExpiredTokenException", AccessDenied),
        ("InvalidClientTokenId", AccessDenied),
        ("UnrecognizedClientException", AccessDenied),
        ("com.amazon.coral.service#UnrecognizedClientException", AccessDenied),
        ("SignatureDoesNotMatch", AccessDenied),
        ("Throttling", Unavailable),
        ("ThrottlingException", Unavailable),
        ("TooManyRequestsException", Unavailable),
        ("RequestLimitExceeded", Unavailable),
        ("SlowDown", Unavailable),
        ("ServiceUnavailable", Unavailable),
        ("InternalFailure", Unavailable),
        ("503", Unavailable),
        ("ConcurrentModification", Transient),
        ("ConcurrentModificationException", Transient),
        ("EntityTemporarilyUnmodifiable", Transient),
        ("ConflictException", Transient),
        ("PolicyChangesInProgressException", Transient),
        ("LimitExceeded", Rejected),
        ("MalformedPolicyDocument", Rejected),
        ("MalformedPolicy", Rejected),
        ("ValidationError", Rejected),
        ("ValidationException", Rejected),
        ("InvalidInput", Rejected),
        ("DeleteConflict", Rejected),
        ("EntityAlreadyExists", Rejected),
        ("ServiceQuotaExceededException", Rejected),
        ("NoSuchEntity", Missing),
        ("NoSuchBucket", Missing),
        ("ResourceNotFoundException", Missing),
        ("NotFoundException", Missing),
        ("ReportNotPresent", Missing),
        ("AWS.SimpleQueueService.NonExistentQueue", Missing),
        ("500", NotSupported),
        ("501", NotSupported),
        ("NotImplemented", NotSupported),
        ("InvalidAction", NotSupported),
        ("UnknownOperationException", NotSupported),
    ],
)
def test_each_code_has_its_error(code, kind):
    assert type(translation(refusal(code))) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Rejected), (403, ActionDenied), (500, Unavailable), (599, Unavailable)]
)
def test_the_status_counts_where_the_code_is_unknown(status, kind):
    assert type(translation(refusal("SomethingNew", status=status))) is kind


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"Reason": "CONCURRENT_MODIFICATION"}, Transient),
        ({"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}, Rejected),
        ({}, Transient),
    ],
)
def test_the_two_conflicts_are_told_apart(more, kind):
    assert type(translation(refusal("ConflictException", "conflict", **more))) is kind


def test_a_conflict_over_a_name_may_stand_in_the_message_alone():
    assert type(translation(refusal("ConflictException", "UNIQUENESS_CONSTRAINT_VIOLATION: UserName"))) is Rejected


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoCredentialsError(), AccessDenied),
        (TokenRetrievalError(provider="sso", error_msg="expired"), AccessDenied),
        (EndpointConnectionError(endpoint_url="https://iam.example"), Unavailable),
        (ConnectTimeoutError(endpoint_url="https://iam.example"), Unavailable),
        (ReadTimeoutError(endpoint_url="https://iam.example"), Unavailable),
        (ResponseParserError("Unable to parse b'<!doctype html>'"), NotSupported),
        (ResponseParserError("Unable to parse b'<ListUsersRes'"), Unavailable),
        (PaginationError(message="The same next token was received twice"), Unavailable),
        (ParamValidationError(report="Invalid length for parameter UserName"), Rejected),
    ],
)
def test_what_botocore_itself_raises_has_an_error_too(error, kind):
    assert type(translation(error)) is kind


def test_the_sentence_says_what_was_tried_for_whom_and_what_aws_said():
    error = translation(refusal("LimitExceeded", "Cannot exceed quota: 10"))

    assert error.what == (
        "iam:DeleteUser in account 111111111111 was rejected (LimitExceeded: Cannot exceed quota: 10)"
    )
    assert error.next_step
    assert isinstance(error.__cause__, ClientError)


def test_without_an_account_none_is_named():
    found_nothing = r"^organizations:DescribeAccount found nothing of that name \(NoSuchThing\)$"
    with pytest.raises(Missing, match=found_nothing), translated("organizations:DescribeAccount"):
        raise refusal("NoSuchThing")


def test_expired_credentials_say_how_to_renew_them():
    assert translation(refusal("ExpiredToken", "The security token is expired")).next_step == SIGN_IN


@pytest.mark.parametrize("error", [Stale("first"), ZeroDivisionError("ours"), KeyboardInterrupt()])
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(type(error)) as caught, translated("iam:DeleteUser"):
        raise error

    assert caught.value is error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\nlines\tand\x00more", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("right-to-left \u202egnp.exe", "right-to-left gnp.exe"),
        ("x-amz-security-token:FwoGZXIvYXdzEXAMPLE host:iam", "x-amz-security-token:… host:iam"),
        ('{"SecretAccessKey": "abc/def"}', '{"SecretAccessKey": "…"}'),
        ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY was", "key … was"),
        ("message: " + "A1b2" * 60, "message: …"),
        (
            "User: arn:aws:iam::111111111111:user/team/ada is not",
            "User: arn:aws:iam::111111111111:user/team/ada is not",
        ),
        ("", ""),
    ],
)
def test_text_from_outside_is_made_harmless(text, expected):
    assert clean(text) == expected


def test_text_from_outside_is_bounded():
    assert len(clean("word " * 10_000)) == LONGEST


def test_a_failed_signature_repeats_nothing_of_the_request():
    error = translation(refusal("SignatureDoesNotMatch", "The Canonical String should have been 'POST / x-amz-…'"))

    assert "Canonical" not in str(error)


def test_hostile_codes_are_cleaned_too():
    assert "\x1b" not in str(translation(refusal("\x1b[2JNoSuch\n")))
