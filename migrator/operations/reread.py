"""Read one user afresh and keep the snapshot: the last look before anything is cut."""

from dataclasses import replace

from migrator.domain.dossier import User
from migrator.domain.errors import NotFound, Refused
from migrator.ports.store import Recorded
from migrator.ports.tools import Tools


def reread(tools: Tools, user: User, reason: str) -> User:
    """The user's row with fresh facts; raises where it is gone, or a stranger has its name."""
    facts = tools.reader.read_user(user.account_id, user.user_name)
    again = f"migrator discover --account {user.account_id}"
    if facts is None:
        raise NotFound(f"{user.key} does not exist in AWS any more", next_step=again)
    if facts.user_id != user.user_id:
        raise Refused(
            f"{user.key} is not the user we know: AWS says {facts.user_id}, the facts are about {user.user_id}",
            next_step=f"look at who made it; then: {again}",
        )
    fresh = replace(user, user_name=facts.user_name, path=facts.path, observed_at=facts.observed_at)
    with tools.store.begin() as work:
        saved = work.users.record([Recorded(fresh, facts, reason=reason)])[0]
        work.commit()
    return saved
