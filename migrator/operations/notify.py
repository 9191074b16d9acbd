"""Tell people: letters are kept in the transaction of what caused them, and sent when a turn's other work is done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from migrator.domain.calendar import next_cut
from migrator.domain.gates.result import holds
from migrator.domain.lifecycle import CUTTING
from migrator.domain.notices import Ahead, Notice, put_back_notices, stage_notices, told
from migrator.domain.rules import Rules
from migrator.domain.screams import GAP, SUSPICIOUS, Scream
from migrator.domain.verdicts import call
from migrator.operations.report import Moved
from migrator.operations.weigh import Weighed
from migrator.ports.post import Letter, Undelivered
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

MOST = 100
"""Letters that are sent in one go: the next turn sends the rest."""

TRIES = 10
TAKEN = timedelta(minutes=10)
"""How long letters belong to the worker that took them; a dead one's are sent by the next, perhaps again."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Sent:
    """How many letters were taken, how many wait for another try, and how many were given up."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0


def keep(tools: Tools, work: UnitOfWork, notices: Iterable[Notice]) -> int:
    """Keep a letter per channel for every notice that nobody was told yet; the caller commits. How many are new."""
    channels, now = tools.post.channels, tools.clock.now()
    letters = []
    for notice in notices if channels else ():
        title, body = tools.post.write(notice)
        for channel in channels:
            if channel.audience is notice.audience:
                key = f"{notice.dedupe_key}@{channel.name}"
                to, about = notice.to, notice.subject
                letters.append(Letter(key, channel.name, to, notice.template, title, body, about, now, next_at=now))
    return len(work.outbox.put(letters))


def ahead_of(weighed: Iterable[Weighed], rules: Rules) -> list[Ahead]:
    """What comes next for users as their gates have just been judged.

    A cut whose gates have all opened waits for the change window all the same: that day is told, not an earlier one.
    """
    found = []
    for one in weighed:
        if one.move is None:
            continue
        closed = [gate for gate in one.gates if holds(gate)]
        by_time = [gate.opens_at for gate in closed]
        dates = [at for at in by_time if at is not None]
        opens_at = max(dates) if dates and len(dates) == len(by_time) else None
        if opens_at is not None and one.move in CUTTING:
            opens_at = next_cut(rules.change_window, rules.freezes, opens_at)
        planned = one.dossier.planned.name if one.dossier.planned else None
        waits = tuple(gate.gate for gate in closed if gate.opens_at is None)
        found.append(Ahead(one.dossier.user, one.move, opens_at, waits, planned))
    return found


def keep_stages(tools: Tools, work: UnitOfWork, weighed: Sequence[Weighed]) -> int:
    """Keep what is to be told about everybody's next stage."""
    return keep(tools, work, stage_notices(ahead_of(weighed, tools.rules), tools.clock.now()))


def keep_put_back(tools: Tools, moved: Sequence[Moved]) -> None:
    """Keep what is to be told about users that a scream put back, or that could not be."""
    if not moved or not tools.post.channels:
        return
    now = tools.clock.now()
    with tools.store.begin() as work:
        rows = {line.user.key: line.user for line in work.users.lines()}
        for one in moved:
            if one.user in rows and one.outcome in ("done", "failed"):
                failed = one.outcome == "failed"
                keep(tools, work, put_back_notices(rows[one.user], one.why, now, failed=failed))
        work.commit()


def keep_alarms(tools: Tools) -> None:
    """Keep what is to be told of screams that nobody may answer but a person: theft, and gaps in the new access."""
    if not tools.post.channels:
        return
    with tools.store.begin() as work:
        found = [scream for scream in work.screams.all() if scream.disposition in (SUSPICIOUS, GAP)]
        keys = {user.id: user.key for user in work.users.many({scream.user for scream in found})}
        keep(tools, work, [_alarm(scream, keys[scream.user]) for scream in found])
        work.commit()


def _alarm(scream: Scream, user: str) -> Notice:
    facts = {"user": user, "scream": scream.id, "why": scream.reason, "call": call(scream)}
    return told(scream.disposition, str(scream.id), {**facts, "agent": scream.agent, "address": scream.address})


def send(tools: Tools) -> Sent:
    """Send what is due, oldest first. A channel that fails is tried again later and never stops anything else."""
    if not tools.post.channels:
        return Sent()
    with tools.store.begin() as work:
        now = tools.clock.now()
        due = work.outbox.take(now, now + TAKEN, MOST)
        work.commit()
    ended = [_sent(tools, letter) for letter in due]
    with tools.store.begin() as work:
        for letter in ended:
            work.outbox.mark(letter)
            if letter.status != "waiting":
                _record(tools, work, letter)
        work.commit()
    counts = [letter.status for letter in ended]
    return Sent(counts.count("sent"), counts.count("waiting"), counts.count("failed"))


def newest(tools: Tools, most: int = 100) -> list[Letter]:
    """The newest letters and what became of them."""
    with tools.store.read() as work:
        return work.outbox.newest(most)


def try_channels(tools: Tools, to: str) -> list[Letter]:
    """Send a test through every channel right now, kept nowhere; `to` stands for the person or team."""
    now = tools.clock.now()
    ended = []
    for channel in tools.post.channels:
        notice = Notice(f"test@{channel.name}", "test", channel.audience, to, "migrator", {"to": to})
        title, body = tools.post.write(notice)
        ended.append(_sent(tools, Letter(notice.dedupe_key, channel.name, to, "test", title, body, "migrator", now)))
    return ended


def _sent(tools: Tools, letter: Letter) -> Letter:
    attempts = letter.attempts + 1
    try:
        tools.post.deliver(letter)
    except Undelivered as error:
        later = tools.clock.now() + min(FIRST_PAUSE * 2**letter.attempts, LONGEST_PAUSE)
        status = "failed" if attempts >= TRIES else "waiting"
        return replace(letter, status=status, attempts=attempts, next_at=later, error=str(error))
    return replace(letter, status="sent", attempts=attempts, next_at=None, error="")


def _record(tools: Tools, work: UnitOfWork, letter: Letter) -> None:
    told = {"channel": letter.channel, "to": letter.to, "template": letter.template, "title": letter.title}
    event = "told" if letter.status == "sent" else "not told"
    now: datetime = tools.clock.now()
    work.record.append(tools.actor, event, letter.about, {**told, "error": letter.error}, now)
