"""Gates about decisions: what the user is, who owns it, who it belongs to, whether somebody holds it."""

from datetime import datetime

from migrator.domain.classify import is_break_glass
from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, listed, moment, opened
from migrator.domain.lifecycle import CUTTING, Move
from migrator.domain.model import Destination, Kind
from migrator.domain.rules import Rules


def kind_decided(dossier: Dossier, _move: Move, _rules: Rules, _now: datetime) -> GateResult:
    """`kind-decided`: the kind is not unknown, and the destination is one that leads somewhere."""
    gate, user = "kind-decided", dossier.user
    if user.kind is Kind.UNKNOWN:
        return closed(gate, "nobody knows what uses it", f"migrator users classify {user.key} --as KIND --reason TEXT")
    if user.destination is None:
        return closed(gate, "no destination", f"migrator users destine {user.key} --to DESTINATION --reason TEXT")
    if user.destination is Destination.KEEP:
        return closed(gate, "it is to be kept", f"migrator users exclude {user.key} --reason TEXT --until DATE")
    return opened(gate, f"{user.kind}, to {user.destination}")


def owner_known(dossier: Dossier, _move: Move, _rules: Rules, _now: datetime) -> GateResult:
    """`owner-known`: some team answers for the user, a leaver's included."""
    gate, user = "owner-known", dossier.user
    if user.owner:
        return opened(gate, f"owned by {user.owner}")
    return closed(gate, "no owner", f"migrator users own {user.key} --owner TEAM --cost-center CODE")


def person_linked(dossier: Dossier, _move: Move, _rules: Rules, now: datetime) -> GateResult:
    """`person-linked`: exactly one person, or every human of a shared user listed by a human's `users link`.

    A machine has an owner and no person. Several addresses in a tag are a guess, so they wait for that decision.
    """
    gate, user = "person-linked", dossier.user
    if user.destination is Destination.IAM_ROLE:
        return opened(gate, "a machine has no person")
    command = f"migrator users link {user.key} --to EMAIL"
    if not user.persons:
        return closed(gate, "linked to nobody", command)
    shared = len(user.persons) > 1 or any(e.claim == "shared" and e.value is True for e in dossier.evidence)
    if shared and dossier.decision("link", now) is None:
        return closed(gate, "shared by several people: a team needs one person per human", f"{command}…")
    return opened(gate, f"linked to {listed(user.persons)}")


def not_held(dossier: Dossier, _move: Move, _rules: Rules, now: datetime) -> GateResult:
    """`not-held`: nobody asked to wait. The latest decision wins over the row's reason; an empty value releases."""
    gate, user = "not-held", dossier.user
    decided = dossier.decisions.get("hold")
    held = bool(user.held) if decided is None else decided.holds(now) and bool(decided.value)
    if not held:
        return opened(gate, "nobody holds it")
    reason = decided.reason if decided else user.held
    command = f"migrator users release {user.key} --reason TEXT"
    return closed(gate, f"held: {reason}", command, decided.until if decided else None)


def not_break_glass(dossier: Dossier, move: Move, rules: Rules, _now: datetime) -> GateResult:
    """`not-break-glass`: neither an emergency user nor one whose cut would hurt the migration itself.

    Asked of the configuration too, so that a user named there today is safe before the next discovery. Excluding a
    user takes nothing away, so it is open for that move; destination `keep` and protection (our own identity) hold
    cuts only.
    """
    gate, user = "not-break-glass", dossier.user
    if move is Move.EXCLUDE:
        return opened(gate, "excluding takes nothing away")
    if user.kind is Kind.BREAK_GLASS or is_break_glass(user.account_id, user.user_name, rules):
        return closed(gate, "it is a break-glass user", "nothing: break-glass users stay")
    if move in CUTTING and user.destination is Destination.KEEP:
        return closed(gate, "it is to be kept", f"migrator users destine {user.key} --to DESTINATION --reason TEXT")
    if move in CUTTING and dossier.protected:
        return closed(gate, f"protected: {listed(dossier.protected)}", "run the migration as another identity")
    return opened(gate, "not a break-glass user")


def waiver(result: GateResult, dossier: Dossier, now: datetime) -> GateResult:
    """The gate as a waiver in force leaves it: by a second identity, with an end; otherwise as it was."""
    decided = dossier.decision(f"waive:{result.gate}", now)
    if result.open or decided is None or decided.until is None or _first_identity(decided.actor, dossier):
        return result
    why = f"waived by {decided.actor} until {moment(decided.until)}: {decided.reason}"
    return opened(result.gate, why, (*result.not_checked, result.why))


def _first_identity(actor: str, dossier: Dossier) -> bool:
    """Whether the one who waives planned the wave, or is the one the gate protects."""
    concerned = {*dossier.user.persons, dossier.user.user_id, dossier.wave.created_by if dossier.wave else ""}
    return actor.casefold() in {name.casefold() for name in concerned}
