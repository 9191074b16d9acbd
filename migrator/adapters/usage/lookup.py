"""CloudTrail's own event history of one account: 90 days of management events, no trail needed, two calls a second."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from migrator.adapters.aws.errors import translated
from migrator.adapters.usage.days import Day, day_of, days
from migrator.adapters.usage.records import ActionNames, part_usage
from migrator.domain.usage import Part, PartUsage
from migrator.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_cloudtrail import CloudTrailClient

PERMISSIONS = ("cloudtrail:LookupEvents",)

KEPT = timedelta(days=90)
PAUSE = 0.5
"""Seconds between calls: LookupEvents allows two a second, for each account and region."""
_PAGE = 50
_SECOND = timedelta(seconds=1)


_HOMES = {"us-gov-": "us-gov-west-1", "cn-": "cn-north-1"}


def regions_of(region: str) -> tuple[str, ...]:
    """A region, and the one of its partition where IAM, STS and sign-ins are told of (CloudTrail guide, "Concepts")."""
    home = next((home for begins, home in _HOMES.items() if region.startswith(begins)), "us-east-1")
    return tuple(sorted({region, home}))


class EventHistory:
    """A usage source over LookupEvents, a part for each region and day; a day that is over is asked once.

    Only the caller's own account is told of, organization trail or not. `clients` gives a client for a region.
    (CloudTrail user guide, "Working with CloudTrail event history".)
    """

    def __init__(
        self,
        clients: "Callable[[str], CloudTrailClient]",
        account_id: Callable[[], str],
        regions: Sequence[str],
        clock: Clock,
        catalogue: ActionNames,
    ) -> None:
        self.source = f"lookup-events:{','.join(regions)}"
        self._clients = clients
        self._account = account_id
        self._turns: Mapping[str, Lock] = {region: Lock() for region in regions}
        self._clock = clock
        self._catalogue = catalogue

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None = None) -> Iterator[Part]:
        """The days of that time that are kept; none where the caller's account is not among those asked for."""
        account, now = self._account(), self._clock.now()
        if accounts is not None and account not in accounts:
            return
        for region in self._turns:
            for day in days(max(since, now - KEPT), until, now):
                yield Part(self.source, account, f"{region}/{day.text}", day.etag("%H:%M"))

    def read(self, part: Part) -> PartUsage:
        """The events of one region and day; raises what the port's calls raise."""
        region, _, text = part.key.partition("/")
        lines = [*self._events(region, day_of(text, self._clock.now()))]
        if not lines:
            return PartUsage(part)
        return part_usage(part, BytesIO("\n".join(lines).encode()), self._catalogue)

    def _events(self, region: str, day: Day) -> Iterator[str]:
        """Every event of a day, newest first, each the text of one record."""
        words: dict[str, Any] = {"StartTime": day.begin, "EndTime": day.end - _SECOND, "MaxResults": _PAGE}
        seen: set[str] = set()
        while True:
            answer = self._page(region, words)
            yield from (each["CloudTrailEvent"] for each in answer.get("Events", ()) if each.get("CloudTrailEvent"))
            token = answer.get("NextToken")
            if not token or token in seen:
                return
            seen.add(token)
            words["NextToken"] = token

    def _page(self, region: str, words: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._turns[region]:
            with translated("cloudtrail:LookupEvents", self._account()):
                answer: Any = self._clients(region).lookup_events(**words)
            self._clock.sleep(PAUSE)
        found: Mapping[str, Any] = answer
        return found
