"""Where log files lie: a folder on this machine or a bucket, read the same way."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from migrator.domain.errors import NotFound, Unreachable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

LAST = "\U0010ffff"
"""After every character that a key may hold."""
ABREAST = 8
"""Objects fetched at once: enough to hide the way to S3, few enough to stay in memory."""
AHEAD = 2**20
"""Bytes of an object that are fetched ahead; a larger one is read as it comes."""
_GONE = frozenset({"NoSuchKey", "404"})
_CLOSED = frozenset({"AccessDenied", "403", "InvalidObjectState", "KMS.AccessDeniedException"})


class Lost(Exception):
    """One file cannot be had, and asking again would not help. The text says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: its path below the tree's root, its bytes, and a tag that changes with its content."""

    key: str
    size: int
    etag: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.key.rpartition("/")[2]


def _or_lost(open_one: Callable[[str], BinaryIO], key: str) -> BinaryIO | Lost:
    try:
        return open_one(key)
    except Lost as lost:
        return lost


class Tree(Protocol):
    """Folders and files below one place. Paths are relative to it; a folder's ends with `/`, the root's is empty."""

    base: str
    """The full path of the root, ending with `/` unless empty: what its own name tells of the layout."""

    def look(self, folder: str) -> tuple[list[str], list[Entry]]:
        """The folders and files directly in a folder, sorted."""
        ...

    def walk(self, folder: str, first: str, last: str) -> Iterator[Entry]:
        """Every file below a folder whose path below it lies between two texts, in the order of paths."""
        ...

    def open(self, key: str) -> BinaryIO:
        """One file, to be read and closed; raises Lost where only that file is out of reach."""
        ...

    def opened(self, keys: Iterable[str]) -> Iterator["BinaryIO | Lost"]:
        """Several files one after the other, as far as possible ahead of being asked for."""
        ...


class FolderTree:
    """A folder on this machine; links to folders are not followed, devices and pipes are not read."""

    def __init__(self, location: str) -> None:
        self._root = Path(location)
        self.base = self._root.resolve().as_posix().rstrip("/") + "/"

    def look(self, folder: str) -> tuple[list[str], list[Entry]]:
        """The folders and files directly in a folder, sorted; a location that is one file holds just that."""
        if not folder and self._root.is_file():
            return [], [self._entry("", self._root.name, self._root.stat())]
        folders, entries = [], []
        for each in self._scan(folder):
            if each.is_dir(follow_symlinks=False):
                folders.append(each.name)
            elif each.is_file():
                entries.append(self._entry(folder, each.name, each.stat()))
        return sorted(folders), sorted(entries, key=lambda entry: entry.key)

    def walk(self, folder: str, first: str, last: str) -> Iterator[Entry]:
        """Every file below a folder whose path below it lies between two texts, in the order of paths."""
        return self._walk(folder, folder + first, folder + last)

    def open(self, key: str) -> BinaryIO:
        """One file; raises Lost where it cannot be read."""
        path = self._root if self._root.is_file() else self._root / key
        try:
            return path.open("rb", buffering=0)
        except OSError as error:
            raise Lost(f"cannot be read: {error.strerror or type(error).__name__}") from error

    def opened(self, keys: Iterable[str]) -> Iterator[BinaryIO | Lost]:
        """Several files one after the other: the system reads ahead by itself."""
        return (_or_lost(self.open, key) for key in keys)

    def _walk(self, folder: str, first: str, last: str) -> Iterator[Entry]:
        folders, entries = self.look(folder)
        below: list[tuple[str, Entry | None]] = [(entry.key, entry) for entry in entries]
        below += [(f"{folder}{name}/", None) for name in folders]
        for path, entry in sorted(below, key=lambda each: each[0]):
            if entry is not None and first <= path <= last:
                yield entry
            elif entry is None and path + LAST >= first and path <= last:
                yield from self._walk(path, first, last)

    def _scan(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / folder) as found:
                return [*found]
        except FileNotFoundError as error:
            raise NotFound(
                f"there is no folder {self._root / folder}", next_step="name a folder or s3://bucket/prefix"
            ) from error
        except OSError as error:
            raise Unreachable(f"cannot list {self._root / folder}: {error.strerror}") from error

    @staticmethod
    def _entry(folder: str, name: str, stat: os.stat_result) -> Entry:
        return Entry(key=folder + name, size=stat.st_size, etag=f"{stat.st_size}-{stat.st_mtime_ns}")


class S3Tree:
    """The objects of a bucket below a prefix, which is taken as a folder."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self.base = prefix.strip("/") + "/" if prefix.strip("/") else ""

    def look(self, folder: str) -> tuple[list[str], list[Entry]]:
        """The folders and objects directly in a folder, sorted."""
        folders: list[str] = []
        entries: list[Entry] = []
        for page in self._pages(self.base + folder, delimiter="/"):
            folders += [each["Prefix"][len(self.base + folder) : -1] for each in page.get("CommonPrefixes", ())]
            entries += [self._entry(each) for each in page.get("Contents", ()) if not each["Key"].endswith("/")]
        return sorted(folders), sorted(entries, key=lambda entry: entry.key)

    def walk(self, folder: str, first: str, last: str) -> Iterator[Entry]:
        """Every object below a folder between two keys: one listing that starts at the first and stops at the last."""
        for page in self._pages(self.base + folder, after=self.base + folder + first):
            for each in page.get("Contents", ()):
                if each["Key"] > self.base + folder + last:
                    return
                if not each["Key"].endswith("/"):
                    yield self._entry(each)

    def open(self, key: str) -> BinaryIO:
        """One object; raises Lost where it is gone, archived or closed to us, else Unreachable."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # boto3 is heavy: only where S3 is read

        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self.base + key)
            if answer["ContentLength"] > AHEAD:
                return answer["Body"]  # type: ignore[return-value]  # a stream with read(n), all that is asked of it
            return BytesIO(answer["Body"].read())
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _GONE:
                raise Lost("gone since it was listed") from error
            if code in _CLOSED:
                raise Lost(f"cannot be read: {code}") from error
            raise self._unreachable(code) from error
        except BotoCoreError as error:
            raise self._unreachable(type(error).__name__) from error

    def opened(self, keys: Iterable[str]) -> Iterator[BinaryIO | Lost]:
        """Several objects one after the other, up to ABREAST of them fetched at once."""
        with ThreadPoolExecutor(ABREAST, thread_name_prefix="s3") as executor:
            waiting: deque[Future[BinaryIO | Lost]] = deque()
            try:
                for key in keys:
                    waiting.append(executor.submit(_or_lost, self.open, key))
                    if len(waiting) >= ABREAST:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                executor.shutdown(wait=False, cancel_futures=True)

    def _pages(self, prefix: str, *, delimiter: str = "", after: str = "") -> "Iterator[ListObjectsV2OutputTypeDef]":
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # the same

        listing = self._client.get_paginator("list_objects_v2")
        try:
            yield from listing.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter=delimiter, StartAfter=after)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "NoSuchBucket":
                raise NotFound(f"there is no bucket {self._bucket}", next_step="check usage.sources") from error
            raise self._unreachable(code) from error
        except BotoCoreError as error:
            raise self._unreachable(type(error).__name__) from error

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"cannot read s3://{self._bucket}/{self.base}: {why}",
            next_step="grant s3:ListBucket on the bucket, s3:GetObject on its logs, kms:Decrypt on their key",
        )

    def _entry(self, each: "ObjectTypeDef") -> Entry:
        return Entry(key=each["Key"][len(self.base) :], size=each["Size"], etag=each["ETag"].strip('"'))
