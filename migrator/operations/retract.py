"""Take Identity Center access away again: only what we made, and only where nobody else uses it."""

from dataclasses import replace
from functools import partial

from migrator.domain.changes import Change, Plan
from migrator.domain.dossier import User
from migrator.domain.provisioning import group_name
from migrator.operations.apply import Apply, Order
from migrator.operations.report import Moved, carried, planned
from migrator.ports.store import Grant, UnitOfWork
from migrator.ports.tools import Tools

GROUP = "identity-store-group"

Thing = tuple[str, tuple[str, ...]]
"""A change kind and a target."""


def retract(tools: Tools, apply: Apply, user: User, moved: Moved, reason: str, *, plan_only: bool) -> Moved:
    """The rollback's report, with what was retracted added."""
    with tools.store.begin() as work:
        grants = work.access.grants()
        mine = next((grant for grant in grants if grant.user == user.id), None)
        called = _called(work, mine.email) if mine and mine.email else ""
        others = [g for g in grants if g.user != user.id and g.provisioned_at]
        going = _candidates(work, mine, called, others) if mine and called else []
    changes = _there(tools, [one for one in going if mine and not _used_by_hand(tools, one, going, mine, called)])
    if plan_only:
        return replace(moved, changes=(*moved.changes, *(planned(change) for change in changes)))
    if mine is None:
        return moved
    order = Order(user.subject, "retract", Plan(changes), tools.actor, user, reason=reason)
    ended = apply.carry_out(replace(order, require=partial(_not_any_more, user.id)))
    done = tuple(carried(step) for step in ended.steps)
    if not ended.done:
        why = "; ".join(filter(None, (moved.why, *(step.error for step in ended.failed))))
        return replace(moved, outcome="failed", changes=(*moved.changes, *done), why=why)
    if moved.outcome == "unchanged" and done:
        return replace(moved, outcome="done", changes=done, why="")
    return replace(moved, changes=(*moved.changes, *done))


def _not_any_more(user: int, work: UnitOfWork) -> None:
    """Nobody counts on the access from the moment that it begins to go: a process that dies may have taken it."""
    work.access.granted(user, None)


def _candidates(work: UnitOfWork, mine: Grant, called: str, others: list[Grant]) -> list[Thing]:
    """What this grant alone keeps alive, in the order it must go; each was made by us, by the journal's word."""
    name, account = mine.permission_set, mine.account_id
    same_person = [g for g in others if g.email == mine.email]
    in_account = [g for g in others if g.permission_set == name and g.account_id == account]
    found = []
    for kind, target in work.journal.made(("identity-store-", "account-assignment", "permission-set")):
        if kind == "identity-store-membership" and target[1:] == (group_name(name, account), called):
            keep = any(g.permission_set == name and g.account_id == account for g in same_person)
        elif kind == "account-assignment" and target[1:3] == (name, account):
            keep = any(g.email == mine.email for g in in_account) if target[3] == "USER" else bool(in_account)
            keep = keep or (target[3] == "USER" and target[4] != called)
        elif kind == GROUP and target[1] == group_name(name, account):
            keep = bool(in_account)
        elif kind == "permission-set" and target[1] == name:
            keep = any(g.permission_set == name for g in others)
        elif kind == "identity-store-user" and target[1] == called:
            keep = bool(same_person)
        else:
            continue
        if not keep:
            found.append((kind, target))
    order = ("identity-store-membership", "account-assignment", GROUP, "permission-set")
    return sorted(found, key=lambda c: (order.index(c[0]) if c[0] in order else len(order), c[1]))


def _used_by_hand(tools: Tools, one: Thing, going: list[Thing], mine: Grant, called: str) -> bool:
    """Whether somebody uses it whom we did not let in: a colleague put into our group, a set assigned by hand."""
    kind, target = one
    directory, ours = tools.directory, {at[2:] for what, at in going if what == "account-assignment"}
    if kind == GROUP or (kind == "account-assignment" and target[3] == "GROUP"):
        rows = directory.assignments(mine.permission_set) if kind == GROUP else ()
        still = any(row[1:] == ("GROUP", target[-1]) and row not in ours for row in rows)
        return still or bool(set(directory.members(target[-1]) or ()) - {called})
    if kind == "permission-set":
        holding = [each for each in going if each[0] in (GROUP, "account-assignment")]
        other = any(row not in ours for row in directory.assignments(target[1]))
        return other or any(_used_by_hand(tools, each, going, mine, called) for each in holding)
    if kind == "identity-store-user":
        held = {(account, name) for who, account, name in directory.holders() if who == called}
        return bool(held - {(mine.account_id, mine.permission_set)})
    return False


def _called(work: UnitOfWork, email: str) -> str:
    """What Identity Center calls the person: its address, unless it was there before under another name."""
    return next((p.user_name for p in work.people.all() if p.email == email and p.user_name), email)


def _there(tools: Tools, candidates: list[Thing]) -> tuple[Change, ...]:
    observed = ((kind, target, tools.hands.observe(Change(kind, target, None, None))) for kind, target in candidates)
    return tuple(Change(kind, target, before, None) for kind, target, before in observed if before is not None)
