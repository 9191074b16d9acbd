"""A change is one AWS write as data, with its inverse; plans are ordered lists of them.

The way back is computed, never remembered: `outstanding` folds the journal into what our own writes have left changed,
and `backward` turns that round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrator.domain.model import Json

VOLATILE = ("user_id",)
"""Facts of a state that AWS gives and nobody can set: checked before a change, dropped when it is turned round."""


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """What may be done to one kind of thing. `parts` names the elements of a target.

    `returns` says whether a thing that we deleted can be made again; where not, `lost` names what is gone for good.
    """

    name: str
    parts: tuple[str, ...]
    returns: bool = True
    lost: str = ""


_USER = ("account", "user")
_SET = ("instance", "permission-set")

KINDS = {
    kind.name: kind
    for kind in (
        ChangeKind("user", _USER, lost="its unique id: policies elsewhere that name the user must be saved again"),
        ChangeKind("login-profile", _USER, returns=False, lost="the console password"),
        ChangeKind("access-key", (*_USER, "key"), returns=False, lost="the secret of access key {}"),
        ChangeKind("ssh-public-key", (*_USER, "key"), returns=False, lost="SSH public key {}"),
        ChangeKind("service-specific-credential", (*_USER, "credential"), returns=False, lost="the secret of {}"),
        ChangeKind("signing-certificate", (*_USER, "certificate"), returns=False, lost="signing certificate {}"),
        ChangeKind("mfa-device", (*_USER, "serial"), returns=False, lost="the seed of MFA device {}"),
        ChangeKind("virtual-mfa-device", (*_USER, "serial"), returns=False),
        ChangeKind("inline-policy", (*_USER, "policy")),
        ChangeKind("attached-policy", (*_USER, "arn")),
        ChangeKind("group-membership", (*_USER, "group")),
        ChangeKind("permissions-boundary", _USER),
        ChangeKind("managed-policy", ("account", "arn")),
        ChangeKind("identity-store-user", ("store", "user-name")),
        ChangeKind("identity-store-group", ("store", "group")),
        ChangeKind("identity-store-membership", ("store", "group", "user-name")),
        ChangeKind("permission-set", _SET),
        ChangeKind("permission-set-inline-policy", _SET),
        ChangeKind("permission-set-managed-policy", (*_SET, "arn")),
        ChangeKind("permission-set-customer-policy", (*_SET, "path-and-name")),
        ChangeKind("permission-set-boundary", _SET),
        ChangeKind("permission-set-provisioning", (*_SET, "account")),
        ChangeKind("account-assignment", (*_SET, "account", "principal-type", "principal")),
        ChangeKind("event-selectors", ("account", "trail")),
    )
}


@dataclass(frozen=True, slots=True)
class Change:
    """One AWS write: what is there (`before`), what shall be (`after`); None means absent.

    `target` is a tuple of names, as `KINDS[kind].parts` says; names, not ids, so that it can be planned beforehand.
    """

    kind: str
    target: tuple[str, ...]
    before: Json
    after: Json

    @property
    def where(self) -> str:
        """The target as people read it."""
        return "/".join(part.rsplit("/", 1)[-1] if part.startswith("arn:") else part for part in self.target)

    @property
    def creates(self) -> bool:
        """Whether something comes to exist."""
        return self.before is None and self.after is not None

    @property
    def deletes(self) -> bool:
        """Whether something ceases to exist."""
        return self.before is not None and self.after is None


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered list of changes; `irreversible` lists, in words, what no rollback brings back."""

    changes: tuple[Change, ...]
    irreversible: tuple[str, ...] = ()


UNREADABLE = "(not readable at this endpoint)"
"""Stands in an observed state for a part that the endpoint cannot tell; it contradicts nothing."""


def matches(observed: Json, expected: Json) -> bool:
    """Whether what was observed is what was expected; a volatile fact counts only where the expectation has it."""
    if isinstance(observed, dict) and isinstance(expected, dict):
        dark = {key for key, value in observed.items() if value == UNREADABLE}
        observed = {key: value for key, value in observed.items() if key not in dark}
        expected = {key: value for key, value in expected.items() if key not in dark}
        named = {key: expected[key] for key in VOLATILE if key in expected}
        return lasting(observed) == lasting(expected) and all(observed.get(k) == v for k, v in named.items())
    return bool(observed == expected)


def lasting(state: Json) -> Json:
    """A state without the facts that only AWS can give."""
    return {k: v for k, v in state.items() if k not in VOLATILE} if isinstance(state, dict) else state


def inverse(change: Change) -> Change | None:
    """The change that puts `change` back; None where nothing can."""
    if change.deletes and not KINDS[change.kind].returns:
        return None
    return Change(change.kind, change.target, lasting(change.after), lasting(change.before))


def outstanding(history: Iterable[Change]) -> tuple[Change, ...]:
    """The net effect of all that was carried out, oldest first: what still differs from how we found it.

    A change whose `before` is not what we had left means that somebody's hand was there between: a new baseline.
    """
    net: dict[tuple[str, tuple[str, ...]], Change] = {}
    for change in history:
        earlier = net.pop((change.kind, change.target), None)
        if earlier is not None and lasting(earlier.after) == lasting(change.before):
            change = Change(change.kind, change.target, earlier.before, change.after)  # noqa: PLW2901  # the fold
        if lasting(change.before) != lasting(change.after):
            net[change.kind, change.target] = change
    return tuple(net.values())


def backward(history: Iterable[Change]) -> Plan:
    """The way back from everything in `history`: inverses, newest first, and what cannot come back."""
    left = outstanding(history)
    inverses = (inverse(change) for change in reversed(left))
    return Plan(tuple(change for change in inverses if change is not None), losses(left))


def losses(changes: Sequence[Change]) -> tuple[str, ...]:
    """In words, what these changes destroy for good."""
    return tuple(
        f"{change.where}: {KINDS[change.kind].lost.format(change.target[-1])}"
        for change in changes
        if change.deletes and KINDS[change.kind].lost
    )
