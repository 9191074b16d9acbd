"""A group that somebody else made: used only where nobody gains more by it than is planned."""

from migrator.domain.errors import Refused
from migrator.domain.gates.result import listed
from migrator.domain.provisioning import Center, group_name
from migrator.ports.tools import Tools


def require_harmless(tools: Tools, center: Center, permission_set: str, account: str, user_name: str) -> None:
    """Raise Refused where our group is missing and may not be made, or where one of that name is not ours to use.

    Assigning a set to it would give it to members nobody planned; joining it would give the person whatever else the
    group is assigned.
    """
    group = group_name(permission_set, account)
    with tools.store.read() as work:
        ours = work.journal.created("identity-store-group", (center.store, group))
        grants = [g for g in work.access.grants() if (g.permission_set, g.account_id) == (permission_set, account)]
        called = {person.email: person.user_name for person in work.people.all()}
    if ours:
        return
    members = tools.directory.members(group)
    if members is None:
        if tools.rules.groups == "existing":
            raise Refused(
                f"there is no group {group} in Identity Center, and identity_center.groups is `existing`",
                next_step=f"make a group {group} where groups are managed, then run the same command again",
            )
        return
    given = set(tools.directory.assigned(group))
    more = sorted(given - {(account, permission_set)})
    if more and user_name not in members:
        where = listed(tuple(f"{name} in {place}" for place, name in more))
        raise Refused(
            f"group {group} is not ours, and whoever joins it gets {where}",
            next_step="give the group another name, or take its other assignments away",
        )
    planned = {name for g in grants if g.email for name in (g.email, called.get(g.email)) if name}
    strangers = tuple(name for name in members if name not in {*planned, user_name})
    if strangers and (account, permission_set) not in given:
        raise Refused(
            f"group {group} is not ours: {listed(strangers)} would get {permission_set} in {account} unplanned",
            next_step="take them out of the group, or give it another name",
        )
