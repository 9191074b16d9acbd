"""The database, as operations see it: one unit of work, which is rolled back unless committed."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from migrator.domain.changes import Change
from migrator.domain.dossier import Decision, Dossier, TrackedCredential, User
from migrator.domain.errors import Refused
from migrator.domain.gates.result import GateResult
from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Credential, Evidence, Json, UserFacts
from migrator.domain.selection import Line
from migrator.domain.waves import Approval, Wave, WaveState
from migrator.ports.aws import Account
from migrator.ports.findings import Access, Screams, TrailReadings, Usage
from migrator.ports.ledger import Journal, Record
from migrator.ports.post import Outbox
from migrator.ports.rows import Entry, Grant, Person, Reading, Recorded, StoredSet

__all__ = [
    "Access",
    "AnotherOrganization",
    "Entry",
    "Grant",
    "Journal",
    "People",
    "Person",
    "Reading",
    "Record",
    "Recorded",
    "Screams",
    "Store",
    "StoredSet",
    "UnitOfWork",
    "Usage",
    "Users",
    "Waves",
]


class AnotherOrganization(Refused):
    """The database belongs to one organization, the credentials to another: the configuration pairs them wrongly."""

    exit_code = 2

    def __init__(self, known: str, here: str) -> None:
        super().__init__(
            f"this database belongs to organization {known}, the credentials to {here}",
            next_step="name the right database in the configuration, or use the other organization's credentials",
        )


class Users(Protocol):
    """Users with their identities, snapshots, credentials and policies."""

    def lines(self, *, account: str | None = None, wave: str | None = None) -> list[Line]:
        """Every user with last use and counts, sorted by key; vanished ones included."""
        ...

    def get(self, user: int) -> User:
        """One row by its id; raises NotFound."""
        ...

    def in_account(self, account_id: str) -> list[User]:
        """Every row of an account, locked for this unit of work."""
        ...

    def many(self, users: Collection[int]) -> list[User]:
        """Rows by id, sorted by key."""
        ...

    def living(self, account_id: str, user_name: str) -> User | None:
        """Who has that name now, which IAM compares without case: neither deleted nor vanished."""
        ...

    def evidence(self, users: Collection[int]) -> Mapping[int, tuple[Evidence, ...]]:
        """The latest evidence of each claim and source, per user."""
        ...

    def record(self, entries: Sequence[Recorded]) -> list[User]:
        """Write many users of one reading at once: rows, identities, snapshots, credentials, policies, evidence."""
        ...

    def save(self, user: User) -> User:
        """Update one row; raises Stale if somebody else did first."""
        ...

    def move(self, user: User, state: State, at: datetime) -> User:
        """Save a row in another state."""
        ...

    def look_again(self, user: int, at: datetime | None) -> None:
        """When time may open the user's next gate."""
        ...

    def believe(self, user: int, evidence: Sequence[Evidence]) -> None:
        """Append the evidence that is new."""
        ...

    def vanish(self, users: Sequence[User], at: datetime) -> None:
        """Mark rows whose user is gone, and close their identities."""
        ...

    def adopt(self, user: User, aws_user_id: str, at: datetime) -> None:
        """Open a new identity on a row: our own rollback recreated the user."""
        ...

    def close_identity(self, user: User, at: datetime) -> None:
        """The user was deleted: its identity ends, its credentials are gone."""
        ...

    def reflect(self, user: User, change: Change, at: datetime) -> None:
        """Let the credentials' rows say what a change has just made true."""
        ...

    def facts(self, user: int) -> UserFacts | None:
        """The newest snapshot."""
        ...

    def snapshots(self, users: Collection[int]) -> Mapping[int, UserFacts]:
        """The newest snapshot of each of these users."""
        ...

    def credentials(self, users: Collection[int]) -> Mapping[int, tuple[TrackedCredential, ...]]:
        """Every credential of these users, those that are gone included, by kind and id."""
        ...

    def unread_use(self, users: Collection[int], before: datetime, most: int) -> list[int]:
        """Those whose last use was read before that time or never, longest ago first, `most` at most."""
        ...

    def used(self, users: Mapping[int, Sequence[Credential]], at: datetime) -> None:
        """Write when credentials were last used, as read at `at`; a time never moves back."""
        ...

    def snapshot_before(self, user: int, reason: str) -> UserFacts | None:
        """The newest snapshot taken for that reason."""
        ...

    def policies(self, users: Collection[int]) -> Mapping[int, tuple[tuple[str, str, Json], ...]]:
        """Everything that grants or bounds, per user: (source, name, document)."""
        ...


