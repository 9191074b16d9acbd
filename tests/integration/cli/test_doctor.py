"""`migrator doctor` against the sandbox: each thing that can be wrong is named, with what to do about it."""

import json
import shutil

import pytest

from migrator.domain.data_plane import COMMON
from migrator.sandbox import launch
from migrator.sandbox.clients import Clients, Credentials
from tests.integration.cli.company import act_as

EVERYTHING = {
    "configuration",
    "database",
    "credentials",
    "organization",
    "account",
    "discovery-role",
    "change-role",
    "iam-quotas",
    "identity-center",
    "identity-store",
    "permission-sets",
    "trail",
    "data-events",
    "usage-source",
    "break-glass",
    "worker",
}
LISTENED = {plane.words: plane.resource_type for plane in COMMON}


def of(findings, check, account_id=None):
    """What was found by one check, of one account where it is given."""
    return [each for each in findings if each["check"] == check and account_id in {None, each["account_id"]}]


def failed(findings):
    return {(each["check"], each["account_id"]) for each in findings if each["result"] == "failed"}


def one(findings, check, account_id=None):
    (found,) = of(findings, check, account_id)
    return found


def test_where_all_is_well_every_check_says_so(company):
    company.run("worker", "--once")
    company.client("cloudtrail").put_event_selectors(
        TrailName="organization",
        AdvancedEventSelectors=[
            {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
            *(
                {
                    "Name": name,
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Data"]},
                        {"Field": "resources.type", "Equals": [kind]},
                    ],
                }
                for name, kind in LISTENED.items()
            ),
        ],
    )

    code, findings = company.doctor()

    assert code == 0
    assert {each["check"] for each in findings} == EVERYTHING
    assert {each["result"] for each in findings} == {"ok"}
    assert {tuple(each) for each in findings} == {("check", "account_id", "result", "detail", "fix")}
    assert {each["fix"] for each in findings} == {None}
    for check in ("discovery-role", "change-role", "iam-quotas"):
        assert {each["account_id"] for each in of(findings, check)} == {
            company.account(name) for name in ("acme", "data", "web")
        }


def test_looking_changes_nothing(company):
    with company.nothing_changes():
        assert company.run("doctor").code == 0


def test_a_suspended_account_is_left_alone_and_named(company):
    _, findings = company.doctor()

    found = one(findings, "account", company.account("legacy"))
    assert found["result"] == "ok"
    assert "SUSPENDED" in found["detail"]


def test_people_read_a_mark_a_word_and_below_it_what_to_do(company):
    company.configure(aws={"discovery_role": "NobodyMadeMe"})

    ran = company.run("doctor")

    assert ran.code == 1
    lines = ran.out.splitlines()
    assert any(line.startswith("✓ ok") and "configuration" in line for line in lines)
    assert any(line.startswith("✗ failed") and "discovery-role" in line for line in lines)
    assert any(line.strip().startswith("→ create NobodyMadeMe in that account") for line in lines)
    assert lines[-1].endswith("2 failed")


@pytest.mark.parametrize(
    ("role", "check"), [("MigratorDiscovery", "discovery-role"), ("MigratorChange", "change-role")]
)
def test_a_role_that_is_missing_in_one_account_is_named_there_and_only_there(company, role, check):
    iam = company.client("iam", "data")
    iam.delete_role_policy(RoleName=role, PolicyName=role)
    iam.delete_role(RoleName=role)

    code, findings = company.doctor()

    assert code == 1
    assert failed(findings) == {(check, company.account("data"))}
    assert f"create {role} in that account" in one(findings, check, company.account("data"))["fix"]
    assert one(findings, check, company.account("web"))["result"] == "ok"


def test_a_role_that_may_not_read_is_not_enough(company):
    company.client("iam", "data").delete_role_policy(RoleName="MigratorDiscovery", PolicyName="MigratorDiscovery")

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("discovery-role", company.account("data"))})
    assert "GetAccountAuthorizationDetails" in one(findings, "discovery-role", company.account("data"))["detail"]


