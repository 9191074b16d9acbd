"""Whether the IAM user under a name is still the one that a change is about: names change hands, ids do not."""

from collections.abc import Sequence
from dataclasses import replace

from migrator.domain.changes import Change
from migrator.domain.dossier import User
from migrator.domain.errors import NotFound
from migrator.domain.journal import Step
from migrator.domain.model import Json

BY_ID = frozenset({"access-key", "ssh-public-key", "service-specific-credential", "signing-certificate"})
"""Parts of users with ids that AWS never gives twice: where one is seen under a name, the user is the one we know."""

OF_USERS = BY_ID | {
    *("user", "login-profile", "mfa-device", "inline-policy", "attached-policy", "group-membership"),
    "permissions-boundary",
}
"""Changes to the IAM user itself: made only while the user under that name is the one we know."""


def renamed(change: Change, user: User) -> Change:
    """The change at the user as it is called now: renaming keeps the user, its id and all that hangs on it."""
    if change.kind not in OF_USERS:
        return change
    return replace(change, target=(change.target[0], user.user_name, *change.target[2:]))


def under_its_name(steps: Sequence[Step], user: User | None) -> list[Step]:
    """The steps of a run as they must be looked at now, though they were planned under another name."""
    return [replace(step, change=renamed(step.change, user)) if user else step for step in steps]


def itself(user: User) -> Change:
    """What to look at to see whether the user is there."""
    return Change("user", (user.account_id, user.user_name), None, None)


def told_by_id(change: Change, observed: Json) -> bool:
    """Whether what was observed is the known user's own without another look."""
    return change.kind not in OF_USERS or (change.kind in BY_ID and observed is not None)


def not_the_same(user: User, step: Step, there: Json) -> str:
    """Why what a step's look showed must neither be changed nor believed, where `there` is who has the name now.

    Empty where it is the user we know. A user that is gone shows like one that lost everything: it may have been
    renamed, with all that hangs on it. Raises NotFound where a question is open about such a one: only a reading of the
    account can tell how it is called now.
    """
    if step.change.kind == "user" and step.question and (there is None or step.change.creates):
        return ""  # one that we asked to delete is gone because of us, one that we asked for is ours whatever its id
    if step.change.kind == "user" and step.change.creates and there is None:
        return ""
    hand = f"{step.change.kind} {step.change.where}: somebody's hand was there"
    if there is None and step.question and user.vanished_at is None:
        raise NotFound(
            f"{hand}, no user has that name any more",
            next_step=f"migrator discover --account {user.account_id}, then this command again",
        )
    if there is None:
        return f"{hand}, no user has that name any more"
    return f"{hand}, the name is now of {there['user_id']}" if there["user_id"] != user.user_id else ""
