"""Objects in S3 that are written once and locked where the bucket can lock.

Object Lock keeps versions (Amazon S3 User Guide, "Locking objects with Object Lock"): a locked object can still be
hidden behind a delete marker or a newer version, so versions are read, never just what is newest.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator.adapters.aws.errors import translated
from migrator.domain.errors import NotFound, Refused, UsageError
from migrator.ports.archive import Kept

if TYPE_CHECKING:
    from migrator.adapters.aws.session import Sessions

PERMISSIONS = (
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetObject",
    "s3:GetObjectRetention",
    "s3:GetObjectVersion",
    "s3:ListBucketVersions",
    "s3:PutObject",
    "s3:PutObjectRetention",
)

SCHEME = "s3://"
MODE = "GOVERNANCE"
"""The weaker lock, where the bucket has no rule of its own: the stronger one binds its owner too, for all that time."""


class S3Archive:
    """The port's `Archive`, with the caller's own credentials."""

    def __init__(self, sessions: "Sessions") -> None:
        self._sessions = sessions

    def keep(self, location: str, body: bytes, until: datetime) -> Kept:
        """Write an object that is not there yet; the same content once more is no error."""
        bucket, key = _parts(location)
        lock = self._lock(bucket, until)
        with _named(bucket, "PutObject"):
            try:
                self._s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", **lock)
            except self._s3.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
                self._require_same(location, body)
        with _named(bucket, "HeadObject"):
            there = self._s3.head_object(Bucket=bucket, Key=key)
        return Kept(location, there.get("ObjectLockRetainUntilDate"))

    def versions(self, location: str) -> Iterator[tuple[str, bytes]]:
        """Every version of every object whose location begins so, deleted ones included."""
        bucket, prefix = _parts(location)
        with _named(bucket, "ListObjectVersions"):
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
            found = [(each["Key"], each["VersionId"]) for page in pages for each in page.get("Versions", ())]
        for key, version in sorted(found):
            with _named(bucket, "GetObject"):
                answer = self._s3.get_object(Bucket=bucket, Key=key, **_version(version))
                yield f"{SCHEME}{bucket}/{key}", answer["Body"].read()

    @property
    def _s3(self) -> Any:
        return self._sessions.own_client("s3")

    def _lock(self, bucket: str, until: datetime) -> Mapping[str, Any]:
        """The words that lock an object: none where the bucket cannot, or has a rule that does."""
        with _named(bucket, "GetObjectLockConfiguration"):
            try:
                found = self._s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
            except self._s3.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
                    raise
                return {}
        if found.get("ObjectLockEnabled") != "Enabled" or found.get("Rule"):
            return {}
        return {"ObjectLockMode": MODE, "ObjectLockRetainUntilDate": until}

    def _require_same(self, location: str, body: bytes) -> None:
        if any(there != body for at, there in self.versions(location) if at == location):
            raise Refused(
                f"{location} is there already and says something else",
                next_step="compare the record with what is kept: migrator audit verify --head LOCATION",
            )


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix(SCHEME).partition("/")
    if not location.startswith(SCHEME) or not bucket or not key:
        raise UsageError(f"{location!r} is no location", next_step="write s3://BUCKET/PREFIX")
    return bucket, key


def _version(version: str) -> Mapping[str, str]:
    """How to ask for a version; `null` is what a bucket without versions calls its only one."""
    return {} if version == "null" else {"VersionId": version}


@contextmanager
def _named(bucket: str, operation: str) -> Iterator[None]:
    """AWS's errors as the port's; a bucket that is not there is named."""
    from botocore.exceptions import ClientError  # noqa: PLC0415  # botocore is slow to import

    with translated(f"s3:{operation} in {bucket}"):
        try:
            yield
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            raise NotFound(f"there is no bucket {bucket}", next_step="name a bucket that is there") from error