@pytest.mark.parametrize(("setting", "check"), [("discovery_role", "discovery-role"), ("change_role", "change-role")])
def test_without_a_role_only_the_callers_own_account_can_be_entered(company, setting, check):
    company.configure(aws={setting: None})

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {(check, company.account(name)) for name in ("data", "web")})
    assert f"name a role in aws.{setting}" in one(findings, check, company.account("web"))["fix"]


def test_a_setting_that_means_no_account_is_named(company):
    company.configure(aws={"accounts": {"include": ["acme", "acmee"]}})

    code, findings = company.doctor()

    assert code == 0
    assert "aws.accounts.include: acmee means no account" in {each["detail"] for each in of(findings, "account")}
    assert {each["account_id"] for each in of(findings, "discovery-role")} == {company.account("acme")}


def test_settings_that_leave_no_account_fail(company):
    company.configure(aws={"accounts": {"exclude": ["*"]}})

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("account", None)})


@pytest.fixture
def bare(company, monkeypatch, migrated_sqlite):
    """An organization in which nothing was set up; gives the id of its one member account."""
    sandbox = launch.start()
    administrator = Credentials.of(sandbox.control.administrator())
    act_as(monkeypatch, sandbox.endpoint, administrator)
    org = Clients(sandbox.endpoint).make("organizations", administrator, "us-east-1")
    org.create_organization(FeatureSet="ALL")
    company.configure(database=f"sqlite:///{shutil.copy(migrated_sqlite, company.folder / 'new.db')}")
    yield org.create_account(AccountName="data", Email="data@acme.example")["CreateAccountStatus"]["AccountId"]
    launch.stop(sandbox)


def test_an_organization_with_neither_identity_center_nor_trail_nor_roles(company, bare):
    own = company.account("acme")

    code, findings = company.doctor()

    assert code == 1
    assert failed(findings) == {
        ("discovery-role", bare),
        ("change-role", bare),
        ("identity-center", None),
        ("trail", own),
        ("trail", bare),
        ("usage-source", None),
    }
    missing = one(findings, "identity-center")
    assert missing["detail"] == "there is no Identity Center instance in us-east-1"
    assert "aws.region" in missing["fix"]
    assert "organization trail" in one(findings, "trail", own)["fix"]
    assert one(findings, "discovery-role", own)["result"] == "ok"


def test_in_the_wrong_region_the_setting_is_named(company):
    company.configure(aws={"region": "eu-west-1"})

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("identity-center", None)})
    assert "aws.region" in one(findings, "identity-center")["fix"]


@pytest.fixture
def two_instances(company):
    """The organization's instance, and one of the data account's own; data administers both. Gives its own's ARN."""
    data = company.account("data")
    company.client("organizations").register_delegated_administrator(
        AccountId=data, ServicePrincipal="sso.amazonaws.com"
    )
    own = company.client("sso-admin", "data").create_instance()["InstanceArn"]
    company.configure(identity_center={"role_arn": f"arn:aws:iam::{data}:role/OrganizationAccountAccessRole"})
    return own


def test_of_two_instances_one_must_be_chosen(company, two_instances):
    code, findings = company.doctor()

    found = one(findings, "identity-center")
    assert (code, found["result"]) == (1, "failed")
    assert two_instances in found["detail"]
    assert company.seeded.identity_center.instance_arn in found["detail"]
    assert "identity_center.instance_arn" in found["fix"]


def test_the_organizations_instance_may_be_chosen_of_two(company, two_instances):
    chosen = company.seeded.identity_center.instance_arn
    assert chosen != two_instances
    company.configure(identity_center={**company.settings["identity_center"], "instance_arn": chosen})

    code, findings = company.doctor()

    assert (code, one(findings, "identity-center")["result"]) == (0, "ok")


def test_an_accounts_own_instance_cannot_serve_the_organization(company, two_instances):
    company.configure(identity_center={**company.settings["identity_center"], "instance_arn": two_instances})

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("identity-center", None)})
    assert "cannot assign accounts" in one(findings, "identity-center")["detail"]


