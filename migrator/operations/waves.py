"""Waves: proposed, made, approved, paused and resumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.domain.dossier import Dossier
from migrator.domain.errors import Refused, UsageError
from migrator.domain.forecast import ENDED
from migrator.domain.selection import Line
from migrator.domain.subject import subject
from migrator.domain.wave_plan import plan_waves, stays
from migrator.domain.waves import Stage, Wave, WaveMove, WaveState, approvals_by, approved, move_wave
from migrator.operations.show_wave import WaveShown, show
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class WavesMade:
    """Waves that were planned and written as drafts; who is in none, with the reason."""

    waves: tuple[WaveShown, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def propose(tools: Tools, lines: Sequence[Line], size: int, canary: int, *, schedule: bool = False) -> WavesMade:
    """Place everybody who can move into draft waves; with `schedule` each starts by itself once it is approved."""
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    if size < 1 or canary < 0:
        raise UsageError("a wave has at least one user, a canary none or more", next_step="give --size N --canary N")
    with tools.store.begin() as work:
        found = dossiers(tools, work, [line.user.id for line in lines])
        keys = {dossier.user.id: dossier.user.key for dossier in found}
        taken = [wave.name for wave in work.waves.all()]
        plan = plan_waves(found, size, canary, tools.rules, tools.clock.now(), taken)
        starts = {placed.name: placed.starts_at if schedule else None for placed in plan.waves}
        made = [_create(tools, work, placed.name, placed.users, starts[placed.name]) for placed in plan.waves]
        weigh(tools, work, [user for placed in plan.waves for user, _ in placed.users])
        work.commit()
    left = tuple((keys[user], why) for user, why in plan.left_out)
    return WavesMade(tuple(show(tools, wave.name) for wave in made), left)


def create(tools: Tools, name: str, lines: Sequence[Line], starts_at: datetime | None = None) -> WaveShown:
    """A draft wave of exactly these users; somebody who cannot move is refused by name.

    With `starts_at` the worker starts it then, if it is approved by then.
    """
    tools.actor  # noqa: B018  # STS is asked before a transaction is open
    if not name.strip() or "/" in name:
        raise UsageError(f"{name!r} is no name for a wave", next_step="letters, digits and - are best")
    with tools.store.begin() as work:
        found = dossiers(tools, work, [line.user.id for line in lines])
        unfit = [(d.user.key, why) for d in found if (why := stays(d, tools.clock.now()))]
        if unfit:
            said = "; ".join(f"{key}: {why}" for key, why in unfit)
            raise Refused(f"cannot be in a wave: {said}", next_step="leave them out, or decide about them first")
        _create(tools, work, name, [(line.user.id, "chosen by hand") for line in lines], starts_at)
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
        for member in members:  # kept under the hash that was approved, so that drift can be told in words
            work.put_document(subject(member, tools.rules))
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
    found = work.users.many([user for user, _ in work.waves.members(wave)])
    members = [user for user in found if user.wave == wave.name]
    if wave.state is not WaveState.RUNNING or any(u.state not in ENDED and not u.vanished_at for u in members):
        return False
    work.waves.move(wave, move_wave(wave, WaveMove.FINISH, tools.rules), tools.clock.now())
    work.record.append(tools.worker, "wave-done", f"wave:{wave.name}", {"wave": wave.name}, tools.clock.now())
    return True


def start_scheduled(tools: Tools) -> tuple[str, ...]:
    """Start approved waves whose time has come; their names."""
    now = tools.clock.now()
    with tools.store.read() as work:
        waves = [wave for wave in work.waves.all() if wave.state is WaveState.APPROVED]
    due = tuple(wave.name for wave in waves if wave.starts_at is not None and wave.starts_at <= now)
    for name in due:
        start(tools, name)
    return due


def _create(
    tools: Tools, work: UnitOfWork, name: str, users: Sequence[tuple[int, str]], starts_at: datetime | None = None
) -> Wave:
    now = tools.clock.now()
    made = work.waves.create(Wave(0, name, WaveState.DRAFT, tools.actor, now, starts_at), users)
    details = {"wave": name, "users": len(users), "starts_at": starts_at.isoformat() if starts_at else None}
    work.record.append(tools.actor, "wave-create", f"wave:{name}", details, now)
    return made


def _members(tools: Tools, work: UnitOfWork, wave: Wave) -> list[Dossier]:
    """Those who are in the wave now; who left it has no part in it."""
    found = dossiers(tools, work, [user for user, _ in work.waves.members(wave)])
    return [dossier for dossier in found if dossier.wave is not None and dossier.wave.id == wave.id]
