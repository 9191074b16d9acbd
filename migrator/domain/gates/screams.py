"""Gates of the scream test: we can hear, we heard long enough, and nobody screamed."""

from datetime import datetime, timedelta

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, counted, listed, opened, progress, span
from migrator.domain.lifecycle import Move
from migrator.domain.rules import Rules
from migrator.domain.screams import DELIVERY, GAP, NOISE, SUSPICIOUS, UNSETTLED


def listening(dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`listening`: the newest event of the trail is fresh, and some of what the user used would be heard when refused.

    What a trail does not record is listed; where nothing the user used is recorded, a test proves nothing.
    """
    gate, heard = "listening", dossier.listening
    if not rules.listening:
        return opened(gate, "not required")
    if heard.newest is None:
        return closed(gate, "no trail was heard", "migrator worker, with a cloudtrail source in usage.sources")
    if heard.unrecorded:
        return closed(gate, heard.unrecorded, "logging trails that deliver where we read; see: migrator doctor")
    silence = now - heard.newest
    if silence > 2 * rules.poll + DELIVERY:
        return closed(gate, f"the trail's newest event is {span(silence)} old", "migrator worker, and migrator doctor")
    if heard.deaf and not heard.audible and not heard.partly:
        listen = f"migrator listen apply {dossier.user.key}, where data event selectors help"
        return closed(gate, f"no trail would record {listed(heard.deaf)}", listen)
    deaf = (
        *(f"refusals of {what}: no trail records them" for what in heard.deaf),
        *(f"refusals of {what}: a trail records only some of them" for what in heard.partly),
    )
    alone = () if heard.heard_since else ("a worker: none has listened yet, and screams are heard only while one does",)
    kinds = len(heard.audible) + len(deaf)
    part = f"; {len(heard.audible)} of {counted(kinds, 'kind')} of calls would be recorded" if deaf else ""
    return opened(gate, f"heard {span(max(silence, timedelta()))} ago{part}", (*alone, *heard.not_checked, *deaf))


def scream_window(dossier: Dossier, move: Move, rules: Rules, now: datetime) -> GateResult:
    """`scream-window`: silence for as long as configured, counted only while a trail recorded and was read.

    Before `delete` at least `sessions`, because sessions minted from keys outlive them. A scream that was settled
    begins the silence anew.
    """
    gate, silent = "scream-window", now - silent_since(dossier, rules)
    whole = max(rules.deactivate, rules.sessions) if move is Move.DELETE else rules.quarantine
    unheard = rules.listening and dossier.listening.heard_since is None
    if rules.listening and dossier.listening.unrecorded:
        return closed(
            gate, f"no silence counts: {dossier.listening.unrecorded}", "logging trails; see: migrator doctor"
        )
    if silent >= whole:
        blind = ("how long of it the trail was heard",) if unheard else ()
        return opened(gate, f"silent for {span(silent)}", blind)
    return closed(gate, f"silent for {progress(silent, whole)}", "nothing to do", now + whole - silent)


def silent_since(dossier: Dossier, rules: Rules) -> datetime:
    """When the present silence began: in this state, after the last settled scream, with a trail recording and read."""
    starts = [dossier.user.state_since]
    if rules.listening:
        heard = (dossier.listening.heard_since, dossier.listening.recorded_since)
        starts += [since for since in heard if since is not None]
    starts += [s.last for s in dossier.screams if s.disposition not in UNSETTLED and s.disposition != NOISE]
    return max(starts)


def no_screams(dossier: Dossier, _move: Move, _rules: Rules, _now: datetime) -> GateResult:
    """`no-screams`: every scream of this user is settled."""
    gate = "no-screams"
    waiting = [s for s in dossier.screams if s.disposition in UNSETTLED]
    if not waiting:
        return opened(gate, "nothing screamed")
    latest = max(waiting, key=lambda s: (s.last, s.id))
    call = f"{latest.event_source.removesuffix('.amazonaws.com')}:{latest.event_name}".strip(":") or latest.signal
    why = f"{counted(len(waiting), 'open scream')}: {call}"
    if latest.disposition == GAP:
        step = f"mend what refuses it, then: migrator screams dismiss {latest.id}"
        return closed(gate, f"{why} ({latest.reason})", step)
    if any(s.disposition == SUSPICIOUS for s in waiting):
        why = f"{why}, suspicious: not put back by itself"
    return closed(gate, why, f"migrator rollback {dossier.user.key}, or migrator screams dismiss {latest.id}")
