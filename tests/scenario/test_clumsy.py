"""Clumsy hands, ours and other people's: commands that make no sense, and an AWS that others change under us."""

import pytest

from tests.scenario.journey import EVERYBODY, LEAVER, WAVE
from tests.scenario.reading import only, read_accounts, read_everything, read_users

BEFORE_DISCOVERY = [
    ("advance", "alice"),
    ("advance",),
    ("advance", "--wave", "one"),
    ("advance", "--state", "moon"),
    ("rollback", "alice", "--reason", "x"),
    ("map", "alice"),
    ("users", "show", "alice"),
    ("users", "classify", "alice", "--as", "human", "--reason", "x"),
    ("users", "list", "--where", "last_used>>3"),
    ("wave", "create", "one", "alice"),
    ("wave", "show", "one"),
    ("wave", "approve", "one", "--stage", "cut"),
    ("wave", "plan", "--size", "0"),
    ("persons", "show", "alice@tiny.example"),
    ("permission-sets", "show", "team"),
    ("gates", "list", "alice"),
    ("screams", "dismiss", "7", "--reason", "x"),
    ("screams", "report", "alice", "--reason", "x"),
    ("audit", "verify", "--head", "nowhere"),
    ("discover", "--account", "000000000000"),
    ("fly",),
    ("users", "fly"),
    ("--config",),
]
WRONG = [
    (2, ("advance", "{alice}", "--to", "moon")),
    (2, ("advance", "000000000000/alice")),
    (2, ("advance", "nobody")),
    (2, ("advance", "{alice}", "--wave", "two")),
    (2, ("rollback", "{alice}")),
    (2, ("rollback", "{alice}", "--reason", "  ")),
    (2, ("users", "classify", "{alice}", "--as", "alien", "--reason", "x")),
    (2, ("users", "classify", "{alice}", "--as", "human", "--reason", "")),
    (2, ("users", "destine", "{alice}", "--to", "mars", "--reason", "x")),
    (2, ("users", "link", "{alice}", "--to", "no address")),
    (2, ("users", "exclude", "{alice}", "--reason", "x")),
    (2, ("users", "exclude", "{alice}", "--reason", "x", "--until", "yesterday")),
    (2, ("users", "exclude", "{alice}", "--reason", "x", "--until", "2001-01-01")),
    (2, ("gates", "waive", "{alice}", "gravity", "--reason", "x", "--until", "2099-01-01")),
    (1, ("gates", "waive", "{alice}", "snapshot", "--reason", "x", "--until", "2099-01-01")),
    (1, ("gates", "waive", "{alice}", "sso-sign-in", "--reason", "x", "--until", "2099-01-01")),
    (1, ("wave", "create", "two", "{alice}")),
    (1, ("wave", "approve", "one", "--stage", "cut")),
    (2, ("wave", "approve", "one", "--stage", "moon")),
    (2, ("screams", "report", "{alice}", "--reason", "it hurts")),
]


def test_nothing_works_without_a_database_and_everything_says_so(sqlite_journey):
    terminal = sqlite_journey.fresh()
    for words in (("users", "list"), ("discover",), ("advance", "alice"), ("worker", "--once")):
        assert "migrator db upgrade" in terminal.refuse(*words, code=4)


def test_before_discovery_every_name_is_unknown(sqlite_journey):
    terminal = sqlite_journey.fresh()
    terminal.ask("db", "upgrade")
    terminal.ask("db", "upgrade")
    for words in BEFORE_DISCOVERY:
        terminal.refuse(*words)
    assert terminal.ask("users", "list") == []
    assert terminal.ask("permission-sets", "list") == []
    assert terminal.ask("map")["users"] == []
    assert terminal.ask("worker", "--once")["moved"] == []
    assert read_everything(terminal.company) == sqlite_journey.start


def test_wrong_words_are_refused_and_change_nothing(sqlite_journey):
    terminal = sqlite_journey.at("mapped")
    alice = terminal.company.key("data/alice")
    before = terminal.ask("users", "show", alice)
    for code, words in WRONG:
        terminal.refuse(*(word.format(alice=alice) for word in words), code=code)
    assert terminal.ask("users", "show", alice) == before
    assert read_everything(terminal.company) == sqlite_journey.start


def test_the_impatient_are_held_by_name(sqlite_journey):
    terminal = sqlite_journey.fresh()
    company = terminal.company
    terminal.ask("db", "upgrade")
    terminal.ask("discover")
    keys = [company.key("data/alice"), company.key(LEAVER)]
    first = terminal.ask("advance", *keys, "--to", "deleted", "--yes")
    assert [(one["to"], one["held_by"]) for one in first["users"]] == [
        ("mapped", ["wave-approved"]),
        ("discovered", ["kind-decided"]),
    ]
    again = terminal.ask("advance", *keys, "--to", "deleted", "--yes", code=3)
    assert {one["outcome"] for one in again["users"]} == {"held"}
    undone = terminal.ask("rollback", *(company.key(user) for user in EVERYBODY), "--reason", "to be sure")
    assert {one["outcome"] for one in undone["users"]} == {"unchanged"}
    assert read_everything(company) == sqlite_journey.start


def test_nobody_answers_or_nobody_is_let_in(sqlite_journey):
    terminal = sqlite_journey.at("mapped")
    stolen = {**terminal.company.operator(), "AWS_SESSION_TOKEN": "expired"}
    assert terminal.run("discover", "--json", by=stolen).code == 4
    terminal.database = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"
    terminal.refuse("users", "list", code=4)
    terminal.config = "databse: sqlite:///x.db\n"
    assert "databse" in terminal.refuse("users", "list")


