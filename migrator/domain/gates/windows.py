"""Gates about when and how many: the change window, and how much of the organization is under test at once."""

from datetime import datetime

from migrator.domain.calendar import frozen_until, next_cut
from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, counted, moment, opened
from migrator.domain.lifecycle import Move
from migrator.domain.rules import Rules


def change_window(_dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`change-window`: access is taken away only when the configuration says people are there."""
    gate, window = "change-window", rules.change_window
    if window is None and not rules.freezes:
        return opened(gate, "no change window is configured")
    opening = next_cut(window, rules.freezes, now)
    if opening is None:
        return closed(gate, "the change window has no days", "gates.change_window.days in the configuration")
    if opening <= now:
        return opened(gate, "inside the change window" if window else "no freeze holds")
    thawed = frozen_until(rules.freezes, now)
    why = f"opens {moment(opening)}" if thawed is None else f"frozen until {moment(thawed)}"
    return closed(gate, why, "nothing to do", opening)


def blast_radius(dossier: Dossier, _move: Move, rules: Rules, _now: datetime) -> GateResult:
    """`blast-radius`: one more user under test stays within `max_in_scream_test` of all users."""
    gate, there = "blast-radius", dossier.population
    if there.total <= 0:
        return closed(gate, "nobody counted who is under test", f"migrator advance {dossier.user.key}")
    most = rules.max_in_scream_test.of(there.total)
    why = f"{there.under_test} of at most {counted(most, 'user')} under test"
    if there.under_test < most:
        return opened(gate, why)
    return closed(gate, why, "another user leaves the scream test, or a larger waves.max_in_scream_test")
