"""A whole migration through the real command line, against the strict sandbox, on SQLite and on PostgreSQL.

Users of every awkward shape are migrated, scream, are rolled back, deleted and restored; what is really there is read
by plain boto3 before and after, and compared whole.
"""

from collections import Counter
from typing import Any

import pytest

from migrator.sandbox.organization_types import document
from tests.scenario.company import HOSTILE, TEN_POLICIES, refused
from tests.scenario.journey import CUT, EVERYBODY, LEAVER, SCREAMING, SILENT, SOLE, WAVE
from tests.scenario.reading import (
    CREDENTIALS,
    inactive,
    only,
    read_accounts,
    read_center,
    read_everything,
    read_users,
    shells,
    statuses,
)
from tests.scenario.terminal import Terminal

WRITES = ("Create", "Delete", "Put", "Update", "Attach", "Detach", "Add", "Remove", "Deactivate", "Upload", "Tag")
CALLING = ("data/alice", "data/carol", "data/grace", "data/victor", LEAVER, "web/frank", "web/trent")
DENY = {"Sid": "MigratorQuarantine", "Effect": "Deny", "Action": "*", "Resource": "*"}


def by_user(terminal: Terminal, said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a command said of each user, by `ACCOUNT_NAME/NAME`."""
    names = {terminal.company.key(user): user for user in EVERYBODY}
    return {names[one["user"]]: one for one in said["users"]}


def states(terminal: Terminal) -> dict[str, str]:
    """The state of every user, by `ACCOUNT_NAME/NAME`."""
    names = {terminal.company.key(user): user for user in EVERYBODY}
    return {names[one["user"]]: one["state"] for one in terminal.ask("users", "list")}


def keys(terminal: Terminal, *users: str) -> list[str]:
    """Users as commands take them."""
    return [terminal.company.key(user) for user in users]


def under_the_deny(start: dict[str, Any], terminal: Terminal) -> dict[str, Any]:
    """The users of the start, with the deny where it must ride: inline, else attached, else in the boundary's place."""
    arn = f"arn:aws:iam::{terminal.company.accounts['data']}:policy/migrator-quarantine"
    found = {SOLE: start[SOLE]}
    for name in CUT:
        user = start[name]
        if name in ("data/carol", "data/heidi"):
            found[name] = {**user, "attached": sorted([*user["attached"], arn])}
        elif name == "data/grace":
            found[name] = {**user, "boundary": arn}
        else:
            found[name] = {**user, "inline": {**user["inline"], "migrator-quarantine": document(DENY)}}
    return found


def test_everybody_is_read_and_told_by_the_keys_of_the_contract(journey):
    terminal = journey.at("mapped")
    listed = {one["user"]: one for one in terminal.ask("users", "list")}
    assert sorted(listed) == sorted(keys(terminal, *EVERYBODY))
    alice, gone = (listed[terminal.company.key(user)] for user in ("data/alice", LEAVER))
    assert {
        *("user", "account_id", "user_name", "user_id", "kind", "kind_confidence", "destination", "person", "persons"),
        *("owner", "cost_center", "state", "wave", "held", "last_used", "vanished_at", "credentials", "next"),
    } <= alice.keys()
    assert (alice["person"], alice["owner"], alice["cost_center"]) == ("alice@tiny.example", "data", "4200")
    assert alice["credentials"] == {"active": 5, "total": 8}
    assert alice["wave"] == WAVE
    assert gone["destination"] == "retire"
    shown = terminal.ask("users", "show", terminal.company.key("data/alice"))
    there = statuses(journey.start["users"]["data/alice"])
    assert {c["id"]: (c["status"], c["original_status"]) for c in shown["credentials"] if c["id"] in there} == {
        key: (status, status) for key, status in there.items()
    }
    assert shown["timeline"][0]["event"] == "discovered"
    person = terminal.ask("persons", "show", "Alice@tiny.example")
    assert person["users"] == sorted(keys(terminal, "data/alice", "web/alice.archer"))
    assert read_everything(terminal.company) == journey.start


def test_permission_sets_are_planned_and_lose_nobody_anything(journey):
    terminal = journey.at("mapped")
    sets = terminal.ask("permission-sets", "list")
    wanted = {
        *("name", "permission_set_arn", "accounts", "users", "groups", "inline_policy_bytes", "managed_policies"),
        *("tags", "session_duration", "coverage_percent", "unused_granted_percent"),
    }
    assert all(wanted <= one.keys() for one in sets)
    planned = Counter(user for one in sets for user in one["users"])
    assert planned == Counter(keys(terminal, *(user for user in EVERYBODY if user != LEAVER)))
    assert "team" not in {one["name"] for one in sets}  # it is there already, made by hand
    for one in sets:
        assert one["coverage_percent"] == 100.0
        shown = terminal.ask("permission-sets", "show", one["name"])
        assert shown["users"] == one["users"]
        for user in terminal.ask("permission-sets", "diff", one["name"])["users"]:
            assert user["lost"] == []


def test_a_wave_is_approved_by_somebody_else(journey):
    terminal = journey.at("mapped")
    assert "cannot approve" in terminal.refuse("wave", "approve", WAVE, "--stage", "cut", code=1)
    shown = terminal.ask("wave", "show", WAVE)
    assert (shown["state"], shown["users"]) == ("approved", len(EVERYBODY))
    assert [given["stage"] for given in shown["approved_by"]] == ["cut"]
    assert "SecurityLead" in shown["approved_by"][0]["by"]
    assert shown["created_by"] != shown["approved_by"][0]["by"]


def test_nobody_holds_a_pair_outside_the_plan(journey):
    terminal = journey.at("provisioned")
    persons = {one["user"]: one["person"] for one in terminal.ask("users", "list")}
    called = {"frank@tiny.example": "franka"}
    plan = {
        (called.get(persons[user], persons[user]), user.partition("/")[0], one["name"])
        for one in terminal.ask("permission-sets", "list")
        for user in one["users"]
    }
    center = read_center(terminal.company)
    assert center["holders"] == plan
    assert center["groups"]["everybody"] == ["franka"]
    assert center["sets"]["team"] == {"inline": "", "managed": []}
    assert sorted(center["users"]) == sorted({person for person, _, _ in plan})


def test_new_access_cuts_nobody_but_the_leaver(journey):
    terminal = journey.at("provisioned")
    said = by_user(terminal, journey.said("provisioned"))
    assert {user: one["to"] for user, one in said.items()} == {
        user: "quarantined" if user == LEAVER else "provisioned" for user in EVERYBODY
    }
    assert {user for user, one in said.items() if one["held_by"] == ["sso-sign-in"]} == set(EVERYBODY) - {LEAVER}
    denied = under_the_deny(journey.start["users"], terminal)
    assert read_users(terminal.company) == {**journey.start["users"], LEAVER: denied[LEAVER]}
    assert read_accounts(terminal.company) == journey.start["accounts"]


def test_who_was_never_seen_is_not_cut(journey):
    terminal = journey.at("provisioned")
    before = read_everything(terminal.company)
    said = terminal.ask("advance", terminal.company.key("data/alice"), code=3)
    assert [(one["outcome"], one["held_by"]) for one in said["users"]] == [("held", ["sso-sign-in"])]
    terminal.ask("worker", "--once")
    terminal.ask("advance", "--wave", WAVE, code=3)
    assert read_everything(terminal.company) == before


def test_the_deny_rides_and_nothing_else_changed(journey):
    terminal = journey.at("quarantined")
    assert states(terminal) == {user: "verified" if user == SOLE else "quarantined" for user in EVERYBODY}
    assert read_users(terminal.company) == under_the_deny(journey.start["users"], terminal)
    accounts = read_accounts(terminal.company)
    policy = accounts["data"]["policies"].pop(
        f"arn:aws:iam::{terminal.company.accounts['data']}:policy/migrator-quarantine"
    )
    assert policy["Statement"] == [DENY]
    assert accounts == journey.start["accounts"]


def test_every_own_key_is_refused_and_recorded(journey):
    terminal = journey.at("quarantined")
    company = terminal.company
    for user in CALLING:
        with refused() as codes:
            company.own(user, "sns", agent=f"{user} script").list_topics()
        assert codes == ["AuthorizationError"], user
    company.own(SOLE, "s3").list_buckets()
    company.deliver()
    terminal.ask("worker", "--once")
    heard = {one["user"]: one for one in terminal.ask("screams", "list")}
    assert set(heard) == set(keys(terminal, *CALLING))
    alice = heard[company.key("data/alice")]
    wanted = ("id", "user", "at", "signal", "event_source", "event_name", "source_ip", "user_agent", "count")
    assert {*wanted, "disposition"} <= alice.keys()
    assert (alice["event_source"], alice["event_name"]) == ("sns.amazonaws.com", "ListTopics")
    assert alice["source_ip"] == "203.0.113.77"
    assert "data/alice script" in alice["user_agent"]
    assert read_users(company) == {
        **under_the_deny(journey.start["users"], terminal),
        **only(journey.start["users"], CALLING),
    }


def test_a_scream_puts_back_exactly_what_was_there(journey):
    terminal = journey.at("screamed")
    back = {one["user"]: one["to"] for one in journey.said("screamed")["rolled_back"]}
    assert back == dict.fromkeys(keys(terminal, *SCREAMING), "rolled_back")
    users = read_users(terminal.company)
    assert only(users, SCREAMING) == only(journey.start["users"], SCREAMING)
    assert only(users, SILENT) == only(under_the_deny(journey.start["users"], terminal), SILENT)
    for user in SCREAMING:
        terminal.company.own(user, "s3").list_buckets()
    assert {one["disposition"] for one in terminal.ask("screams", "list")} == {"rolled-back"}
    for user in SCREAMING:
        before = {holder for holder in read_center(terminal.company)["holders"] if holder[0].split("@")[0] in user}
        assert before, f"{user} lost the new access"


def test_after_the_silence_every_credential_is_inactive(journey):
    terminal = journey.at("deactivated")
    found = states(terminal)
    assert only(found, SILENT) == dict.fromkeys(SILENT, "deactivated")
    assert only(found, SCREAMING) == dict.fromkeys(SCREAMING, "rolled_back")
    users, denied = read_users(terminal.company), under_the_deny(journey.start["users"], terminal)
    assert only(users, SILENT) == {user: inactive(denied[user]) for user in SILENT}
    assert only(users, SCREAMING) == only(journey.start["users"], SCREAMING)
    assert users[SOLE] == journey.start["users"][SOLE]
    shown = terminal.ask("users", "show", terminal.company.key("data/alice"))
    original = {c["id"]: c["original_status"] for c in shown["credentials"]}
    assert statuses(journey.start["users"]["data/alice"]).items() <= original.items()


@pytest.mark.parametrize("stage", ["quarantined", "deactivated"])
def test_rollback_is_exact(journey, stage):
    terminal = journey.at(stage)
    said = by_user(terminal, terminal.ask("rollback", "--wave", WAVE, "--reason", "enough"))
    assert {user for user, one in said.items() if one["outcome"] == "unchanged"} == set(EVERYBODY) - set(
        CUT if stage == "quarantined" else SILENT
    )
    assert read_users(terminal.company) == journey.start["users"]
    assert read_accounts(terminal.company) == journey.start["accounts"]
    again = by_user(terminal, terminal.ask("rollback", "--wave", WAVE, "--reason", "enough"))
    assert {one["outcome"] for one in again.values()} == {"unchanged"}
    assert {one["state"] for one in terminal.ask("users", "list", "--wave", WAVE)} == {"rolled_back", "verified"}


def test_nothing_is_deleted_unasked_unapproved_or_unanswered(journey):
    terminal = journey.at("silent")
    company, before = terminal.company, read_users(terminal.company)
    said = by_user(terminal, terminal.ask("advance", *keys(terminal, *SILENT)))
    assert {one["outcome"] for one in said.values()} == {"unchanged"}
    said = by_user(terminal, terminal.ask("advance", *keys(terminal, *SILENT), "--to", "deleted", "--yes", code=3))
    assert {tuple(one["held_by"]) for one in said.values()} == {("wave-approved",)}
    assert "cannot approve" in terminal.refuse("wave", "approve", WAVE, "--stage", "delete", code=1)
    terminal.ask("wave", "approve", WAVE, "--stage", "delete", by=company.approver())
    plan = terminal.ask("advance", "--wave", WAVE, "--to", "deleted", "--plan")
    assert {one["outcome"] for user, one in by_user(terminal, plan).items() if user in SILENT} == {"planned"}
    assert any("console password" in line for line in plan["irreversible"])
    answer = terminal.run("advance", "--wave", WAVE, "--to", "deleted")
    assert answer.code == 2
    assert "gone for good" in answer.err
    assert "not checked" in answer.err
    assert read_users(company) == before


def test_deleted_is_gone_and_the_key_without_administrator_is_not(journey):
    terminal = journey.at("deleted")
    said = by_user(terminal, journey.said("deleted"))
    assert {user: one["to"] for user, one in said.items() if one["outcome"] == "done"} == dict.fromkeys(
        SILENT, "deleted"
    )
    assert said[SOLE]["held_by"] == ["arn-references"]
    left = [SOLE, *SCREAMING]
    assert read_users(terminal.company) == only(journey.start["users"], left)
    accounts = read_accounts(terminal.company)
    assert {name: one["policies"] for name, one in accounts.items()} == {
        name: one["policies"] for name, one in journey.start["accounts"].items()
    }
    assert {name: one["virtual_mfa_devices"] for name, one in accounts.items()} == {"data": [], "web": []}
    why = ("--reason", "we are sure", "--until", "2099-01-01")
    error = terminal.refuse(
        "gates", "waive", terminal.company.key(SOLE), "arn-references", *why, code=1, by=terminal.company.approver()
    )
    assert "never waived" in error


def test_rollback_of_the_deleted_brings_back_all_but_secrets(journey):
    terminal = journey.at("deleted")
    plan = terminal.ask("rollback", "--wave", WAVE, "--reason", "enough", "--plan")
    said = terminal.ask("rollback", "--wave", WAVE, "--reason", "enough")
    assert said["irreversible"] == plan["irreversible"]
    users = read_users(terminal.company)
    assert shells(users) == shells(journey.start["users"])
    assert read_accounts(terminal.company)["data"]["policies"] == journey.start["accounts"]["data"]["policies"]
    for user in SILENT:
        assert users[user]["user_id"] != journey.start["users"][user]["user_id"]
        assert not any(users[user][kind] for kind in CREDENTIALS)
        for credential in statuses(journey.start["users"][user]):
            assert any(credential in line for line in said["irreversible"]), credential
    assert users["web/trent"]["tags"] == journey.start["users"]["web/trent"]["tags"] | HOSTILE
    assert len(users["data/grace"]["attached"]) == len(TEN_POLICIES)


def test_who_was_deleted_and_restored_is_no_stranger_and_can_go_again(journey):
    terminal = journey.at("deleted")
    terminal.ask("rollback", "--wave", WAVE, "--reason", "enough")
    for account in terminal.ask("discover")["accounts"]:
        assert (account["strangers"], account["vanished"], account["new"]) == ([], [], 0)
    assert Counter(states(terminal).values()) == {"rolled_back": len(CUT), "verified": 1}
    moved = by_user(terminal, terminal.ask("map", *keys(terminal, "data/grace", "web/frank")))
    assert {one["to"] for one in moved.values()} == {"mapped"}


def test_retract_leaves_what_was_there_before_us(journey):
    terminal = journey.at("screamed")
    terminal.ask("rollback", terminal.company.key("data/alice"), "--reason", "moving house", "--retract")
    center = read_center(terminal.company)
    assert {holder for holder in center["holders"] if holder[0] == "alice@tiny.example"} == {
        holder for holder in center["holders"] if holder[:2] == ("alice@tiny.example", terminal.company.accounts["web"])
    }
    assert "alice@tiny.example" in center["users"]
    terminal.ask("rollback", "--wave", WAVE, "--reason", "all of it", "--retract")
    assert read_everything(terminal.company) == journey.start
    again = by_user(terminal, terminal.ask("rollback", "--wave", WAVE, "--reason", "all of it", "--retract"))
    assert {one["outcome"] for one in again.values()} == {"unchanged"}


def test_retract_spares_whom_a_colleague_let_in(journey):
    terminal = journey.at("provisioned")
    company = terminal.company
    center, store = company.seeded.identity_center, company.admin("identitystore")
    ids = {"IdentityStoreId": center.identity_store_id}
    groups = {g["DisplayName"]: g["GroupId"] for g in store.list_groups(**ids)["Groups"]}
    franka = next(u["UserId"] for u in store.list_users(**ids)["Users"] if u["UserName"] == "franka")
    dave = next(group for name, group in groups.items() if name.startswith("dave-"))
    store.create_group_membership(**ids, GroupId=dave, MemberId={"UserId": franka})
    terminal.ask("rollback", company.key("web/dave"), "--reason", "wrong one", "--retract")
    holders = read_center(company)["holders"]
    assert ("franka", company.accounts["web"], "dave") in holders
    assert not [holder for holder in holders if holder[0] == "dave@tiny.example"]


@pytest.mark.parametrize("stage", ["quarantined", "deactivated"])
def test_a_plan_writes_nothing(journey, stage):
    terminal = journey.at(stage)
    before = read_everything(terminal.company)
    terminal.company.clock.control.clear_calls()
    terminal.ask("advance", *keys(terminal, "data/alice", "data/carol", "web/frank"), "--plan", code=(0, 3))
    terminal.ask("rollback", "--wave", WAVE, "--reason", "to see", "--plan")
    made = [call["operation"] for call in terminal.company.clock.control.calls()]
    assert [operation for operation in made if operation.startswith(WRITES)] == []
    assert read_everything(terminal.company) == before


@pytest.mark.parametrize("stage", ["screamed", "deleted"])
def test_asking_again_changes_nothing(journey, stage):
    terminal = journey.at(stage)
    before, stood = read_everything(terminal.company), states(terminal)
    terminal.ask("discover")
    terminal.ask("map", *keys(terminal, *SILENT))
    to = ("--to", "deleted", "--yes") if stage == "deleted" else ()
    for words in (("advance", "--wave", WAVE, *to), ("worker", "--once")):
        terminal.ask(*words, code=(0, 3))
    assert read_everything(terminal.company) == before
    assert states(terminal) == stood


def test_the_dashboard_counts_what_is_there(journey):
    terminal = journey.at("screamed")
    said = terminal.ask("status")
    assert {"as_of", "organization", "users", "credentials", "held", "waves", "screams", "kpis"} <= said.keys()
    counts = Counter(states(terminal).values())
    assert {state: number for state, number in said["users"]["by_state"].items() if number} == counts
    assert said["users"]["total"] == len(EVERYBODY)
    users = read_users(terminal.company).values()
    active = sum(status == "Active" for user in users for status in statuses(user).values())
    passwords = sum(user["password"] is not None for user in users)
    assert said["credentials"]["active_long_term"] == active + passwords
    assert said["credentials"]["console_passwords"] == passwords
    assert said["credentials"]["active_access_keys"] == sum(
        status == "Active" for user in users for status in user["keys"].values()
    )
    assert said["screams"] == {**said["screams"], "open": 0, "last_24h": len(SCREAMING)}
    (wave,) = said["waves"]
    assert (wave["name"], wave["state"], wave["users"]) == (WAVE, "running", len(EVERYBODY))
    assert {held["gate"] for held in said["held"]} >= {"scream-window", "arn-references"}
    assert terminal.run("status").code == 0


def test_the_record_is_whole(journey, tmp_path):
    terminal = journey.at("deleted")
    terminal.ask("rollback", "--wave", WAVE, "--reason", "enough")
    said = terminal.ask("audit", "verify")
    assert {"entries", "intact", "first_bad", "anchored"} <= said.keys()
    assert (said["intact"], said["first_bad"]) == (True, None)
    assert terminal.run("audit", "export", "--to", str(tmp_path / "log"), "--head", str(tmp_path / "head")).code == 0
    anchored = terminal.ask("audit", "verify", "--head", str(tmp_path / "head"))
    assert anchored["anchored"] == said["entries"]
    events = [entry["event"] for entry in terminal.ask("audit", "log", "--user", terminal.company.key("data/alice"))]
    order = [
        event
        for event in events
        if event in ("discovered", "map", "provision", "verify", "quarantine", "deactivate", "delete", "rollback")
    ]
    assert order == ["discovered", "map", "provision", "verify", "quarantine", "deactivate", "delete", "rollback"]
