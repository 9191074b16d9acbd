"""A change that is cut off after any of its calls, and then made again, ends where the uncut change ends."""

import pytest

from migrator.domain.changes import Change, matches
from migrator.domain.errors import MigratorError
from migrator.ports.aws import Rejected, Transient
from tests.contract.hands_worlds import DENY, READ, READ_ONLY, VIEW_ONLY
from tests.integration.aws_changes.conftest import Cut

PERSON = {"display_name": "Ada", "given_name": "Ada", "family_name": "Byron", "email": "ada@acme.example"}
SET = {"description": "Reads", "session_duration": "PT8H", "tags": {"Owner": "data"}}
ROUNDS = 6
MOST_CALLS = 12


@pytest.fixture
def stage(world):
    """The ground, and each change that takes several calls, by name."""
    policy = (world.account, f"arn:aws:iam::{world.account}:policy/team/reader")
    one, group = (world.instance, "analysts"), (world.store, "analysts")
    person = (world.store, "ada@acme.example")
    assignment = (*one, world.account, "GROUP", "analysts")
    for kind, target, before, after in (
        ("identity-store-user", person, None, PERSON),
        ("identity-store-group", group, None, {"description": ""}),
        ("permission-set", one, None, SET),
        ("account-assignment", (*one, world.account, "USER", person[1]), None, True),
        ("permission-set-inline-policy", one, None, READ),
        *(("managed-policy", policy, old, new) for old, new in ((None, READ), (READ, DENY), (DENY, READ))),
    ):
        world.hands.make(Change(kind, target, before, after))
    return {
        "a policy's new version": Change("managed-policy", policy, READ, DENY),
        "a policy's end": Change("managed-policy", policy, READ, None),
        "an assignment": Change("account-assignment", assignment, None, True),
        "a withdrawal": Change("account-assignment", (*one, world.account, "USER", person[1]), True, None),
        "a provisioning": Change("permission-set-provisioning", (*one, world.account), "stale", "latest"),
        "a membership": Change("identity-store-membership", (*group, person[1]), None, True),
        "a set": Change("permission-set", (world.instance, "writers"), None, SET),
        "a set's new duration": Change("permission-set", one, SET, {**SET, "session_duration": "PT1H"}),
        "a set's policy": Change("permission-set-managed-policy", (*one, VIEW_ONLY), None, True),
        "a set's boundary": Change("permission-set-boundary", one, None, {"arn": READ_ONLY}),
        "a person's new address": Change("identity-store-user", person, PERSON, {**PERSON, "email": "a@b.example"}),
    }


CHANGES = (
    "a policy's new version",
    "a policy's end",
    "an assignment",
    "a withdrawal",
    "a provisioning",
    "a membership",
    "a set",
    "a set's new duration",
    "a set's policy",
    "a set's boundary",
    "a person's new address",
)


def settle(world, change):
    """What an apply loop does: look, and make the change as long as it is not there."""
    for _ in range(ROUNDS):
        observed = world.hands.observe(change)
        if matches(observed, change.after):
            return
        assert matches(observed, change.before), "neither before nor after: somebody's hand"
        try:
            world.hands.make(change)
        except Transient:
            world.end_requests()
    raise AssertionError(f"{change.kind} did not settle")


@pytest.mark.parametrize("name", CHANGES)
def test_every_cut_is_made_good_by_the_same_change(world, stage, cut_after, name):
    change, cuts = stage[name], 0
    beginning = world.control.snapshot()
    for n in range(1, MOST_CALLS):
        world.control.restore(beginning)
        cut_after(n)
        try:
            world.hands.make(change)
        except Cut:
            cuts += 1
            cut_after.off()
            settle(world, change)
            assert matches(world.hands.observe(change), change.after)
        else:
            break
    else:
        pytest.fail("the change takes more calls than were cut")
    assert cuts == n - 1 > 0


def test_a_name_that_somebody_took_meanwhile_is_rejected_and_seen(world, stage):
    change = stage["a set"]
    world.directory.sso().create_permission_set(InstanceArn=world.instance, Name="writers", SessionDuration="PT2H")
    with pytest.raises(Rejected):
        world.hands.make(change)
    assert world.hands.observe(change)["session_duration"] == "PT2H"


