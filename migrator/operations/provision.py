"""Give a person the planned set: shared things first, in runs of their own, then the person's part."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from migrator.domain.carried import Carried
from migrator.domain.changes import Change, Plan, matches
from migrator.domain.dossier import Dossier, PlannedSet, User
from migrator.domain.errors import Busy, Refused
from migrator.domain.existing import same_content
from migrator.domain.lifecycle import State
from migrator.domain.mapping import spec_from
from migrator.domain.model import Destination
from migrator.domain.provisioning import (
    Center,
    Desired,
    desired_assignment,
    desired_person,
    desired_set,
    direct_assignment,
    writes,
)
from migrator.operations.apply import Apply, Order
from migrator.operations.choose_sets import spec_on_aws
from migrator.operations.foreign_group import require_harmless
from migrator.operations.report import Done, carried, planned
from migrator.ports.aws import Hands
from migrator.ports.rows import OURS
from migrator.ports.tools import Tools

PATIENCE = timedelta(minutes=20)
"""How long somebody else's work on a shared thing is waited for: longer than the lease of one who died."""

PAUSE = 1.0
"""Seconds between looks at whether it has ended."""


@dataclass(frozen=True, slots=True)
class Provisioning:
    """What it takes to provision one user: the shared plan of its set, and its own."""

    shared: tuple[Order, ...]
    own: Order


def plan_provisioning(tools: Tools, dossier: Dossier, actor: str) -> Provisioning:
    """Compare what must exist with what does; only the difference is planned."""
    user = dossier.user
    own = Order(user.subject, "provision", Plan(()), actor, user, State.PROVISIONED, wave=user.wave)
    if user.destination is not Destination.PERMISSION_SET:
        return Provisioning((), own)
    if dossier.planned is None or user.person is None:
        raise Refused(f"{user.key} has no planned set or no person", next_step=f"migrator map {user.key}")
    instance = tools.directory.instance()
    center = Center(instance.instance_arn, instance.identity_store_id)
    name = dossier.planned.name
    whole = _set(tools, center, dossier.planned)
    person = _person(tools, center, user.person, name, user.account_id)
    called = person[-1][1][-1]
    if tools.rules.groups == "none":
        new = (part for part in person if part[0] == "identity-store-user")
        mine = (*new, *direct_assignment(center, called, name, user.account_id))
    else:
        require_harmless(tools, center, name, user.account_id, called)
        whole, mine = (*whole, *_group(tools, center, name, user.account_id)), person
    set_changes = _renewed(tools, dossier, difference(tools.hands, whole), center)
    shared = Order(f"permission-set:{name}", "shared", Plan(set_changes), actor, wave=user.wave)
    own = Order(
        user.subject, "provision", Plan(difference(tools.hands, mine)), actor, user, State.PROVISIONED, wave=user.wave
    )
    return Provisioning((shared,) if set_changes else (), own)


def provision(tools: Tools, apply: Apply, dossier: Dossier, plan: Provisioning) -> tuple[Carried | None, list[Done]]:
    """Carry the shared orders out, then the user's own; the first that fails stops it."""
    done: list[Done] = [] if plan.shared else _settled(apply, dossier)
    for order in plan.shared:
        ended = carry_shared(tools, apply, order)
        done += [carried(step) for step in ended.steps]
        if not ended.done:
            return None, done
    remember_person(tools, dossier.user, again=True)
    _remember_set(tools, dossier, plan)
    ended = apply.carry_out(plan.own)
    done += [carried(step) for step in ended.steps]
    if ended.done:
        remember_person(tools, dossier.user, again=True)
    return ended, done


def _settled(apply: Apply, dossier: Dossier) -> list[Done]:
    """What a dead process left when all of it was there already: no plan names it, and it is answered all the same."""
    if dossier.planned is None or dossier.user.destination is not Destination.PERMISSION_SET:
        return []
    with suppress(Busy):
        left = apply.unfinished(f"permission-set:{dossier.planned.name}")
        return [carried(step) for step in apply.resume(left, None).steps] if left else []
    return []


def remember_person(tools: Tools, user: User, *, again: bool = False) -> None:
    """What Identity Center calls the person: sessions are told by that name. Asked `again` only where it may be new."""
    email = user.person
    if email is None or user.destination is not Destination.PERMISSION_SET:
        return
    with tools.store.read() as work:
        known = any(person.email == email and person.user_name for person in work.people.all())
    if known and not again:
        return
    identifier = tools.directory.find_user(email, email)
    if identifier is None:
        return
    name = tools.directory.user_name(identifier)
    with tools.store.begin() as work:
        work.people.set_identity(email, identifier, name)
        work.commit()


