"""Gates about the new access: whether it fits AWS's quotas, and whether it really exists."""

from datetime import datetime

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, listed, opened
from migrator.domain.lifecycle import Move
from migrator.domain.model import Destination
from migrator.domain.roles import role_seen
from migrator.domain.rules import Rules

UNDECIDED = frozenset({None, Destination.KEEP})
"""Destinations for which no new access can be made."""


def fits_quotas(dossier: Dossier, _move: Move, rules: Rules, _now: datetime) -> GateResult:
    """`fits-quotas`: a set (or role) is planned, and AWS would take it as it is."""
    gate, planned = "fits-quotas", dossier.planned
    if dossier.user.destination is Destination.RETIRE:
        return opened(gate, "nothing to provision")
    if dossier.user.destination in UNDECIDED:
        command = f"migrator users destine {dossier.user.key} --to DESTINATION --reason TEXT"
        return closed(gate, "nobody decided where its access goes", command)
    if planned is None:
        return _unplanned(gate, dossier, rules)
    if planned.spec.get("type", dossier.user.destination) != dossier.user.destination:
        why = f"{planned.name} was planned while it was to get something else"
        return closed(gate, why, f"migrator map {dossier.user.key}")
    if planned.problems:
        return closed(
            gate, f"{planned.name}: {listed(planned.problems)}", f"migrator permission-sets show {planned.name}"
        )
    return opened(gate, f"{planned.name} fits")


def _unplanned(gate: str, dossier: Dossier, rules: Rules) -> GateResult:
    """Why nothing is planned."""
    if not rules.create_sets and dossier.user.destination is Destination.PERMISSION_SET:
        again = f"a permission set that covers it and grants no way to more; then: migrator map {dossier.user.key}"
        return closed(gate, "no permission set that exists fits", again)
    return closed(gate, "nothing is planned", f"migrator map {dossier.user.key}")


def provisioned(dossier: Dossier, _move: Move, _rules: Rules, _now: datetime) -> GateResult:
    """`provisioned`: what was planned is in AWS and was read back there."""
    gate, user, live = "provisioned", dossier.user, dossier.provisioned_live
    if user.destination is Destination.RETIRE:
        return opened(gate, "nothing to provision")
    if live:
        return opened(gate, "read back from AWS")
    if user.destination is Destination.IAM_ROLE:
        return _role_awaited(gate, dossier)
    opens = f"migrator advance {user.key} --to provisioned"
    if live is None:
        return closed(gate, "nobody looked whether it is provisioned", opens)
    return closed(gate, "the access is not complete in AWS", opens)


def _role_awaited(gate: str, dossier: Dossier) -> GateResult:
    """What the machine's team still has to do."""
    if dossier.provisioned_live is None:
        return closed(
            gate, "nobody looked whether its role exists", f"migrator advance {dossier.user.key} --to provisioned"
        )
    seen = role_seen(dossier)
    why = listed(seen.differences) if seen and seen.differences else "the role differs from the plan"
    named = f"; migrator permission-sets show {dossier.planned.name} prints its documents" if dossier.planned else ""
    return closed(gate, why, f"its team applies the planned role{named}")
