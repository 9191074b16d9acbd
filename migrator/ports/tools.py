"""What every operation is handed: the ports, the rules and who asks. Made by bootstrap, lazily."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from migrator.domain.errors import MigratorError
from migrator.domain.policy.actions import Actions
from migrator.domain.rules import Rules
from migrator.domain.usage import Part, PartUsage
from migrator.ports.aws import AccountReader, Accounts, Directory, Hands
from migrator.ports.clock import Clock
from migrator.ports.store import Store

Item = TypeVar("Item")
Result = TypeVar("Result")


class Pool(Protocol):
    """Work spread over accounts."""

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | MigratorError]]:
        """Each item with its result, in the items' order; a MigratorError is a result too."""
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


class LastAccessed(Protocol):
    """IAM's own memory of which services a user called."""

    def read(self, account_id: str, arns: Sequence[str]) -> "LastAccessedAnswer":
        """(ARN, service, action or "", last accessed) of every user; what could not be asked is in `not_checked`."""
        ...


class LastAccessedAnswer(Protocol):
    """What `LastAccessed` answers."""

    rows: Sequence[tuple[str, str, str, datetime | None]]
    not_checked: Sequence[str]


class Tools(Protocol):
    """The ports an operation may use. `actor` is the identity that decides; `worker` names this process."""

    @property
    def store(self) -> Store: ...  # noqa: D102  # the type says it
    @property
    def accounts(self) -> Accounts: ...  # noqa: D102
    @property
    def reader(self) -> AccountReader: ...  # noqa: D102
    @property
    def directory(self) -> Directory: ...  # noqa: D102
    @property
    def hands(self) -> Hands: ...  # noqa: D102
    @property
    def sources(self) -> Sequence[UsageSource]: ...  # noqa: D102
    @property
    def last_accessed(self) -> LastAccessed | None: ...  # noqa: D102
    @property
    def catalogue(self) -> Actions: ...  # noqa: D102
    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def rules(self) -> Rules: ...  # noqa: D102
    @property
    def pool(self) -> Pool: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def worker(self) -> str: ...  # noqa: D102

    def gone(self, worker: str) -> bool:
        """Whether another worker is dead for sure."""
        ...

    def tell(self, text: str, **facts: str) -> None:
        """Progress for a person who watches; never an answer."""
        ...
