"""Take a sample of the KPIs: what `status` draws its lines from."""

from migrator.domain.kpi import Holder, human_events_through_idp_percent, human_users_with_long_term_credentials
from migrator.domain.lifecycle import State
from migrator.domain.model import Kind
from migrator.ports.tools import Tools


def measure(tools: Tools) -> dict[str, float | None]:
    """Compute the KPIs that have a source and append them; nobody waits while everybody is read."""
    now = tools.clock.now()
    since = now - tools.rules.lookback
    with tools.store.read() as work:
        everyone = [line.user for line in work.users.lines() if line.user.state is not State.DELETED]
        ids = [user.id for user in everyone]
        held, facts = work.users.credentials(ids), work.users.snapshots(ids)
        holders = [
            Holder(user, tuple(t.credential for t in held.get(user.id, ()) if t.gone_at is None)) for user in everyone
        ]
        humans = [facts[user.id].arn for user in everyone if user.id in facts and user.kind is Kind.HUMAN]
        read, _, _ = work.usage.heard()
        calls = [fact for made in work.usage.facts(humans, since).values() for fact in made]
        events = [*calls, *work.usage.sessions(since)] if read else None
    sample: dict[str, float | None] = {
        "human_users_with_long_term_credentials": human_users_with_long_term_credentials(holders or None),
        "human_events_through_idp_percent": human_events_through_idp_percent(events, humans),
    }
    with tools.store.begin() as work:
        work.sample(now, sample)
        work.commit()
    return sample
