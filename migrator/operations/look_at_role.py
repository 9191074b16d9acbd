"""Look whether the role that a machine's team applied exists and equals the plan; we change nothing there."""

from migrator.domain.dossier import User
from migrator.domain.mapping import spec_from
from migrator.domain.roles import differences, look_as_evidence
from migrator.ports.tools import Tools


def look_at_role(tools: Tools, user: User) -> None:
    """Read the planned role afresh and keep what was seen as evidence; gates judge it."""
    now = tools.clock.now()
    with tools.store.read() as work:
        dossier = work.dossiers([user.id], now, tools.rules.lookback)[0]
    planned, facts = dossier.planned, dossier.facts
    if planned is None or facts is None:
        return
    role = tools.reader.read_role(user.account_id, planned.name)
    seen = look_as_evidence(planned, differences(spec_from(planned.spec), role, facts), role, now)
    with tools.store.begin() as work:
        work.users.believe(user.id, [seen])
        work.commit()
