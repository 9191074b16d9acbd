"""The contract of the port Hands: what every change kind promises, on the fake and on AWS's own API."""

from itertools import pairwise

import pytest

from migrator.domain.changes import KINDS, Change, matches
from migrator.domain.selectors import LIMIT, normal, with_listeners
from migrator.ports.aws import Missing, Rejected, Transient
from tests.contract.hands_worlds import DENY, READ, READ_ONLY, VIEW_ONLY

ADA = {"display_name": "Ada Byron", "given_name": "Ada", "family_name": "Byron", "email": "ada@acme.example"}
SET = {"description": "Reads", "session_duration": "PT8H", "tags": {"Owner": "data"}}
LEFTOVERS = ("login-profile", "access-key", "ssh-public-key", "service-specific-credential", "signing-certificate")
STATUSES = LEFTOVERS[1:]


class Steps:
    """Observes and makes changes as an apply loop would, and knows the targets of one world."""

    def __init__(self, world) -> None:
        self.world = world
        self.hands = world.hands
        self.user = (world.account, "ada")
        self.set = (world.instance, "analysts")
        self.policy = (world.account, f"arn:aws:iam::{world.account}:policy/team/reader")
        self.group = (world.store, "analysts")
        self.person = (world.store, "ada@acme.example")
        self.assignment = (*self.set, world.account, "GROUP", "analysts")

    def see(self, kind, target):
        return self.hands.observe(Change(kind, target, None, None))

    def do(self, kind, target, after):
        """Make a change from whatever is there."""
        self.hands.make(Change(kind, target, self.see(kind, target), after))

    def an_iam_user(self):
        self.do("user", self.user, {"path": "/staff/", "tags": {}})
        return self.user

    def a_policy(self, name="reader"):
        arn = f"arn:aws:iam::{self.world.account}:policy/team/{name}"
        self.do("managed-policy", (self.world.account, arn), READ)
        return arn

    def a_group_of_ada(self):
        self.do("identity-store-user", self.person, ADA)
        self.do("identity-store-group", self.group, {"description": ""})
        self.do("identity-store-membership", (*self.group, self.person[1]), True)

    def an_assigned_set(self):
        self.a_group_of_ada()
        self.do("permission-set", self.set, SET)
        self.do("account-assignment", self.assignment, True)


@pytest.fixture
def steps(world):
    return Steps(world)


def lives(steps, kind):
    """The target of a kind and the values it goes through, with what it stands on prepared."""
    user = steps.user
    if KINDS[kind].parts[:2] == ("account", "user") and kind != "user":
        steps.an_iam_user()
    if kind.startswith("permission-set-"):
        steps.do("permission-set", steps.set, SET)
    if kind == "group-membership":
        steps.world.add_group("devs")
    if kind == "identity-store-membership":
        steps.do("identity-store-user", steps.person, ADA)
        steps.do("identity-store-group", steps.group, {"description": ""})
    if kind == "account-assignment":
        steps.a_group_of_ada()
        steps.do("permission-set", steps.set, SET)
    return {
        "user": lambda: (user, [{"path": "/staff/", "tags": {"Owner": "data", "Email": "ada@acme.example"}}]),
        "inline-policy": lambda: ((*user, "own"), [READ, DENY]),
        "attached-policy": lambda: ((*user, steps.a_policy()), [True]),
        "group-membership": lambda: ((*user, "devs"), [True]),
        "permissions-boundary": lambda: (user, [steps.a_policy(), steps.a_policy("other")]),
        "managed-policy": lambda: (steps.policy, [READ, DENY, READ, DENY, READ, DENY, READ]),
        "identity-store-user": lambda: (steps.person, [ADA, {**ADA, "display_name": "Ada B.", "email": "a@b.example"}]),
        "identity-store-group": lambda: (steps.group, [{"description": "All"}, {"description": "Some"}]),
        "identity-store-membership": lambda: ((*steps.group, steps.person[1]), [True]),
        "permission-set": lambda: (
            steps.set,
            [SET, {"description": "Reads all", "session_duration": "PT1H", "tags": {"CostCenter": "7"}}],
        ),
        "permission-set-inline-policy": lambda: (steps.set, [READ, DENY]),
        "permission-set-managed-policy": lambda: ((*steps.set, VIEW_ONLY), [True]),
        "permission-set-customer-policy": lambda: ((*steps.set, "/team/reader"), [True]),
        "permission-set-boundary": lambda: (steps.set, [{"arn": READ_ONLY}, {"customer": "/team/bound"}]),
        "account-assignment": lambda: (steps.assignment, [True]),
    }[kind]()


