"""Which of the services a user used would be recorded when refused: the selectors of trails against its usage.

A service whose calls are partly data events counts as used in both: what no trail recorded nobody knows, and IAM's
last-accessed data does not tell a data event from another call.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from migrator.domain.data_plane import NEVER, DataPlane, plane_of, planes_of, service_of, source_of
from migrator.domain.dossier import Listening
from migrator.domain.trails import AccountTrails, Calls, Taken, taken
from migrator.domain.usage import UsageFact

UNREAD = "which refused data-plane calls the trail records"
"""What nobody knows until the account's trails were read."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Calls of one kind that a user makes, and how much of them would be recorded.

    `what` is how people call them: a service, or a data plane (`S3 objects`), whose `resource_type` is given.
    """

    what: str
    service: str
    taken: Taken
    resource_type: str = ""


def ears(
    user_arn: str, facts: Iterable[UsageFact], services: Iterable[str], trails: AccountTrails | None
) -> tuple[Ear, ...]:
    """Every kind of call the user makes, sorted by name.

    `facts` are its logged calls, `services` what IAM says it used, in IAM's words.
    """
    regions: dict[tuple[str, DataPlane | None], set[str]] = {}
    for fact in facts:
        key = service_of(fact.source), plane_of(fact.source, fact.event)
        regions.setdefault(key, set()).add(fact.region)
    for service in services:
        regions.setdefault((service, None), set()).add("")
    used = {service for service, _ in regions}
    for service in used:
        for plane in planes_of(service):
            regions.setdefault((service, plane), {""})
    known = trails.trails if trails else ()
    found = (
        _ear(service, plane, [taken(known, calls) for calls in _calls(user_arn, service, plane, where)])
        for (service, plane), where in regions.items()
    )
    return tuple(sorted(found, key=lambda ear: ear.what))


def listen(
    listening: Listening,
    user_arn: str,
    facts: Iterable[UsageFact],
    services: Mapping[str, datetime | None],
    since: datetime,
    trails: AccountTrails | None,
) -> Listening:
    """What the trails let us hear of one user, added to what is known of the organization's listening."""
    used = [name for name, at in services.items() if at and at >= since]
    heard = ears(user_arn, facts, used, trails)
    if trails is None or (trails.error and not any(trail.heard for trail in trails.trails)):
        unknown = () if trails is None else (f"trails of account {trails.account_id}: {trails.error}",)
        return _with(listening, (), not_checked=(*listening.not_checked, UNREAD, *unknown))
    unread = (f"trails of account {trails.account_id}: {trails.error}",) if trails.error else ()
    return _with(listening, heard, trails=trails, not_checked=(*listening.not_checked, *unread))


def _with(
    listening: Listening,
    heard: tuple[Ear, ...],
    *,
    not_checked: tuple[str, ...],
    trails: AccountTrails | None = None,
) -> Listening:
    return Listening(
        newest=listening.newest,
        heard_since=listening.heard_since,
        audible=tuple(ear.what for ear in heard if ear.taken is Taken.ALL),
        deaf=tuple(ear.what for ear in heard if ear.taken is Taken.NONE),
        not_checked=not_checked,
        partly=tuple(ear.what for ear in heard if ear.taken is Taken.SOME),
        recorded_since=trails.heard_since if trails else None,
        unrecorded=trails.unrecorded if trails else "",
        ears=heard,
    )


def _calls(user_arn: str, service: str, plane: DataPlane | None, regions: Iterable[str]) -> Iterator[Calls]:
    source, kind = (plane.source, plane.resource_type) if plane else (source_of(service), "")
    return (Calls(user_arn, source, kind, region) for region in sorted(regions))


def _ear(service: str, plane: DataPlane | None, heard: list[Taken]) -> Ear:
    if service in NEVER:
        return Ear(NEVER[service], service, Taken.NONE)
    whole = heard[0] if len(set(heard)) == 1 else Taken.SOME
    return Ear(plane.words if plane else service, service, whole, plane.resource_type if plane else "")
