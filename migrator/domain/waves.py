"""Waves, approvals, and the hash that binds an approval to what it approved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from migrator.domain.errors import IllegalMove, Refused
from migrator.domain.rules import Rules

if TYPE_CHECKING:
    from migrator.domain.dossier import Dossier


class WaveState(StrEnum):
    """Where a wave stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


class Stage(StrEnum):
    """What an approval is for: taking access away, or deleting."""

    CUT = "cut"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Wave:
    """A named set of users that moves together. `created_by` is an identity; nobody approves a wave they created."""

    id: int
    name: str
    state: WaveState
    created_by: str
    created_at: datetime
    starts_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """One identity's yes to one user's stage, bound to `subject_hash`."""

    wave: int
    stage: Stage
    user: int
    subject_hash: str
    approver: str
    at: datetime
    expires_at: datetime


class WaveMove(StrEnum):
    """What can be done to a wave."""

    APPROVE = "approve"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"


WAVE_TABLE: Mapping[tuple[WaveState, WaveMove], WaveState] = {
    (WaveState.DRAFT, WaveMove.APPROVE): WaveState.APPROVED,
    (WaveState.APPROVED, WaveMove.APPROVE): WaveState.APPROVED,
    (WaveState.RUNNING, WaveMove.APPROVE): WaveState.RUNNING,
    (WaveState.DRAFT, WaveMove.START): WaveState.RUNNING,
    (WaveState.APPROVED, WaveMove.START): WaveState.RUNNING,
    (WaveState.RUNNING, WaveMove.START): WaveState.RUNNING,
    (WaveState.APPROVED, WaveMove.PAUSE): WaveState.PAUSED,
    (WaveState.RUNNING, WaveMove.PAUSE): WaveState.PAUSED,
    (WaveState.PAUSED, WaveMove.RESUME): WaveState.RUNNING,
    (WaveState.RUNNING, WaveMove.FINISH): WaveState.DONE,
}
"""Every legal move of a wave. A draft starts by itself only where no approval is needed; see `move_wave`."""


def move_wave(wave: Wave, name: WaveMove, rules: Rules) -> WaveState:
    """The state that a move leads to; raises IllegalMove where there is none.

    A running wave may be approved again, for its delete stage. A draft starts only where `approvals` is 0.
    """
    found = WAVE_TABLE.get((wave.state, name))
    unapproved = name is WaveMove.START and wave.state is WaveState.DRAFT and rules.approvals > 0
    if found is None or unapproved:
        legal = [m for state, m in WAVE_TABLE if state is wave.state and not (unapproved and m is name)]
        step = f"a {wave.state} wave can be: {', '.join(legal)}" if legal else "make a new wave"
        raise IllegalMove(f"cannot {name} wave {wave.name}: it is {wave.state}", next_step=step)
    return found


def approvals_by(
    wave: Wave, stage: Stage, members: Iterable["Dossier"], approver: str, rules: Rules, now: datetime
) -> tuple[Approval, ...]:
    """One identity's yes to every member as it is now; raises Refused where it may not say it.

    Nobody approves a wave they created, nor one they are in, be it as a person or as an IAM user.
    """
    users = list(members)
    if approver.casefold() == wave.created_by.casefold():
        raise Refused(f"{approver} created wave {wave.name} and cannot approve it", next_step="ask somebody else")
    mine = next((d.user.key for d in users if approver.casefold() in _barred(wave, d)), None)
    if mine is not None:
        raise Refused(f"{approver} is in wave {wave.name} as {mine}", next_step="ask somebody who is not in it")
    expires = now + rules.approval_valid
    return tuple(Approval(wave.id, stage, d.user.id, d.subject_hash, approver, now, expires) for d in users)


def standing(dossier: "Dossier", wave: Wave, stage: Stage, now: datetime) -> tuple[Approval, ...]:
    """The approvals of a user's stage that came from somebody entitled, have not expired and were not voided."""
    barred, void = _barred(wave, dossier), dossier.decisions.get("void")
    return tuple(
        a
        for a in dossier.approvals
        if (a.wave, a.stage, a.user) == (wave.id, stage, dossier.user.id)
        and a.at <= now < a.expires_at
        and a.approver.casefold() not in barred
        and (void is None or a.at > void.at)
    )


def approvers(dossier: "Dossier", wave: Wave, stage: Stage, now: datetime) -> tuple[str, ...]:
    """Who approved exactly this user as it is now, each identity once however it is spelled."""
    bound = (
        a for a in standing(dossier, wave, stage, now) if a.subject_hash and a.subject_hash == dossier.subject_hash
    )
    return tuple(sorted({a.approver.casefold(): a.approver for a in bound}.values()))


def approved(members: Iterable["Dossier"], wave: Wave, stage: Stage, rules: Rules, now: datetime) -> bool:
    """Whether every member has all the approvals that its stage needs."""
    return all(len(approvers(d, wave, stage, now)) >= rules.approvals for d in members)


def _barred(wave: Wave, dossier: "Dossier") -> frozenset[str]:
    """Who may not approve this user: the wave's creator, and the user itself."""
    return frozenset(n.casefold() for n in (wave.created_by, dossier.user.user_id, *dossier.user.persons))