NEVER_ABSENT = ("permission-set-provisioning", "event-selectors")
REVERSIBLE = [kind.name for kind in KINDS.values() if kind.returns and kind.name not in NEVER_ABSENT]


@pytest.mark.parametrize("kind", REVERSIBLE)
def test_a_change_and_its_way_back_are_observed_as_they_were_asked_for(steps, kind):
    target, values = lives(steps, kind)
    there_and_back = [None, *values, *reversed(values[:-1]), None]
    for before, after in pairwise(there_and_back):
        assert matches(steps.see(kind, target), before)
        steps.hands.make(Change(kind, target, before, after))
        assert matches(steps.see(kind, target), after)


@pytest.mark.parametrize("kind", STATUSES)
def test_a_credential_is_switched_off_and_on_again_and_deleted(steps, kind):
    target = steps.world.give(kind, steps.an_iam_user()[1])
    for after in ({"status": "Inactive"}, {"status": "Active"}, {"status": "Inactive"}, None):
        steps.do(kind, target, after)
        assert steps.see(kind, target) == after


@pytest.mark.parametrize("kind", STATUSES)
def test_switching_one_credential_leaves_the_others_alone(steps, kind):
    user = steps.an_iam_user()[1]
    target, others = steps.world.give(kind, user), [steps.world.give(each, user) for each in STATUSES if each != kind]
    steps.do(kind, target, {"status": "Inactive"})
    kinds = [each for each in STATUSES if each != kind]
    seen = [steps.see(each, at) for each, at in zip(kinds, others, strict=True)]
    assert seen == [{"status": "Active"}] * len(kinds)


def test_switching_one_of_two_keys_leaves_the_other_alone(steps):
    user = steps.an_iam_user()[1]
    keys = [steps.world.give("access-key", user) for _ in range(2)]
    steps.do("access-key", keys[1], {"status": "Inactive"})
    assert [steps.see("access-key", key)["status"] for key in keys] == ["Active", "Inactive"]


def test_a_password_is_seen_and_deleted(steps):
    target = steps.world.give("login-profile", steps.an_iam_user()[1])
    assert steps.see("login-profile", target) == {"password_reset_required": False}
    steps.do("login-profile", target, None)
    assert steps.see("login-profile", target) is None


def test_a_virtual_device_outlives_its_bond_to_the_user(steps):
    target = steps.world.give("mfa-device", steps.an_iam_user()[1])
    assert steps.see("mfa-device", target) == {"virtual": True}
    assert steps.see("virtual-mfa-device", target) is True
    steps.do("mfa-device", target, None)
    assert steps.see("mfa-device", target) is None
    assert steps.see("virtual-mfa-device", target) is True
    steps.do("virtual-mfa-device", target, None)
    assert steps.see("virtual-mfa-device", target) is None


def test_a_virtual_device_in_use_is_not_deleted(steps):
    target = steps.world.give("mfa-device", steps.an_iam_user()[1])
    with pytest.raises(Rejected):
        steps.do("virtual-mfa-device", target, None)
    assert steps.see("virtual-mfa-device", target) is True


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_is_observed_where_its_parent_is_missing(steps, kind):
    names = {
        "account": steps.world.account,
        "instance": steps.world.instance,
        "store": steps.world.store,
        "arn": f"arn:aws:iam::{steps.world.account}:policy/nobody",
        "principal-type": "GROUP",
        "path-and-name": "/nobody",
        "serial": f"arn:aws:iam::{steps.world.account}:mfa/nobody",
        "trail": f"arn:aws:cloudtrail:eu-central-1:{steps.world.account}:trail/nobody",
    }
    assert steps.see(kind, tuple(names.get(part, "nobody") for part in KINDS[kind].parts)) is None