@pytest.mark.parametrize(("key", "secret"), [("ASIAEXPIRED000000000", "gone"), ("AKIANOBODY0000000000", "never was")])
def test_credentials_that_aws_does_not_take(company, monkeypatch, key, secret):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)

    code, findings = company.doctor()

    assert (code, failed(findings)) == (4, {("credentials", None)})
    assert "aws sso login" in one(findings, "credentials")["fix"]
    for check in ("organization", "accounts", "identity-center", "trail", "usage-source"):
        assert one(findings, check)["detail"] == "not checked: the credentials do not work"
    assert one(findings, "break-glass")["result"] == "ok"


def test_no_credentials_at_all(company, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    code, findings = company.doctor()

    assert (code, failed(findings)) == (4, {("credentials", None)})


def test_an_endpoint_that_nobody_answers_at(company, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    code, findings = company.doctor()

    assert (code, failed(findings)) == (4, {("credentials", None)})
    assert "AWS_ENDPOINT_URL" in one(findings, "credentials")["fix"]


def test_a_trail_that_was_stopped_is_heard_by_nobody(company):
    company.client("cloudtrail").stop_logging(Name="organization")

    code, findings = company.doctor()

    assert code == 1
    stopped = one(findings, "trail", company.account("acme"))
    assert (stopped["result"], stopped["detail"].endswith("is not logging")) == ("failed", True)


def test_a_trail_that_hears_only_some_objects_says_so(company):
    company.client("cloudtrail").put_event_selectors(
        TrailName="organization",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [
                    {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme-data-lake/"]},
                    {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
                ],
            }
        ],
    )

    code, findings = company.doctor()

    heard = one(findings, "data-events")
    assert (code, heard["result"]) == (0, "warning")
    assert heard["detail"].endswith(": DynamoDB items, SNS messages, SQS messages, some S3 objects")


@pytest.mark.parametrize(
    ("sources", "result", "detail"),
    [
        ([{"type": "access-advisor"}], "warning", "no CloudTrail files are read"),
        ([{"type": "cloudtrail", "location": "s3://acme-organization-trail/elsewhere"}], "failed", "holds no log file"),
        ([{"type": "cloudtrail", "location": "s3://nobodys-bucket/AWSLogs"}], "failed", "no bucket nobodys-bucket"),
        ([{"type": "cloudtrail", "location": "/no/such/folder"}], "failed", "no folder /no/such/folder"),
    ],
)
def test_a_usage_source_that_cannot_be_used_is_named(company, sources, result, detail):
    company.configure(usage={"sources": sources})

    code, findings = company.doctor()

    found = next(each for each in of(findings, "usage-source") if each["result"] != "ok")
    assert (code, found["result"]) == (int(result == "failed"), result)
    assert detail in found["detail"]
    assert found["fix"]


def test_old_log_files_alone_are_suspicious(company):
    folder = company.folder / "logs" / "AWSLogs" / company.account("data") / "CloudTrail" / "us-east-1"
    was = company.control.now().replace(day=1)
    was = was.replace(year=was.year - 1) if was.month == 1 else was.replace(month=was.month - 1)
    day = folder / f"{was:%Y/%m/%d}"
    day.mkdir(parents=True)
    name = f"{company.account('data')}_CloudTrail_us-east-1_{was:%Y%m%d}T0000Z_abcdefghijklmnop.json"
    (day / name).write_text(json.dumps({"Records": []}), encoding="utf-8")
    company.configure(usage={"sources": [{"type": "cloudtrail", "location": str(company.folder / "logs")}]})

    code, findings = company.doctor()

    found = one(findings, "usage-source")
    assert (code, found["result"]) == (0, "warning")
    assert "none of the last 2 days" in found["detail"]


def test_a_break_glass_name_that_protects_nobody_fails(company):
    company.configure(classification={"break_glass": ["breakglass-admn", "break*"]})

    code, findings = company.doctor()

    assert code == 1
    typo, real = of(findings, "break-glass")
    assert (typo["result"], "classification.break_glass" in typo["fix"]) == ("failed", True)
    assert (real["result"], real["account_id"]) == ("ok", company.account("acme"))


def test_a_break_glass_user_without_mfa_is_a_warning(company):
    company.configure(classification={"break_glass": ["contractor-7"]})

    code, findings = company.doctor()

    found = one(findings, "break-glass")
    assert (code, found["result"]) == (0, "warning")
    assert "has no MFA device" in found["detail"]


def test_without_any_break_glass_user_there_is_a_warning(company):
    company.configure(classification={})

    _, findings = company.doctor()

    assert one(findings, "break-glass")["result"] == "warning"


def test_nobody_listening_fails_once_somebody_is_cut_off(company):
    assert one(company.doctor()[1], "worker")["result"] == "warning"
    company.sql("update users set state = 'quarantined' where user_name = 'judy'")

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("worker", None)})


