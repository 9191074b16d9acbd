"""Notices: who is told what, once, before access is taken away and after it was put back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from migrator.domain.dossier import User
from migrator.domain.lifecycle import Move
from migrator.domain.model import Destination, Json, Kind

THRESHOLDS = (0, 1, 3, 7, 14, 30)
"""Days left at which somebody is told again."""


class Audience(StrEnum):
    """Who a notice is for: the person who uses the user, the team that owns it, or everybody who runs the migration."""

    PERSON = "person"
    OWNER = "owner"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one recipient. The same `dedupe_key` is never told twice; `to` is an address or a team.

    `template` names the text; `facts` fill it, and may hold text from outside.
    """

    dedupe_key: str
    template: str
    audience: Audience
    to: str
    subject: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes next for a user: the move, what holds it, and when time alone opens it (None: somebody must act)."""

    user: User
    move: Move
    opens_at: datetime | None
    held_by: tuple[str, ...] = ()
    permission_set: str | None = None


_TOLD = {
    Move.VERIFY: "sign-in",
    Move.QUARANTINE: "before-quarantine",
    Move.DEACTIVATE: "before-deactivate",
    Move.DELETE: "before-delete",
}
_NO_PERSON = frozenset({Kind.MACHINE, Kind.BREAK_GLASS})


def stage_notices(ahead: Iterable[Ahead], now: datetime) -> tuple[Notice, ...]:
    """What persons, owners and the channel are told about the next stage of users in waves, with the days left.

    Each is told on entering a stage, and again when 30, 14, 7, 3, 1 and 0 days are left. Who is held by hand or in no
    wave is not told: nothing will happen to them.
    """
    coming = [one for one in ahead if one.move in _TOLD and one.user.wave is not None and one.user.held is None]
    found = [notice for one in coming for notice in _personal(one, now)]
    groups: dict[tuple[str, Move, int | None], list[Ahead]] = defaultdict(list)
    for one in coming:
        groups[str(one.user.wave), one.move, _threshold(one, now)].append(one)
    return (*found, *(_digest(*key, users, now) for key, users in groups.items()))


def put_back_notices(user: User, why: str, now: datetime, *, failed: bool) -> tuple[Notice, ...]:
    """What is told when a scream put a user back, or could not."""
    template = "put-back-failed" if failed else "put-back"
    facts: dict[str, Json] = {"user": user.key, "why": why, "at": now.isoformat(), "wave": user.wave}
    key = f"{template}:{user.user_id}:{user.state_since.isoformat()}"
    return tuple(
        Notice(f"{key}:{audience}:{to}", template, audience, to, user.subject, facts)
        for audience, to in (*_recipients(user), (Audience.CHANNEL, ""))
    )


def told(kind: str, what: str, facts: Mapping[str, Json]) -> Notice:
    """One thing for the channel alone: a wave that ended, a worker in trouble, a stolen key's pattern."""
    return Notice(f"{kind}:{what}", kind, Audience.CHANNEL, "", "migrator", facts)


def _personal(ahead: Ahead, now: datetime) -> Iterator[Notice]:
    user, template = ahead.user, _TOLD[ahead.move]
    key = f"{template}:{user.user_id}:{user.state_since.isoformat()}:{_threshold(ahead, now)}"
    for audience, to in _recipients(user):
        yield Notice(f"{key}:{audience}:{to}", template, audience, to, user.subject, _facts(ahead, now))


def _digest(wave: str, move: Move, threshold: int | None, users: list[Ahead], now: datetime) -> Notice:
    dates = sorted(one.opens_at for one in users if one.opens_at is not None)
    names = sorted(one.user.key for one in users)
    newest = max(one.user.state_since for one in users)
    key = f"upcoming:{wave}:{move}:{threshold}:{newest.isoformat()}"
    facts: dict[str, Json] = {
        "wave": wave,
        "move": str(move),
        "users": names,
        "days_left": _days_left(dates[0], now) if dates else None,
        "on": dates[0].isoformat() if dates else None,
        "held_by": sorted({gate for one in users for gate in one.held_by}),
    }
    return Notice(key, "upcoming", Audience.CHANNEL, "", "migrator", facts)


def _recipients(user: User) -> Iterator[tuple[Audience, str]]:
    if user.kind not in _NO_PERSON and user.destination is not Destination.RETIRE:
        yield from ((Audience.PERSON, email) for email in user.persons)
    if user.owner:
        yield Audience.OWNER, user.owner


def _facts(ahead: Ahead, now: datetime) -> dict[str, Json]:
    user = ahead.user
    return {
        "user": user.key,
        "account_id": user.account_id,
        "user_name": user.user_name,
        "wave": user.wave,
        "move": str(ahead.move),
        "permission_set": ahead.permission_set,
        "held_by": list(ahead.held_by),
        "on": ahead.opens_at.isoformat() if ahead.opens_at else None,
        "days_left": _days_left(ahead.opens_at, now) if ahead.opens_at else None,
    }


def _threshold(ahead: Ahead, now: datetime) -> int | None:
    if ahead.opens_at is None:
        return None
    left = _days_left(ahead.opens_at, now)
    return next((most for most in THRESHOLDS if left <= most), THRESHOLDS[-1])


def _days_left(at: datetime, now: datetime) -> int:
    """Whole days, rounded up: whoever has two hours left is told of one day."""
    return max(-((now - at) // timedelta(days=1)), 0)
