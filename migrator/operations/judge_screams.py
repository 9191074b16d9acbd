"""What screams mean, judged against what the user did before its cut and what its person does since."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from migrator.domain.dossier import User
from migrator.domain.lifecycle import State
from migrator.domain.screams import NOISE, OPEN, Heard, Scream, Watched, gap_id, new_access_refused
from migrator.domain.usage import PartUsage, UsageFact
from migrator.domain.verdicts import Before, judge
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

_JUDGED = frozenset({OPEN, NOISE})
"""Dispositions that a new sign of life may change; what a person said, or theft, stays."""

_MOVED = frozenset({State.VERIFIED, State.QUARANTINED, State.DEACTIVATED})
"""States in which a person works through the new access."""


def judged(
    tools: Tools, work: UnitOfWork, heard: Sequence[Heard], watched: Iterable[Watched], known: Iterable[Scream]
) -> list[Heard]:
    """The same screams with their verdicts; the past of those users is read, in one query, only where somebody did."""
    cuts = {one.user: one for one in watched}
    users = {one.scream.user for one in heard if one.scream.disposition in _JUDGED}
    if not users:
        return list(heard)
    since = tools.clock.now() - tools.rules.lookback
    past = work.usage.facts([cuts[user].principal for user in users], since)
    people = _sessions(work, users, min(cuts[user].since for user in users))
    screams = {s.key: s for s in (*known, *(one.scream for one in heard))}
    found = []
    for one in heard:
        user, cut = one.scream.user, cuts[one.scream.user]
        if one.scream.disposition not in _JUDGED:
            found.append(one)
            continue
        before = tuple(f for f in past.get(cut.principal, ()) if f.first < cut.since)
        others = [s for s in screams.values() if s.user == user and s.key != one.scream.key and s.first >= cut.since]
        verdict = judge(one.scream, Before(before, people.get(user, ())), others)
        found.append(replace(one, scream=replace(one.scream, disposition=str(verdict.verdict), reason=verdict.why)))
    return found


def heard_gaps(tools: Tools, work: UnitOfWork, parts: Sequence[PartUsage]) -> list[Heard]:
    """Refusals of persons' new access for what their old one was used for, as screams of the old users."""
    refused = [fact for part in parts for fact in part.facts if fact.refused and fact.action and _session_of(fact)]
    if not refused:
        return []
    moved = [line.user for line in work.users.lines() if line.user.state in _MOVED and line.user.persons]
    names = {user.id: _names(work, user) for user in moved} if moved else {}
    found: list[Heard] = []
    for user in moved:
        mine = [f for f in refused if f.account_id == user.account_id and _session_of(f) in names[user.id]]
        if mine:
            found += _gaps_of(tools, work, user, mine)
    return found


def _gaps_of(tools: Tools, work: UnitOfWork, user: User, refused: Sequence[UsageFact]) -> Sequence[Heard]:
    facts = work.users.facts(user.id)
    if facts is None:
        return ()
    used = work.usage.facts([facts.arn], tools.clock.now() - tools.rules.lookback).get(facts.arn, ())
    needed = {fact.action for fact in used if not fact.refused and fact.action}
    gaps = [fact for fact in refused if fact.action in needed]
    seen = work.screams.known([gap_id(user.id, fact) for fact in gaps])
    return new_access_refused(user.id, gaps, work.screams.all([user.id]), seen) if gaps else ()


def _sessions(work: UnitOfWork, users: Collection[int], since: datetime) -> dict[int, tuple[UsageFact, ...]]:
    """What each user's persons do through Identity Center since then."""
    rows = [user for user in work.users.many(users) if user.persons]
    names = {user.id: _names(work, user) for user in rows}
    everybody = frozenset(name for mine in names.values() for name in mine)
    facts = work.usage.sessions(since, everybody) if everybody else ()
    return {user: tuple(f for f in facts if _session_of(f) in mine) for user, mine in names.items()}


def _names(work: UnitOfWork, user: User) -> frozenset[str]:
    """What the sessions of a user's persons are called, in lower case."""
    known = {person.email: person.user_name for person in work.people.all()}
    return frozenset(name.casefold() for email in user.persons for name in (email, known.get(email)) if name)


def _session_of(fact: UsageFact) -> str:
    """The session name of a call through Identity Center; empty for any other."""
    return fact.principal.rpartition("/")[2].casefold() if ":assumed-role/AWSReservedSSO_" in fact.principal else ""
