"""What the store is handed and hands out where no noun of the domain fits: readings, persons, sets, entries."""

from dataclasses import dataclass
from datetime import datetime

from migrator.domain.dossier import User
from migrator.domain.model import Evidence, Json, UserFacts


@dataclass(frozen=True, slots=True)
class Recorded:
    """One user of a reading, decided upon: the row as it shall be (id 0 for a new one) and everything beside it.

    `policies` holds (source, name, document) of all that grants: inline, managed, group and boundary.
    """

    user: User
    facts: UserFacts
    policies: tuple[tuple[str, str, Json], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    emails: tuple[str, ...] = ()
    reason: str = "discover"


@dataclass(frozen=True, slots=True)
class Person:
    """One human with every user row that is theirs."""

    id: int
    email: str
    identity_store_id: str | None
    user_name: str | None
    origin: str
    users: tuple[int, ...] = ()


OURS, EXISTING = "ours", "existing"
"""Where a set comes from: planned by us, or found and never touched."""


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A permission set we planned or found: `origin` is `ours` or `existing`."""

    id: int
    name: str
    spec_sha: str
    spec: Json
    arn: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Why somebody holds a set in an account: the user that wants it."""

    user: int
    email: str | None
    permission_set: str
    account_id: str
    provisioned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the record. `details` is canonical JSON."""

    seq: int
    at: datetime
    actor: str
    event: str
    subject: str
    details: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of an account came to; `error` where it could not be entered."""

    account_id: str
    at: datetime
    complete: bool
    root: Json = None
    error: str | None = None
