"""What every operation is handed: the ports, the rules and who asks. Made by bootstrap, lazily."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from migrator.domain.errors import MigratorError
from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.rules import Rules
from migrator.domain.usage import Part, PartUsage
from migrator.ports.archive import Archive
from migrator.ports.aws import AccountReader, Accounts, Directory, Hands
from migrator.ports.clock import Clock
from migrator.ports.guards import Guards
from migrator.ports.inspection import Inspector
from migrator.ports.post import Post
from migrator.ports.simulator import Simulator
from migrator.ports.store import Store

Item = TypeVar("Item")
Result = TypeVar("Result")


class Pool(Protocol):
    """Work spread over accounts."""

    @property
    def stopped(self) -> bool:
        """Whether the present call was interrupted: whoever is at work ends at the next good place."""
        ...

    def stop(self) -> None:
        """Ask everything that uses this pool to end at the next good place, for ever."""
        ...

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | MigratorError]]:
        """Each item with its result, in the items' order; a MigratorError is a result too.

        Raises DatabaseFailed: without the database no item can go on.
        """
        ...


class UsageSource(Protocol):
    """Where usage is read: files of a trail. Parts are listed, and each is read whole or not at all."""

    @property
    def source(self) -> str:
        """How parts of this source are marked: `cloudtrail:LOCATION`."""
        ...

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None) -> Iterable[Part]:
        """The parts that may hold events of that time and those accounts, in order."""
        ...

    def read(self, part: Part) -> PartUsage:
        """What one part holds; a broken one says so in `bad`."""
        ...


@dataclass(frozen=True, slots=True)
class LastUses:
    """(user ARN, service, action or empty, last use) of every user asked about, and what could not be told."""

    rows: Sequence[tuple[str, str, str, datetime | None]]
    not_checked: Sequence[str] = ()


class LastAccessed(Protocol):
    """IAM's own memory of which services a user called."""

    def read(self, account_id: str, arns: Sequence[str]) -> LastUses:
        """What IAM remembers of these users of one account."""
        ...


class Tools(Protocol):
    """The ports an operation may use. `actor` is the identity that decides; `worker` names this process."""

    @property
    def store(self) -> Store:
        """The database."""
        ...

    @property
    def accounts(self) -> Accounts:
        """The organization and who we are."""
        ...

    @property
    def reader(self) -> AccountReader:
        """IAM, read."""
        ...

    @property
    def guards(self) -> Guards:
        """The policies of resources."""
        ...

    @property
    def directory(self) -> Directory:
        """Identity Center, read."""
        ...

    @property
    def inspector(self) -> Inspector:
        """The accounts' doors, tried."""
        ...

    @property
    def hands(self) -> Hands:
        """The two verbs of every change."""
        ...

    @property
    def archive(self) -> Archive:
        """Where heads of the record are kept."""
        ...

    @property
    def sources(self) -> Sequence[UsageSource]:
        """The trails usage is read from."""
        ...

    @property
    def last_accessed(self) -> LastAccessed | None:
        """IAM's last-accessed data, where it is wanted."""
        ...

    @property
    def simulator(self) -> Simulator | None:
        """AWS's policy simulator, where coverage shall be checked by it."""
        ...

    @property
    def post(self) -> Post:
        """The channels through which people are told."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """Which actions AWS has."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def rules(self) -> Rules:
        """The configuration, as the domain sees it."""
        ...

    @property
    def pool(self) -> Pool:
        """Threads over accounts."""
        ...

    @property
    def actor(self) -> str:
        """The identity that decides, by STS."""
        ...

    @property
    def worker(self) -> str:
        """The name of this process."""
        ...

    def gone(self, worker: str) -> bool:
        """Whether another worker is dead for sure."""
        ...

    def tell(self, text: str, **facts: str) -> None:
        """Progress for a person who watches; never an answer."""
        ...
