"""Service last accessed data: which services (and some actions) a user's policies allow, and when each was used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from migrator.domain.errors import Unreachable
from migrator.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

PERMISSIONS = ("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails")

_NOT_THERE = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException", "404", "501"}
)
_PAUSES = (0.5, 1.0, 2.0, 4.0, 5.0)
"""Seconds between looks at a job: most end within a few."""


@dataclass(frozen=True, slots=True)
class LastAccess:
    """One service (`s3`), or one action of it (`s3:ListBucket`), that a user's policies allow.

    `at` is its last use, refused attempts included; None where there was none in the tracking period (400 days).
    """

    service: str
    action: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class LastAccessed:
    """What AWS knows of one user, at `read_at`. `not_checked` says why it is unknown (then `entries` is empty)."""

    user_arn: str
    read_at: datetime
    entries: tuple[LastAccess, ...] = ()
    not_checked: str = ""


class _NotChecked(Exception):
    """AWS did not tell. `everywhere`: it will tell of no other user either."""

    def __init__(self, why: str, *, everywhere: bool = False) -> None:
        super().__init__(why)
        self.everywhere = everywhere


def last_accessed(
    client: "IAMClient", user_arns: Sequence[str], clock: Clock, *, bound: timedelta = timedelta(minutes=5)
) -> Iterator[LastAccessed]:
    """When each user's allowed services and actions were last used, in the order of the ARNs.

    The jobs of all users are started first, then read (only the identity that started a job may read it); waiting for
    all together ends after `bound`. What cannot be told, for whatever reason, is `not_checked`, never an exception,
    unless AWS cannot be reached at all (Unreachable). Covers identity policies only, appears within about four hours.
    (IAM user guide, "Refine permissions using last accessed information".)
    """
    jobs: list[tuple[str, str, str]] = []
    nowhere = ""
    for arn in user_arns:
        try:
            jobs.append((arn, "" if nowhere else _start(client, arn), nowhere))
        except _NotChecked as error:
            nowhere = str(error) if error.everywhere else ""
            jobs.append((arn, "", str(error)))
    deadline = clock.now() + bound
    for arn, job, why in jobs:
        if why:
            yield LastAccessed(user_arn=arn, read_at=clock.now(), not_checked=why)
            continue
        try:
            entries = tuple(
                sorted(_read(client, job, clock, deadline), key=lambda each: (each.service, each.action or ""))
            )
        except _NotChecked as error:
            yield LastAccessed(user_arn=arn, read_at=clock.now(), not_checked=str(error))
        else:
            yield LastAccessed(user_arn=arn, read_at=clock.now(), entries=entries)


def _start(client: "IAMClient", arn: str) -> str:
    return str(_call(client.generate_service_last_accessed_details, Arn=arn, Granularity="ACTION_LEVEL")["JobId"])


def _read(client: "IAMClient", job: str, clock: Clock, deadline: datetime) -> Iterator[LastAccess]:
    answer, last = _ended(client, job, clock, deadline), None
    while True:
        for service in answer.get("ServicesLastAccessed", ()):
            name = service["ServiceNamespace"]
            yield LastAccess(service=name, action=None, at=service.get("LastAuthenticated"))
            for action in service.get("TrackedActionsLastAccessed", ()):
                yield LastAccess(
                    service=name, action=f"{name}:{action['ActionName']}", at=action.get("LastAccessedTime")
                )
        if not answer.get("IsTruncated"):
            return
        if answer["Marker"] == last:
            raise _NotChecked("AWS sent pages that do not end")
        last = answer["Marker"]
        answer = _call(client.get_service_last_accessed_details, JobId=job, Marker=last)


def _ended(client: "IAMClient", job: str, clock: Clock, deadline: datetime) -> dict[str, Any]:
    """The first page of a job that ended."""
    looks = 0
    while True:
        answer = _call(client.get_service_last_accessed_details, JobId=job)
        if answer["JobStatus"] == "COMPLETED":
            return answer
        if answer["JobStatus"] == "FAILED":
            raise _NotChecked(f"the job failed: {answer.get('Error', {}).get('Code', 'no reason given')}")
        if clock.now() >= deadline:
            raise _NotChecked("the job did not end in time")
        clock.sleep(_PAUSES[min(looks, len(_PAUSES) - 1)])
        looks += 1


def _call(operation: Any, **words: str) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # boto3 is heavy: only where AWS is asked
    from botocore.parsers import ResponseParserError  # noqa: PLC0415  # the same

    try:
        answer: dict[str, Any] = operation(**words)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _NOT_THERE or (status in {404, 501} and code != "NoSuchEntity"):
            raise _NotChecked("this endpoint has no last accessed data", everywhere=True) from error
        if code in {"AccessDenied", "AccessDeniedException"}:
            raise _NotChecked(
                "we may not ask: grant iam:GenerateServiceLastAccessedDetails and its Get", everywhere=True
            ) from error
        raise _NotChecked(f"AWS answered {code}") from error
    except ResponseParserError as error:
        raise _NotChecked("this endpoint has no last accessed data", everywhere=True) from error
    except BotoCoreError as error:
        raise Unreachable(f"cannot ask IAM for last accessed data: {type(error).__name__}") from error
    return answer
