"""Log files added up into one record a principal, as fast as they can be read."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import BinaryIO

from migrator.adapters.usage.events import Event, Identity, identity_of
from migrator.adapters.usage.identities import FEDERATED, account_of, error_of, principal_of
from migrator.adapters.usage.inflate import Unreadable
from migrator.adapters.usage.records import ActionNames, Window, action_of, place_of, timed_events
from migrator.adapters.usage.resources import Place, listed_resource, resource_of
from migrator.domain.usage import REFUSALS, Doings, Tally, UsageSums

_REMEMBERED = 10_000
"""Answers that are kept at hand; beyond, all are forgotten and found again."""
_S3 = "s3.amazonaws.com"
Key = tuple[str | bool | None, ...]


class _Caller:
    """One identity as records write it: what is counted of it, where it was seen, and its kinds of calls."""

    __slots__ = ("doings", "kinds", "principal", "seen", "via", "who")

    def __init__(self, doings: Doings, who: Identity, principal: str, via: str) -> None:
        self.doings = doings
        self.who = who
        self.principal = principal
        self.via = via
        self.seen: set[Key] = set()
        self.kinds: dict[Key, _Kind] = {}


class _Kind:
    """One kind of call of one identity: its tally, and the requests whose resource the tally already names."""

    __slots__ = ("denied", "known", "place", "tally")

    def __init__(self, tally: Tally, place: Place, *, denied: bool) -> None:
        self.tally = tally
        self.place = place
        self.denied = denied
        self.known: set[bytes] = set()


class Summing:
    """Counts the calls of log files into sums.

    A principal mostly does the same again, so the tally of a call is looked up by all that decides about it, and that
    is worked out the first time only.
    """

    def __init__(self, catalogue: ActionNames) -> None:
        self.sums = UsageSums()
        self._catalogue = catalogue
        self._callers: dict[bytes, _Caller | None] = {}
        self._listed: dict[bytes, str] = {}
        self._remembered = 0

    def add(self, name: str, stream: BinaryIO, window: Window) -> None:
        """Count one log file, or name it as bad: of a file that is broken anywhere nothing counts."""
        try:
            groups = timed_events(stream, window, everybody=False)
            first, second = next(groups), next(groups, None)
            if second is None:
                self._count(*first)
            else:
                apart = Summing(self._catalogue)
                for group in chain((first, second), groups):
                    apart._count(*group)
                self.sums.merge(apart.sums)
        except Unreadable as error:
            self.sums.bad.append((name, str(error)))
        else:
            self.sums.files += 1

    def _count(self, number: int, timed: Iterable[tuple[Event, datetime]]) -> None:
        self.sums.events += number
        callers = self._callers
        for event, at in timed:
            identity = bytes(event.identity)
            caller = callers[identity] if identity in callers else self._new_caller(identity, event)
            if caller is None:
                continue
            mark = (event.address, event.agent, event.region)
            if mark not in caller.seen:
                self._see(caller, mark)
            request = bytes(event.parameters)
            key: Key = (
                *(event.source, event.name, event.region, event.error, event.recipient),
                event.error is None and _hides_refusal(event),
                event.source == _S3 and b'"versionId"' in request,
            )
            kind = caller.kinds.get(key) or self._new_kind(caller, key, event)
            tally = kind.tally
            tally.calls += 1
            tally.denied += kind.denied
            if at < tally.first:  # noqa: PLR1730  # a call of min() for every event costs as much as all else here
                tally.first = at
            if at > tally.last:  # noqa: PLR1730  # the same
                tally.last = at
            if event.resources or request not in kind.known:
                self._name(event, kind, request)

    def _new_caller(self, identity: bytes, event: Event) -> _Caller | None:
        """Whom the calls of an identity count for; None for those we do not move."""
        self._remember()
        who = identity_of(event)
        known = principal_of(who) if who is not None else None
        if who is None or known is None:
            self._callers[identity] = None
            return None
        principal, via = known
        name = (principal, _kind_of(principal, via), account_of(principal, who))
        doings = self.sums.doings.get(name) or self.sums.doings.setdefault(name, Doings())
        doings.seen["access_keys"].add(who.access_key or "")
        caller = self._callers[identity] = _Caller(doings, who, principal, via)
        return caller

    def _see(self, caller: _Caller, mark: tuple[str | None, ...]) -> None:
        self._remember()
        caller.seen.add(mark)
        for name, value in zip(("addresses", "agents", "regions"), mark, strict=True):
            caller.doings.seen[name].add(value or "")

    def _new_kind(self, caller: _Caller, key: Key, event: Event) -> _Kind:
        self._remember()
        what = (event.source or "", event.name or "", action_of(event, self._catalogue), caller.via)
        tally = caller.doings.rows.get(what) or caller.doings.rows.setdefault(what, Tally())
        place = place_of(event, caller.principal, caller.who)
        kind = caller.kinds[key] = _Kind(tally, place, denied=error_of(event) in REFUSALS)
        return kind

    def _name(self, event: Event, kind: _Kind, request: bytes) -> None:
        """Name the resource of a call: the one that the record lists, else what its request tells, once each."""
        listed = bytes(event.resources)
        if listed:
            found = self._listed.get(listed)
            if found is None:
                self._remember()
                found = self._listed[listed] = listed_resource(event)
            if found:
                kind.tally.resources.add(found)
                return
        if request not in kind.known:
            self._remember()
            kind.known.add(request)
            kind.tally.resources.add(resource_of(event, kind.place))

    def _remember(self) -> None:
        """Make room for one more answer."""
        self._remembered += 1
        if self._remembered > _REMEMBERED:
            self._remembered = 0
            self._listed.clear()
            self._callers.clear()


def _hides_refusal(event: Event) -> bool:
    """Whether the answer tells of a refusal that the record does not; each refusal holds one of these texts."""
    response = bytes(event.response)
    return (b"Denied" in response or b"uthoriz" in response) and error_of(event) in REFUSALS


def _kind_of(principal: str, via: str) -> str:
    """What the principal is: federated and role sessions are never mixed with the user's own calls."""
    if principal.startswith("identitystore:"):
        return "identity-center-portal"
    if ":assumed-role/" in principal:
        return "identity-center"
    return "federated" if via == FEDERATED else "user"
