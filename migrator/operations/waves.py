"""Waves: proposed, made, approved, paused and resumed."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.domain.dossier import Dossier
from migrator.domain.errors import Refused, UsageError
from migrator.domain.lifecycle import State
from migrator.domain.selection import Line
from migrator.domain.wave_plan import plan_waves, stays
from migrator.domain.waves import Approval, Stage, Wave, WaveMove, WaveState, approvals_by, approved, move_wave
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

ENDED = frozenset({State.DELETED, State.ROLLED_BACK, State.EXCLUDED})
"""States in which a wave has nothing left to do for a user."""


@dataclass(frozen=True, slots=True)
class WaveShown:
    """A wave with its members' dossiers, why each is in it, and what was approved."""

    wave: Wave
    members: tuple[Dossier, ...]
    why: tuple[tuple[int, str], ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class WavesMade:
    """Waves that were planned and written as drafts; who is in none, with the reason."""

    waves: tuple[WaveShown, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def propose(tools: Tools, lines: Sequence[Line], size: int, canary: int) -> WavesMade:
    """Place everybody who can move into draft waves."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    if size < 1 or canary < 0:
        raise UsageError("a wave has at least one user, a canary none or more", next_step="give --size N --canary N")
    with tools.store.begin() as work:
        found = dossiers(tools, work, [line.user.id for line in lines])
        keys = {dossier.user.id: dossier.user.key for dossier in found}
        taken = [wave.name for wave in work.waves.all()]
        plan = plan_waves(found, size, canary, tools.rules, tools.clock.now(), taken)
        made = [_create(tools, work, placed.name, placed.users) for placed in plan.waves]
        weigh(tools, work, [user for placed in plan.waves for user, _ in placed.users])
        work.commit()
    left = tuple((keys[user], why) for user, why in plan.left_out)
    return WavesMade(tuple(show(tools, wave.name) for wave in made), left)


def create(tools: Tools, name: str, lines: Sequence[Line]) -> WaveShown:
    """A draft wave of exactly these users; somebody who cannot move is refused by name."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    if not name.strip() or "/" in name:
        raise UsageError(f"{name!r} is no name for a wave", next_step="letters, digits and - are best")
    with tools.store.begin() as work:
        found = dossiers(tools, work, [line.user.id for line in lines])
        unfit = [(d.user.key, why) for d in found if (why := stays(d, tools.clock.now()))]
        if unfit:
            said = "; ".join(f"{key}: {why}" for key, why in unfit)
            raise Refused(f"cannot be in a wave: {said}", next_step="leave them out, or decide about them first")
        _create(tools, work, name, [(line.user.id, "chosen by hand") for line in lines])
        weigh(tools, work, [line.user.id for line in lines])
        work.commit()
    return show(tools, name)


def approve(tools: Tools, name: str, stage: str) -> WaveShown:
    """Say yes to every member as it is now; a wave whose members all have enough yeses becomes approved."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    try:
        wanted = Stage(stage)
    except ValueError as error:
        raise UsageError(f"no stage {stage!r}", next_step="--stage cut, or --stage delete") from error
    with tools.store.begin() as work:
        wave = work.waves.find(name)
        state = move_wave(wave, WaveMove.APPROVE, tools.rules)
        members = _members(tools, work, wave)
        given = approvals_by(wave, wanted, members, tools.actor, tools.rules, tools.clock.now())
        work.waves.approve(given)
        after = _members(tools, work, wave)
        enough = approved(after, wave, wanted, tools.rules, tools.clock.now())
        if enough and wanted is Stage.CUT:
            work.waves.move(wave, state, tools.clock.now())
        details = {"wave": name, "stage": stage, "users": {d.user.key: d.subject_hash for d in members}}
        work.record.append(tools.actor, "approve", f"wave:{name}", details, tools.clock.now())
        weigh(tools, work, [d.user.id for d in members])
        work.commit()
    return show(tools, name)


def change(tools: Tools, name: str, verb: WaveMove) -> WaveShown:
    """Pause or resume a wave."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    with tools.store.begin() as work:
        wave = work.waves.find(name)
        moved = work.waves.move(wave, move_wave(wave, verb, tools.rules), tools.clock.now())
        details = {"wave": name, "state": str(moved.state)}
        work.record.append(tools.actor, f"wave-{verb}", f"wave:{name}", details, tools.clock.now())
        weigh(tools, work, [user for user, _ in work.waves.members(wave)])
        work.commit()
    return show(tools, name)


def start(tools: Tools, name: str) -> None:
    """The first `advance --wave` after approval starts it; a running wave stays as it is, a paused one refuses."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    with tools.store.begin() as work:
        wave = work.waves.find(name)
        if wave.state is WaveState.RUNNING:
            return
        work.waves.move(wave, move_wave(wave, WaveMove.START, tools.rules), tools.clock.now())
        work.record.append(tools.actor, "wave-start", f"wave:{name}", {"wave": name}, tools.clock.now())
        weigh(tools, work, [user for user, _ in work.waves.members(wave)])
        work.commit()


def finish(tools: Tools, work: UnitOfWork, wave: Wave) -> bool:
    """End a running wave whose members have all arrived; the caller commits."""
    members = work.users.many([user for user, _ in work.waves.members(wave)])
    if wave.state is not WaveState.RUNNING or any(u.state not in ENDED and not u.vanished_at for u in members):
        return False
    work.waves.move(wave, move_wave(wave, WaveMove.FINISH, tools.rules), tools.clock.now())
    work.record.append(tools.worker, "wave-done", f"wave:{wave.name}", {"wave": wave.name}, tools.clock.now())
    return True


def show(tools: Tools, name: str) -> WaveShown:
    """One wave as it stands."""
    with tools.store.begin() as work:
        wave = work.waves.find(name)
        return WaveShown(
            wave,
            tuple(_members(tools, work, wave)),
            tuple(work.waves.members(wave)),
            tuple(work.waves.approvals(wave.id)),
        )


def every(tools: Tools) -> list[WaveShown]:
    """All waves."""
    with tools.store.begin() as work:
        names = [wave.name for wave in work.waves.all()]
    return [show(tools, name) for name in names]


def _create(tools: Tools, work: UnitOfWork, name: str, users: Sequence[tuple[int, str]]) -> Wave:
    wave = Wave(0, name, WaveState.DRAFT, tools.actor, tools.clock.now())
    made = work.waves.create(wave, users)
    work.record.append(
        tools.actor, "wave-create", f"wave:{name}", {"wave": name, "users": len(users)}, tools.clock.now()
    )
    return made


def _members(tools: Tools, work: UnitOfWork, wave: Wave) -> list[Dossier]:
    return dossiers(tools, work, [user for user, _ in work.waves.members(wave)])
