"""One user as our table knows it, and everything that is known about it in one place for gates to judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, Destination, Evidence, Json, Kind, UserFacts

if TYPE_CHECKING:
    from migrator.domain.audibility import Ear
    from migrator.domain.screams import Scream
    from migrator.domain.waves import Approval, Wave


@dataclass(frozen=True, slots=True)
class User:
    """A row of `users`: one IAM user on its way. `user_id` is its open identity, `persons` e-mail addresses."""

    id: int
    account_id: str
    user_name: str
    user_id: str
    state: State
    state_since: datetime
    path: str = "/"
    kind: Kind = Kind.UNKNOWN
    kind_confidence: float = 0.0
    destination: Destination | None = None
    persons: tuple[str, ...] = ()
    owner: str | None = None
    cost_center: str | None = None
    wave: str | None = None
    held: str | None = None
    next_check_at: datetime | None = None
    observed_at: datetime | None = None
    vanished_at: datetime | None = None
    version: int = 0

    @property
    def key(self) -> str:
        """How people write this user: `ACCOUNT_ID/USER_NAME`."""
        return f"{self.account_id}/{self.user_name}"

    @property
    def subject(self) -> str:
        """How journal, decisions and audit name this user."""
        return f"user:{self.id}"

    @property
    def person(self) -> str | None:
        """The e-mail address when there is exactly one."""
        return self.persons[0] if len(self.persons) == 1 else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a human decided about a subject; the latest of each `what` wins, `until` ends it.

    `what` is `kind`, `destination`, `link`, `hold`, `owner`, `exclude`, `waive:GATE`, `void`.
    """

    subject: str
    what: str
    value: Json
    reason: str
    actor: str
    at: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class TrackedCredential:
    """A credential with the status it had before our first cut: rollback never makes more Active than that."""

    credential: Credential
    original_status: str
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person seen working through Identity Center: when, in which account, through which set."""

    at: datetime
    account_id: str
    permission_set: str
    session: str


@dataclass(frozen=True, slots=True)
class Listening:
    """What the trails let us hear: `newest` event read, what the user used by how much of it would be recorded.

    `audible`, `partly` and `deaf` name services and data planes, `ears` has them whole. `heard_since` is when the
    present unbroken stretch of reading began, `recorded_since` that of recording the account, `unrecorded` why
    nothing of the account is recorded now; `not_checked` says what nobody looked at.
    """

    newest: datetime | None = None
    heard_since: datetime | None = None
    audible: tuple[str, ...] = ()
    deaf: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    recorded_since: datetime | None = None
    unrecorded: str = ""
    ears: tuple["Ear", ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """The user's own calls in the look-back: `since`/`until` the window read, `last` the last call that was allowed.

    `mined_at` is when the sources were last read; None where never.
    """

    mined_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    last: datetime | None = None
    calls: int = 0
    services: tuple[str, ...] = ()
    addresses: int = 0
    agents: tuple[str, ...] = ()
    accounts_signed_in: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that names the user; `effect` as in `ports.aws.NameReference`."""

    where: str
    effect: str


@dataclass(frozen=True, slots=True)
class Searched:
    """The search for whatever names the user: when, what was found, what could not be searched."""

    at: datetime | None = None
    found: tuple[Reference, ...] = ()
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """The permission set (or role) planned for the user: its name, the hash of its specification, the specification.

    `problems` names quotas it would break; `provisioned` and `existing` what is already there.
    """

    name: str
    spec_sha: str
    spec: Json
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Calls that the planned set would refuse; `resource` is empty where none was logged.

    `statement` is the smallest that closes it, None where none does.
    """

    action: str
    resource: str
    calls: int
    last_seen: datetime
    why: str = ""
    statement: Json = None


@dataclass(frozen=True, slots=True)
class Covered:
    """A computed coverage as it was stored: of which specification, when, and how the calls fell.

    `doubts` says in words of which calls nobody can know, and why; `escalations` which ways to more access the set
    opens; `guards` has the hashes of the resources' policies it was judged by, None where there was none.
    """

    spec_sha: str
    at: datetime
    calls: int = 0
    allowed: int = 0
    denied: int = 0
    unknown: int = 0
    gaps: tuple[Uncovered, ...] = ()
    doubts: tuple[str, ...] = ()
    granted: int = 0
    unused_granted: int = 0
    unused_granted_percent: float | None = None
    escalations: tuple[Json, ...] = ()
    guards: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Population:
    """Who else is on the way: users in all, and those under scream test now (quarantined or deactivated)."""

    total: int = 0
    under_test: int = 0


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known about a user at one moment; what gates judge. Empty parts mean that nobody looked yet.

    `protected` says why this user must never be cut (our own identity, an operator, an approver).
    `iac` names what manages the user as code; `subject_hash` binds approvals (domain.waves.subject_hash).
    """

    user: User
    facts: UserFacts | None = None
    credentials: tuple[TrackedCredential, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    identity_store_id: str | None = None
    planned: PlannedSet | None = None
    coverage: Covered | None = None
    used: Used = field(default_factory=Used)
    sign_ins: tuple[SignIn, ...] = ()
    wave: "Wave | None" = None
    approvals: tuple["Approval", ...] = ()
    screams: tuple["Scream", ...] = ()
    references: Searched = field(default_factory=Searched)
    listening: Listening = field(default_factory=Listening)
    population: Population = field(default_factory=Population)
    protected: tuple[str, ...] = ()
    iac: tuple[str, ...] = ()
    provisioned_at: datetime | None = None
    provisioned_live: bool | None = None
    subject_hash: str = ""

    def with_credentials(self, credentials: tuple[Credential, ...]) -> UserFacts:
        """The facts with these credentials, whose times of last use snapshots leave out."""
        if self.facts is None:
            raise ValueError(f"{self.user.key} was never read")
        return replace(self.facts, credentials=credentials)

    @property
    def retracted(self) -> bool:
        """Whether a person should hold new access by now, and it was taken away again."""
        there = self.provisioned_at is not None or self.user.destination is not Destination.PERMISSION_SET
        return not there and self.user.state in (State.PROVISIONED, State.VERIFIED)

    def decision(self, what: str, now: datetime) -> Decision | None:
        """The human decision of that name that still holds."""
        found = self.decisions.get(what)
        return found if found is not None and found.holds(now) else None
