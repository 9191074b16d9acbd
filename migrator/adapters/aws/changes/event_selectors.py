"""A trail's event selectors: what it records."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.adapters.aws.changes.kind import Target, not_so
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.domain.selectors import normal

if TYPE_CHECKING:
    from migrator.adapters.aws.session import Purpose, Sessions


@dataclass(frozen=True, slots=True)
class EventSelectors:
    """`{"basic": […]}` or `{"advanced": […]}`, as CloudTrail has them, sorted; always all of the trail's."""

    sessions: "Sessions"
    reads = ("cloudtrail:GetEventSelectors",)
    writes = ("cloudtrail:PutEventSelectors",)

    def observe(self, target: Target) -> Json:
        """Every selector of the trail; its default where nobody configured any."""
        found = self._client(target, "read").get_event_selectors(TrailName=target[1])
        return normal(found.get("EventSelectors") or (), found.get("AdvancedEventSelectors") or ())

    def make(self, change: Change) -> None:
        """Replace every selector of the trail at once: CloudTrail has no smaller write."""
        if change.before is None or change.after is None:
            raise not_so(change, "a trail always has selectors")
        basic, advanced = change.after.get("basic"), change.after.get("advanced")
        chosen = {"AdvancedEventSelectors": advanced} if advanced else {"EventSelectors": basic}
        self._client(change.target, "change").put_event_selectors(TrailName=change.target[1], **chosen)

    def _client(self, target: Target, purpose: "Purpose") -> Any:
        """CloudTrail in the trail's home, which its ARN names: elsewhere InvalidHomeRegionException."""
        account, arn = target
        return self.sessions.client("cloudtrail", account, purpose, arn.split(":")[3])
