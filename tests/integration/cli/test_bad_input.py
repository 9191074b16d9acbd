"""Wrong words, settings or worlds: one line says what is the matter, the next what to do; nothing changes."""

import json
import subprocess
import sys

import pytest

from tests.integration.cli.company import Ran

WRONG, REFUSED, HELD, FAILED = 2, 4, 3, 1
READING = (
    ("users", "list"),
    ("persons", "list"),
    ("permission-sets", "list"),
    ("wave", "list"),
    ("screams", "list"),
    ("gates", "list", "judy"),
    ("audit", "log"),
    ("audit", "verify"),
    ("status",),
)
WRITING = (
    ("discover",),
    ("map",),
    ("advance", "judy", "--to", "provisioned"),
    ("rollback", "judy", "--reason", "why"),
    ("worker", "--once"),
    ("users", "hold", "judy", "--reason", "why"),
    ("wave", "create", "first", "judy"),
    ("wave", "plan", "--size", "2"),
    ("screams", "dismiss", "1", "--reason", "why"),
)
DATABASE = (("db", "upgrade"), ("db", "current"), ("db", "check"))
ABOUT_ONE = (
    ("users", "show", "WHO"),
    ("gates", "list", "WHO"),
    ("gates", "waive", "WHO", "coverage", "--reason", "why", "--until", "2999-01-01"),
)
ABOUT_SOME = (
    ("users", "classify", "WHO", "--as", "human", "--reason", "why"),
    ("users", "destine", "WHO", "--to", "retire", "--reason", "why"),
    ("users", "link", "WHO", "--to", "who@acme.example"),
    ("users", "hold", "WHO", "--reason", "why"),
    ("users", "release", "WHO", "--reason", "why"),
    ("users", "own", "WHO", "--owner", "team"),
    ("users", "exclude", "WHO", "--reason", "why", "--until", "2999-01-01"),
    ("users", "readmit", "WHO"),
    ("map", "WHO"),
    ("advance", "WHO"),
    ("rollback", "WHO", "--reason", "why"),
    ("wave", "create", "first", "WHO"),
    ("screams", "report", "WHO", "--reason", "why"),
)


def words(command):
    return " ".join(command)


def refused(company, *command: str, code: int) -> Ran:
    """The command ends so, with one line and what to do, and nothing on stdout."""
    ran = company.run(*command)
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.one_line, ran.err
    return ran