def test_a_set_that_was_made_anew_by_somebody_is_found_under_its_name(world):
    target = (world.instance, "reborn")
    world.hands.make(Change("permission-set", target, None, SET))
    sso = world.directory.sso()
    (old,) = sso.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    sso.delete_permission_set(InstanceArn=world.instance, PermissionSetArn=old)
    look = Change("permission-set-boundary", target, None, None)
    assert world.hands.observe(look) is None
    made = sso.create_permission_set(InstanceArn=world.instance, Name="reborn")["PermissionSet"]["PermissionSetArn"]
    bound = {"ManagedPolicyArn": READ_ONLY}
    sso.put_permissions_boundary_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=made, PermissionsBoundary=bound
    )
    assert world.hands.observe(look) == {"arn": READ_ONLY}


def test_a_user_of_another_name_who_has_the_address_is_somebody_else(world):
    provider = {"IdentityStoreId": world.store, "UserName": "abyron", "DisplayName": "Ada"}
    emails = [{"Value": "ada@acme.example", "Primary": True}]
    world.directory.store().create_user(**provider, Name={"GivenName": "Ada", "FamilyName": "Byron"}, Emails=emails)
    change = Change("identity-store-user", (world.store, "ada@acme.example"), None, PERSON)
    assert world.hands.observe(change) is None
    with pytest.raises(Rejected):
        world.hands.make(change)


def test_an_update_passes_back_the_relay_state_that_it_does_not_know(world):
    target = (world.instance, "analysts")
    world.hands.make(Change("permission-set", target, None, SET))
    sso = world.directory.sso()
    (arn,) = sso.list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    sso.update_permission_set(
        InstanceArn=world.instance, PermissionSetArn=arn, RelayState="https://console.aws.amazon.com/s3"
    )
    sent = []
    event = "provide-client-params.sso-admin.UpdatePermissionSet"
    sso.meta.events.register(event, lambda params, **_event: sent.append(dict(params)), unique_id="sent")
    world.hands.make(Change("permission-set", target, SET, {**SET, "description": "Reads all"}))
    sso.meta.events.unregister(event, unique_id="sent")
    (params,) = sent
    kept = {"RelayState": "https://console.aws.amazon.com/s3", "SessionDuration": "PT8H", "Description": "Reads all"}
    assert params == {"InstanceArn": world.instance, "PermissionSetArn": arn, **kept}


def test_the_oldest_version_makes_room(world):
    target = (world.account, f"arn:aws:iam::{world.account}:policy/reader")
    world.hands.make(Change("managed-policy", target, None, READ))
    for n in range(2, 13):
        world.hands.make(Change("managed-policy", target, READ, {**READ, "Id": str(n)}))
    left = {version["VersionId"] for version in world.iam.list_policy_versions(PolicyArn=target[1])["Versions"]}
    assert left == {"v8", "v9", "v10", "v11", "v12"}


def test_a_description_cannot_be_emptied(world):
    target = (world.instance, "analysts")
    world.hands.make(Change("permission-set", target, None, SET))
    with pytest.raises(Rejected):
        world.hands.make(Change("permission-set", target, SET, {**SET, "description": ""}))


def test_a_policy_in_use_keeps_its_older_versions(world):
    arn = f"arn:aws:iam::{world.account}:policy/reader"
    for before, after in ((None, READ), (READ, DENY)):
        world.hands.make(Change("managed-policy", (world.account, arn), before, after))
    world.hands.make(Change("user", (world.account, "ada"), None, {"path": "/", "tags": {}}))
    world.hands.make(Change("permissions-boundary", (world.account, "ada"), None, arn))
    with pytest.raises(Rejected, match="still used"):
        world.hands.make(Change("managed-policy", (world.account, arn), DENY, None))
    assert len(world.iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 2


def test_an_error_names_what_was_tried_for_whom_and_what_aws_said(world):
    change = Change("inline-policy", (world.account, "nobody", "own"), None, READ)
    with pytest.raises(MigratorError) as error:
        world.hands.make(change)
    for word in ("creating inline-policy", change.where, world.account, "NoSuchEntity"):
        assert word in error.value.what
    assert error.value.next_step
