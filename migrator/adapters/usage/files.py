"""CloudTrail files in a folder or a bucket, found by their layout: organization, account, or none at all."""

import heapq
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO

from migrator.adapters.usage.records import ActionNames, Window, part_usage
from migrator.adapters.usage.sums import Summing
from migrator.adapters.usage.trees import LAST, Entry, FolderTree, Lost, S3Tree, Tree
from migrator.domain.usage import Part, PartUsage, UsageSums

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PERMISSIONS = ("s3:GetObject", "s3:ListBucket")

_LOG = re.compile(r"(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{4})(\d\d)(\d\d)T\d{4}Z?_.+")
"""ACCOUNT_CloudTrail_REGION_TIME_RANDOM: such a name is unique in the world, so it is one log wherever it lies."""
_OTHER_LOG = re.compile(r"\d{12}_(?!CloudTrail_)[A-Za-z][A-Za-z0-9-]*_")
"""Digests, insights, and what Config, load balancers and flow logs put beside the trail."""
_TRAIL = re.compile(r"(?:^|/)(\d{12})/CloudTrail/$")
_ACCOUNT = re.compile(r"(?:^|/)(\d{12})/(?:CloudTrail/|$)")
_OTHER_SERVICE = re.compile(
    r"(?:^|/)(?:AWSLogs/(?:o-[a-z0-9]+/)?\d{12}/(?!CloudTrail/)[^/]+/|CloudTrail-(?:Aggregated|Digest|Insight)/)"
)
_DATED = re.compile(r"/CloudTrail/[a-z0-9-]+/(\d{4})/(?:(\d\d)/(?:(\d\d)/)?)?")
_ENDINGS = re.compile(r"\.(?:json|jsonl|ndjson)(?:\.gz)?$")
_YEAR = re.compile(r"\d{4}")
_LATE = timedelta(days=1)
"""Logs are filed by delivery, minutes after the event, at worst in the next day's folder."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The days (inclusive, as `YYYY/MM/DD`) and accounts that are asked for."""

    first: str
    last: str
    accounts: frozenset[str] | None

    def account(self, account: str) -> bool:
        return not account or self.accounts is None or account in self.accounts

    def folder(self, path: str) -> bool:
        """Whether a folder may hold anything wanted, by its full path."""
        if _OTHER_SERVICE.search(path):
            return False
        account, dated = _ACCOUNT.search(path), _DATED.search(path)
        if account and not self.account(account[1]):
            return False
        day = "/".join(each for each in dated.groups() if each) if dated else ""
        return self.first[: len(day)] <= day <= self.last[: len(day)]

    def file(self, path: str) -> bool:
        """Whether a file is wanted, by its name, else by the folders it lies in."""
        name = _LOG.fullmatch(path.rpartition("/")[2])
        if not name:
            return self.folder(path)
        return self.account(name[1]) and self.first <= "/".join(name.groups()[2:5]) <= self.last


@dataclass(slots=True)
class _Found:
    """What a first look found: trails by account and region (each under one prefix or several), and loose files."""

    regions: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    loose: list[Entry] = field(default_factory=list)


