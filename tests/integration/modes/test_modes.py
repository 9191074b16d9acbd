"""What of Identity Center is ours to make, in every mode: nobody gains what is not planned, and all goes back."""

import pytest

from migrator.domain.changes import Change
from tests.integration.modes.office import ADMINISTRATOR, QUEUES

ADA, BOB = "ada@office.example", "bob@office.example"
PEOPLE = ("data/ada", "data/bob", "web/ada")
WORK = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:GetQueueUrl", "sqs:ListQueues"], "Resource": "*"}],
}


def mapped(office, *users: str):
    keys = [office.key(user) for user in users or PEOPLE]
    office.run("map", *keys)
    return keys


def advance(office, keys, expect=0):
    moved = office.run("advance", *keys, "--to", "provisioned", expect=expect)["users"]
    return {one["user"]: one for one in moved}


def roll_back(office, keys):
    return office.run("rollback", *keys, "--reason", "back", "--retract")["users"]


def planned(office):
    """(user name, account name, set) of everyone whom a set is planned for."""
    names = {identifier: name for name, identifier in office.seeded.accounts.items()}
    with office.tools.store.begin() as work:
        grants = [grant for grant in work.access.grants() if grant.email]
        called = {person.email: person.user_name or person.email for person in work.people.all()}
    return {(called[grant.email], names[grant.account_id], grant.permission_set) for grant in grants}


def in_the_center(office):
    """Everything that is in Identity Center: users, groups, sets, and who holds what."""
    store, client = office.seeded.identity_center.identity_store_id, office.client("identitystore")
    users = client.list_users(IdentityStoreId=store)["Users"]
    groups = client.list_groups(IdentityStoreId=store)["Groups"]
    directory = office.tools.directory
    return {
        "users": sorted(user["UserName"] for user in users),
        "groups": {group["DisplayName"]: directory.members(group["DisplayName"]) for group in groups},
        "sets": directory.permission_sets(),
        "assignments": {name: directory.assignments(name) for name in directory.permission_set_names()},
    }


def provider_provisions(office):
    """The identity provider's users: one under another name than its address."""
    return {"ada": office.make_user("ada.l", ADA), "bob": office.make_user(BOB)}


def existing_sets(office):
    """Sets by hand: one that grants as the team does, a wider one, an administrator's."""
    made = {
        "TeamWork": office.make_set("TeamWork", WORK),
        "Queues": office.make_set("Queues", managed=(QUEUES,)),
        "Everything": office.make_set("Everything", managed=(ADMINISTRATOR,)),
    }
    carol = office.make_user("carol@office.example")
    office.assign(made["TeamWork"], "web", "GROUP", office.make_group("carols", carol))
    return made


def scheme_groups(office, name="TeamWork"):
    for account in ("data", "web"):
        office.make_group(f"{name}-{office.account(account)}")


MODES = {
    "all ours": ({}, lambda _office: None),
    "users existing": ({"users": "existing"}, provider_provisions),
    "no groups": ({"groups": "none"}, lambda _office: None),
    "no groups, users existing": ({"groups": "none", "users": "existing"}, provider_provisions),
    "sets existing": ({"permission_sets": "existing"}, existing_sets),
    "groups and sets existing": (
        {"groups": "existing", "permission_sets": "existing"},
        lambda office: (existing_sets(office), scheme_groups(office)),
    ),
    "nothing ours": (
        {"users": "existing", "groups": "existing", "permission_sets": "existing"},
        lambda office: (provider_provisions(office), existing_sets(office), scheme_groups(office)),
    ),
    "sets existing, no groups": ({"groups": "none", "permission_sets": "existing"}, existing_sets),
}


