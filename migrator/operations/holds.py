"""What people hold in Identity Center because of a user, by the journal's word, and what of it may go."""

from collections.abc import Collection, Iterable, Mapping

from migrator.domain.changes import Change
from migrator.domain.dossier import User
from migrator.domain.provisioning import Hold, group_name, hold_of
from migrator.ports.store import Grant, UnitOfWork
from migrator.ports.tools import Tools

GROUP = "identity-store-group"

ORDER = ("identity-store-membership", "account-assignment", GROUP, "permission-set")
"""In which order things go; the person goes last."""

Thing = tuple[str, tuple[str, ...]]
"""A change kind and a target."""


def holds(work: UnitOfWork, user: User) -> frozenset[Hold]:
    """Everything that was ever provisioned for the user, and what its person got in its account through others.

    What another user of the person still wants counts as that one's.
    """
    people = work.people.all()
    called = {person.email: person.user_name or person.email for person in people}
    grants = work.access.grants()
    mine = next((grant for grant in grants if grant.user == user.id), None)
    wished = {_hold(grant, called) for grant in grants if grant.user != user.id and grant.email}
    names = {email for email in (user.person, mine.email if mine else None) if email}
    beside = work.users.many({other for person in people if person.email in names for other in person.users})
    found = {_hold(mine, called)} if mine and mine.email else set()
    found |= _provisioned(work, user)
    for other in beside:
        if other.id != user.id and other.account_id == user.account_id:
            found |= _provisioned(work, other) - wished
    return frozenset(found)


def leftover(work: UnitOfWork, user: User) -> tuple[frozenset[Hold], list[Thing]]:
    """What the user's people hold that nobody plans any more, as it is after a mapping to something else."""
    grants = work.access.grants()
    wanted = _kept(work, grants)
    leaving = holds(work, user) - wanted
    return leaving, removable(work, leaving, grants) if leaving else []


def removable(work: UnitOfWork, leaving: Collection[Hold], others: Iterable[Grant]) -> list[Thing]:
    """What these holds alone keep alive, in the order it must go; each was made by us, by the journal's word."""
    kept = _kept(work, others)
    pairs, kept_pairs = ({(h.permission_set, h.account_id) for h in these} for these in (leaving, kept))
    groups = {group_name(*pair) for pair in pairs - kept_pairs}
    sets = {h.permission_set for h in leaving} - {h.permission_set for h in kept}
    people = {h.called for h in leaving} - {h.called for h in kept}
    found = []
    for kind, target in work.journal.made(("identity-store-", "account-assignment", "permission-set")):
        hold = hold_of(kind, target)
        if hold is not None:
            going = hold in leaving and hold not in kept
        elif kind == "account-assignment":
            going = target[1:3] in pairs - kept_pairs
        else:
            named = {GROUP: groups, "permission-set": sets, "identity-store-user": people}.get(kind, set())
            going = target[1] in named
        if going:
            found.append((kind, target))
    return sorted(found, key=lambda c: (ORDER.index(c[0]) if c[0] in ORDER else len(ORDER), c[1]))


def removal(tools: Tools, things: list[Thing], leaving: Collection[Hold]) -> tuple[Change, ...]:
    """The changes that take these away, as far as they are there and nobody came to use them by hand."""
    going = [one for one in things if not _used_by_hand(tools, one, things, leaving)]
    observed = ((kind, target, tools.hands.observe(Change(kind, target, None, None))) for kind, target in going)
    return tuple(Change(kind, target, before, None) for kind, target, before in observed if before is not None)


def _provisioned(work: UnitOfWork, user: User) -> set[Hold]:
    done = work.journal.done(user.subject, ("provision",))
    return {hold for change in done if change.creates and (hold := hold_of(change.kind, change.target))}


def _kept(work: UnitOfWork, grants: Iterable[Grant]) -> frozenset[Hold]:
    called = {person.email: person.user_name or person.email for person in work.people.all()}
    return frozenset(_hold(grant, called) for grant in grants)


def _hold(grant: Grant, called: Mapping[str, str]) -> Hold:
    """Identity Center calls a person by its address, unless it was there before under another name."""
    return Hold(grant.permission_set, grant.account_id, called.get(grant.email or "", grant.email or ""))


def _used_by_hand(tools: Tools, one: Thing, going: list[Thing], leaving: Collection[Hold]) -> bool:
    """Whether somebody uses it whom we did not let in: a colleague put into our group, a set assigned by hand."""
    kind, target = one
    directory, ours = tools.directory, {at[2:] for what, at in going if what == "account-assignment"}
    if kind == GROUP or (kind == "account-assignment" and target[3] == "GROUP"):
        mine = [h for h in leaving if group_name(h.permission_set, h.account_id) == target[-1]]
        rows = directory.assignments(mine[0].permission_set) if kind == GROUP else ()
        still = any(row[1:] == ("GROUP", target[-1]) and row not in ours for row in rows)
        return still or bool(set(directory.members(target[-1]) or ()) - {h.called for h in mine})
    if kind == "permission-set":
        groups = {group_name(h.permission_set, h.account_id) for h in leaving if h.permission_set == target[1]}
        assigned = [(what, at) for what, at in going if what == "account-assignment" and at[1] == target[1]]
        holding = [*assigned, *((what, at) for what, at in going if what == GROUP and at[1] in groups)]
        other = any(row not in {at[2:] for _, at in assigned} for row in directory.assignments(target[1]))
        return other or any(_used_by_hand(tools, each, going, leaving) for each in holding)
    if kind == "identity-store-user":
        held = {(account, name) for who, account, name in directory.holders() if who == target[1]}
        return bool(held - {(h.account_id, h.permission_set) for h in leaving if h.called == target[1]})
    return False
