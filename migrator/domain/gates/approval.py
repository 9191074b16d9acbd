"""The gate of approval: the wave may run, and enough others said yes to exactly this user as it is."""

from datetime import datetime

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, counted, listed, moment, opened
from migrator.domain.lifecycle import Move
from migrator.domain.rules import Rules
from migrator.domain.waves import Stage, Wave, WaveState, approvers, standing


def wave_approved(dossier: Dossier, move: Move, rules: Rules, now: datetime) -> GateResult:
    """`wave-approved`: the wave runs (or is about to), and `approvals` distinct identities approved this stage.

    An approval counts while it is unexpired, bound to the present subject hash, and given by neither the wave's
    creator nor the user itself. A paused wave holds even where no approval is needed.
    """
    gate, wave, key = "wave-approved", dossier.wave, dossier.user.key
    if wave is not None and wave.state is WaveState.PAUSED:
        return closed(gate, f"wave {wave.name} is paused", f"migrator wave resume {wave.name}")
    if rules.approvals == 0:
        return opened(gate, "not required")
    if wave is None or wave.state is WaveState.DONE:
        why = f"wave {wave.name} is done" if wave else "in no wave"
        return closed(gate, why, f"migrator wave create NAME {key}")
    stage = Stage.DELETE if move is Move.DELETE else Stage.CUT
    result = _enough(dossier, wave, stage, rules, now)
    return _not_yet(wave, stage, now) if result.open and not _may_run(wave, now) else result


def _enough(dossier: Dossier, wave: Wave, stage: Stage, rules: Rules, now: datetime) -> GateResult:
    """Whether enough standing approvals are bound to the user as it is now."""
    gate, bound = "wave-approved", approvers(dossier, wave, stage, now)
    if len(bound) >= rules.approvals:
        return opened(gate, f"approved by {listed(bound)}")
    valid = {name.casefold() for name in bound}
    changed = {a.approver for a in standing(dossier, wave, stage, now) if a.approver.casefold() not in valid}
    counts = f"{len(bound)} of {counted(rules.approvals, 'approval')} of stage {stage}"
    why = f"{counts}: subject changed since {listed(tuple(sorted(changed)))} approved" if changed else counts
    return closed(gate, why, f"migrator wave approve {wave.name} --stage {stage}")


def _may_run(wave: Wave, now: datetime) -> bool:
    """Whether the wave is past its draft and its day has come."""
    return wave.state is not WaveState.DRAFT and (wave.starts_at is None or wave.starts_at <= now)


def _not_yet(wave: Wave, stage: Stage, now: datetime) -> GateResult:
    """Why a wave whose approvals are complete does not run yet."""
    if wave.starts_at is not None and now < wave.starts_at:
        return closed(
            "wave-approved", f"wave {wave.name} starts {moment(wave.starts_at)}", "nothing to do", wave.starts_at
        )
    why = f"wave {wave.name} is still a draft"
    return closed("wave-approved", why, f"migrator wave approve {wave.name} --stage {stage}")
