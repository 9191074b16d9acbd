"""What principals did: calls as CloudTrail recorded them, counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

REFUSALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"),
        *("AuthorizationError", "AuthorizationErrorException"),
    }
)
"""The spellings of "access denied" in CloudTrail's errorCode (IAM troubleshooting guide; the last two are SNS's)."""


@dataclass(frozen=True, slots=True)
class UsageFact:
    """One kind of call that one principal made within one part of a source, counted. One row of `usage_facts`.

    `principal` is the ARN in `userIdentity` (an IAM user, or an assumed-role session of `AWSReservedSSO_*`), or
    `identitystore:USER_ID` for portal events of type `IdentityCenterUser`; `via` names the service or session that
    made the call for it (`invokedBy`, `session`), `action` is the IAM action or None where the event has no mapping;
    empty strings mean "none". `error` is CloudTrail's errorCode.
    """

    principal: str
    account_id: str
    source: str
    event: str
    action: str | None
    resource: str
    calls: int
    first: datetime
    last: datetime
    access_key: str = ""
    region: str = ""
    address: str = ""
    agent: str = ""
    error: str = ""
    via: str = ""

    @property
    def refused(self) -> bool:
        """Whether IAM said no."""
        return self.error in REFUSALS


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused call of an IAM user (or of a session minted from its keys): what a scream is made of."""

    event_id: str
    at: datetime
    principal: str
    account_id: str
    source: str
    event: str
    address: str
    agent: str
    error: str
    message: str = ""
    access_key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a usage source that is read whole or not at all: a log file, a day of look-ups."""

    source: str
    account_id: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class PartUsage:
    """What one part held. `bad` says why it could not be read (then the rest is empty); `newest` is its last event."""

    part: Part
    events: int = 0
    facts: tuple[UsageFact, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    first: datetime | None = None
    newest: datetime | None = None
    bad: str = ""


MOST = 1000
"""Resources named per kind of call, and addresses, agents, keys and regions per principal: the first by name."""


class Names:
    """The first MOST of the texts seen, by name, whatever the order they came in."""

    __slots__ = ("cut", "kept")

    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.cut = False

    def add(self, value: str) -> None:
        """Remember a text, unless it is empty."""
        if value:
            self.kept.add(value)
            if len(self.kept) > 2 * MOST:
                self._shorten()

    def merge(self, other: "Names") -> None:
        """Add all that another one saw."""
        self.kept |= other.kept
        self.cut = self.cut or other.cut
        if len(self.kept) > 2 * MOST:
            self._shorten()

    @property
    def more(self) -> bool:
        """Whether there were more than are kept."""
        return self.cut or len(self.kept) > MOST

    def listed(self) -> tuple[str, ...]:
        """What is kept, sorted."""
        return tuple(sorted(self.kept)[:MOST])

    def _shorten(self) -> None:
        self.kept = set(sorted(self.kept)[:MOST])
        self.cut = True


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """One kind of call of one principal, while it is counted; without calls, `first` is after `last`."""

    calls: int = 0
    denied: int = 0
    first: datetime = _LATEST
    last: datetime = _EARLIEST
    resources: Names = field(default_factory=Names)

    def merge(self, other: "Tally") -> None:
        """Add what another one counted."""
        self.calls += other.calls
        self.denied += other.denied
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.resources.merge(other.resources)


SEEN = ("access_keys", "addresses", "agents", "regions")
"""What is told of a principal beside its calls."""


@dataclass(slots=True)
class Doings:
    """Everything counted of one principal: (event source, event name, action or empty, via) → tally; SEEN → names."""

    rows: dict[tuple[str, str, str, str], Tally] = field(default_factory=dict)
    seen: dict[str, Names] = field(default_factory=lambda: {name: Names() for name in SEEN})


@dataclass(slots=True)
class UsageSums:
    """What any number of parts held, added up; grows with principals and kinds of calls, not with the parts.

    `doings` is keyed by (principal, kind, account); kinds are `user`, `federated`, `identity-center` and
    `identity-center-portal`. Sums of other parts are merged in any order with the same result.
    """

    events: int = 0
    files: int = 0
    bad: list[tuple[str, str]] = field(default_factory=list)
    doings: dict[tuple[str, str, str], Doings] = field(default_factory=dict)

    def merge(self, other: "UsageSums") -> None:
        """Add the sums of other parts."""
        self.events += other.events
        self.files += other.files
        self.bad += other.bad
        for who, theirs in other.doings.items():
            mine = self.doings.setdefault(who, Doings())
            for what, tally in theirs.rows.items():
                mine.rows.setdefault(what, Tally()).merge(tally)
            for name, names in theirs.seen.items():
                mine.seen[name].merge(names)
