"""Count what was heard of users under the deny into screams, in the unit of work that reads the usage."""

from collections.abc import Sequence

from migrator.domain.lifecycle import State
from migrator.domain.screams import Watched, event_ids, fold, from_last_used
from migrator.domain.usage import PartUsage, Refusal
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def hear(tools: Tools, work: UnitOfWork, refusals: Sequence[Refusal], parts: Sequence[PartUsage]) -> int:
    """Write the screams of these parts; how many changed. The caller commits."""
    watched = watching(work)
    if not watched:
        return 0
    facts = [fact for part in parts for fact in part.facts]
    seen = work.screams.known(event_ids(refusals, facts))
    known = work.screams.all([one.user for one in watched])
    heard = fold(known, watched, refusals, facts, seen)
    for one in heard:
        saved = work.screams.save(one.scream, one.events)
        details = {"scream": saved.id, "event": saved.event_name, "from": saved.address, "agent": saved.agent}
        work.record.append(tools.worker, "scream", f"user:{saved.user}", details, tools.clock.now())
    return len(heard)


def hear_last_used(tools: Tools, work: UnitOfWork) -> int:
    """The second ear: keys whose last use moved after the cut though no trail told of it."""
    count = 0
    watched = watching(work)
    for dossier in work.dossiers([one.user for one in watched], tools.clock.now(), tools.rules.lookback):
        mine = next(one for one in watched if one.user == dossier.user.id)
        if dossier.facts is None:
            continue
        tracked = tuple(t.credential for t in dossier.credentials if t.gone_at is None)
        for one in from_last_used(mine, dossier.with_credentials(tracked), dossier.screams):
            known = work.screams.known([event for event, _ in one.events])
            if not known:
                work.screams.save(one.scream, one.events)
                count += 1
    return count


def watching(work: UnitOfWork) -> list[Watched]:
    """Every user whose access is cut now, with the time of the cut."""
    cuts = work.journal.cuts()
    if not cuts:
        return []
    found = []
    for user in work.users.many(list(cuts)):
        facts = work.users.facts(user.id)
        if facts is not None and user.vanished_at is None:
            gone = user.state_since if user.state is State.DELETED else None
            found.append(Watched(user.id, facts.arn, cuts[user.id], gone))
    return found
