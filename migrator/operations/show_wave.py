"""A wave on one page: what will happen to whom, call by call, when; what was approved, and what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator.domain.changes import Change
from migrator.domain.cuts import deactivate, delete, quarantine
from migrator.domain.dossier import Dossier
from migrator.domain.errors import NotFound
from migrator.domain.forecast import ENDED, Forecast, foresee
from migrator.domain.lifecycle import State
from migrator.domain.subject import drift, subject
from migrator.domain.waves import Approval, Stage, Wave, WaveState, approvers, standing
from migrator.operations.compare_access import compare_access
from migrator.operations.weigh import dossiers
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

_AHEAD = {
    State.QUARANTINED: ("deactivate", "delete"),
    State.DEACTIVATED: ("delete",),
    **dict.fromkeys(ENDED, ()),
}
"""Cuts that are still ahead of a state; all of them where it is not named."""


@dataclass(frozen=True, slots=True)
class Member:
    """One user of a wave: why it is there, who approved it as it is now, and what changed since somebody did.

    `calls` are the cuts ahead, stage by stage, as the last reading has it; `lost` is what no rollback brings back.
    """

    dossier: Dossier
    why: str
    left: bool = False
    approved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()
    calls: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaveShown:
    """A wave with its members, what was approved, and what it will take.

    `affected` names, per planned set, who holds it already and is not in the wave.
    """

    wave: Wave
    members: tuple[Member, ...]
    approvals: tuple[Approval, ...] = ()
    forecast: Forecast | None = None
    affected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def show(tools: Tools, name: str) -> WaveShown:
    """One wave as it stands."""
    now = tools.clock.now()
    with tools.store.read() as work:
        wave = work.waves.find(name)
        why = dict(work.waves.members(wave))
        approvals = work.waves.approvals(wave.id)
        found = dossiers(tools, work, list(why))
        members = tuple(_member(tools, work, wave, d, why[d.user.id], approvals) for d in found)
        present = [one.dossier for one in members if not one.left]
        starts = wave.starts_at if wave.state in (WaveState.DRAFT, WaveState.APPROVED) else None
        ahead = foresee(present, tools.rules, work.journal.pace(), now, starts)
        return WaveShown(wave, members, tuple(approvals), ahead, _affected(work, present))


def every(tools: Tools) -> list[WaveShown]:
    """All waves."""
    with tools.store.read() as work:
        names = [wave.name for wave in work.waves.all()]
    return [show(tools, name) for name in names]


def access_of(tools: Tools, shown: WaveShown) -> dict[str, dict[str, Any]]:
    """What each member loses and gains, as `permission-sets diff` tells it, by user key."""
    here = {one.dossier.user.key for one in shown.members if not one.left}
    sets = sorted({one.dossier.planned.name for one in shown.members if one.dossier.planned and not one.left})
    return {told["user"]: told for name in sets for told in compare_access(tools, name) if told["user"] in here}


def _member(
    tools: Tools, work: UnitOfWork, wave: Wave, dossier: Dossier, why: str, approvals: Sequence[Approval]
) -> Member:
    now = tools.clock.now()
    given = {str(stage): approvers(dossier, wave, stage, now) for stage in Stage}
    left = wave.state is not WaveState.DONE and (dossier.wave is None or dossier.wave.id != wave.id)
    plans = _plans(dossier)
    return Member(
        dossier,
        why,
        left,
        {stage: names for stage, names in given.items() if names},
        () if left else _drifted(tools, work, wave, dossier, approvals),
        {stage: plan.changes for stage, plan in plans.items()},
        tuple(line for plan in plans.values() for line in plan.irreversible),
    )


def _drifted(
    tools: Tools, work: UnitOfWork, wave: Wave, dossier: Dossier, approvals: Sequence[Approval]
) -> tuple[str, ...]:
    """What changed since the newest approval that would still hold, had nothing changed."""
    mine = [a for a in standing(dossier, wave, Stage.CUT, tools.clock.now()) if a in approvals]
    mine += standing(dossier, wave, Stage.DELETE, tools.clock.now())
    stale = [a for a in mine if a.subject_hash != dossier.subject_hash]
    present = subject(dossier, tools.rules)
    if not stale or len(stale) < len(mine) or present is None:
        return ()
    newest = max(stale, key=lambda a: a.at)
    try:
        return drift(work.document(newest.subject_hash), present)
    except NotFound:
        return ("what it was bound to changed",)


def _plans(dossier: Dossier) -> dict[str, Any]:
    """The cuts ahead of a user, from the last reading alone; nothing of AWS is asked."""
    if dossier.facts is None or dossier.user.vanished_at is not None:
        return {}
    facts = dossier.with_credentials(tuple(t.credential for t in dossier.credentials if t.gone_at is None))
    make = {"quarantine": quarantine, "deactivate": deactivate, "delete": delete}
    return {stage: make[stage](facts) for stage in _AHEAD.get(dossier.user.state, tuple(make))}


def _affected(work: UnitOfWork, members: Sequence[Dossier]) -> dict[str, tuple[str, ...]]:
    here = {d.user.id for d in members}
    planned = {d.planned.name for d in members if d.planned}
    found: dict[str, set[str]] = {}
    for grant in work.access.grants():
        if grant.permission_set in planned and grant.user not in here and grant.provisioned_at and grant.email:
            found.setdefault(grant.permission_set, set()).add(grant.email)
    return {name: tuple(sorted(people)) for name, people in sorted(found.items())}
