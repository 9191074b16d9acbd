"""What somebody's hand may do to a user in the console, by name. Each says what it touched; `m` chooses among many."""

from collections.abc import Callable, Iterator, Sequence

from tests.fakes.console import LIMITS, Console
from tests.fakes.hands import STATUSES, Key, Target

DENIAL, ITSELF = "deny", "itself"
"""A deny that a hand took off; a user that a hand deleted."""


def delete_key(console: Console, user: Target, m: int) -> Iterator[str]:
    for key in _one(console.parts(user, *STATUSES), m):
        console.take(key)
        yield key[1][2]


def add_key(console: Console, user: Target, _m: int) -> Iterator[str]:
    yield console.add_key(user)[1][2]


def activate(console: Console, user: Target, m: int) -> Iterator[str]:
    """Never the other way: what a hand leaves exactly as we left it, nobody can tell from our own work."""
    off = [key for key in console.parts(user, *STATUSES) if console.aws.there[key]["status"] == "Inactive"]
    for key in _one(off, m):
        console.flip(key)
        yield key[1][2]


def remove_deny(console: Console, user: Target, _m: int) -> Iterator[str]:
    if console.denied(user):
        console.take_deny(user)
        yield DENIAL


def change_policy(console: Console, user: Target, m: int) -> Iterator[str]:
    own = [key for key in console.parts(user, "inline-policy") if key in console.uncut]
    for key in own[:1]:
        console.put(key, {"Version": "2012-10-17", "Id": "x" * (m + 1), "Statement": []})
        yield key[1][2]


def leave_group(console: Console, user: Target, m: int) -> Iterator[str]:
    for key in _one(console.parts(user, "group-membership"), m):
        console.take(key)
        yield key[1][2]


def bound(console: Console, user: Target, _m: int) -> Iterator[str]:
    console.put(("permissions-boundary", user), LIMITS)
    yield DENIAL


def rename(console: Console, user: Target, _m: int) -> Iterator[str]:
    yield from console.rename(user)[2:]


def delete(console: Console, user: Target, _m: int) -> Iterator[str]:
    console.delete(user)
    yield ITSELF


def recreate(console: Console, user: Target, _m: int) -> Iterator[str]:
    console.recreate(user)
    yield ITSELF


def _one(keys: Sequence[Key], m: int) -> Sequence[Key]:
    """One of several, or none of none."""
    return [keys[m % len(keys)]] if keys else []


HANDS: dict[str, Callable[[Console, Target, int], Iterator[str]]] = {
    each.__name__: each
    for each in (
        *(delete_key, add_key, activate, remove_deny, change_policy, leave_group, bound, rename, delete, recreate),
    )
}