@pytest.mark.parametrize("order", [("data/carol", "data/heidi"), ("data/heidi", "data/carol")])
def test_the_managed_deny_goes_with_its_last_user(journey, order):
    terminal = journey.at("quarantined")
    company = terminal.company
    arn = f"arn:aws:iam::{company.accounts['data']}:policy/migrator-quarantine"
    terminal.ask("rollback", company.key("data/grace"), "--reason", "not her")
    for user, left in zip(order, (True, False), strict=True):
        terminal.ask("rollback", company.key(user), "--reason", "one by one")
        assert (arn in read_accounts(company)["data"]["policies"]) is left
    three = ["data/grace", *order]
    assert only(read_users(company), three) == only(journey.start["users"], three)


def test_a_key_deleted_by_hand_is_named_and_the_rest_comes_back(journey):
    terminal = journey.at("deactivated")
    company, alice = terminal.company, journey.start["users"]["data/alice"]
    active = next(key for key, status in alice["keys"].items() if status == "Active")
    company.admin("iam", "data").delete_access_key(UserName="alice", AccessKeyId=active)
    keys = [company.key(user) for user in ("data/alice", "data/carol")]
    said = {one["user"]: one for one in terminal.ask("rollback", *keys, "--reason", "enough", code=1)["users"]}
    assert (said[keys[0]]["outcome"], said[keys[0]]["to"]) == ("failed", "rolled_back")
    assert active in said[keys[0]]["why"]
    assert said[keys[1]]["outcome"] == "done"
    rest = {**alice, "keys": {key: status for key, status in alice["keys"].items() if key != active}}
    users = read_users(company)
    assert users["data/alice"] == rest
    assert users["data/carol"] == journey.start["users"]["data/carol"]


def test_a_deny_removed_by_hand_is_no_trouble(sqlite_journey):
    terminal = sqlite_journey.at("deactivated")
    company = terminal.company
    company.admin("iam", "web").delete_user_policy(UserName="frank", PolicyName="migrator-quarantine")
    terminal.ask("rollback", company.key("web/frank"), "--reason", "enough")
    assert read_users(company)["web/frank"] == sqlite_journey.start["users"]["web/frank"]


@pytest.mark.parametrize("discovered", [False, True])
def test_a_stranger_under_the_old_name_is_left_alone(sqlite_journey, discovered):
    terminal = sqlite_journey.at("quarantined")
    company = terminal.company
    key, iam = company.key("web/trent"), company.admin("iam", "web")
    for name in sqlite_journey.start["users"]["web/trent"]["keys"]:
        iam.delete_access_key(UserName="trent", AccessKeyId=name)
    iam.delete_user_policy(UserName="trent", PolicyName="migrator-quarantine")
    iam.remove_user_from_group(UserName="trent", GroupName="team")
    iam.delete_user(UserName="trent")
    iam.create_user(UserName="trent")
    before = read_users(company)
    if discovered:
        account = next(one for one in terminal.ask("discover")["accounts"] if one["account_id"] in key)
        assert account["strangers"] == [key]
        said = terminal.ask("rollback", key, "--reason", "enough")
        assert said["users"][0]["outcome"] == "unchanged"
    else:
        for words in (("rollback", key, "--reason", "enough"), ("advance", key)):
            said = terminal.ask(*words, code=1 if words[0] == "rollback" else (1, 3))
            assert said["users"][0]["outcome"] in ("failed", "held")
        assert "not the user we know" in terminal.ask("rollback", key, "--reason", "enough", code=1)["users"][0]["why"]
    assert read_users(company) == before


def test_a_user_renamed_in_the_console_is_found_again(sqlite_journey):
    terminal = sqlite_journey.at("quarantined")
    company = terminal.company
    company.admin("iam", "web").update_user(UserName="trent", NewUserName="trent.tran")
    before = read_users(company)
    said = terminal.ask("rollback", company.key("web/trent"), "--reason", "enough", code=1)
    assert "does not exist" in said["users"][0]["why"]
    assert read_users(company) == before
    terminal.ask("discover")
    renamed = f"{company.accounts['web']}/trent.tran"
    assert terminal.ask("rollback", renamed, "--reason", "enough")["users"][0]["to"] == "rolled_back"
    old, new = sqlite_journey.start["users"]["web/trent"], read_users(company)["web/trent.tran"]
    assert new == {**old, "arn": new["arn"]}


def test_a_user_deleted_by_hand_is_not_brought_back_by_half(sqlite_journey):
    terminal = sqlite_journey.at("quarantined")
    company = terminal.company
    iam = company.admin("iam", "web")
    for name in sqlite_journey.start["users"]["web/trent"]["keys"]:
        iam.delete_access_key(UserName="trent", AccessKeyId=name)
    iam.delete_user_policy(UserName="trent", PolicyName="migrator-quarantine")
    iam.remove_user_from_group(UserName="trent", GroupName="team")
    iam.delete_user(UserName="trent")
    before = read_users(company)
    said = terminal.ask("rollback", "--wave", WAVE, "--reason", "enough", code=1)
    failed = [one["user"] for one in said["users"] if one["outcome"] == "failed"]
    assert failed == [company.key("web/trent")]
    assert "web/trent" not in before
    assert read_users(company) == {
        user: facts for user, facts in sqlite_journey.start["users"].items() if user != "web/trent"
    }