class People(Protocol):
    """Persons and decisions."""

    def link(self, links: Mapping[int, Sequence[str]], origin: str) -> None:
        """Make exactly these persons each user's; persons are made as needed."""
        ...

    def all(self) -> list[Person]:
        """Every person, sorted by address."""
        ...

    def set_identity(self, email: str, identity_store_id: str | None, user_name: str | None) -> None:
        """Remember a person's Identity Center user: its id, and the name its sessions carry."""
        ...

    def decide(self, decision: Decision) -> None:
        """Append a decision."""
        ...

    def decisions(self, subjects: Collection[str] | None = None) -> Mapping[str, Mapping[str, Decision]]:
        """The latest decision of each `what`, per subject."""
        ...


class Waves(Protocol):
    """Waves, their members and approvals."""

    def create(self, wave: Wave, users: Sequence[tuple[int, str]]) -> Wave:
        """A new wave with (user, why it is there); raises UsageError if one is in an open wave already."""
        ...

    def find(self, name: str) -> Wave:
        """By name; raises NotFound."""
        ...

    def all(self) -> list[Wave]:
        """Every wave in the order they were made."""
        ...

    def members(self, wave: Wave) -> list[tuple[int, str]]:
        """(user, why) of every member, those who left included."""
        ...

    def move(self, wave: Wave, state: WaveState, at: datetime) -> Wave:
        """Change a wave's state; leaving for `done` frees its members."""
        ...

    def leave(self, user: int) -> None:
        """Take a user out of its open wave."""
        ...

    def approve(self, approvals: Sequence[Approval]) -> None:
        """Append approvals."""
        ...

    def approvals(self, wave: int) -> list[Approval]:
        """All approvals of a wave, oldest first."""
        ...

    def approvers(self) -> set[str]:
        """Everyone who ever approved anything."""
        ...


class UnitOfWork(Protocol):
    """One transaction with everything it may touch."""

    @property
    def users(self) -> Users:
        """Users."""
        ...

    @property
    def people(self) -> People:
        """Persons and decisions."""
        ...

    @property
    def journal(self) -> Journal:
        """Runs and changes."""
        ...

    @property
    def waves(self) -> Waves:
        """Waves."""
        ...

    @property
    def usage(self) -> Usage:
        """Usage."""
        ...

    @property
    def access(self) -> Access:
        """Sets, coverage, grants."""
        ...

    @property
    def screams(self) -> Screams:
        """Screams."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Letters to people."""
        ...

    @property
    def trails(self) -> TrailReadings:
        """Which trails record each account."""
        ...

    @property
    def record(self) -> Record:
        """The record."""
        ...

    def commit(self) -> None:
        """Make it last: the record's entries are chained, then the transaction is committed. Once per unit."""
        ...

    def claim(self, organization_id: str, partition: str, instance_arn: str | None = None) -> None:
        """Tie this database to one organization; raises Refused for another."""
        ...

    def organization(self) -> str | None:
        """The organization this database belongs to."""
        ...

    def put_accounts(self, accounts: Sequence[Account]) -> None:
        """Write the organization's accounts."""
        ...

    def accounts(self) -> list[Account]:
        """Every known account, by id."""
        ...

    def read(self, reading: Reading) -> None:
        """Append a reading."""
        ...

    def readings(self) -> Mapping[str, Reading]:
        """The newest reading of each account."""
        ...

    def reflect(self, change: Change) -> None:
        """Forget what AWS called a set or a person that a change took away: made again it is called otherwise."""
        ...

    def document(self, sha256: str) -> Json:
        """A stored document."""
        ...

    def put_document(self, value: Json) -> str:
        """Store a document once; its hash."""
        ...

    def dossiers(self, users: Collection[int], now: datetime, lookback: timedelta) -> list[Dossier]:
        """Everything known about these users, in as few queries as can be, sorted by key."""
        ...

    def put_gates(self, results: Mapping[int, tuple[Move, Sequence[GateResult]]], at: datetime) -> None:
        """Replace the stored gates of these users."""
        ...

    def gates(self, users: Collection[int]) -> Mapping[int, tuple[str, tuple[GateResult, ...]]]:
        """The stored gates: (move, results)."""
        ...

    def pulse(self, worker: str) -> tuple[datetime | None, datetime | None]:
        """(when it last beat, since when it listens without a gap); None where it never did."""
        ...

    def sample(self, at: datetime, values: Mapping[str, float | None]) -> None:
        """Append a sample of the KPIs."""
        ...

    def beat(self, worker: str, at: datetime, heard_since: datetime | None) -> None:
        """Tell that a worker is alive."""
        ...


class Store(Protocol):
    """Where units of work come from."""

    @property
    def place(self) -> str:
        """Where everything is kept, in words, without a password."""
        ...

    @property
    def guarded(self) -> bool:
        """Whether a server decides who may write; a file's owner may write whatever he likes."""
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that only reads: it waits for nobody, nobody waits for it, and it cannot be committed."""
        ...

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work; leaving it without commit rolls everything back. Raises Unreachable."""
        ...
