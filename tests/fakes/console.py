"""Somebody's hand in the console: what changes a fake AWS behind our back, and how it would be without cuts."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from migrator.domain.changes import KINDS
from migrator.domain.cuts import DENY, QUARANTINE
from migrator.domain.model import Credential, CredentialKind
from tests.builders import a_user_facts
from tests.fakes.hands import STATUSES, FakeAws, Key, Target

OF_USERS = tuple(name for name, kind in KINDS.items() if kind.parts[:2] == ("account", "user"))
LIMITS = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


def deny_arn(account: str) -> str:
    """The managed deny of an account."""
    return f"arn:aws:iam::{account}:policy/{QUARANTINE}"


@dataclass
class Console:
    """Hands in a console. `uncut` is all that users have, or would have if nobody but hands had ever touched it."""

    aws: FakeAws
    uncut: dict[Key, Any] = field(default_factory=dict)
    born: int = 0
    called: dict[Target, Target] = field(default_factory=dict)
    """What users were called at first, by the names that hands gave them."""

    def __post_init__(self) -> None:
        """Everything is uncut at the beginning."""
        self.uncut = {key: deepcopy(value) for key, value in self.aws.there.items() if key[0] in OF_USERS}

    def users(self) -> list[Target]:
        """Everybody who is there."""
        return [at for (kind, at), _ in sorted(self.aws.there.items()) if kind == "user"]

    def parts(self, user: Target, *kinds: str) -> list[Key]:
        """What a user has of these kinds."""
        return sorted(k for k in self.aws.there if k[0] in kinds and k[1][:2] == user)

    def denied(self, user: Target) -> bool:
        """Whether a deny of our name rides on a user."""
        there, arn = self.aws.there, deny_arn(user[0])
        managed = ("attached-policy", (*user, arn)) in there or there.get(("permissions-boundary", user)) == arn
        inline = there.get(("inline-policy", (*user, QUARANTINE))) == DENY
        return inline or (managed and there.get(("managed-policy", (user[0], arn))) == DENY)

    def put(self, key: Key, value: Any) -> None:
        """Something is so from now on."""
        self.aws.there[key] = deepcopy(value)
        self.uncut[key] = deepcopy(value)

    def take(self, key: Key) -> None:
        """Something is no more."""
        self.aws.there.pop(key, None)
        self.uncut.pop(key, None)

    def take_deny(self, user: Target) -> None:
        """The deny is taken off, wherever it rides."""
        arn = deny_arn(user[0])
        self.aws.there.pop(("inline-policy", (*user, QUARANTINE)), None)
        self.aws.there.pop(("attached-policy", (*user, arn)), None)
        if self.aws.there.get(("permissions-boundary", user)) == arn:
            self.take(("permissions-boundary", user))

    def add_key(self, user: Target) -> Key:
        """One more access key."""
        self.born += 1
        name = f"AKIAHAND{self.born}"
        key: Key = ("access-key", (*user, name))
        self.aws.add_credential(user, Credential(CredentialKind.ACCESS_KEY, name, "Active"))
        self.put(key, {"status": "Active"})
        return key

    def flip(self, key: Key) -> None:
        """An Active credential becomes Inactive, and an Inactive one Active."""
        status = self.aws.there[key]["status"]
        self.put(key, {"status": "Inactive" if status == "Active" else "Active"})

    def rename(self, user: Target) -> Target:
        """Another name; the id stays, and with it everything."""
        self.born += 1
        name = (user[0], f"{user[1].partition('.')[0]}.{self.born}")
        self.called[name] = self.called.get(user, user)
        for world in (self.aws.there, self.uncut, self.aws._credentials):
            for key in [key for key in world if key[0] in OF_USERS and key[1][:2] == user]:
                world[key[0], (*name, *key[1][2:])] = world.pop(key)  # type: ignore[index]
        facts = self.aws._facts.pop(user, None) or self.aws.read_user(*name)
        assert facts is not None
        arn = f"arn:aws:iam::{name[0]}:user{facts.path}{name[1]}"
        self.aws._facts[name] = replace(facts, user_name=name[1], arn=arn)
        return name

    def delete(self, user: Target) -> None:
        """The user and all it has."""
        for world in (self.aws.there, self.uncut):
            for key in [key for key in world if key[0] in OF_USERS and key[1][:2] == user]:
                del world[key]
        self.aws._facts.pop(user, None)

    def recreate(self, user: Target) -> None:
        """Another user of that name, with a key of its own."""
        self.delete(user)
        self.born += 1
        self.aws.add_user(a_user_facts(user[1], account_id=user[0], user_id=f"AIDAHAND{self.born}"))
        self.put(("user", user), self.aws.there["user", user])
        self.add_key(user)


def credentials(world: dict[Key, Any], user: Target) -> frozenset[tuple[str, str, str]]:
    """(kind, id, status) of every credential of a user, as approvals are bound to them."""
    found = set()
    for (kind, at), value in world.items():
        if at[:2] != user:
            continue
        if kind == "login-profile":
            found.add((str(CredentialKind.CONSOLE_PASSWORD), "password", "Active"))
        elif kind == "mfa-device" or kind in STATUSES:
            found.add((kind, at[2], value.get("status", "Active")))
    return frozenset(found)
