"""A trail in memory: calls and refusals go in one by one, and every file of it is there for whoever reads."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from migrator.domain.usage import Part, PartUsage, Refusal, UsageFact


@dataclass
class FakeTrail:
    """The port's `UsageSource`: one file for each event, kept for ever."""

    source: str = "cloudtrail:fake"
    held: list[PartUsage] = field(default_factory=list)

    def beat(self, at: datetime, *facts: UsageFact, refusals: Iterable[Refusal] = ()) -> None:
        """One more file, whose newest event is of now."""
        part = Part(self.source, "-", f"{len(self.held):06}.json", "1")
        self.held.append(PartUsage(part, 1, facts, tuple(refusals), first=at, newest=at))

    def list_parts(self, since: datetime, until: datetime, _accounts: Collection[str] | None) -> Iterable[Part]:
        """The files of that time."""
        return [usage.part for usage in self.held if usage.newest and since <= usage.newest <= until]

    def read(self, part: Part) -> PartUsage:
        """One file."""
        return next(usage for usage in self.held if usage.part == part)


class FewActions:
    """A catalogue of one service."""

    def services(self) -> Iterable[str]:
        """S3 alone."""
        return ("s3",)

    def actions(self, service: str) -> Iterable[str]:
        """Three of its actions."""
        return ("GetObject", "ListBucket", "PutObject") if service == "s3" else ()

    def access_level(self, _action: str) -> str | None:
        """Nobody here asks."""
        return None
