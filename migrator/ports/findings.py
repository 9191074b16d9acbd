"""What was mined, planned and heard, as operations see it in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from migrator.domain.dossier import Covered
from migrator.domain.model import Json
from migrator.domain.screams import Scream
from migrator.domain.trails import AccountTrails
from migrator.domain.usage import PartUsage, Refusal, UsageFact
from migrator.ports.aws import NameReference
from migrator.ports.rows import Grant, StoredSet


class Usage(Protocol):
    """What was mined, what it was judged to need, and who holds what."""

    def parts(self, source: str, account_id: str | None = None) -> Mapping[str, str]:
        """Part key → etag of everything read of a source."""
        ...

    def add(self, parts: Sequence[PartUsage], at: datetime) -> list[Refusal]:
        """Write parts with their facts; returns the refusals, for the screams of the same unit of work."""
        ...

    def facts(self, principals: Collection[str], since: datetime) -> dict[str, list[UsageFact]]:
        """Facts of principals whose last call is not older than `since`."""
        ...

    def last_calls(self, principals: Collection[str], since: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Principal → access key (empty: none, as in a sign-in) → its newest event since then, refused or not."""
        ...

    def sessions(self, since: datetime, names: Collection[str] | None = None) -> list[UsageFact]:
        """Calls of Identity Center role sessions and portal events since then.

        `names` asks for the role sessions of these names alone, whatever their case; others may be among the answer.
        """
        ...

    def assumed(self, roles: Collection[str], principals: Collection[str]) -> set[str]:
        """Those of these principals that were seen assuming one of these roles, by name."""
        ...

    def regions(self, account_id: str) -> set[str]:
        """The regions in which anybody was seen in an account."""
        ...

    def heard(self) -> tuple[datetime | None, datetime | None, int]:
        """(when sources were last read, newest event seen, bad parts)."""
        ...

    def note_reading(self, at: datetime) -> None:
        """Remember that every source was read to its end just now."""
        ...

    def last_accessed(self, rows: Sequence[tuple[int, str, str, datetime | None]], at: datetime) -> None:
        """Replace last-accessed rows (user, service, action, at)."""
        ...

    def services(self, users: Collection[int]) -> Mapping[int, dict[str, datetime | None]]:
        """Service → last accessed, per user."""
        ...

    def refer(
        self, users: Collection[int], found: Sequence[tuple[int, NameReference]], unread: Sequence[str], at: datetime
    ) -> None:
        """Replace what names these users."""
        ...


class TrailReadings(Protocol):
    """Which trails record each account."""

    def put(self, readings: Sequence[AccountTrails]) -> None:
        """Replace the readings of these accounts."""
        ...

    def of(self, accounts: Collection[str]) -> Mapping[str, AccountTrails]:
        """The readings of these accounts; one that was never read is left out."""
        ...


class Access(Protocol):
    """What is planned and who shall hold it: permission sets, coverage, grants."""

    def cover(self, user: int, spec_sha: str, coverage: Json, at: datetime) -> None:
        """Append a computed coverage."""
        ...

    def coverage(self, users: Collection[int]) -> dict[int, Covered]:
        """The newest coverage per user."""
        ...

    def plan_set(self, name: str, spec: Json, origin: str) -> StoredSet:
        """Insert or update a planned permission set."""
        ...

    def sets(self) -> list[StoredSet]:
        """Every planned permission set, by name."""
        ...

    def set_arn(self, name: str, arn: str | None) -> None:
        """Remember what AWS calls it."""
        ...

    def want(self, user: int, email: str | None, permission_set: str | None, account_id: str) -> None:
        """What a user's person shall hold; None takes the wish away."""
        ...

    def granted(self, user: int, at: datetime | None) -> None:
        """Mark a user's grant provisioned, or not any more."""
        ...

    def grants(self, users: Collection[int] | None = None) -> list[Grant]:
        """Every wish (of these users), by set, account and user."""
        ...


class Screams(Protocol):
    """Screams and their events."""

    def all(self, users: Collection[int] | None = None) -> list[Scream]:
        """Every scream, newest last."""
        ...

    def known(self, event_ids: Collection[str]) -> set[str]:
        """Which of these events were counted already."""
        ...

    def save(self, scream: Scream, events: Sequence[tuple[str, datetime]] = ()) -> Scream:
        """Insert (id 0) or update a scream, with the events that are new in it."""
        ...

    def answer(self, user: int, disposition: str, reason: str) -> None:
        """Settle every open scream of a user."""
        ...
