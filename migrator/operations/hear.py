"""Count what was heard of users under the deny into screams, in the unit of work that reads the usage."""

from collections.abc import Collection, Sequence

from migrator.domain.lifecycle import State
from migrator.domain.screams import Heard, Watched, event_ids, fold, from_last_used, use_id
from migrator.domain.usage import PartUsage, Refusal
from migrator.operations.judge_screams import heard_gaps, judged
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def hear(tools: Tools, work: UnitOfWork, refusals: Sequence[Refusal], parts: Sequence[PartUsage]) -> int:
    """Write the screams of these parts; how many changed. The caller commits."""
    missing = _write(tools, work, heard_gaps(tools, work, parts))
    watched = watching(work)
    if not watched:
        return missing
    facts = [fact for part in parts for fact in part.facts]
    seen = work.screams.known(event_ids(refusals, facts))
    known = work.screams.all([one.user for one in watched])
    heard = fold(known, watched, refusals, facts, seen)
    return missing + _write(tools, work, judged(tools, work, heard, watched, known))


def hear_last_used(tools: Tools, work: UnitOfWork, only: Collection[int] | None = None) -> int:
    """The second ear: credentials whose last use moved after the cut though nothing heard tells of it.

    Of everybody under the deny, or of `only` these; how many screams changed. The caller commits.
    """
    watched = [one for one in watching(work) if only is None or one.user in only]
    if not watched:
        return 0
    users = [one.user for one in watched]
    held = {
        user: [t.credential for t in tracked if t.gone_at is None]
        for user, tracked in work.users.credentials(users).items()
    }
    calls = work.usage.last_calls([one.principal for one in watched], min(one.since for one in watched))
    uses = [use_id(c, c.last_used_at) for mine in held.values() for c in mine if c.last_used_at]
    known, seen, now = work.screams.all(users), work.screams.known(uses), tools.clock.now()
    heard: list[Heard] = []
    for one in watched:
        mine, told = held.get(one.user, []), calls.get(one.principal, {})
        heard += from_last_used(one, mine, known, told, seen, now)
    return _write(tools, work, heard)


def watching(work: UnitOfWork) -> list[Watched]:
    """Every user whose access is cut now, with the time of the cut."""
    cuts = work.journal.cuts()
    facts = work.users.snapshots(cuts)
    return [
        Watched(u.id, facts[u.id].arn, cuts[u.id], u.state_since if u.state is State.DELETED else None)
        for u in work.users.many(cuts)
        if u.id in facts and u.vanished_at is None
    ]


def _write(tools: Tools, work: UnitOfWork, heard: Sequence[Heard]) -> int:
    for one in heard:
        saved = work.screams.save(one.scream, one.events)
        details = {"scream": saved.id, "event": saved.event_name, "from": saved.address, "agent": saved.agent}
        details |= {"disposition": saved.disposition, "why": saved.reason} if saved.reason else {}
        work.record.append(tools.worker, "scream", f"user:{saved.user}", details, tools.clock.now())
    return len(heard)
