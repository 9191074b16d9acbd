"""Whether a cut would hit whoever runs this: the user itself, or the only way into the role it works through."""

from contextlib import suppress

from migrator.domain.model import UserFacts
from migrator.domain.roles import let_in_alone, role_name
from migrator.ports.aws import AccessDenied, NotSupported
from migrator.ports.tools import Tools


def self_lockout(tools: Tools, facts: UserFacts) -> tuple[str, ...]:
    """Why the user must not be cut by us; empty where nothing of ours hangs on it.

    A role whose trust names IAM users and nobody else is lost with them, whatever they were seen doing.
    """
    us = tools.actor
    if us.casefold() == facts.user_id.casefold():
        return ("it is who runs this",)
    name = role_name(us)
    if not name:
        return ()
    # Who may not read its own role learns nothing here; who was seen assuming it is protected all the same.
    with suppress(AccessDenied, NotSupported):
        role = tools.reader.read_role(us.split(":")[4], name)
        if role is not None and {facts.arn, facts.user_id} & let_in_alone(role.trust):
            return (f"only IAM users reach role {name}, which runs this, and it is one of them",)
    return ()