# The others: an assignment's removal fails later, and Identity Center takes the removal of an absent part for done.
MISSED = set(REVERSIBLE) - {"account-assignment", "permission-set-inline-policy", "permission-set-boundary"}


@pytest.mark.parametrize("kind", sorted(MISSED))
def test_taking_away_what_is_not_there_is_missing(steps, kind):
    target, values = lives(steps, kind)
    with pytest.raises(Missing):
        steps.hands.make(Change(kind, target, values[0], None))


def test_withdrawing_an_assignment_that_is_not_there_is_an_error(steps):
    target, _ = lives(steps, "account-assignment")
    with pytest.raises((Missing, Rejected)):
        steps.hands.make(Change("account-assignment", target, True, None))


@pytest.mark.parametrize(
    "kind",
    ["inline-policy", "attached-policy", "group-membership", "permissions-boundary", "access-key", "mfa-device"],
)
def test_changing_a_user_that_is_gone_is_missing(steps, kind):
    values = {"inline-policy": READ, "permissions-boundary": READ_ONLY, "access-key": {"status": "Inactive"}}
    part = {"attached-policy": (READ_ONLY,), "permissions-boundary": ()}.get(kind, ("AKIANOTHING000000000",))
    after = None if kind == "mfa-device" else values.get(kind, True)
    before = {"virtual": False} if kind == "mfa-device" else {"status": "Active"} if kind == "access-key" else None
    with pytest.raises(Missing):
        steps.hands.make(Change(kind, (steps.world.account, "nobody", *part), before, after))


@pytest.mark.parametrize("kind", ["user", "managed-policy", "identity-store-user", "identity-store-group"])
def test_a_second_creation_under_one_name_is_rejected(steps, kind):
    target, values = lives(steps, kind)
    steps.hands.make(Change(kind, target, None, values[0]))
    with pytest.raises(Rejected):
        steps.hands.make(Change(kind, target, None, values[0]))


def test_a_second_permission_set_of_one_name_is_rejected(steps):
    steps.do("permission-set", steps.set, SET)
    with pytest.raises(Rejected):
        steps.hands.make(Change("permission-set", steps.set, None, SET))


def test_joining_a_second_time_ends_in_an_error_that_a_look_resolves(steps):
    steps.a_group_of_ada()
    target = (*steps.group, steps.person[1])
    with pytest.raises((Rejected, Transient)):
        steps.hands.make(Change("identity-store-membership", target, None, True))
    assert steps.see("identity-store-membership", target) is True


@pytest.mark.parametrize("kind", [*LEFTOVERS, "mfa-device", "inline-policy", "attached-policy", "group-membership"])
def test_a_user_with_any_of_nine_leftovers_is_not_deleted(steps, kind):
    user = steps.an_iam_user()
    if kind in {*LEFTOVERS, "mfa-device"}:
        steps.world.give(kind, user[1])
    else:
        steps.world.add_group("devs")
        part = {"inline-policy": "own", "group-membership": "devs"}.get(kind) or steps.a_policy()
        steps.do(kind, (*user, part), READ if kind == "inline-policy" else True)
    with pytest.raises(Rejected):
        steps.do("user", user, None)
    assert steps.see("user", user) is not None


def test_a_boundary_and_tags_do_not_keep_a_user(steps):
    steps.do("user", steps.user, {"path": "/", "tags": {"Owner": "data"}})
    steps.do("permissions-boundary", steps.user, steps.a_policy())
    steps.do("user", steps.user, None)
    assert steps.see("permissions-boundary", steps.user) is None


