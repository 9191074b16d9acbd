"""The refusals of a bad day, each in the words of the service that is called."""

from collections.abc import Mapping

from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall

REFUSALS: Mapping[str, str] = {
    "throttle": "too many requests (HTTP 400; S3 503)",
    "internal-error": "HTTP 500 without any effect",
    "unavailable": "HTTP 503 without any effect",
    "concurrent-modification": "an earlier change of the same thing is not finished, in IAM's or Organizations' words",
    "temporarily-unmodifiable": "IAM's EntityTemporarilyUnmodifiable",
    "conflict": "ConflictException, reason CONCURRENT_MODIFICATION",
    "taken": "ConflictException, reason UNIQUENESS_CONSTRAINT_VIOLATION",
}
"""Faults that answer with an error and have no effect."""

_THROTTLES: Mapping[str, tuple[str, int]] = {
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
    "organizations": ("TooManyRequestsException", 400),
    "s3": ("SlowDown", 503),
}
_INTERNAL: Mapping[str, str] = {"iam": "ServiceFailure", "sts": "InternalFailure", "s3": "InternalError"}
_UNFINISHED: Mapping[str, tuple[str, int]] = {
    "iam": ("ConcurrentModification", 409),
    "organizations": ("ConcurrentModificationException", 400),
}


def expired(call: ApiCall) -> Refusal:
    """Return how credentials that have expired are refused."""
    xml = call.protocol in {"query", "rest-xml", "ec2"}
    return Refusal(
        "ExpiredToken" if xml else "ExpiredTokenException",
        "The security token included in the request is expired",
        403 if xml else 400,
    )


def refusal_of(fault: str, call: ApiCall) -> Refusal:
    """Return the refusal that a fault is for a call."""
    service = call.service
    if fault == "throttle":
        return Refusal(*_with_text(_THROTTLES.get(service, ("ThrottlingException", 400)), "Rate exceeded"))
    if fault == "internal-error":
        return Refusal(_INTERNAL.get(service, "InternalServerException"), "An internal error occurred.", 500)
    if fault == "unavailable":
        xml = call.protocol in {"query", "rest-xml", "ec2"}
        code = "ServiceUnavailable" if xml else "ServiceUnavailableException"
        return Refusal(code, "The service is unavailable. Try again.", 503)
    if fault == "temporarily-unmodifiable":
        return Refusal("EntityTemporarilyUnmodifiable", "The entity is being changed. Try again later.", 409)
    if fault == "concurrent-modification" and service in _UNFINISHED:
        return Refusal(*_with_text(_UNFINISHED[service], "Another request changes the same entity."))
    reason = "UNIQUENESS_CONSTRAINT_VIOLATION" if fault == "taken" else "CONCURRENT_MODIFICATION"
    text = "Something else has that name." if fault == "taken" else "An earlier request is not finished. Try again."
    # sso-admin's ConflictException has no Reason (botocore's model of it); identitystore's has.
    members = {"Reason": reason} if service == "identitystore" else {}
    return Refusal("ConflictException", text, 400, members)


def _with_text(code: tuple[str, int], text: str) -> tuple[str, str, int]:
    return code[0], text, code[1]
