"""What must exist in Identity Center so that a person holds a set in an account, and how it is taken away again.

One group per permission set and account, so that joining it gains nobody another account.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.domain.people import names
from migrator.domain.policy.fit import PermissionSetSpec

Desired = tuple[str, tuple[str, ...], Json]
"""(change kind, target, how it shall be)."""


@dataclass(frozen=True, slots=True)
class Center:
    """The instance and its identity store."""

    instance: str
    store: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A set that somebody holds in an account; `called` is the person's name in Identity Center."""

    permission_set: str
    account_id: str
    called: str


def hold_of(kind: str, target: tuple[str, ...]) -> Hold | None:
    """What a membership of one of our groups, or an assignment to a person, lets somebody hold; None for the rest."""
    if kind == "identity-store-membership":
        permission_set, _, account = target[1].rpartition("-")
        return Hold(permission_set, account, target[2])
    if kind == "account-assignment" and target[3] == "USER":
        return Hold(target[1], target[2], target[4])
    return None


def group_name(permission_set: str, account_id: str) -> str:
    """The group that holds a set in an account."""
    return f"{permission_set}-{account_id}"


def desired_set(center: Center, spec: PermissionSetSpec) -> tuple[Desired, ...]:
    """The permission set with everything in it."""
    at = (center.instance, spec.name)
    whole: list[Desired] = [
        (
            "permission-set",
            at,
            {"description": spec.description, "session_duration": spec.session_duration, "tags": dict(spec.tags)},
        )
    ]
    if spec.inline_policy is not None:
        whole.append(("permission-set-inline-policy", at, spec.inline_policy))
    whole += [("permission-set-managed-policy", (*at, arn), True) for arn in spec.managed_policies]
    whole += [("permission-set-customer-policy", (*at, path), True) for path in spec.customer_policies]
    if spec.boundary is not None:
        key = "arn" if spec.boundary.startswith("arn:") else "customer"
        whole.append(("permission-set-boundary", at, {key: spec.boundary}))
    return tuple(whole)


def desired_assignment(center: Center, permission_set: str, account_id: str) -> tuple[Desired, ...]:
    """The group of a set in an account, and its assignment."""
    group = group_name(permission_set, account_id)
    return (
        ("identity-store-group", (center.store, group), {"description": f"{permission_set} in {account_id}"}),
        ("account-assignment", (center.instance, permission_set, account_id, "GROUP", group), True),
    )


def desired_person(
    center: Center, email: str, user_name: str, permission_set: str, account_id: str, *, create: bool
) -> tuple[Desired, ...]:
    """The person's Identity Center user (where we may create it) and the membership."""
    called = names(email)
    person: Json = {
        "display_name": called.display,
        "given_name": called.given,
        "family_name": called.family,
        "email": email,
    }
    member: Desired = (
        "identity-store-membership",
        (center.store, group_name(permission_set, account_id), user_name),
        True,
    )
    return (("identity-store-user", (center.store, user_name), person), member) if create else (member,)


def direct_assignment(center: Center, user_name: str, permission_set: str, account_id: str) -> tuple[Desired, ...]:
    """The assignment of a set to a person, where groups are not used."""
    return (("account-assignment", (center.instance, permission_set, account_id, "USER", user_name), True),)


def writes(change: Change) -> tuple[Change, ...]:
    """A change as AWS makes it, one write each: new fields, new tags and dropped tags of a set are three."""
    before, after = change.before, change.after
    if change.kind != "permission-set" or before is None or after is None:
        return (change,)
    fields = {**after, "tags": before["tags"]}
    tagged = {**after, "tags": {**before["tags"], **after["tags"]}}
    states = [before, fields, tagged, after]
    steps = ((one, other) for one, other in pairwise(states) if one != other)
    return tuple(Change(change.kind, change.target, one, other) for one, other in steps)


def holdings(grants: Iterable[tuple[str, str, str]]) -> frozenset[tuple[str, str, str]]:
    """(user name in lower case, account, set) of everyone who shall hold something."""
    return frozenset((name.lower(), account, permission_set) for name, account, permission_set in grants)
