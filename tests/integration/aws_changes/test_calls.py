"""Each change kind makes the calls that it declares, and no more of them than it needs."""

from itertools import pairwise

import pytest

from migrator.domain.changes import KINDS, Change
from migrator.domain.selectors import normal, with_listeners
from tests.contract.hands_worlds import DENY, READ, READ_ONLY, VIEW_ONLY

PERSON = {"display_name": "Ada", "given_name": "Ada", "family_name": "Byron", "email": "ada@acme.example"}
SET = {"description": "Reads", "session_duration": "PT8H", "tags": {"Owner": "data"}}
OTHER_SET = {"description": "Writes", "session_duration": "PT8H", "tags": {"App": "lake"}}
DEFAULT = normal((), ())
LISTENING = with_listeners(DEFAULT, {"AWS::S3::Object": ["arn:aws:iam::1:user/ada"]})

# Rights that a call takes besides the one it is named by: tagging at creation (service authorization reference).
AT_CREATION = {"user": {"iam:TagUser"}}
# What is called only where something is unusual: conflicts, quotas, endpoints without an operation.
RARELY = {
    "user": {"iam:ListUserTags"},
    "permission-set": {"sso:ListAccountsForProvisionedPermissionSet"},
    "permission-set-provisioning": {"sso:ListAccountAssignments"},
}
# Finding a permission set by its name, which every kind of Identity Center may have to.
LOOK_UPS = {"sso:ListPermissionSets", "sso:DescribePermissionSet"}


@pytest.fixture
def staged(world):
    """Everything that a change may stand on, and for each kind its target and the values it goes through."""
    account, user = world.account, (world.account, "ada")
    policy = f"arn:aws:iam::{account}:policy/team/reader"
    world.add_group("devs")
    one = (world.instance, "analysts")
    group, person = (world.store, "analysts"), (world.store, "ada@acme.example")
    for kind, target, after in (
        ("user", user, {"path": "/", "tags": {"Owner": "data"}}),
        ("managed-policy", (account, policy), READ),
        ("identity-store-user", person, PERSON),
        ("identity-store-group", group, {"description": "All"}),
        ("permission-set", one, SET),
        ("account-assignment", (*one, account, "USER", person[1]), True),
    ):
        world.hands.make(Change(kind, target, None, after))
    switched = [{"status": "Active"}, {"status": "Inactive"}, None]
    mfa = world.give("mfa-device", "ada")
    return {
        "user": ((account, "eve"), [None, {"path": "/", "tags": {"Owner": "data"}}, None]),
        "login-profile": (world.give("login-profile", "ada"), [{"password_reset_required": False}, None]),
        "access-key": (world.give("access-key", "ada"), switched),
        "ssh-public-key": (world.give("ssh-public-key", "ada"), switched),
        "service-specific-credential": (world.give("service-specific-credential", "ada"), switched),
        "signing-certificate": (world.give("signing-certificate", "ada"), switched),
        "mfa-device": (mfa, [{"virtual": True}, None]),
        "virtual-mfa-device": (mfa, [True, None]),
        "inline-policy": ((*user, "own"), [None, READ, None]),
        "attached-policy": ((*user, policy), [None, True, None]),
        "group-membership": ((*user, "devs"), [None, True, None]),
        "permissions-boundary": (user, [None, policy, None]),
        "managed-policy": ((account, f"{policy}-2"), [None, READ, DENY, None]),
        "identity-store-user": (
            (world.store, "eve@acme.example"),
            [None, {**PERSON, "email": "eve@acme.example"}, {**PERSON, "email": "e@acme.example"}, None],
        ),
        "identity-store-group": (
            (world.store, "writers"),
            [None, {"description": "All"}, {"description": "Some"}, None],
        ),
        "identity-store-membership": ((*group, person[1]), [None, True, None]),
        "permission-set": ((world.instance, "writers"), [None, SET, OTHER_SET, None]),
        "permission-set-inline-policy": (one, [None, READ, None]),
        "permission-set-managed-policy": ((*one, VIEW_ONLY), [None, True, None]),
        "permission-set-customer-policy": ((*one, "/team/reader"), [None, True, None]),
        "permission-set-boundary": (one, [None, {"arn": READ_ONLY}, None]),
        "permission-set-provisioning": ((*one, account), ["stale", "latest"]),
        "account-assignment": ((*one, account, "GROUP", "analysts"), [None, True, None]),
        "event-selectors": (world.add_trail(), [DEFAULT, LISTENING, DEFAULT]),
    }


def live(world, calls, kind, target, values):
    """Let a thing go through its values; what was called to look, and what to change."""
    looked, changed = set(), set()
    for before, after in pairwise(values):
        change = Change(kind, target, before, after)
        calls.clear()
        world.hands.observe(change)
        looked |= set(calls)
        calls.clear()
        world.hands.make(change)
        changed |= set(calls)
    return looked, changed


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_takes_the_permissions_that_it_declares(world, staged, calls, kind):
    target, values = staged[kind]
    if kind == "virtual-mfa-device":
        world.hands.make(Change("mfa-device", target, {"virtual": True}, None))
    looked, changed = live(world, calls, kind, target, values)
    if kind == "account-assignment":
        person = (*target[:3], "USER", "ada@acme.example")
        looked, changed = (
            a | b for a, b in zip((looked, changed), live(world, calls, kind, person, [True, None]), strict=True)
        )
    for purpose, called in (("read", looked), ("change", changed)):
        declared = set(world.hands.permissions(purpose)[kind])
        assert called <= declared
        assert declared - called - AT_CREATION.get(kind, set()) - RARELY.get(kind, set()) - LOOK_UPS == set()


@pytest.mark.parametrize(
    ("kind", "observing", "making"),
    [
        ("user", 1, 1),
        ("access-key", 1, 1),
        ("inline-policy", 1, 1),
        ("attached-policy", 1, 1),
        ("permissions-boundary", 1, 1),
        ("managed-policy", 1, 1),
        ("identity-store-user", 1, 1),
        ("identity-store-group", 1, 1),
        ("permission-set-managed-policy", 1, 1),
        ("permission-set-inline-policy", 1, 1),
        ("permission-set-provisioning", 1, 3),
        ("account-assignment", 2, 4),
        ("event-selectors", 1, 1),
    ],
)
def test_a_change_takes_few_calls(world, staged, calls, kind, observing, making):
    target, values = staged[kind]
    change = Change(kind, target, *values[:2])
    calls.clear()
    world.hands.observe(change)
    seen = len(calls)
    world.hands.make(change)
    assert (seen, len(calls) - seen) == (observing, making)