def test_approvals_on_sqlite_can_be_forged(company):
    company.configure(gates={"approvals": 1})

    code, findings = company.doctor()

    assert (code, one(findings, "approvals")["result"]) == (0, "warning")


def test_a_server_guards_its_approvals(company, migrated_postgres_url):
    company.configure(gates={"approvals": 1}, database=migrated_postgres_url)

    code, findings = company.doctor()

    assert (code, of(findings, "approvals")) == (0, [])
    assert one(findings, "database")["detail"].startswith("postgresql+psycopg://")


def test_policies_that_no_role_can_hold_are_named_with_the_quota(company):
    policies = [f"arn:aws:iam::aws:policy/P{number}" for number in range(11)]
    with_eleven = json.dumps({"type": "permission-set", "managed_policies": policies})
    company.sql(f"insert into documents (sha256, body) values ('{'e' * 64}', '{with_eleven}')")  # noqa: S608  # ours
    company.sql(f"update permission_sets set spec_sha = '{'e' * 64}' where name = 'data-team'")  # noqa: S608  # ours

    code, findings = company.doctor()

    found = one(findings, "iam-quotas", company.account("data"))
    assert (code, found["result"]) == (0, "warning")
    assert found["detail"] == "data-team has 11 managed policies; a role here takes 10"


def test_a_database_of_another_organization(company):
    company.sql("update installation set organization_id = 'o-elsewhere'")

    code, findings = company.doctor()

    assert (code, failed(findings)) == (1, {("organization", None)})
    assert "o-elsewhere" in [each["detail"] for each in of(findings, "organization")][1]


def test_a_database_of_a_newer_revision(company):
    company.sql("update alembic_version set version_num = 'fffe'")

    code, findings = company.doctor()

    assert (code, failed(findings)) == (4, {("database", None)})
    assert "install the newest" in one(findings, "database")["fix"]
    assert one(findings, "worker")["detail"].startswith("not checked")
    assert one(findings, "identity-center")["result"] == "ok"


def test_a_database_that_is_not_there_is_not_made(company):
    company.database.unlink()

    code, findings = company.doctor()

    assert (code, failed(findings)) == (4, {("database", None)})
    assert one(findings, "database")["fix"] == "run: migrator db upgrade"
    assert not company.database.exists()


def test_before_the_first_discovery_all_else_is_looked_at(company, migrated_sqlite):
    company.configure(database=f"sqlite:///{shutil.copy(migrated_sqlite, company.folder / 'new.db')}")

    code, findings = company.doctor()

    assert code == 0
    assert {each["check"] for each in findings} == EVERYTHING
    assert one(findings, "break-glass")["fix"] == "run: migrator discover"


def test_a_wrong_configuration_is_the_only_finding(company):
    company.configure(waves={"sise": 3})

    ran = company.run("doctor", "--json")

    assert ran.code == 2
    (found,) = ran.json
    assert (found["check"], found["result"], found["fix"]) == ("configuration", "failed", "did you mean size?")