def _remember_set(tools: Tools, dossier: Dossier, plan: Provisioning) -> None:
    """What AWS calls the set, where nobody knows or it was just made."""
    if dossier.planned is None or dossier.user.destination is not Destination.PERMISSION_SET:
        return
    name = dossier.planned.name
    new = any(c.kind == "permission-set" and c.creates for order in plan.shared for c in order.plan.changes)
    with tools.store.read() as work:
        known = any(stored.name == name and stored.arn for stored in work.access.sets())
    found = tools.directory.permission_set(name) if new or not known else None
    if found is not None:
        with tools.store.begin() as work:
            work.access.set_arn(name, found.arn)
            work.commit()


def carry_shared(tools: Tools, apply: Apply, order: Order) -> Carried:
    """Carry out a plan for something shared. A dead owner's run is finished first, a living one's is waited for.

    Whoever waited plans anew. Raises Busy where another process holds it for longer than `PATIENCE`.
    """
    until = tools.clock.now() + PATIENCE
    while True:
        try:
            left = apply.unfinished(order.subject)
            if left is None:
                return apply.carry_out(order)
            apply.resume(left, None)
        except Busy:
            if tools.pool.stopped or tools.clock.now() >= until:
                raise
            tools.clock.sleep(PAUSE)
        order = _anew(tools, order)


def _anew(tools: Tools, order: Order) -> Order:
    """The same order from what is there now."""
    ends = {(c.kind, c.target): c.after for c in order.plan.changes}
    wanted = [(kind, target, after) for (kind, target), after in ends.items()]
    return replace(order, plan=Plan(difference(tools.hands, wanted)))


def difference(hands: Hands, wanted: Iterable[Desired]) -> tuple[Change, ...]:
    """The changes that are missing, each one write, the first of a target with what is there now."""
    found: list[Change] = []
    for kind, target, after in wanted:
        before = hands.observe(Change(kind, target, None, after))
        if not matches(before, after):
            found += writes(Change(kind, target, before, after))
    return tuple(found)


def show(plan: Provisioning) -> tuple[Done, ...]:
    """The changes as they are planned."""
    return tuple(planned(change) for order in (*plan.shared, plan.own) for change in order.plan.changes)


def _person(tools: Tools, center: Center, email: str, name: str, account: str) -> tuple[Desired, ...]:
    """The person's part: an Identity Center user that exists under another name is found by its address and kept."""
    identifier = tools.directory.find_user(email, email)
    if identifier is None and not tools.rules.create_users:
        raise Refused(
            f"{email} is not in Identity Center, and identity_center.users is `existing`",
            next_step="let the identity provider provision the person, then run the same command again",
        )
    called = email if identifier is None else tools.directory.user_name(identifier)
    return desired_person(center, email, called, name, account, create=identifier is None)


def _set(tools: Tools, center: Center, planned: PlannedSet) -> tuple[Desired, ...]:
    """The set as we make it; one that is not ours to make must be there, as it was when it was chosen."""
    spec = spec_from(planned.spec)
    with tools.store.read() as work:
        ours = any(stored.name == spec.name and stored.origin == OURS for stored in work.access.sets())
    if ours and tools.rules.create_sets:
        return desired_set(center, spec)
    found = tools.directory.permission_set(spec.name)
    if found is None or not same_content(spec_on_aws(found), spec):
        what = "does not exist" if found is None else "grants something else than when it was mapped"
        raise Refused(
            f"permission set {spec.name} {what}, and it is not ours to change",
            next_step="run `migrator map` for its users, and see: migrator permission-sets diff",
        )
    return ()


def _group(tools: Tools, center: Center, name: str, account: str) -> tuple[Desired, ...]:
    """The group and its assignment; where groups are made elsewhere, the assignment alone."""
    parts = desired_assignment(center, name, account)
    return parts if tools.rules.groups == "create" else parts[1:]


def _renewed(tools: Tools, dossier: Dossier, changes: tuple[Change, ...], center: Center) -> tuple[Change, ...]:
    """A set that changes while it is assigned reaches its accounts only when it is provisioned again (aws-facts, 6)."""
    name = dossier.planned.name if dossier.planned else ""
    touched = [c for c in changes if c.kind.startswith("permission-set")]
    if not touched or any(c.kind == "permission-set" and c.creates for c in touched):
        return changes
    found = tools.directory.permission_set(name)
    again = tuple(
        Change("permission-set-provisioning", (center.instance, name, account), "stale", "latest")
        for account in (found.accounts if found else ())
    )
    return (*changes, *again)
