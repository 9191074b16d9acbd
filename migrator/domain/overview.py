"""What `status` tells: where everyone is, what screamed, how the program goes. Plain data, read in one transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from migrator.domain.forecast import ENDED
from migrator.domain.lifecycle import State
from migrator.domain.model import Kind
from migrator.domain.rules import Rules
from migrator.domain.screams import Scream
from migrator.domain.waiting import Held, Ready
from migrator.domain.waves import Stage, WaveState


@dataclass(frozen=True, slots=True)
class Standing:
    """Users of one wave, state and kind. `first` and `last` bound since when they are in the state.

    `opens_at` is when the last of their scream windows opens, as the gates computed it; None where none is closed.
    """

    wave: str | None
    state: State
    kind: Kind
    users: int
    first: datetime
    last: datetime
    opens_at: datetime | None = None
    vanished: bool = False


@dataclass(frozen=True, slots=True)
class Approved:
    """One identity's yes to one stage of a wave, for so many users; `expires_at` is the first to run out."""

    stage: Stage
    by: str
    at: datetime
    expires_at: datetime
    users: int


@dataclass(frozen=True, slots=True)
class WaveStanding:
    """A wave with its members by state. `needs` counts approvals that a draft still lacks.

    `eta` is the earliest moment at which its last member could be gone; None where nobody can know.
    """

    name: str
    state: WaveState
    created_by: str
    created_at: datetime
    starts_at: datetime | None
    members: tuple[Standing, ...] = ()
    approvals: tuple[Approved, ...] = ()
    needs: int = 0
    eta: datetime | None = None

    @property
    def users(self) -> int:
        """How many members there are, vanished ones not counted."""
        return sum(member.users for member in self.members)


@dataclass(frozen=True, slots=True)
class Cry:
    """A scream with its user's key, and when a rollback answered it."""

    scream: Scream
    user: str
    put_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Screaming:
    """How many screams wait for an answer and were heard in the last 24 hours; None where nobody ever listened."""

    open: int | None = None
    last_24h: int | None = None
    cries: tuple[Cry, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What AWS would accept today; None where nothing was ever read.

    `holders` are users of any kind; `humans` is the KPI, always of all waves.
    """

    active_long_term: int | None = None
    active_access_keys: int | None = None
    console_passwords: int | None = None
    holders: int | None = None
    humans: int | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """An account or owner: users that are there, and those of them that still hold a live credential."""

    name: str
    users: int
    holders: int


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account and its newest reading; `complete` is None where it was never read."""

    id: str
    name: str
    status: str
    read_at: datetime | None = None
    complete: bool | None = None
    error: str | None = None
    users: int = 0
    holders: int = 0

    @property
    def failed(self) -> bool:
        """Whether the newest reading did not read everything."""
        return self.complete is False


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that did not end, or failed and was followed by no other. `user` is its key; empty for a shared thing."""

    subject: str
    user: str
    kind: str
    wave: str | None
    status: str
    started_at: datetime
    lease_until: datetime
    error: str = ""

    def interrupted(self, now: datetime) -> bool:
        """Whether its process gave no sign of life for as long as its lease."""
        return self.status == "running" and self.lease_until <= now


@dataclass(frozen=True, slots=True)
class Pulse:
    """The workers: when one beat last, and since when the trail is heard without a gap."""

    workers: int = 0
    beat_at: datetime | None = None
    heard_since: datetime | None = None


Series = tuple[tuple[datetime, float | None], ...]
"""Samples of one KPI, oldest first, evenly thinned; None where it had no source then."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the dashboard shows. `wave` names the only wave it is about; KPIs and accounts are always of all."""

    as_of: datetime
    organization: str | None
    wave: str | None = None
    standings: tuple[Standing, ...] = ()
    unjudged: int = 0
    credentials: Credentials = field(default_factory=Credentials)
    held: tuple[Held, ...] = ()
    ready: tuple[Ready, ...] = ()
    waves: tuple[WaveStanding, ...] = ()
    screams: Screaming = field(default_factory=Screaming)
    series: Mapping[str, Series] = field(default_factory=dict)
    accounts: tuple[AccountStanding, ...] = ()
    owners: tuple[Holding, ...] = ()
    runs: tuple[OpenRun, ...] = ()
    pulse: Pulse = field(default_factory=Pulse)

    @property
    def present(self) -> tuple[Standing, ...]:
        """Users that did not vanish."""
        return tuple(one for one in self.standings if not one.vanished)

    @property
    def vanished(self) -> int:
        """Users that somebody else deleted."""
        return sum(one.users for one in self.standings if one.vanished)

    def kpi(self, name: str) -> float | None:
        """The newest sample of a KPI; None where it has no source."""
        series = self.series.get(name)
        return series[-1][1] if series else None


def by_state(standings: Iterable[Standing]) -> dict[State, int]:
    """How many users are in every state, states with nobody included."""
    found = Counter(dict.fromkeys(State, 0))
    for standing in standings:
        found[standing.state] += standing.users
    return dict(found)


def by_kind(standings: Iterable[Standing]) -> dict[Kind, int]:
    """How many users are of every kind, kinds with nobody included."""
    found = Counter(dict.fromkeys(Kind, 0))
    for standing in standings:
        found[standing.kind] += standing.users
    return dict(found)


def forecast(seen: Overview, rules: Rules, now: datetime) -> Overview:
    """The overview with what the rules say about each wave: missing approvals, and the earliest end."""
    waves = (replace(wave, needs=_needs(wave, rules), eta=_eta(wave, rules, now)) for wave in seen.waves)
    return replace(seen, waves=tuple(waves))


def _needs(wave: WaveStanding, rules: Rules) -> int:
    if wave.state is not WaveState.DRAFT or not rules.approvals:
        return 0
    given = {approved.by.casefold() for approved in wave.approvals if approved.stage is Stage.CUT}
    return max(rules.approvals - len(given), 1)


def _eta(wave: WaveStanding, rules: Rules, now: datetime) -> datetime | None:
    """When the last member's windows could be over, were every other gate open; only of a wave that has its start."""
    starts = wave.starts_at if wave.state is WaveState.APPROVED and wave.starts_at else None
    if wave.state is not WaveState.RUNNING and starts is None:
        return None
    begin = max(now, starts) if starts else now
    return max((_over(one, rules, begin) for one in wave.members if one.state not in ENDED), default=None)


def _over(members: Standing, rules: Rules, begin: datetime) -> datetime:
    last = max(rules.deactivate, rules.sessions)
    if members.state is State.DEACTIVATED:
        return max(begin, members.last + last, members.opens_at or begin)
    if members.state is State.QUARANTINED:
        return max(begin, members.last + rules.quarantine, members.opens_at or begin) + last
    return begin + rules.quarantine + last