# -- the configuration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blocks", "key", "fix"),
    [
        ({"waves": {"sise": 3}}, "waves.sise", "did you mean size?"),
        ({"wafes": {"size": 3}}, "wafes", "did you mean waves?"),
        ({"waves": {"size": "many"}}, "waves.size", "write a whole number"),
        ({"aws": ["eu-west-1"]}, "aws", "block of keys"),
        ({"gates": {"listening": "perhaps"}}, "gates.listening", "write true or false"),
        ({"scream_test": {"quarantine": "soon"}}, "scream_test.quarantine", "such as 3s, 15m, 8h or 14d"),
        ({"scream_test": {"poll": "0s"}}, "scream_test.poll", "at least 1s"),
        ({"mapping": {"session_duration": "13h"}}, "mapping.session_duration", "between 1h and 12h"),
        ({"database": "mysql://here"}, "database", "sqlite:///FILE"),
        ({"database": "sqlite:///${NOT_SET_ANYWHERE}.db"}, "database", "export NOT_SET_ANYWHERE"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_with_its_line(company, blocks, key, fix):
    company.configure(**blocks)

    with company.nothing_changes():
        ran = refused(company, "users", "list", code=WRONG)

    assert ran.err.startswith(f"error: {key} ")
    assert f"({company.config}, line 1)" in ran.err
    assert fix in ran.err


@pytest.mark.parametrize("command", [*READING, *WRITING, *DATABASE], ids=words)
def test_no_command_works_with_a_wrong_setting(company, command):
    company.configure(waves={"sise": 3})

    with company.nothing_changes():
        refused(company, *command, code=WRONG)


@pytest.mark.parametrize("command", [*READING, *WRITING, *DATABASE], ids=words)
def test_without_a_configuration_the_way_to_one_is_named(company, command):
    company.config.unlink()

    with company.nothing_changes():
        assert "migrator init" in refused(company, *command, code=WRONG).err


# -- the database ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*READING, *WRITING, ("db", "upgrade"), ("db", "check")], ids=words)
def test_a_database_of_a_newer_revision_is_left_alone(company, command):
    company.sql("update alembic_version set version_num = 'fffe'")

    with company.nothing_changes():
        assert "newer" in refused(company, *command, code=REFUSED).err


@pytest.mark.parametrize("command", [*READING, *WRITING, ("db", "check")], ids=words)
def test_a_database_that_is_not_there_is_not_made_by_asking(company, command):
    company.database.unlink()

    assert "migrator db upgrade" in refused(company, *command, code=REFUSED).err
    assert not company.database.exists()


@pytest.mark.parametrize("command", [("users", "list"), ("discover",), ("db", "current"), ("db", "upgrade")], ids=words)
def test_what_is_no_database_is_said_to_be_none(company, command):
    company.database.write_text("a letter, not a database\n" * 100, encoding="utf-8")

    refused(company, *command, code=REFUSED)

    assert company.database.read_text(encoding="utf-8").startswith("a letter")


@pytest.mark.parametrize("command", WRITING, ids=words)
def test_a_database_of_another_organization_is_not_written(company, command):
    company.sql("update installation set organization_id = 'o-elsewhere'")

    with company.nothing_changes():
        ran = refused(company, *command, code=WRONG)

    assert "o-elsewhere" in ran.err
    assert "name the right database" in ran.err


@pytest.mark.parametrize("command", [("users", "list"), ("db", "upgrade"), ("status",)], ids=words)
def test_postgresql_without_its_driver_names_the_extra(company, command):
    company.configure(database="postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    line = ["--config", str(company.config), *command]
    program = f"import sys; sys.modules['psycopg'] = None; from migrator.cli.main import run; sys.exit(run({line!r}))"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    assert Ran(ended.returncode, "", ended.stderr).one_line
    assert "iam-user-migrator[postgres]" in ended.stderr


@pytest.mark.parametrize("command", [("users", "list"), ("db", "upgrade"), ("status",)], ids=words)
def test_a_server_that_nobody_answers_at_is_named_without_its_password(company, command):
    company.configure(database="postgresql+psycopg://nobody:hush@127.0.0.1:9/nothing")

    ran = refused(company, *command, code=REFUSED)

    assert "127.0.0.1:9/nothing" in ran.err
    assert "hush" not in ran.err


# -- AWS ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", WRITING, ids=words)
def test_credentials_that_ended_are_to_be_renewed(company, monkeypatch, command):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXPIRED000000000")

    with company.nothing_changes():
        assert "aws sso login" in refused(company, *command, code=REFUSED).err


@pytest.mark.parametrize("command", READING, ids=words)
def test_reading_needs_no_credentials(company, monkeypatch, command):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXPIRED000000000")

    assert company.run(*command).code == 0


def test_nobody_at_the_endpoint(company, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with company.nothing_changes():
        assert "AWS_ENDPOINT_URL" in refused(company, "discover", code=REFUSED).err


def test_an_account_that_cannot_be_entered_is_named_and_the_others_go_on(company):
    company.client("iam", "data").delete_role_policy(RoleName="MigratorDiscovery", PolicyName="MigratorDiscovery")
    company.client("iam", "data").delete_role(RoleName="MigratorDiscovery")

    ran = company.run("discover", "--json")

    read = {each["account_id"]: each["error"] for each in ran.json["accounts"]}
    assert ran.code == FAILED
    assert "create MigratorDiscovery in that account" in read.pop(company.account("data"))
    assert set(read.values()) == {None}
    assert len(ran.err.splitlines()) == 1
    kept = {each["user"] for each in company.run("users", "list", "--json").json if not each["vanished_at"]}
    assert f"{company.account('data')}/alice" in kept


def test_a_role_to_write_that_is_missing_is_named_and_nothing_is_cut(company):
    company.run("users", "destine", "contractor-7", "--to", "retire", "--reason", "left")
    company.run("map", "contractor-7")
    company.configure(aws={"change_role": "NobodyMadeMe"})
    company.control.clear_calls()

    ran = company.run("advance", "contractor-7", "--json")

    (moved,) = ran.json["users"]
    assert ran.code in {FAILED, REFUSED}
    assert moved["outcome"] == "failed"
    assert "iam:PutUserPolicy" not in company.control.counts()


@pytest.mark.parametrize(("setting", "command"), [("discovery_role", "discover"), ("change_role", "advance")])
def test_no_account_is_taken_for_the_callers_own(company, setting, command):
    """Without a role, `alice` of one account would be read, or cut, in another."""
    company.configure(aws={setting: None, "accounts": {"include": [company.account("web")]}})
    company.run("users", "destine", f"{company.account('web')}/alice", "--to", "retire", "--reason", "left")
    company.run("map", f"{company.account('web')}/alice")
    before = [each["vanished_at"] for each in company.run("users", "list", "--json").json]
    company.control.clear_calls()

    ran = company.run(*((command,) if command == "discover" else (command, f"{company.account('web')}/alice")))

    assert ran.code in {FAILED, REFUSED}
    assert f"aws.{setting}" in " ".join((ran.out + ran.err).split())
    assert "iam:PutUserPolicy" not in company.control.counts()
    assert [each["vanished_at"] for each in company.run("users", "list", "--json").json] == before


def test_a_suspended_account_is_not_read_though_it_is_asked_for(company):
    with company.nothing_changes():
        ran = refused(company, "discover", "--account", company.account("legacy"), code=WRONG)
    assert "its status is SUSPENDED" in ran.err


def test_an_account_that_does_not_exist(company):
    assert "999999999999" in refused(company, "discover", "--account", "999999999999", code=WRONG).err


CENTERS = {
    "none": ({"aws": {"region": "eu-west-1"}}, "aws.region"),
    "another": (
        {"identity_center": {"instance_arn": "arn:aws:sso:::instance/ssoins-0000000000000000"}},
        "identity_center.instance_arn",
    ),
}


@pytest.mark.parametrize("case", CENTERS)
@pytest.mark.parametrize("plan", [(), ("--plan",)], ids=["make", "plan"])
def test_without_the_right_identity_center_nobody_is_provisioned(company, case, plan):
    blocks, setting = CENTERS[case]
    company.configure(**blocks)
    company.control.clear_calls()

    ran = company.run("advance", "judy", "--to", "provisioned", "--json", *plan)

    (moved,) = ran.json["users"]
    assert ran.code in {FAILED, REFUSED}
    assert (moved["outcome"], moved["to"]) == ("failed", "mapped")
    assert setting in moved["why"]
    assert not [call for call in company.control.counts() if "Create" in call]


def test_of_two_instances_none_is_taken(company):
    data = company.account("data")
    company.client("organizations").register_delegated_administrator(
        AccountId=data, ServicePrincipal="sso.amazonaws.com"
    )
    company.client("sso-admin", "data").create_instance()
    company.configure(identity_center={"role_arn": f"arn:aws:iam::{data}:role/OrganizationAccountAccessRole"})
    company.control.clear_calls()

    ran = company.run("advance", "judy", "--to", "provisioned", "--json")

    assert ran.code in {FAILED, REFUSED}
    assert "identity_center.instance_arn" in ran.json["users"][0]["why"]
    assert not [call for call in company.control.counts() if "Create" in call]


# -- users, persons, waves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*ABOUT_ONE, *ABOUT_SOME], ids=words)
def test_an_unknown_user_is_an_error_everywhere(company, command):
    with company.nothing_changes():
        ran = refused(company, *("nobody" if word == "WHO" else word for word in command), code=WRONG)
    assert "'nobody'" in ran.err


@pytest.mark.parametrize("command", [*ABOUT_ONE, *ABOUT_SOME], ids=words)
def test_an_ambiguous_user_is_never_guessed(company, command):
    with company.nothing_changes():
        ran = refused(company, *("alice" if word == "WHO" else word for word in command), code=WRONG)
    for account in ("data", "web"):
        assert f"{company.account(account)}/alice" in ran.err


@pytest.mark.parametrize("command", [each for each in ABOUT_SOME if each[0] != "screams"], ids=words)
def test_among_many_one_wrong_name_stops_all(company, command):
    at = command.index("WHO")
    with company.nothing_changes():
        refused(company, *command[:at], "judy", "nobody", *command[at + 1 :], code=WRONG)


@pytest.mark.parametrize(
    "command",
    [
        ("wave", "show", "nope"),
        ("wave", "approve", "nope", "--stage", "cut"),
        ("wave", "pause", "nope"),
        ("wave", "resume", "nope"),
        ("advance", "--wave", "nope"),
        ("rollback", "--wave", "nope", "--reason", "why"),
        ("map", "--wave", "nope"),
        ("users", "list", "--wave", "nope"),
        ("status", "--wave", "nope"),
    ],
    ids=words,
)
def test_a_wave_that_does_not_exist(company, command):
    with company.nothing_changes():
        assert "'nope'" in refused(company, *command, code=WRONG).err


@pytest.mark.parametrize(
    ("command", "fix"),
    [
        (("users", "classify", "judy", "--as", "dog", "--reason", "why"), "human"),
        (("users", "destine", "judy", "--to", "moon", "--reason", "why"), "retire"),
        (("users", "link", "judy", "--to", "no-address"), "NAME@DOMAIN"),
        (("users", "exclude", "judy", "--reason", "why", "--until", "someday"), "YYYY-MM-DD"),
        (("users", "exclude", "judy", "--reason", "why"), "--until"),
        (("users", "hold", "judy", "--reason", " "), "--reason"),
        (("users", "list", "--where", "colour=red"), "last_used"),
        (("users", "list", "--where", "last_used>soon"), "last_used"),
        (("users", "list", "--state", "asleep"), "discovered"),
        (("users", "list", "--kind", "dog"), "human"),
        (("advance", "judy", "--to", "heaven"), "provisioned"),
        (("advance",), "--wave"),
        (("gates", "waive", "judy", "nogate", "--reason", "why", "--until", "2999-01-01"), "coverage"),
        (("wave", "plan", "--size", "0"), "--size"),
        (("screams", "dismiss", "99", "--reason", "why"), "screams list"),
        (("persons", "show", "nobody@acme.example"), "persons list"),
        (("permission-sets", "show", "nope"), "permission-sets list"),
        (("permission-sets", "diff", "nope"), "permission-sets list"),
        (("audit", "verify", "--head", "/no/such/file"), "that you may read"),
        (("usage", "mine", "/no/such/folder"), "folder"),
        (("policy", "evaluate", "/no/such/file"), "that you may read"),
        (("users", "show"), "--help"),
        (("nonsense",), "--help"),
        (("users", "nonsense"), "--help"),
        (("users", "list", "--nonsense"), "--help"),
    ],
    ids=str,
)
def test_words_that_mean_nothing(company, command, fix):
    with company.nothing_changes():
        assert fix in refused(company, *command, code=WRONG).err


def test_a_person_without_an_address_is_held_until_somebody_says_whose_user_it_is(company):
    with_address = company.run("users", "show", "judy", "--json").json
    assert with_address["person"] == "judy@acme.example"
    company.control.clear_calls()

    ran = company.run("advance", "contractor-7", "--to", "provisioned", "--json")

    (moved,) = ran.json["users"]
    assert (ran.code, moved["outcome"], moved["to"]) == (HELD, "held", "mapped")
    assert "person-linked" in moved["held_by"]
    assert not [call for call in company.control.counts() if "Create" in call]
    gates = company.run("gates", "list", "contractor-7", "--json").json["gates"]
    assert "migrator users link" in next(gate["opens"] for gate in gates if gate["gate"] == "person-linked")


def test_a_stranger_under_an_old_name_is_not_touched(company):
    company.run("users", "destine", "contractor-7", "--to", "retire", "--reason", "left")
    company.run("map", "contractor-7")
    iam = company.client("iam", "data")
    iam.remove_user_from_group(UserName="contractor-7", GroupName="readonly")
    iam.delete_login_profile(UserName="contractor-7")
    iam.delete_user(UserName="contractor-7")
    stranger = iam.create_user(UserName="contractor-7")["User"]["UserId"]
    company.control.clear_calls()

    ran = company.run("advance", "contractor-7", "--json")

    (moved,) = ran.json["users"]
    assert (ran.code, moved["outcome"]) == (FAILED, "failed")
    assert stranger in moved["why"]
    assert "migrator discover" in moved["why"]
    assert "iam:PutUserPolicy" not in company.control.counts()
    company.run("discover")
    rows = [each for each in company.run("users", "list", "--json").json if each["user_name"] == "contractor-7"]
    assert {(each["user_id"] == stranger, each["state"] == "discovered") for each in rows} == {
        (True, True),
        (False, False),
    }


def test_an_error_is_no_answer_for_machines(company):
    ran = company.run("users", "show", "nobody", "--json")

    assert ran.code == WRONG
    assert ran.out == ""
    with pytest.raises(json.JSONDecodeError):
        json.loads(ran.err)
