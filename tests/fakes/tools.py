"""The tools of an operation over a fake AWS and a real database; what a test does not name is permissive."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from migrator.adapters.pool import ThreadPool
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.dossier import User
from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, UserFacts
from migrator.domain.rules import Rules, Share
from migrator.domain.selection import Line
from migrator.operations.apply import Apply
from tests.builders import a_recorded, a_user, record
from tests.fakes.clock import FakeClock
from tests.fakes.hands import FakeAws
from tests.fakes.post import FakePost

OPEN = Rules(
    usage_sources=0,
    sso_sign_in=False,
    listening=False,
    approvals=0,
    quarantine=timedelta(),
    deactivate=timedelta(),
    sessions=timedelta(),
    max_in_scream_test=Share(100, percent=True),
)
"""Rules that hold nobody back."""


@dataclass
class FakeGuards:
    """The port `Guards`: what a test puts into `policies`, and no policy on anything else."""

    policies: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def read(self, account_id: str, arns: Collection[str]) -> dict[str, Any]:
        """The policies of these resources."""
        self.asked.append((account_id, tuple(arns)))
        return {arn: self.policies.get(arn) for arn in arns}


@dataclass
class FakeTools:
    """The port `Tools`; `hands` and `reader` are the fake AWS unless a test puts something before it."""

    store: SqlStore
    aws: FakeAws
    clock: FakeClock
    rules: Rules = OPEN
    actor: str = "ops@example.com"
    worker: str = "host:1:a"
    sources: Sequence[Any] = ()
    pool: Any = field(default_factory=lambda: ThreadPool(1))
    hands: Any = None
    last_accessed: Any = None
    simulator: Any = None
    catalogue: Any = None
    guards: FakeGuards = field(default_factory=FakeGuards)
    post: FakePost = field(default_factory=FakePost)
    dead: Callable[[str], bool] = lambda _worker: False
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The fake AWS is everything that a test did not replace."""
        self.hands = self.hands or self.aws
        self.accounts = self.reader = self.directory = self.inspector = self.aws

    @property
    def apply(self) -> Apply:
        """A loop of this process."""
        return Apply(self.store, self.hands, self.clock, self.worker, self.gone)

    def gone(self, worker: str) -> bool:
        """Whether another worker is dead for sure."""
        return self.dead(worker)

    def tell(self, text: str, **_facts: str) -> None:
        """Progress."""
        self.told.append(text)

    def with_rules(self, **changes: Any) -> "FakeTools":
        """The same tools under other rules."""
        return replace(self, rules=replace(self.rules, **changes))

    def add(self, facts: UserFacts, state: State = State.VERIFIED, **changes: Any) -> User:
        """Let a user exist in AWS and in the table."""
        self.aws.add_user(facts)
        changes = {"destination": Destination.RETIRE, "owner": "data", **changes}
        return record(self.store, a_recorded(facts, a_user(facts, state=state, **changes)))[0]

    def user(self, user: User) -> User:
        """The user's row as it is now."""
        with self.store.begin() as work:
            return work.users.get(user.id)

    def line(self, user: User) -> Line:
        """The user's row as a command chooses it."""
        return Line(self.user(user))