class Trail:
    """A usage source over the files of a tree. Listing is lazy, sorted, and the same every time."""

    def __init__(self, tree: Tree, source: str, catalogue: ActionNames) -> None:
        self._tree = tree
        self._catalogue = catalogue
        self.source = source

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None = None) -> Iterator[Part]:
        """The log files that may hold events from `since` to `until`, of these accounts (None: of all).

        Only the days and accounts that are needed are listed. A log delivered under several prefixes comes once: its
        largest copy, packed before plain. What other services keep beside the trail is left out; a file that is
        neither is listed, and reading it says that it is bad.
        """
        wanted = _Wanted(
            first=f"{since.astimezone(UTC):%Y/%m/%d}",
            last=f"{until.astimezone(UTC) + _LATE:%Y/%m/%d}",
            accounts=None if accounts is None else frozenset(accounts),
        )
        found = _Found()
        self._look("", wanted, found)
        loose = set()
        for name, copies in groupby(sorted(found.loose, key=_log_name), key=_log_name):
            loose.add(name)
            yield self._part(min(copies, key=_best_first))
        for (account, _region), prefixes in sorted(found.regions.items()):
            last = f"{wanted.last}/{LAST}"
            for entry in _merged((each, self._tree.walk(each, wanted.first, last)) for each in prefixes):
                if _worth_reading(entry) and _log_name(entry) not in loose:
                    yield self._part(entry, account)

    def read(self, part: Part, *, since: datetime | None = None, until: datetime | None = None) -> PartUsage:
        """What one log file holds, whole or (with `since`, `until`) the events of that time only."""
        return next(self.read_all([part], since=since, until=until))

    def read_all(
        self, parts: Iterable[Part], *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[PartUsage]:
        """What several log files hold, in their order; objects of a bucket are fetched ahead."""
        for part, found in self._opened(parts):
            if isinstance(found, str):
                yield PartUsage(part=part, bad=found)
            else:
                with found:
                    yield part_usage(part, found, self._catalogue, since=since, until=until)

    def summing(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Callable[[Iterable[Part]], UsageSums]:
        """What adds up log files, each call to those before it, and returns the sums of all."""
        sums, window = Summing(self._catalogue), Window(since, until)

        def add(parts: Iterable[Part]) -> UsageSums:
            for part, found in self._opened(parts):
                if isinstance(found, str):
                    sums.sums.bad.append((part.key, found))
                else:
                    with found:
                        sums.add(part.key, found, window)
            return sums.sums

        return add

    def _opened(self, parts: Iterable[Part]) -> Iterator[tuple[Part, BinaryIO | str]]:
        """Each part with its file, or with the reason why there is none."""
        listed = [*parts]
        files = self._tree.opened(part.key for part in listed if _ENDINGS.search(part.key.lower()))
        for part in listed:
            if not _ENDINGS.search(part.key.lower()):
                yield part, "not a CloudTrail log file"
                continue
            found = next(files)
            yield part, str(found) if isinstance(found, Lost) else found

    def _look(self, folder: str, wanted: _Wanted, found: _Found) -> None:
        """Find trails and loose files below a folder."""
        path = self._tree.base + folder
        trail = _TRAIL.search(path)
        folders, entries = self._tree.look(folder)
        found.loose += [each for each in entries if _worth_reading(each) and wanted.file(self._tree.base + each.key)]
        for name in folders:
            below = f"{folder}{name}/"
            if not wanted.folder(self._tree.base + below):
                continue
            if trail:
                self._look_at_region(below, (trail[1], name), wanted, found)
            else:
                self._look(below, wanted, found)

    def _look_at_region(self, folder: str, place: tuple[str, str], wanted: _Wanted, found: _Found) -> None:
        """Years are listed later, in one go; anything else that lies there is looked at like any other folder."""
        folders, entries = self._tree.look(folder)
        found.loose += [each for each in entries if _worth_reading(each) and wanted.file(self._tree.base + each.key)]
        years = [each for each in folders if _YEAR.fullmatch(each)]
        if any(wanted.first[:4] <= year <= wanted.last[:4] for year in years):
            found.regions.setdefault(place, []).append(folder)
        for name in folders:
            if name not in years:
                self._look(f"{folder}{name}/", wanted, found)

    def _part(self, entry: Entry, account: str = "") -> Part:
        named = _LOG.fullmatch(entry.name) or _ACCOUNT.search(self._tree.base + entry.key)
        return Part(
            source=self.source, account_id=account or (named[1] if named else ""), key=entry.key, etag=entry.etag
        )


class FolderTrail(Trail):
    """CloudTrail files in a folder on this machine, in any layout; may be sent to another process."""

    def __init__(self, location: str, catalogue: ActionNames) -> None:
        super().__init__(FolderTree(location), f"cloudtrail:{location}", catalogue)


class S3Trail(Trail):
    """CloudTrail files in a bucket, in any layout, below any prefix. The client is handed in.

    With `reopen`, which opens such a client, it may be sent to another process.
    """

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        prefix: str,
        catalogue: ActionNames,
        reopen: "Callable[[], S3Client] | None" = None,
    ) -> None:
        tree = S3Tree(client, bucket, prefix)
        super().__init__(tree, f"cloudtrail:s3://{bucket}/{tree.base}".rstrip("/"), catalogue)
        self._again = (bucket, prefix, catalogue, reopen)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._again[-1] is None:
            raise TypeError("this trail was not told how to open a client in another process")
        return (_reopened, self._again)


def _reopened(bucket: str, prefix: str, catalogue: ActionNames, reopen: "Callable[[], S3Client]") -> S3Trail:
    return S3Trail(reopen(), bucket, prefix, catalogue, reopen)


def _worth_reading(entry: Entry) -> bool:
    """Whether a file belongs in the result, be it as bad: not a hidden file, nor another kind of AWS log."""
    return not entry.name.startswith(".") and not _OTHER_LOG.match(entry.name)


def _log_name(entry: Entry) -> str:
    """What makes two files one log: CloudTrail's own name, packed or not; any other file is only itself."""
    return _ENDINGS.sub("", entry.name) if _LOG.fullmatch(entry.name) else entry.key


def _best_first(entry: Entry) -> tuple[bool, int, str]:
    """A truncated copy is smaller than a whole one; packed and plain cannot be compared, packed is what AWS writes."""
    return (not entry.name.endswith(".gz"), -entry.size, entry.key)


def _merged(listings: Iterable[tuple[str, Iterator[Entry]]]) -> Iterator[Entry]:
    """Several listings of one account and region as one, in the order of paths below their prefixes, each log once."""
    streams = [_below(prefix, entries) for prefix, entries in listings]
    for _, copies in groupby(heapq.merge(*streams, key=itemgetter(0)), key=lambda each: _ENDINGS.sub("", each[0])):
        yield min((entry for _, entry in copies), key=_best_first)


def _below(prefix: str, entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    for entry in entries:
        yield entry.key[len(prefix) :], entry
