"""Which gates stand before which move, in the order of the contract, and what they say about a user now."""

from collections.abc import Callable, Iterable
from datetime import datetime

from migrator.domain.dossier import Dossier
from migrator.domain.gates import access, approval, decided, safety, screams, usage, windows
from migrator.domain.gates.result import GateResult
from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Destination
from migrator.domain.references import SOLE_ADMINISTRATOR
from migrator.domain.rules import Rules
from migrator.domain.waves import WaveState

Gate = Callable[[Dossier, Move, Rules, datetime], GateResult]
"""A gate: everything known about a user, the move asked for, the rules and the time, to an answer."""

GATES: dict[str, Gate] = {
    "kind-decided": decided.kind_decided,
    "usage-fresh": usage.usage_fresh,
    "owner-known": decided.owner_known,
    "person-linked": decided.person_linked,
    "coverage": usage.coverage,
    "fits-quotas": access.fits_quotas,
    "wave-approved": approval.wave_approved,
    "provisioned": access.provisioned,
    "sso-sign-in": usage.sso_sign_in,
    "change-window": windows.change_window,
    "blast-radius": windows.blast_radius,
    "legacy-quiet": usage.legacy_quiet,
    "arn-references": safety.arn_references,
    "snapshot": safety.snapshot,
    "listening": screams.listening,
    "scream-window": screams.scream_window,
    "no-screams": screams.no_screams,
    "iac-owned": safety.iac_owned,
    "not-held": decided.not_held,
    "not-break-glass": decided.not_break_glass,
}

_ALWAYS = ("not-held", "not-break-glass")

BEFORE: dict[Move, tuple[str, ...]] = {
    Move.MAP: ("kind-decided", "usage-fresh", *_ALWAYS),
    Move.PROVISION: ("owner-known", "person-linked", "coverage", "fits-quotas", "wave-approved", *_ALWAYS),
    Move.VERIFY: ("provisioned", "sso-sign-in", "coverage", *_ALWAYS),
    Move.QUARANTINE: (
        *("wave-approved", "change-window", "blast-radius", "legacy-quiet", "arn-references", "snapshot", "listening"),
        *_ALWAYS,
    ),
    Move.DEACTIVATE: ("change-window", "scream-window", "no-screams", "snapshot", "listening", *_ALWAYS),
    Move.DELETE: (
        *("wave-approved", "change-window", "scream-window", "no-screams", "snapshot", "arn-references", "iac-owned"),
        *_ALWAYS,
    ),
    Move.ROLLBACK: (),
    Move.EXCLUDE: _ALWAYS,
    Move.READMIT: _ALWAYS,
}
"""The contract's table of gates; rollback is never gated."""

IN_A_PAUSE = ("wave-approved",)
"""What a deactivation waits for besides while its wave is paused: a paused wave cuts nothing more."""

NOT_FOR_RETIRE = frozenset({"person-linked", "coverage", "sso-sign-in"})
"""Gates that do not apply to a user who gets no new access."""

ROLE_FIRST = ("provisioned",)
"""What a machine waits for besides, before it counts as provisioned: its team makes the role, not we."""

PROVISIONED_AGAIN = ("sso-sign-in",)
"""What a quarantine waits for besides where the access was given again to somebody who was verified before."""

NEVER_WAIVED = frozenset({"snapshot", "not-break-glass", "wave-approved"})
"""Gates that no decision opens."""


def gates_for(dossier: Dossier, move: Move, rules: Rules, now: datetime) -> tuple[GateResult, ...]:
    """What every gate before `move` says about this user, waivers applied, in the contract's order."""
    destination = dossier.user.destination
    retiring, awaited = destination is Destination.RETIRE, (destination, move) == (Destination.IAM_ROLE, Move.PROVISION)
    halted = move is Move.DEACTIVATE and dossier.wave is not None and dossier.wave.state is WaveState.PAUSED
    since, verified = dossier.provisioned_at, dossier.user.state is State.VERIFIED
    again = move is Move.QUARANTINE and verified and since is not None and since >= dossier.user.state_since
    more = (*(ROLE_FIRST if awaited else ()), *(IN_A_PAUSE if halted else ()), *(PROVISIONED_AGAIN if again else ()))
    asked = (*BEFORE[move], *more)
    names = (name for name in asked if not (retiring and name in NOT_FOR_RETIRE))
    return tuple(judge(name, dossier, move, rules, now) for name in names)


def judge(gate: str, dossier: Dossier, move: Move, rules: Rules, now: datetime) -> GateResult:
    """What one gate says, a waiver in force applied."""
    result = GATES[gate](dossier, move, rules, now)
    return decided.waiver(result, dossier, now) if waivable(gate, dossier) else result


def waivable(gate: str, dossier: Dossier) -> bool:
    """Whether a decision may open this gate for this user: never where a KMS key would be lost with it."""
    sole = any(r.effect == SOLE_ADMINISTRATOR for r in dossier.references.found)
    return gate not in NEVER_WAIVED and not (gate == "arn-references" and sole)


def held_by(results: Iterable[GateResult]) -> tuple[str, ...]:
    """The names of the gates that hold."""
    return tuple(r.gate for r in results if not r.open)


def unchecked(results: Iterable[GateResult]) -> tuple[str, ...]:
    """What no gate could look at, each thing once: `delete` prints it and asks."""
    return tuple(dict.fromkeys(what for r in results for what in r.not_checked))


def next_look(results: Iterable[GateResult]) -> datetime | None:
    """When the first of the closed gates opens by time alone; None where waiting opens nothing."""
    return min((r.opens_at for r in results if not r.open and r.opens_at is not None), default=None)