@pytest.mark.parametrize(("modes", "prepare"), MODES.values(), ids=MODES)
def test_people_hold_what_is_planned_and_nothing_else_and_the_way_back_is_whole(office, modes, prepare):
    prepare(office)
    office.modes = modes
    before, beginning = office.holders(), in_the_center(office)
    keys = mapped(office)
    moved = advance(office, keys)
    assert {one["outcome"] for one in moved.values()} == {"done"}, moved
    wanted = planned(office)
    assert {(who.partition("@")[0].partition(".")[0], account) for who, account, _ in wanted} == {
        ("ada", "data"),
        ("bob", "data"),
        ("ada", "web"),
    }
    assert office.holders() - before == wanted
    if "existing" in modes.values():
        now = in_the_center(office)
        assert modes.get("users") != "existing" or now["users"] == beginning["users"]
        assert modes.get("groups") != "existing" or now["groups"].keys() == beginning["groups"].keys()
        bare = [one.name for one in now["sets"]]
        assert modes.get("permission_sets") != "existing" or bare == [one.name for one in beginning["sets"]]
    roll_back(office, keys[:1])
    assert office.holders() - before == {each for each in planned(office) if office_user(each) != "data/ada"}
    roll_back(office, keys[1:])
    assert office.holders() == before
    assert in_the_center(office) == beginning


def office_user(held):
    who, account, _ = held
    return f"{account}/{who.partition('@')[0].partition('.')[0]}"


def test_the_set_with_equal_content_is_chosen_and_never_changed(office):
    made = existing_sets(office)
    office.modes = {"permission_sets": "existing"}
    before = office.tools.directory.permission_set("TeamWork")
    keys = mapped(office)
    (row,) = [one for one in office.run("permission-sets", "list") if one["users"]]
    assert (row["name"], row["origin"], row["permission_set_arn"]) == ("TeamWork", "existing", made["TeamWork"])
    assert (len(row["users"]), row["coverage_percent"]) == (3, 100.0)
    moved = advance(office, keys)
    kinds = {change["kind"] for one in moved.values() for change in one["changes"]}
    assert not any(kind.startswith("permission-set") for kind in kinds)
    now = office.tools.directory.permission_set("TeamWork")
    assert (now.inline_policy, dict(now.tags), now.description) == (WORK, {}, before.description)


