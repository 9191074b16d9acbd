"""An AWS in memory: the ports Hands, AccountReader, Directory and Accounts over one dict of what exists.

What exists is `{(kind, target): value}` with the values that changes carry, so comparing two worlds is `==`. The rules
that matter to an apply loop are AWS's: parents must exist, DeleteConflict, no second creation, secrets never return.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime

from migrator.domain.changes import KINDS, Change, lasting
from migrator.domain.model import AccountFacts, Credential, CredentialKind, GroupFacts, Json, UserFacts
from migrator.domain.roles import RoleFacts
from migrator.domain.selectors import LIMIT, count, normal
from migrator.domain.trails import Trail
from migrator.ports.aws import (
    Account,
    Caller,
    IdentityCenter,
    LastUse,
    Missing,
    Organization,
    References,
    Rejected,
    SetOnAws,
)

Target = tuple[str, ...]
Key = tuple[str, Target]

HOME = IdentityCenter("arn:aws:sso:::instance/ssoins-7223000000000000", "d-9067000000", "us-east-1", "111111111111")
MANAGEMENT = "111111111111"
EMPTY = {"Version": "2012-10-17", "Statement": []}
INLINE_LIMIT = 2048
ATTACHED_LIMIT = 10

STATUSES = ("access-key", "ssh-public-key", "service-specific-credential", "signing-certificate")
BLOCKERS = ("login-profile", *STATUSES, "mfa-device", "inline-policy", "attached-policy", "group-membership")
"""The nine leftovers that keep a user from being deleted; a boundary is not among them (aws-facts, 1)."""
UPSERTS = ("inline-policy", "attached-policy", "group-membership", "permissions-boundary", "account-assignment")
UPSERTS += ("event-selectors",)
FOLLOWERS = {
    "user": ("permissions-boundary",),
    "permission-set": tuple(kind for kind in KINDS if kind.startswith("permission-set-")),
}
CONTENT = tuple(kind for kind in KINDS if kind.startswith("permission-set-") and kind != "permission-set-provisioning")


class FakeAws:
    """Everything a test's AWS holds. `now` gives the present; `on_call(moment, n)` surrounds call `n` (from 1).

    A hook that raises at "before" stops the call; at "after" the call happened and its answer is lost. `calls` lists
    `(verb, change)`. With `lag = k`, the first `k` observations after a change still show what was there before it.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.there: dict[Key, Json] = {}
        self.iam_groups: dict[Target, GroupFacts] = {}
        self.roles: dict[Target, RoleFacts] = {}
        self.orphans: list[Key] = []
        self.calls: list[tuple[str, Change]] = []
        self.on_call: Callable[[str, int], None] = lambda _moment, _n: None
        self.lag = 0
        self.accounts: dict[str, Account] = {MANAGEMENT: Account(MANAGEMENT, "management")}
        self.me = Caller(f"arn:aws:iam::{MANAGEMENT}:user/operator", "AIDAOPERATOR", MANAGEMENT)
        self._facts: dict[Target, UserFacts] = {}
        self._credentials: dict[Key, Credential] = {}
        self._stale: dict[Key, list[Json]] = {}
        self._born = 0
        self._logging: dict[str, datetime] = {}

    # -- seeding ---------------------------------------------------------------------------------------------------

    def add_user(self, facts: UserFacts) -> UserFacts:
        """Let a user exist with all its facts, and with it the groups and customer managed policies it names."""
        at = (facts.account_id, facts.user_name)
        self.accounts.setdefault(facts.account_id, Account(facts.account_id, facts.account_id))
        self._facts[at] = facts
        self.there["user", at] = {"user_id": facts.user_id, "path": facts.path, "tags": dict(facts.tags)}
        for name in facts.groups:
            self.add_group(facts.account_id, GroupFacts(name))
            self.there["group-membership", (*at, name)] = True
        for name, document in facts.inline_policies.items():
            self.there["inline-policy", (*at, name)] = deepcopy(document)
        for arn in (*facts.attached_policies, *((facts.boundary,) if facts.boundary else ())):
            self.add_policy(arn)
        self.there.update({("attached-policy", (*at, arn)): True for arn in facts.attached_policies})
        if facts.boundary:
            self.there["permissions-boundary", at] = facts.boundary
        for credential in facts.credentials:
            self.add_credential(at, credential)
        return facts

    def add_credential(self, user: Target, credential: Credential) -> None:
        """Give a user one credential; a virtual MFA device brings its device along."""
        key: Key = (credential.kind.value, (*user, credential.id))
        value: Json = credential.status
        if credential.kind is CredentialKind.CONSOLE_PASSWORD:
            key = ("login-profile", user)
            value = {"password_reset_required": bool(credential.detail.get("password_reset_required"))}
        elif credential.kind is CredentialKind.MFA_DEVICE:
            virtual = bool(credential.detail.get("virtual", ":mfa/" in credential.id))
            value = {"virtual": virtual}
            if virtual:
                self.there["virtual-mfa-device", (*user, credential.id)] = True
        else:
            value = {"status": credential.status}
        self.there[key] = value
        self._credentials[key] = credential

    def add_group(self, account_id: str, group: GroupFacts) -> None:
        """Let an IAM group exist; one that does already keeps what it grants."""
        self.iam_groups.setdefault((account_id, group.name), group)
        self.there["iam-group", (account_id, group.name)] = True

    def add_policy(self, arn: str, document: Json = None) -> None:
        """Let a managed policy exist; AWS's own always do."""
        account = arn.split(":")[4]
        if account != "aws":
            self.there.setdefault(("managed-policy", (account, arn)), deepcopy(document or EMPTY))

    def add_trail(self, name: str = "organization", account_id: str = MANAGEMENT, selectors: Json = None) -> str:
        """Let a trail exist, with AWS's default selectors unless others are given; its ARN."""
        arn = f"arn:aws:cloudtrail:us-east-1:{account_id}:trail/{name}"
        self.there["event-selectors", (account_id, arn)] = selectors or normal((), ())
        self._logging[arn] = self._now()
        return arn

    # -- Hands -----------------------------------------------------------------------------------------------------

    def observe(self, change: Change) -> Json:
        """What is there now, or what was there while the lag lasts."""
        with_hook = self._called("observe", change)
        key = (change.kind, change.target)
        stale = self._stale.get(key, [])
        found = stale.pop() if stale else self.there.get(key)
        with_hook()
        return deepcopy(found)

    def make(self, change: Change) -> None:
        """Carry the change out, or refuse it as AWS would."""
        with_hook = self._called("make", change)
        key = (change.kind, change.target)
        before = deepcopy(self.there.get(key))
        if change.kind == "permission-set-provisioning" and change.after != "latest":
            raise Rejected(f"{change.kind} {change.where}: a copy can only be brought up to date")
        if change.after is None:
            self._delete(key)
        else:
            self._put(key, change)
        self._stale[key] = [before] * self.lag
        with_hook()

    def _called(self, verb: str, change: Change) -> Callable[[], None]:
        self.calls.append((verb, change))
        n = len(self.calls)
        self.on_call("before", n)
        return lambda: self.on_call("after", n)

    def _put(self, key: Key, change: Change) -> None:
        kind, target = key
        present = key in self.there
        if not present and not KINDS[kind].returns:
            raise (Missing if change.before else Rejected)(f"{kind} {change.where}: nobody can make it again")
        if present and (change.before is None or kind == "user") and kind not in UPSERTS:
            raise Rejected(f"{kind} {change.where}: EntityAlreadyExists")
        bounding = _policy(str(change.after)) if kind == "permissions-boundary" else ()
        for parent in (*parents(kind, target), *bounding):
            if parent not in self.there:
                raise Missing(f"{kind} {change.where}: there is no {parent[0]} {parent[1][-1]}")
        self._within_quota(kind, target, change.after)
        value = deepcopy(change.after)
        if kind == "event-selectors" and not present:
            raise Missing(f"{kind} {change.where}: TrailNotFoundException")
        if kind == "user":
            self._born += 1
            value = {**lasting(value), "user_id": f"AIDAREBORN{self._born:07}"}
            self._facts.pop(target, None)
        self.there[key] = value
        self._settle(kind, target)

    def _within_quota(self, kind: str, target: Target, value: Json) -> None:
        if kind == "inline-policy":
            others = [v for k, v in self._parts(kind, target[:2]) if k != target]
            if sum(len("".join(json.dumps(document).split())) for document in (*others, value)) > INLINE_LIMIT:
                raise Rejected(f"{kind} {target[-1]}: LimitExceeded, {INLINE_LIMIT} characters a user")
        if kind == "attached-policy":
            others = [k for k, _ in self._parts(kind, target[:2]) if k != target]
            if len(others) >= ATTACHED_LIMIT:
                raise Rejected(f"{kind} {target[-1]}: LimitExceeded, {ATTACHED_LIMIT} policies a user")
        if kind == "event-selectors" and "advanced" in value and count(value) > LIMIT:
            raise Rejected(f"{kind} {target[-1]}: InvalidEventSelectorsException, more than {LIMIT} values")
        if kind == "account-assignment":
            for reference in self._parts("permission-set-customer-policy", target[:2]):
                arn = f"arn:aws:iam::{target[2]}:policy{reference[0][2]}"
                if ("managed-policy", (target[2], arn)) not in self.there:
                    raise Rejected(f"{kind} {target[-1]}: {reference[0][2]} does not exist in {target[2]}")

    def _settle(self, kind: str, target: Target) -> None:
        """What Identity Center does by itself: a first assignment provisions, a changed set makes copies stale."""
        if kind == "account-assignment":
            self.there.setdefault(("permission-set-provisioning", target[:3]), "latest")
        elif kind in CONTENT or kind == "permission-set":
            for copy, _ in self._parts("permission-set-provisioning", target[:2]):
                self.there["permission-set-provisioning", copy] = "stale"

    def _delete(self, key: Key) -> None:
        kind, target = key
        if key not in self.there:
            raise Missing(f"{kind} {target[-1]}: NoSuchEntity")
        if kind == "event-selectors":
            raise Rejected(f"{kind} {target[-1]}: a trail always has selectors")
        blockers = sorted({blocker[0] for blocker in self._blocking(kind, target)})
        if blockers:
            raise Rejected(f"{kind} {target[-1]}: DeleteConflict, must first remove {', '.join(blockers)}")
        del self.there[key]
        for follower in list(self._followers(kind, target)):
            del self.there[follower]
        if kind in CONTENT:
            self._settle(kind, target)
        if kind == "account-assignment" and not any(k[:3] == target[:3] for k, _ in self._parts(kind, target[:2])):
            self.there.pop(("permission-set-provisioning", target[:3]), None)

    def _blocking(self, kind: str, target: Target) -> Iterator[Key]:
        for other, at in self.there:
            if kind == "user":
                blocks = other in BLOCKERS and at[:2] == target
            elif kind == "managed-policy":
                attached = other == "attached-policy" and at[2] == target[1]
                blocks = attached or (other == "permissions-boundary" and self.there[other, at] == target[1])
            elif kind == "virtual-mfa-device":
                blocks = other == "mfa-device" and at == target
            else:
                blocks = kind == "permission-set" and other == "account-assignment" and at[:2] == target
            if blocks:
                yield other, at
        yield from (o for o in self.orphans if kind == "permission-set" and o[1][:2] == target)

    def _followers(self, kind: str, target: Target) -> Iterator[Key]:
        """What vanishes with it. An assignment outlives its principal, out of sight (aws-facts, 6)."""
        named = {"identity-store-group": ("GROUP", 1), "identity-store-user": ("USER", 2)}.get(kind)
        for other, at in self.there:
            if named and other == "identity-store-membership" and (at[0], at[named[1]]) == target:
                yield other, at
            elif named and other == "account-assignment" and at[3:] == (named[0], target[1]):
                self.orphans.append((other, at))
                yield other, at
            elif other in FOLLOWERS.get(kind, ()) and at[: len(target)] == target:
                yield other, at

    def _parts(self, kind: str, under: Target) -> list[tuple[Target, Json]]:
        found = [(at, value) for (k, at), value in self.there.items() if k == kind and at[: len(under)] == under]
        return sorted(found, key=lambda item: item[0])

    # -- reading ---------------------------------------------------------------------------------------------------

    def state(self, *, volatile: bool = False) -> dict[str, dict[str, Json]]:
        """All that exists, by kind and target, in order; without what only AWS can set unless `volatile`."""
        world: dict[str, dict[str, Json]] = {}
        for (kind, target), value in sorted(self.there.items()):
            world.setdefault(kind, {})[" ".join(target)] = deepcopy(value if volatile else lasting(value))
        return world

    def read_user(self, account_id: str, user_name: str) -> UserFacts | None:
        """The user's facts as they are now."""
        at = (account_id, user_name)
        found = self.there.get(("user", at))
        if found is None:
            return None
        arn = f"arn:aws:iam::{account_id}:user{found['path']}{user_name}"
        born = self._facts.get(at) or UserFacts(account_id, user_name, found["user_id"], arn, self._now())
        return replace(
            born,
            observed_at=self._now(),
            path=found["path"],
            tags=dict(found["tags"]),
            groups=tuple(k[2] for k, _ in self._parts("group-membership", at)),
            inline_policies={k[2]: deepcopy(v) for k, v in self._parts("inline-policy", at)},
            attached_policies=tuple(k[2] for k, _ in self._parts("attached-policy", at)),
            boundary=self.there.get(("permissions-boundary", at)),
            credentials=tuple(self._read_credentials(at)),
        )

    def use(self, account_id: str, user_name: str, credential: str) -> None:
        """Let somebody use a key or the password now; IAM notes it, refused or not."""
        for (kind, at), known in list(self._credentials.items()):
            if at[:2] == (account_id, user_name) and known.id == credential:
                self._credentials[kind, at] = replace(known, last_used_at=self._now())

    def read_last_use(self, account_id: str, user_name: str) -> LastUse | None:
        """When the user's password and keys were last used."""
        at = (account_id, user_name)
        found = self.there.get(("user", at))
        kinds = (CredentialKind.ACCESS_KEY, CredentialKind.CONSOLE_PASSWORD)
        if found is None:
            return None
        return LastUse(found["user_id"], tuple(c for c in self._read_credentials(at) if c.kind in kinds))

    def _read_credentials(self, user: Target) -> Iterator[Credential]:
        for kind in ("login-profile", *STATUSES, "mfa-device"):
            for at, value in self._parts(kind, user):
                known = self._credentials[kind, at]
                yield replace(known, status=value.get("status", known.status))

    def read_account(self, account_id: str) -> AccountFacts:
        """Every user, group and policy of the account."""
        users = (self.read_user(*at) for at, _ in self._parts("user", (account_id,)))
        groups = (group for at, group in sorted(self.iam_groups.items()) if at[0] == account_id)
        policies = {at[1]: deepcopy(document) for at, document in self._parts("managed-policy", (account_id,))}
        return AccountFacts(account_id, self._now(), tuple(u for u in users if u), tuple(groups), policies)

    def read_role(self, account_id: str, name: str) -> RoleFacts | None:
        """The role, where a test let it exist."""
        return self.roles.get((account_id, name))

    def read_policies(self, account_id: str, arns: Collection[str]) -> dict[str, Json]:
        """What the account's managed policies say, and AWS's where a test told."""
        known = {at[1]: document for at, document in self._parts("managed-policy", (account_id,))}
        known |= {at[1]: document for at, document in self._parts("managed-policy", ("aws",))}
        return {arn: deepcopy(known[arn]) for arn in sorted(arns) if arn in known}

    def find_references(self, _account_id: str, _user_arns: Collection[str], _regions: Sequence[str]) -> References:
        """Nothing here names a user."""
        return References()

    def trails(self, account_id: str, region: str) -> Sequence[Trail]:
        """The account's own trails and the organization's; where no test let one exist, one of the organization."""
        found = [self._trail(at[1], value) for at, value in self._parts("event-selectors", ())]
        if not found:
            name = f"arn:aws:cloudtrail:{region}:{MANAGEMENT}:trail/organization"
            return (Trail(name, logging=True, organization=True, bucket="trail"),)
        return tuple(trail for trail in found if trail.organization or trail.owner == account_id)

    def _trail(self, arn: str, selectors: Json) -> Trail:
        chosen = {kind: tuple(selectors.get(kind, ())) for kind in ("basic", "advanced")}
        shared, since = arn.endswith("/organization"), self._logging.get(arn)
        return Trail(arn, logging=True, organization=shared, bucket="trail", logging_since=since, **chosen)

    def caller(self) -> Caller:
        """Who we are here."""
        return self.me

    def organization(self) -> Organization:
        """Every account that anything was added to."""
        return Organization("o-fake", MANAGEMENT, tuple(self.accounts[key] for key in sorted(self.accounts)))

    def instance(self) -> IdentityCenter:
        """The one instance."""
        return HOME

    def find_user(self, user_name: str, _email: str) -> str | None:
        """The identity store's id of a user by name, else by address."""
        for at, value in self._parts("identity-store-user", (HOME.identity_store_id,)):
            if at[1] == user_name or value["email"] == _email:
                return f"user-{at[1]}"
        return None

    def user_name(self, user_id: str) -> str:
        """The name of a user by its id."""
        name = user_id.removeprefix("user-")
        if ("identity-store-user", (HOME.identity_store_id, name)) not in self.there:
            raise Missing(f"there is no identity store user {user_id}")
        return name

    def permission_sets(self) -> Sequence[SetOnAws]:
        """Every permission set with its parts."""
        return tuple(self._read_set(at, value) for at, value in self._parts("permission-set", (HOME.instance_arn,)))

    def permission_set(self, name: str) -> SetOnAws | None:
        """One permission set with its parts."""
        return next((found for found in self.permission_sets() if found.name == name), None)

    def permission_set_names(self) -> Sequence[str]:
        """The names of all permission sets."""
        return [found.name for found in self.permission_sets()]

    def _read_set(self, at: Target, value: Json) -> SetOnAws:
        return SetOnAws(
            name=at[1],
            arn=f"arn:aws:sso:::permissionSet/ssoins-7223000000000000/{at[1]}",
            description=value["description"],
            session_duration=value["session_duration"],
            inline_policy=self.there.get(("permission-set-inline-policy", at)),
            managed_policies=tuple(k[2] for k, _ in self._parts("permission-set-managed-policy", at)),
            customer_policies=tuple(k[2] for k, _ in self._parts("permission-set-customer-policy", at)),
            boundary=self.there.get(("permission-set-boundary", at)),
            tags=dict(value["tags"]),
            accounts=tuple(sorted({k[2] for k, _ in self._parts("account-assignment", at)})),
        )

    def assignments(self, permission_set: str) -> Sequence[tuple[str, str, str]]:
        """Where a set is assigned; principals that are gone keep their names here."""
        rows = [at for at, _ in self._parts("account-assignment", (HOME.instance_arn, permission_set))]
        lost = [at for kind, at in self.orphans if kind == "account-assignment" and at[1] == permission_set]
        return sorted((at[2], at[3], at[4]) for at in (*rows, *lost))

    def members(self, group: str) -> Sequence[str] | None:
        """The names of a group's users; None where there is no such group."""
        at = (HOME.identity_store_id, group)
        if ("identity-store-group", at) not in self.there:
            return None
        return [member[2] for member, _ in self._parts("identity-store-membership", at)]

    def assigned(self, group: str) -> Sequence[tuple[str, str]]:
        """(account, permission set) of everything a group gives."""
        rows = self._parts("account-assignment", (HOME.instance_arn,))
        return sorted((at[2], at[1]) for at, _ in rows if at[3:] == ("GROUP", group))

    def holders(self) -> Sequence[tuple[str, str, str]]:
        """Who holds what, groups resolved."""
        found: set[tuple[str, str, str]] = set()
        for (_, name, account, kind, principal), _ in self._parts("account-assignment", (HOME.instance_arn,)):
            members = self._parts("identity-store-membership", (HOME.identity_store_id, principal))
            people = [principal] if kind == "USER" else [member[2] for member, _ in members]
            found.update((person, account, name) for person in people)
        return sorted(found)


