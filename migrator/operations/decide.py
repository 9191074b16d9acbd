"""What a human decides about users: recorded with who and why; `discover` never overrides it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from migrator.domain.classify import classify, with_last_use
from migrator.domain.dossier import Decision, Dossier, User
from migrator.domain.errors import Busy, Refused, UsageError
from migrator.domain.gates.table import GATES, gates_for, waivable
from migrator.domain.lifecycle import Move, move
from migrator.domain.model import Destination, Json, Kind
from migrator.domain.people import link, valid_address
from migrator.domain.reconcile import owned
from migrator.domain.selection import Line
from migrator.operations.report import Moved
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class Word:
    """A decision to be taken about some users: what, which value, why, until when."""

    what: str
    value: Json
    reason: str
    until: datetime | None = None
    move: Move | None = None


def decide(tools: Tools, lines: Sequence[Line], word: Word) -> list[Moved]:
    """Take a decision about every user, in one unit of work: all of them or none."""
    _check(tools, word)
    actor = tools.actor
    with tools.store.begin() as work:
        found = dossiers(tools, work, [line.user.id for line in lines])
        moved = [_one(tools, work, dossier, word, actor) for dossier in found]
        weigh(tools, work, [dossier.user.id for dossier in found])
        work.commit()
    return moved


def waive(tools: Tools, line: Line, gate: str, reason: str, until: datetime) -> list[Moved]:
    """Let a user through a gate until a day; by another identity than the one whose work it is."""
    if gate not in GATES:
        raise UsageError(f"no gate {gate!r}", next_step=f"gates: {', '.join(GATES)}")
    with tools.store.read() as work:
        dossier = dossiers(tools, work, [line.user.id])[0]
    if not waivable(gate, dossier):
        raise Refused(
            f"gate {gate} of {line.user.key} is never waived", next_step=f"migrator gates list {line.user.key}"
        )
    _second_identity(tools, dossier)
    return decide(tools, [line], Word(f"waive:{gate}", gate, reason, until))


def _check(tools: Tools, word: Word) -> None:
    if not word.reason.strip():
        raise UsageError("a decision needs a reason", next_step="give --reason TEXT")
    if word.until is not None and word.until <= tools.clock.now():
        raise UsageError(f"{word.until:%Y-%m-%d} is past", next_step="give a day to come in --until")
    for email in word.value or () if word.what == "link" else ():
        if valid_address(email) is None:
            raise UsageError(f"{email!r} is no e-mail address", next_step="give --to NAME@DOMAIN")


def _one(tools: Tools, work: UnitOfWork, dossier: Dossier, word: Word, actor: str) -> Moved:
    user, now = dossier.user, tools.clock.now()
    if word.what != "hold" and work.journal.running(user.subject) is not None:
        raise Busy(f"{user.key} is being moved right now", next_step="try again when its run has ended")
    if word.move is not None:
        held = [gate for gate in gates_for(dossier, word.move, tools.rules, now) if not gate.open]
        if held:
            names = tuple(gate.gate for gate in held)
            why = "; ".join(f"{gate.gate}: {gate.why}" for gate in held)
            return Moved(user.key, str(user.state), str(user.state), "held", held_by=names, gates=tuple(held), why=why)
    state = move(user.state, word.move) if word.move else user.state
    decision = Decision(user.subject, word.what, word.value, word.reason, actor, now, word.until)
    work.people.decide(decision)
    until = word.until.isoformat() if word.until else None
    details = {"user": user.key, "value": word.value, "reason": word.reason, "until": until}
    work.record.append(actor, word.what, user.subject, details, now)
    decisions = {**dossier.decisions, word.what: decision}
    changed = _consequences(tools, work, replace(dossier, decisions=decisions))
    saved = replace(changed, state=state, state_since=now if state is not user.state else user.state_since)
    if saved != user:
        work.users.save(saved)
    return Moved(user.key, str(user.state), str(state), "done")


def _consequences(tools: Tools, work: UnitOfWork, dossier: Dossier) -> User:
    """The row as the decisions now have it: the same functions that `discover` uses."""
    user, now = dossier.user, tools.clock.now()
    if dossier.facts is None:
        return user
    facts = with_last_use(dossier.facts, dossier.credentials)
    found = classify(facts, dossier.used, tools.rules, dossier.decisions, now)
    linked = link(dossier.facts, found.kind, tools.rules, dossier.decisions, now)
    owner, cost_center = owned(dossier.facts, tools.rules, dossier.decisions)
    work.people.link({user.id: linked.emails}, tools.actor)
    work.users.believe(user.id, (*found.evidence, *linked.evidence))
    return replace(
        user,
        kind=found.kind,
        kind_confidence=found.confidence,
        destination=found.destination,
        owner=owner,
        cost_center=cost_center,
    )


def _second_identity(tools: Tools, dossier: Dossier) -> None:
    """Nobody waives a gate for the user they are, or in the wave they made."""
    mine = {dossier.user.user_id.casefold(), *(email.casefold() for email in dossier.user.persons)}
    if dossier.wave is not None:
        mine.add(dossier.wave.created_by.casefold())
    if tools.actor.casefold() in mine:
        raise Refused(
            f"{tools.actor} cannot waive a gate of {dossier.user.key}: it is their own work",
            next_step="ask somebody else",
        )


def kind_word(kind: str, reason: str) -> Word:
    """`users classify`."""
    return Word("kind", str(_one_of(Kind, kind, "kind")), reason)


def destination_word(destination: str, reason: str) -> Word:
    """`users destine`."""
    return Word("destination", str(_one_of(Destination, destination, "destination")), reason)


def _one_of(kinds: Callable[[str], Kind] | Callable[[str], Destination], text: str, what: str) -> str:
    try:
        return kinds(text)
    except ValueError as error:
        names = ", ".join(str(k) for k in (Kind if kinds is Kind else Destination))
        raise UsageError(f"{text!r} is no {what}", next_step=f"one of: {names}") from error
