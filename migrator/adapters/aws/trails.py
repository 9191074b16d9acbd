"""CloudTrail's trails: whether they log, where to, and what they select."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from migrator.adapters.aws.answers import clean
from migrator.adapters.aws.errors import ActionDenied, translated
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import Json
from migrator.domain.trails import DEFAULT_SELECTOR, Trail
from migrator.ports.aws import Missing, NotSupported, Rejected

PERMISSIONS = ("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors")

_UNREADABLE = (ActionDenied, Missing, NotSupported, Rejected)


def read_trails(sessions: Sessions, account_id: str, region: str) -> Sequence[Trail]:
    """Every trail that records this account in this region, by ARN: its own, other regions' and the organization's.

    A trail whose status may not be read counts as silent, and one whose selectors may not be read as selecting
    nothing; `unread` says so. Raises Unreachable where the account cannot be entered or refuses DescribeTrails.
    """
    client = sessions.client("cloudtrail", account_id, "read", region)
    with translated("cloudtrail:DescribeTrails", account_id):
        described = client.describe_trails(includeShadowTrails=True).get("trailList", ())
    by_arn = {trail["TrailARN"]: trail for trail in described}
    return tuple(_read(sessions, account_id, by_arn[arn], region) for arn in sorted(by_arn))


def read_trail(described: Json, status: Json, selectors: Json) -> Trail:
    """A trail from what DescribeTrails, GetTrailStatus and GetEventSelectors say of it."""
    basic = selectors.get("EventSelectors") or ()
    advanced = selectors.get("AdvancedEventSelectors") or ()
    if not basic and not advanced and described.get("HasCustomEventSelectors") is False:
        basic = (DEFAULT_SELECTOR,)
    return Trail(
        arn=described["TrailARN"],
        logging=bool(status.get("IsLogging")),
        organization=bool(described.get("IsOrganizationTrail")),
        bucket=described.get("S3BucketName", ""),
        prefix=described.get("S3KeyPrefix") or "",
        basic=tuple(basic),
        advanced=tuple(advanced),
        regions="all" if described.get("IsMultiRegionTrail") else described.get("HomeRegion", ""),
        logging_since=status.get("StartLoggingTime"),
        failing=clean(status.get("LatestDeliveryError") or ""),
    )


def _read(sessions: Sessions, account_id: str, described: Json, region: str) -> Trail:
    """Selectors are asked for at home: a shadow in another region has none of its own."""
    arn = described["TrailARN"]
    home = sessions.client("cloudtrail", account_id, "read", described.get("HomeRegion") or region)
    status, silent = _answer(home, "get_trail_status", "cloudtrail:GetTrailStatus", account_id, Name=arn)
    selectors, blind = _answer(home, "get_event_selectors", "cloudtrail:GetEventSelectors", account_id, TrailName=arn)
    return replace(read_trail(described, status, selectors), unread="; ".join(filter(None, (silent, blind))))


def _answer(client: Any, method: str, what: str, account_id: str, **arguments: str) -> tuple[Json, str]:
    """What AWS answers, and why nothing, where it does not."""
    try:
        with translated(what, account_id):
            return getattr(client, method)(**arguments), ""
    except _UNREADABLE as error:
        return {}, error.what