def test_a_recreated_user_has_another_id(steps):
    first = steps.see("user", steps.an_iam_user())
    steps.do("user", steps.user, None)
    second = steps.see("user", steps.an_iam_user())
    assert first["user_id"] != second["user_id"]
    assert first["path"] == second["path"]


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("login-profile", {"password_reset_required": False}),
        *((kind, {"status": "Active"}) for kind in STATUSES),
        ("mfa-device", {"virtual": True}),
        ("virtual-mfa-device", True),
    ],
)
def test_what_holds_a_secret_is_never_made(steps, kind, after):
    user = steps.an_iam_user()
    part = (f"arn:aws:iam::{steps.world.account}:mfa/ada",) if "mfa" in kind else ("AKIANOTHING000000000",)
    target = user if kind == "login-profile" else (*user, *part)
    with pytest.raises(Rejected):
        steps.hands.make(Change(kind, target, None, after))


def test_a_user_is_not_changed_in_place(steps):
    before = steps.see("user", steps.an_iam_user())
    with pytest.raises(Rejected):
        steps.hands.make(Change("user", steps.user, before, {"path": "/other/", "tags": {}}))
    assert steps.see("user", steps.user) == before


def test_a_policy_that_somebody_uses_is_not_deleted(steps):
    user = steps.an_iam_user()
    arn = steps.a_policy()
    steps.do("managed-policy", steps.policy, DENY)
    steps.do("attached-policy", (*user, arn), True)
    with pytest.raises(Rejected):
        steps.do("managed-policy", steps.policy, None)
    assert steps.see("managed-policy", steps.policy) == DENY


def test_a_policy_that_does_not_exist_is_not_attached(steps):
    user = steps.an_iam_user()
    arn = f"arn:aws:iam::{steps.world.account}:policy/none"
    with pytest.raises(Missing):
        steps.do("attached-policy", (*user, arn), True)


def test_an_inline_policy_over_the_quota_is_rejected(steps):
    user = steps.an_iam_user()
    long = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "x" * 2048}]}
    with pytest.raises(Rejected):
        steps.do("inline-policy", (*user, "long"), long)
    assert steps.see("inline-policy", (*user, "long")) is None


def test_an_eleventh_attached_policy_is_rejected(steps):
    user = steps.an_iam_user()
    for n in range(10):
        steps.do("attached-policy", (*user, steps.a_policy(f"reader-{n}")), True)
    with pytest.raises(Rejected):
        steps.do("attached-policy", (*user, steps.a_policy("one-more")), True)


def test_a_first_assignment_provisions_and_the_last_one_takes_it_away(steps):
    copy = (*steps.set, steps.world.account)
    steps.an_assigned_set()
    assert steps.see("permission-set-provisioning", copy) == "latest"
    steps.do("account-assignment", steps.assignment, None)
    assert steps.see("permission-set-provisioning", copy) is None


def test_a_changed_set_is_stale_in_accounts_until_it_is_provisioned(steps):
    copy = (*steps.set, steps.world.account)
    steps.an_assigned_set()
    steps.do("permission-set-inline-policy", steps.set, READ)
    assert steps.see("permission-set-provisioning", copy) == "stale"
    steps.do("permission-set-provisioning", copy, "latest")
    assert steps.see("permission-set-provisioning", copy) == "latest"


@pytest.mark.parametrize("after", [None, "stale"])
def test_a_copy_is_brought_up_to_date_and_nothing_else(steps, after):
    copy = (*steps.set, steps.world.account)
    steps.an_assigned_set()
    with pytest.raises(Rejected):
        steps.do("permission-set-provisioning", copy, after)
    assert steps.see("permission-set-provisioning", copy) == "latest"


def test_a_set_that_is_assigned_is_not_deleted(steps):
    steps.an_assigned_set()
    with pytest.raises(Rejected):
        steps.do("permission-set", steps.set, None)
    assert matches(steps.see("permission-set", steps.set), SET)


