"""Take a sample of the KPIs: what `status` draws its lines from."""

from migrator.domain.kpi import Holder, human_events_through_idp_percent, human_users_with_long_term_credentials
from migrator.domain.lifecycle import State
from migrator.domain.model import Kind
from migrator.ports.tools import Tools


def measure(tools: Tools) -> dict[str, float | None]:
    """Compute the KPIs that have a source and append them."""
    now = tools.clock.now()
    since = now - tools.rules.lookback
    with tools.store.begin() as work:
        everyone = [line.user.id for line in work.users.lines() if line.user.state is not State.DELETED]
        found = work.dossiers(everyone, now, tools.rules.lookback)
        holders = [Holder(d.user, tuple(t.credential for t in d.credentials if t.gone_at is None)) for d in found]
        humans = [d.facts.arn for d in found if d.facts and d.user.kind is Kind.HUMAN]
        read, _, _ = work.usage.heard()
        calls = [fact for facts in work.usage.facts(humans, since).values() for fact in facts]
        events = [*calls, *work.usage.sessions(since)] if read else None
        sample: dict[str, float | None] = {
            "human_users_with_long_term_credentials": human_users_with_long_term_credentials(holders or None),
            "human_events_through_idp_percent": human_events_through_idp_percent(events, humans),
        }
        work.sample(now, sample)
        work.commit()
    return sample