def parents(kind: str, target: Target) -> tuple[Key, ...]:
    """What must exist before this can: the user, the group, the policy, the permission set, the principal."""
    if kind == "identity-store-membership":
        store, group, name = target
        return ("identity-store-group", (store, group)), ("identity-store-user", (store, name))
    if kind == "account-assignment":
        principal = "identity-store-group" if target[3] == "GROUP" else "identity-store-user"
        return ("permission-set", target[:2]), (principal, (HOME.identity_store_id, target[4]))
    if kind == "permission-set-provisioning":
        return ((kind, target),)
    if kind.startswith("permission-set-"):
        return (("permission-set", target[:2]),)
    if kind == "user" or KINDS[kind].parts[:2] != ("account", "user"):
        return ()
    return ("user", target[:2]), *_named_beside(kind, target)


def _named_beside(kind: str, target: Target) -> tuple[Key, ...]:
    """The IAM group joined, or the customer managed policy attached."""
    if kind == "group-membership":
        return (("iam-group", (target[0], target[2])),)
    return _policy(target[2]) if kind == "attached-policy" else ()


def _policy(arn: str) -> tuple[Key, ...]:
    """The customer managed policy of that ARN."""
    account = arn.split(":")[4]
    return () if account == "aws" else (("managed-policy", (account, arn)),)