def test_a_policy_that_the_account_lacks_fails_the_assignment(steps):
    steps.a_group_of_ada()
    steps.do("permission-set", steps.set, SET)
    steps.do("permission-set-customer-policy", (*steps.set, "/team/reader"), True)
    with pytest.raises(Rejected):
        steps.do("account-assignment", steps.assignment, True)
    assert steps.see("account-assignment", steps.assignment) is None
    steps.a_policy()
    steps.do("account-assignment", steps.assignment, True)
    assert steps.see("account-assignment", steps.assignment) is True


def test_a_person_is_assigned_by_user_name(steps):
    steps.a_group_of_ada()
    steps.do("permission-set", steps.set, SET)
    target = (*steps.assignment[:3], "USER", steps.person[1])
    steps.do("account-assignment", target, True)
    assert steps.see("account-assignment", target) is True
    assert steps.see("account-assignment", steps.assignment) is None


def test_a_new_group_of_an_old_name_is_not_assigned(steps):
    steps.an_assigned_set()
    steps.do("identity-store-group", steps.group, None)
    assert steps.see("account-assignment", steps.assignment) is None
    steps.do("identity-store-group", steps.group, {"description": ""})
    assert steps.see("account-assignment", steps.assignment) is None


def test_a_new_set_of_an_old_name_starts_empty(steps):
    for _ in range(2):
        steps.do("permission-set", steps.set, SET)
        assert steps.see("permission-set-inline-policy", steps.set) is None
        steps.do("permission-set-inline-policy", steps.set, READ)
        steps.do("permission-set", steps.set, None)
        assert steps.see("permission-set", steps.set) is None


ADVANCED = normal((), [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}])
OBJECTS = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/", "arn:aws:s3:::a/"]}]
SELECTORS = {
    "fewer basic ones": normal([{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}], ()),
    "basic ones with objects": normal([{"ReadWriteType": "All", "DataResources": OBJECTS}], ()),
    "basic ones without keys": normal([{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}], ()),
    "advanced ones": ADVANCED,
    "ours beside basic ones": with_listeners(normal((), ()), {"AWS::S3::Object": ["arn:aws:iam::1:user/ada"]}),
    "ours beside advanced ones": with_listeners(ADVANCED, {"AWS::SQS::Queue": ["arn:aws:iam::1:user/ada"]}),
    "as many as there may be": with_listeners(
        ADVANCED, {"AWS::SQS::Queue": [f"arn:aws:iam::1:user/{n}" for n in range(LIMIT - 3)]}
    ),
}


@pytest.mark.parametrize("after", SELECTORS.values(), ids=SELECTORS)
def test_selectors_of_a_trail_are_replaced_and_come_back(steps, after):
    trail, default = steps.world.add_trail(), normal((), ())
    assert steps.see("event-selectors", trail) == default
    steps.do("event-selectors", trail, after)
    assert steps.see("event-selectors", trail) == after
    steps.do("event-selectors", trail, default)
    assert steps.see("event-selectors", trail) == default


def test_more_values_than_a_trail_holds_are_refused_and_nothing_changes(steps):
    trail = steps.world.add_trail()
    many = with_listeners(ADVANCED, {"AWS::SQS::Queue": [f"arn:aws:iam::1:user/{n}" for n in range(LIMIT - 2)]})
    with pytest.raises(Rejected):
        steps.do("event-selectors", trail, many)
    assert steps.see("event-selectors", trail) == normal((), ())


def test_a_trail_that_is_not_there_has_no_selectors(steps):
    account, arn = steps.world.add_trail()
    nobody = (account, f"{arn}-of-nobody")
    assert steps.see("event-selectors", nobody) is None
    with pytest.raises(Missing):
        steps.hands.make(Change("event-selectors", nobody, normal((), ()), ADVANCED))


def test_a_trail_cannot_be_left_without_selectors(steps):
    trail = steps.world.add_trail()
    with pytest.raises(Rejected):
        steps.do("event-selectors", trail, None)
