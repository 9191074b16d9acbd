"""What a dead process left of a user's work: shown, or finished as it was planned, unless something brakes it now."""

from collections.abc import Sequence

from migrator.domain.changes import losses
from migrator.domain.dossier import Dossier, User
from migrator.domain.gates.result import GateResult
from migrator.domain.gates.table import judge
from migrator.domain.journal import Run, Step
from migrator.domain.lifecycle import CUTTING, Move
from migrator.domain.waves import WaveState
from migrator.operations.apply import Apply
from migrator.operations.report import Moved, carried, planned
from migrator.operations.weigh import dossiers
from migrator.ports.tools import Tools

BRAKES = ("not-held", "not-break-glass")
"""Gates that stop a cut also half way; the others were open when it began, and what is half cut helps nobody."""


def show_left(tools: Tools, user: User, run: Run) -> Moved:
    """What is left, not touched: finishing it is the next change."""
    with tools.store.read() as work:
        steps = work.journal.steps(run)
    changes = tuple(planned(step.change) for step in steps if step.outcome is None)
    state = str(user.state)
    why = f"the {run.kind} that was cut off is finished first"
    return Moved(user.key, state, run.to_state or state, "planned", changes, why=why, irreversible=doomed(steps))


def finish_left(tools: Tools, apply: Apply, user: User, run: Run) -> Moved:
    """Finish it; held where somebody braked meanwhile: then only a rollback leads out."""
    state = str(user.state)
    closed = _brakes(tools, user, run)
    if closed:
        said = "; ".join(f"{gate.gate}: {gate.why}" for gate in closed)
        why = f"{said}; its {run.kind} was cut off half way: migrator rollback {user.key} undoes it"
        return Moved(user.key, state, state, "held", held_by=tuple(gate.gate for gate in closed), gates=closed, why=why)
    ended = apply.resume(run, user)
    changes, arrived = tuple(carried(step) for step in ended.steps), str(ended.user.state if ended.user else user.state)
    lost = doomed(ended.steps)
    if not ended.done:
        why = "; ".join(step.error for step in ended.failed)
        return Moved(user.key, state, arrived, "failed", changes, why=why, irreversible=lost)
    why = f"finished the {run.kind} that was cut off"
    return Moved(user.key, state, arrived, "done", changes, why=why, irreversible=lost)


def doomed(steps: Sequence[Step]) -> tuple[str, ...]:
    """In words, what these steps destroy for good."""
    return losses([step.change for step in steps])


def _brakes(tools: Tools, user: User, run: Run) -> tuple[GateResult, ...]:
    if run.kind not in CUTTING:
        return ()
    with tools.store.read() as work:
        dossier = dossiers(tools, work, [user.id])[0]
    names = (*BRAKES, *(("wave-approved",) if _paused(dossier) else ()))
    results = (judge(name, dossier, Move(run.kind), tools.rules, tools.clock.now()) for name in names)
    return tuple(gate for gate in results if not gate.open)


def _paused(dossier: Dossier) -> bool:
    return dossier.wave is not None and dossier.wave.state is WaveState.PAUSED
