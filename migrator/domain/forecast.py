"""What a wave will take: how long its provisioning, and on which dates its windows end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.domain.calendar import next_cut
from migrator.domain.dossier import Dossier, User
from migrator.domain.lifecycle import State
from migrator.domain.rules import Rules

ASSUMED = timedelta(seconds=10)
"""How long an assignment takes where none was made here yet; Identity Center promises nothing."""

ENDED = frozenset({State.DELETED, State.ROLLED_BACK, State.EXCLUDED})
"""States in which a wave has nothing left to do for a user."""

_UNPROVISIONED = frozenset({State.DISCOVERED, State.MAPPED})
_BEFORE_CUT = frozenset({State.DISCOVERED, State.MAPPED, State.PROVISIONED, State.VERIFIED})


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast Identity Center made assignments in this organization so far."""

    assignments: int = 0
    taken: timedelta = timedelta()

    @property
    def each(self) -> timedelta:
        """How long one takes, as measured, else as assumed."""
        return self.taken / self.assignments if self.assignments else ASSUMED

    @property
    def a_minute(self) -> float | None:
        """Assignments a minute as measured; None where none was made."""
        return timedelta(minutes=1) / self.each if self.assignments and self.taken else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The earliest dates, were every other gate open: when the wave's cuts may begin, and when each window ends.

    `assignments` are those still to be made and `provisioning` how long they take; `measured` tells whether the pace
    is this organization's or assumed. Dates are None where no moment of the change window ever comes.
    """

    assignments: int
    provisioning: timedelta
    measured: bool
    quarantine_from: datetime | None
    deactivate_from: datetime | None
    delete_from: datetime | None


def foresee(
    members: Sequence[Dossier], rules: Rules, pace: Pace, now: datetime, starts_at: datetime | None
) -> Forecast:
    """Forecast a wave from where its members are; `starts_at` is when it starts, where it has not."""
    moving = [d for d in members if d.user.vanished_at is None and d.user.state not in ENDED]
    wanted = {
        (d.user.account_id, d.planned.name, person)
        for d in moving
        if d.user.state in _UNPROVISIONED and d.planned is not None
        for person in d.user.persons
    }
    provisioning = pace.each * len(wanted)
    begin = max(now, starts_at) if starts_at is not None else now
    cut = _cut(rules, begin + provisioning)
    uncut = any(d.user.state in _BEFORE_CUT for d in moving)
    windows = [_windows(d.user, cut, rules, now) for d in moving]
    return Forecast(
        assignments=len(wanted),
        provisioning=provisioning,
        measured=bool(pace.assignments),
        quarantine_from=cut if uncut else None,
        deactivate_from=max((off for off, _ in windows if off is not None), default=None),
        delete_from=max((gone for _, gone in windows if gone is not None), default=None),
    )


def _windows(user: User, cut: datetime | None, rules: Rules, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the user's credentials may be made inactive (None: they are, or never), and when it may be deleted."""
    last = max(rules.deactivate, rules.sessions)
    if user.state is State.DEACTIVATED:
        return None, _after(rules, user.state_since, last, now)
    off = _after(rules, user.state_since if user.state is State.QUARANTINED else cut, rules.quarantine, now)
    return off, _after(rules, off, last, now)


def _cut(rules: Rules, at: datetime) -> datetime | None:
    return next_cut(rules.change_window, rules.freezes, at)


def _after(rules: Rules, begin: datetime | None, window: timedelta, now: datetime) -> datetime | None:
    return None if begin is None else _cut(rules, max(begin + window, now))
