"""The last look at a user before a move: everything that its gates ask about and that may have changed meanwhile."""

from collections.abc import Sequence

from migrator.domain.dossier import User
from migrator.domain.lifecycle import CUTTING, Move
from migrator.domain.model import Destination
from migrator.operations.hear import hear_last_used
from migrator.operations.look_at_role import look_at_role
from migrator.operations.reread import reread
from migrator.operations.search_references import search_references
from migrator.ports.tools import Tools

SEARCHED = frozenset({Move.QUARANTINE, Move.DELETE})
"""Moves whose gates ask what else names the user."""

ROLE_SEEN = frozenset({Move.PROVISION, Move.VERIFY})
"""Moves whose gates ask what became of a machine's role."""

UNDER_THE_DENY = frozenset({Move.DEACTIVATE, Move.DELETE})
"""Moves of users whose last-used times, just read, may tell of what no trail recorded."""


def last_look(tools: Tools, user: User, name: Move, together: Sequence[int]) -> User:
    """The user's row with fresh facts. `together` are the account's users of this call: one search serves all."""
    if name in CUTTING:
        user = reread(tools, user, f"before {name}")
    if name in UNDER_THE_DENY:
        with tools.store.begin() as work:
            hear_last_used(tools, work, [user.id])
            work.commit()
    if name in SEARCHED:
        search_references(tools, user, together, name)
    if name in ROLE_SEEN and user.destination is Destination.IAM_ROLE:
        look_at_role(tools, user)
    return user
