"""The border: what botocore raises becomes one of the port's errors, in one clean sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from migrator.adapters.aws.answers import Answer, clean, read
from migrator.domain.errors import MigratorError
from migrator.ports.aws import AccessDenied, Missing, NotSupported, Rejected, Transient, Unavailable

SIGN_IN = "sign in or renew the credentials (aws sso login, or new keys) and check aws.profile and aws.region"


class ActionDenied(AccessDenied):
    """AWS knows us and refused this one action; other actions may well be allowed."""


_CREDENTIALS = frozenset(
    (
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "NoCredentialsError",
        "CredentialRetrievalError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "RequestExpired",
        "SSOTokenLoadError",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "UnrecognizedClientException",
    )
)
_DENIED = frozenset(
    (
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "Forbidden",
        "KMSAccessDeniedException",
        "NotAuthorized",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnauthorizedOperation",
    )
)
_THROTTLED = frozenset(
    (
        "429",
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequests",
        "TooManyRequestsException",
        "TransactionInProgressException",
    )
)
_NOT_NOW = frozenset(
    (
        "ConcurrentModification",
        "ConcurrentModificationException",
        "ConflictException",
        "ConditionalRequestConflict",
        "EntityTemporarilyUnmodifiable",
        "EntityTemporarilyUnmodifiableException",
        "OperationAborted",
        "PolicyChangesInProgressException",
        "ReportInProgress",
        "ResourceInUseException",
    )
)
_UNKNOWN_OPERATION = frozenset(
    (
        "500",
        "501",
        "InvalidAction",
        "NotImplemented",
        "NotImplementedException",
        "HtmlPage",
        "UnknownOperation",
        "UnknownOperationException",
    )
)
_UNANSWERED = frozenset(
    (
        "502",
        "503",
        "504",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceFailure",
        "ServiceFailureException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    )
)
_ABSENT = re.compile(
    r"(?:.*\.)?NonExistent\w+|NoSuch\w+|\w*NotFound(Exception|Fault)?|ReportNotPresent|\w*DoesNotExist(Exception)?|404"
)
_UNIQUENESS = "UNIQUENESS_CONSTRAINT_VIOLATION"

Verdict = tuple[type[MigratorError], str, str]
"""The port's error, what happened in words, and what to do next."""

_REFUSED = (ActionDenied, "was refused", "allow the role or user that runs migrator this action")
_SILENT = (Unavailable, "got no answer", "check the network, aws.region and AWS_ENDPOINT_URL, then run it again")
_NOT_SENT = (Rejected, "was not sent: its parameters are not valid", "report this as a bug of migrator")
ENDLESS = ("sent pages that do not end", "run the same command again; if it stays so, ask AWS's support")
_ABSENT_THING = (Missing, "found nothing of that name", "run `migrator discover` and look again")
_WRONG = (Rejected, "was rejected", "change what AWS names, then run the same command again")
_VERDICTS: tuple[tuple[frozenset[str], Verdict], ...] = (
    (_CREDENTIALS, (AccessDenied, "was refused: the credentials are missing, wrong or expired", SIGN_IN)),
    (_DENIED, _REFUSED),
    (
        _THROTTLED,
        (Unavailable, "was throttled until our patience ended", "wait a minute, then run the same command again"),
    ),
    (
        _UNKNOWN_OPERATION,
        (NotSupported, "is not supported by this endpoint", "check it by hand; it counts as not checked"),
    ),
    (_UNANSWERED, _SILENT),
    (frozenset(("PaginationError",)), (Unavailable, *ENDLESS)),
)


@contextmanager
def translated(what: str, account_id: str = "") -> Iterator[None]:
    """Turns botocore's errors into the port's: `what` is `service:Operation`, `account_id` for whom it was tried.

    Raises AccessDenied, Unavailable, Transient, Rejected, Missing or NotSupported, from the original. Our own errors,
    programming errors and everything that is not an `Exception` pass unchanged.
    """
    try:
        yield
    except MigratorError:
        raise
    except Exception as error:
        answer = read(error)
        if answer is None:
            raise
        raise port_error(answer, what, account_id) from error


def port_error(answer: Answer, what: str, account_id: str = "") -> MigratorError:
    """The port's error for what AWS answered to `what`."""
    kind, said, next_step = _verdict(answer)
    where = f" in account {account_id}" if account_id else ""
    code = answer.code if answer.from_aws else ""
    words = ": ".join(part for part in (code, answer.message) if part)
    return kind(clean(f"{what}{where} {said}") + (f" ({words})" if words else ""), next_step=next_step)


def _verdict(answer: Answer) -> Verdict:
    code = answer.code
    known = next((verdict for codes, verdict in _VERDICTS if code in codes), None)
    if known is not None:
        return known
    if code in _NOT_NOW:
        return _conflict(answer)
    if answer.malformed:
        return _NOT_SENT
    if not answer.from_aws or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _SILENT
    if answer.status == HTTPStatus.FORBIDDEN:
        return _REFUSED
    return _ABSENT_THING if _ABSENT.fullmatch(code) else _WRONG


def _conflict(answer: Answer) -> Verdict:
    """A conflict over a name lasts; one with an earlier write passes (aws-facts, 6)."""
    if _UNIQUENESS in (answer.reason or answer.message):
        return (
            Rejected,
            "was rejected: something else has that name or address",
            "use another name, or the one there is",
        )
    return (
        Transient,
        "met an earlier change that is not finished",
        "wait a few seconds, then run the same command again",
    )