def test_the_smallest_set_that_covers_is_chosen_where_none_is_equal(office):
    office.make_set("Queues", managed=(QUEUES,))
    office.make_set("Wide", {**WORK, "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}]})
    office.make_set("Topics", {**WORK, "Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]})
    office.modes = {"permission_sets": "existing"}
    keys = mapped(office)
    (row,) = [one for one in office.run("permission-sets", "list") if one["users"]]
    assert (row["name"], row["managed_policies"], row["coverage_percent"]) == ("Queues", [QUEUES], 100.0)
    assert {one["outcome"] for one in advance(office, keys).values()} == {"done"}


def test_where_no_set_fits_nothing_is_planned_and_the_gate_says_so(office):
    office.make_set("Everything", managed=(ADMINISTRATOR,))
    office.make_set("Topics", {**WORK, "Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]})
    office.modes = {"permission_sets": "existing"}
    keys = mapped(office, "data/ada")
    assert [one for one in office.run("permission-sets", "list") if one["users"]] == []
    (held,) = advance(office, keys, expect=3).values()
    assert "fits-quotas" in held["held_by"]
    gates = {gate["gate"]: gate for gate in office.run("gates", "list", keys[0])["gates"]}
    assert gates["fits-quotas"]["why"] == "no permission set that exists fits"


def test_a_set_that_was_changed_since_it_was_chosen_is_not_assigned(office):
    arn = office.make_set("TeamWork", WORK)
    office.modes = {"permission_sets": "existing"}
    keys = mapped(office, "data/ada")
    wider = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    office.client("sso-admin").put_inline_policy_to_permission_set(
        InstanceArn=office.seeded.identity_center.instance_arn, PermissionSetArn=arn, InlinePolicy=wider
    )
    (moved,) = advance(office, keys, expect=1).values()
    assert moved["outcome"] == "failed"
    assert "grants something else than when it was mapped" in moved["why"]
    assert office.holders() == set()


def test_a_person_whom_the_provider_did_not_provision_is_named(office):
    office.modes = {"users": "existing"}
    keys = mapped(office, "data/ada")
    (moved,) = advance(office, keys, expect=1).values()
    assert moved["outcome"] == "failed"
    assert f"{ADA} is not in Identity Center, and identity_center.users is `existing`" in moved["why"]
    assert in_the_center(office)["users"] == []


def test_a_group_that_is_missing_is_named(office):
    office.modes = {"groups": "existing"}
    keys = mapped(office, "data/ada")
    (moved,) = advance(office, keys, expect=1).values()
    assert moved["outcome"] == "failed"
    assert f"there is no group team-{office.account('data')} in Identity Center" in moved["why"]
    assert in_the_center(office)["groups"] == {}


@pytest.mark.parametrize("groups", ["existing", "create"])
def test_a_group_with_members_nobody_planned_is_not_used(office, groups):
    office.make_group(f"team-{office.account('data')}", office.make_user("mallory@office.example"))
    office.modes = {"groups": groups}
    keys = mapped(office, "data/ada")
    (moved,) = advance(office, keys, expect=1).values()
    assert "mallory@office.example would get team in" in moved["why"]
    assert office.holders() == set()


def test_a_group_that_gives_more_is_not_joined(office):
    group = office.make_group(f"team-{office.account('data')}")
    office.assign(office.make_set("Everything", managed=(ADMINISTRATOR,)), "web", "GROUP", group)
    office.modes = {"groups": "existing"}
    keys = mapped(office, "data/ada")
    (moved,) = advance(office, keys, expect=1).values()
    assert f"whoever joins it gets Everything in {office.account('web')}" in moved["why"]
    assert office.holders() == set()


def test_what_others_came_to_use_is_not_retracted(office):
    keys = mapped(office, "data/ada")
    advance(office, keys)
    group = f"team-{office.account('data')}"
    office.make_user("dora@office.example")
    center = office.tools.directory.instance()
    joining = Change("identity-store-membership", (center.identity_store_id, group, "dora@office.example"), None, True)
    office.tools.hands.make(joining)
    roll_back(office, keys)
    assert office.holders() == {("dora@office.example", "data", "team")}


def test_created_sets_are_known_by_their_arn(office):
    keys = mapped(office)
    assert {one["permission_set_arn"] for one in office.run("permission-sets", "list")} == {None}
    advance(office, keys)
    known = {one["name"]: one["permission_set_arn"] for one in office.run("permission-sets", "list") if one["users"]}
    found = {one.name: one.arn for one in office.tools.directory.permission_sets()}
    assert known == {"team": found["team"], **({"svc-etl": None} if "svc-etl" in known else {})}


def test_a_set_that_drifted_is_put_right_one_write_at_a_time(office):
    keys = mapped(office, "data/ada")
    advance(office, keys)
    center = office.tools.directory.instance()
    arn = office.tools.directory.permission_set("team").arn
    sso = office.client("sso-admin")
    which = {"InstanceArn": center.instance_arn, "PermissionSetArn": arn}
    sso.update_permission_set(**which, Description="by hand", SessionDuration="PT1H")
    sso.untag_resource(InstanceArn=center.instance_arn, ResourceArn=arn, TagKeys=["Owner"])
    sso.tag_resource(InstanceArn=center.instance_arn, ResourceArn=arn, Tags=[{"Key": "Extra", "Value": "1"}])
    (moved,) = advance(office, mapped(office, "data/bob")).values()
    kinds = [change["kind"] for change in moved["changes"]]
    assert kinds[:3] == ["permission-set"] * 3
    assert "permission-set-provisioning" in kinds
    found = office.tools.directory.permission_set("team")
    assert (found.description, found.session_duration, "Extra" in found.tags, found.tags["Owner"]) == (
        "Planned by migrator",
        "PT8H",
        False,
        "data",
    )
