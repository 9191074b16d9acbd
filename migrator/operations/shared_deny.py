"""The managed policy `migrator-quarantine` is shared by the users of an account: the last one takes it along."""

from migrator.domain.changes import Change, outstanding
from migrator.domain.cuts import quarantine_arn
from migrator.domain.dossier import User
from migrator.domain.lifecycle import CUTTING, Move
from migrator.domain.model import UserFacts
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

CUT_KINDS = tuple(str(move) for move in (*sorted(CUTTING), Move.ROLLBACK))
"""Kinds of runs whose changes are cuts or undo them."""


def cleanup(tools: Tools, user: User, facts: UserFacts) -> tuple[Change, ...]:
    """The deletion of the account's managed deny where we made it, this user carries it and nobody else needs it."""
    arn = quarantine_arn(facts)
    if arn not in facts.attached_policies and facts.boundary != arn:
        return ()
    target = (user.account_id, arn)
    with tools.store.read() as work:
        ours = work.journal.created("managed-policy", target)
        needed = arn in used_elsewhere(work, user)
    if not ours or needed:
        return ()
    there = tools.hands.observe(Change("managed-policy", target, None, None))
    return () if there is None else (Change("managed-policy", target, there, None),)


def used_elsewhere(work: UnitOfWork, user: User) -> frozenset[str]:
    """ARNs of managed policies through which other users of the account are under the deny, or just come under it."""
    others = {line.user.subject for line in work.users.lines(account=user.account_id)} - {user.subject}
    cuts = work.journal.since_rollback(CUT_KINDS, changed=("attached-policy", "permissions-boundary"))
    changes = (change for subject, history in cuts.items() if subject in others for change in outstanding(history))
    coming = (s.change for r in work.journal.unfinished() if r.subject in others for s in work.journal.steps(r))
    return frozenset(_carried(change) for change in (*changes, *coming)) - {""}


def _carried(change: Change) -> str:
    if change.kind == "attached-policy" and change.after:
        return change.target[-1]
    return str(change.after) if change.kind == "permissions-boundary" and change.after else ""
