from datetime import time, timedelta
from pathlib import Path

import pytest

from migrator.config import ConfigError, Settings, Share, example, load
from migrator.domain.errors import UsageError

ROOT = Path(__file__).parents[2]

CONTRACT = """
database: sqlite:///migrator.db            # or postgresql+psycopg://user@host/name
aws:
  profile: null
  region: us-east-1
  discovery_role: MigratorDiscovery
  change_role: MigratorChange
  organization_role_arn: null
  external_id: null
  accounts: {include: [], exclude: []}
identity_center:
  instance_arn: null
  role_arn: null
  users: create
  groups: create
  permission_sets: create
usage:
  lookback: 90d
  sources: [{type: access-advisor}]
classification: {rules: [], break_glass: [], retire_after: 180d, email_tag: Email, owner_tag: Owner,
                 cost_center_tag: CostCenter}
mapping: {unused_granted_max_percent: 30, coverage_min_percent: 100, prefer_managed_policies: true,
          session_duration: 8h, share_across_owners: false}
gates: {sso_sign_in: true, listening: true, legacy_quiet: 0d, approvals: 1, approval_valid: 30d, change_window: null}
scream_test: {quarantine: 7d, deactivate: 14d, sessions: 36h, rollback_on_scream: true, poll: 15m}
waves: {size: 25, canary: 5, max_in_scream_test: 10%}
notifications: []
guardrails: {scp_exempt_accounts: [], scp_exempt_roles: [], responder_roles: [], scp_targets: [], alert_queue: null}
log: {level: info, format: text}
"""


@pytest.fixture
def reads(tmp_path):
    def read(text: str, **environ: str) -> Settings:
        file = tmp_path / "config.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, environ)

    return read


@pytest.fixture
def refusal(reads):
    def refuse(text: str, **environ: str) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            reads(text, **environ)
        assert "\n" not in str(caught.value)
        return caught.value

    return refuse


def leaves(settings, prefix=""):
    for name, value in settings.items():
        yield from leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [f"{prefix}{name}"]


def test_the_example_is_what_the_model_renders():
    assert (ROOT / "config.example.yaml").read_text(encoding="utf-8") == example()


def test_the_example_says_the_defaults():
    assert load(ROOT / "config.example.yaml", {}) == Settings()


def test_the_example_has_every_key_with_a_remark():
    lines = example().splitlines()
    keys = {key.rsplit(".", 1)[-1] for key in leaves(Settings().model_dump(by_alias=True))}
    remarks = {line.split(":")[0].strip(): line.partition("  # ")[2] for line in lines if not line.startswith("#")}
    assert all(remarks.get(key) for key in keys), keys - remarks.keys()


def test_every_shape_that_the_example_shows_in_a_remark_loads(reads):
    shown, key = {}, ""
    for line in example().splitlines():
        if line.startswith("    # "):
            shown.setdefault(key, []).append(line[6:])
        else:
            key = line.split(":")[0].strip()
    assert set(shown) == {"sources", "rules", "change_window", "freezes"}
    reads(f"usage:\n  sources: [{', '.join(shown['sources'])}]\nclassification:\n  rules: [{shown['rules'][0]}]\n")
    gates = reads(f"gates:\n  change_window: {shown['change_window'][0]}\n  freezes: [{shown['freezes'][0]}]\n").gates
    assert gates.change_window is not None
    assert gates.freezes


def test_the_defaults_are_those_of_the_contract(reads):
    assert reads(CONTRACT) == Settings()


def test_every_key_of_the_contract_is_there_in_its_order(reads):
    promised = list(leaves(reads(CONTRACT).model_dump(exclude_unset=True)))
    assert [key for key in leaves(Settings().model_dump()) if key in promised] == promised


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().waves.size = 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3s", timedelta(seconds=3)),
        ("15m", timedelta(minutes=15)),
        ("8h", timedelta(hours=8)),
        ("14d", timedelta(days=14)),
        ("0d", timedelta()),
        ("0s", timedelta()),
        ("36500d", timedelta(days=36500)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(reads, written, meant):
    assert reads(f"scream_test: {{quarantine: {written}}}").scream_test.quarantine == meant


@pytest.mark.parametrize("text", ["90d", "36h", "15m", "3s", "0d", "25h", "90m"])
def test_a_duration_is_written_as_it_is_read(reads, text):
    settings = reads(f"gates: {{legacy_quiet: {text}}}")
    assert settings.model_dump(mode="json")["gates"]["legacy_quiet"] == text


@pytest.mark.parametrize(
    ("written", "total", "meant"),
    [("10%", 200, 20), ("10%", 5, 1), ("10%", 0, 1), ("100%", 7, 7), ("2.5%", 200, 5), ("12", 5, 12), ('"12"', 5, 12)],
)
def test_a_share_is_a_number_or_a_percentage_that_never_halts_everybody(reads, written, total, meant):
    assert reads(f"waves: {{max_in_scream_test: {written}}}").waves.max_in_scream_test.of(total) == meant


@pytest.mark.parametrize(("share", "text"), [(Share(count=3), "3"), (Share(percent=2.5), "2.5%")])
def test_a_share_is_shown_as_it_is_written(share, text):
    assert str(share) == text


def test_a_percentage_may_carry_its_sign(reads):
    mapping = reads("mapping: {unused_granted_max_percent: 12.5%, coverage_min_percent: 99}").mapping
    assert (mapping.unused_granted_max_percent, mapping.coverage_min_percent) == (12.5, 99)


@pytest.mark.parametrize(
    "account",
    ["123456789012", '"123456789012"', "012345670123", "000000000000", "ou-ab12-34cd56ef", "Prod EU", "dev-*"],
)
def test_an_account_is_kept_digit_by_digit(reads, account):
    assert reads(f"aws: {{accounts: {{include: [{account}]}}}}").aws.accounts.include == (account.strip('"'),)


def test_a_change_window_knows_days_times_and_zone(reads):
    window = reads("gates: {change_window: {days: [mon, tue], from: 09:00, to: 16:00, zone: Europe/Berlin}}")
    opened = window.gates.change_window
    assert opened is not None
    assert (opened.days, opened.opens, opened.closes, opened.zone.key) == (
        ("mon", "tue"),
        time(9),
        time(16),
        "Europe/Berlin",
    )


def test_a_change_window_may_last_past_midnight(reads):
    window = reads("gates: {change_window: {days: [fri], from: 22:00, to: 04:30, zone: UTC}}").gates.change_window
    assert (window.opens, window.closes) == (time(22), time(4, 30))


def test_usage_sources_are_told_apart_by_their_type(reads):
    sources = reads(
        "usage:\n  sources:\n"
        "  - {type: cloudtrail, location: ./trail}\n"
        "  - {type: athena, database: logs, table: trail, output: s3://results/here}\n"
        "  - {type: lookup-events}\n"
    ).usage.sources
    assert [type(source).__name__ for source in sources] == ["CloudTrailFiles", "Athena", "LookupEvents"]
    assert (sources[0].location, sources[1].workgroup) == ("./trail", "primary")


def test_a_rule_names_users_by_name_path_and_tags(reads):
    rules = reads(
        "classification:\n"
        "  rules:\n"
        "  - {name: '123456789012/ci-*', kind: machine}\n"
        "  - {path: /people/*, tag: {Team: on}, kind: human}\n"
        "  break_glass: [emergency-*, 1234*/root-like, '*/glass']\n"
    ).classification
    assert [(rule.name, rule.path, dict(rule.tag), rule.kind) for rule in rules.rules] == [
        ("123456789012/ci-*", None, {}, "machine"),
        (None, "/people/*", {"Team": "on"}, "human"),
    ]
    assert rules.break_glass == ("emergency-*", "1234*/root-like", "*/glass")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///migrator.db",
        "sqlite:////var/lib/migrator.db",
        "postgresql+psycopg://user@host/name",
        "postgresql+psycopg://user:word@host:5432/name?sslmode=require",
        "postgresql+psycopg:///name?host=/run/postgresql",
    ],
)
def test_a_database_is_sqlite_or_postgresql(reads, url):
    assert reads(f"database: {url}").database == url


def test_variables_are_expanded_in_every_value(reads):
    settings = reads(
        "database: postgresql+psycopg://me:${PASSWORD}@host/${NAME}\n"
        "notifications: ['slack://${TOKEN}']\n"
        "waves: {size: '${SIZE}'}\n"
        "gates: {listening: '${EARS}', legacy_quiet: '${DAYS}d'}\n"
        "aws: {external_id: 'a$b $${PASSWORD} $1'}\n",
        PASSWORD="pa${SIZE}ss",
        NAME="db",
        TOKEN="A/B/C",
        SIZE="7",
        EARS="false",
        DAYS="2",
    )
    assert settings.database == "postgresql+psycopg://me:pa${SIZE}ss@host/db"
    assert settings.notifications == ("slack://A/B/C",)
    assert (settings.waves.size, settings.gates.listening) == (7, False)
    assert settings.gates.legacy_quiet == timedelta(days=2)
    assert settings.aws.external_id == "a$b ${PASSWORD} $1"


def test_a_database_and_its_notifications_are_not_shown_with_the_settings(reads):
    settings = reads("database: postgresql+psycopg://me:hush@host/x\nnotifications: [slack://hush]")
    assert "hush" not in repr(settings)


BAD = [
    # text, key, line, part of what is said, part of the next step
    ("waves: {sise: 3}", "waves.sise", 1, "not a key", "did you mean size?"),
    ("log:\n  format: text\n  xyz: 1", "log.xyz", 3, "not a key", "format, level"),
    ("databse: x", "databse", 1, "not a key", "database"),
    ('"\\e[31mred": 1', "\\x1b[31mred", 1, "not a key", "database"),
    ("usage:\n  sources:\n  - type: cloudtrail\n    loction: x", "usage.sources[0].location", 3, "missing", "add"),
    (
        "usage:\n  sources:\n  - type: cloudtrail\n    location: x\n    locaton: x",
        "usage.sources[0].locaton",
        5,
        "not a key",
        "location",
    ),
    ("usage: {sources: [{type: lookup-events, location: x}]}", "usage.sources[0].location", 1, "not a key", "are type"),
    ("usage: {sources: [{type: splunk}]}", "usage.sources[0]", 1, "none of the words", "'lookup-events'"),
    ("usage: {sources: [{location: x}]}", "usage.sources[0]", 1, "none of the words", "type"),
    ("usage: {sources: access-advisor}", "usage.sources", 1, "list", "[]"),
    ("usage: {sources: [access-advisor]}", "usage.sources[0]", 1, "block", "keys"),
    ("usage: {sources: [{type: athena, database: a, table: b, output: c}]}", "usage.sources[0].output", 1, "S3", "s3:"),
    ("waves:\n  size: many", "waves.size", 2, "number", "from 1"),
    ("waves: {size: 0}", "waves.size", 1, "number", "from 1"),
    ("waves: {size: 2.5}", "waves.size", 1, "number", "from 1"),
    ("waves: {size: true}", "waves.size", 1, "number", "from 1"),
    ("waves: {canary: -1}", "waves.canary", 1, "number", "from 0"),
    ("waves: {canary: null}", "waves.canary", 1, "number", "from 0"),
    ("waves: {max_in_scream_test: 0}", "waves.max_in_scream_test", 1, "percentage", "10%"),
    ("waves: {max_in_scream_test: 101%}", "waves.max_in_scream_test", 1, "percentage", "10%"),
    ("waves: {max_in_scream_test: ten%}", "waves.max_in_scream_test", 1, "percentage", "10%"),
    ("waves: {max_in_scream_test: [1]}", "waves.max_in_scream_test", 1, "percentage", "10%"),
    ("waves: 3", "waves", 1, "block", "leave it out"),
    ("waves:\n  # size: 3\nlog: {}", "waves", 1, "block", "leave it out"),
    ("mapping: {coverage_min_percent: 101}", "mapping.coverage_min_percent", 1, "percentage", "100"),
    ("mapping: {coverage_min_percent: nan}", "mapping.coverage_min_percent", 1, "percentage", "100"),
    ("mapping: {session_duration: 13h}", "mapping.session_duration", 1, "session", "12h"),
    ("mapping: {session_duration: 1s}", "mapping.session_duration", 1, "session", "12h"),
    ("mapping: {share_across_owners: 2}", "mapping.share_across_owners", 1, "true nor false", "true or false"),
    ("gates: {legacy_quiet: 3}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: -3d}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: 3 days}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: 1h30m}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: ٣d}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: null}", "gates.legacy_quiet", 1, "duration", "14d"),
    ("gates: {legacy_quiet: 999999999999d}", "gates.legacy_quiet", 1, "hundred years", "36500d"),
    ("gates: {approval_valid: 0d}", "gates.approval_valid", 1, "longer", "1s"),
    ("scream_test: {poll: 0s}", "scream_test.poll", 1, "longer", "1s"),
    ("usage: {lookback: 0d}", "usage.lookback", 1, "longer", "1s"),
    ("classification: {retire_after: 0d}", "classification.retire_after", 1, "longer", "1s"),
    ("gates: {change_window: always}", "gates.change_window", 1, "block", "keys"),
    (
        "gates:\n  change_window:\n    days: [mon, Montag]\n    from: 09:00\n    to: 16:00\n    zone: UTC",
        "gates.change_window.days[1]",
        3,
        "none of the words",
        "'mon'",
    ),
    (
        "gates: {change_window: {days: [], from: 09:00, to: 16:00, zone: UTC}}",
        "gates.change_window.days",
        1,
        "empty",
        "",
    ),
    ("gates: {change_window: {days: [mon], to: 16:00, zone: UTC}}", "gates.change_window.from", 1, "missing", "add"),
    (
        "gates: {change_window: {days: [mon], from: 9, to: 16:00, zone: UTC}}",
        "gates.change_window.from",
        1,
        "time",
        "09",
    ),
    (
        "gates: {change_window: {days: [mon], from: 24:00, to: 16:00, zone: UTC}}",
        "gates.change_window.from",
        1,
        "time",
        "09",
    ),
    (
        "gates: {change_window: {days: [mon], from: 09:00, to: 09:00, zone: UTC}}",
        "gates.change_window",
        1,
        "never",
        "from",
    ),
    *(
        (
            f"gates: {{change_window: {{days: [mon], from: 09:00, to: 16:00, zone: {zone}}}}}",
            "gates.change_window.zone",
            1,
            "time zone",
            "Europe/Berlin",
        )
        for zone in ("Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe", "null", "[]", '""', '"a\\0b"')
    ),
    ("classification: {rules: [{kind: human}]}", "classification.rules[0]", 1, "every user", "name"),
    ("classification: {rules: [{name: x, kind: robot}]}", "classification.rules[0].kind", 1, "none of", "'machine'"),
    ("classification: {rules: [{name: x}]}", "classification.rules[0].kind", 1, "missing", "add"),
    ("classification: {rules: [{tag: [x], kind: human}]}", "classification.rules[0].tag", 1, "block", "keys"),
    ("classification: {rules: [{tag: {a: null}, kind: human}]}", "classification.rules[0].tag.a", 1, "text", "word"),
    ("classification: {break_glass: [a/b]}", "classification.break_glass[0]", 1, "name of a user", "ACCOUNT_ID/NAME"),
    ("classification: {break_glass: [a/b/c]}", "classification.break_glass[0]", 1, "name of a user", "ACCOUNT_ID/NAME"),
    ("classification: {break_glass: root}", "classification.break_glass", 1, "list", "[]"),
    ("classification: {email_tag: ''}", "classification.email_tag", 1, "empty", "word"),
    ("aws: {accounts: {include: [12345]}}", "aws.accounts.include[0]", 1, "account", "twelve"),
    ("aws: {region: Frankfurt}", "aws.region", 1, "region", "us-east-1"),
    ("aws: {region: true}", "aws.region", 1, "text", "quotes"),
    ("aws: {organization_role_arn: Reader}", "aws.organization_role_arn", 1, "ARN", "ARN"),
    ("aws: {discovery_role: 'arn:aws:iam::123456789012:role/x'}", "aws.discovery_role", 1, "role's name", "name"),
    ("identity_center: {instance_arn: x}", "identity_center.instance_arn", 1, "ARN", "list-instances"),
    ("identity_center: {users: import}", "identity_center.users", 1, "none of the words", "'create' or 'existing'"),
    ("guardrails: {scp_targets: [everything]}", "guardrails.scp_targets[0]", 1, "attached", "root"),
    ("guardrails: {scp_exempt_accounts: [1]}", "guardrails.scp_exempt_accounts[0]", 1, "account id", "twelve"),
    ("log: {level: loud}", "log.level", 1, "none of the words", "'debug'"),
    ("notifications: slack://x", "notifications", 1, "list", "[]"),
    ("notifications: [3: x]", "notifications[0]", 1, "text", "word"),
    *(
        (f"database: {url}", "database", 1, "not a database", "postgresql+psycopg://")
        for url in (
            "migrator.db",
            "sqlite://",
            "sqlite:///",
            "'sqlite:///:memory:'",
            "sqlite:///folder/",
            "postgresql://user@host/name",
            "postgresql+psycopg://user@host",
            "mysql://user@host/name",
            "12",
        )
    ),
    ("database: null", "database", 1, "text", "word"),
    ("waves: {size: 3}\nlog: {}\nwaves: {size: 4}", "waves", 3, "twice, first in line 1", "leave one"),
    ("waves:\n  size: 3\n  'size': 4", "waves.size", 3, "twice, first in line 2", "leave one"),
    ("waves: &a {size: 3}\nlog: *a", "", 2, "alias", "write the value out"),
    ("waves: &a\n  b: *a", "", 2, "alias", "write the value out"),
    ("log: {<<: {level: info}}", "log.<<", 1, "not a key", "level"),
    ("waves: !!python/object/apply:os.getcwd []", "waves", 1, "tag", "!"),
    ("waves: {size: !!int 3}", "waves.size", 1, "tag", "!"),
    ("{[a]: b}", "", 1, "no word", ""),
    ("waves:\n\tsize: 3", "", 2, "not YAML", ""),
    ("waves: {size: 3", "", 1, "not YAML", ""),
    ("a: 1\n---\nb: 2", "", 2, "not YAML", ""),
    ("a: \x07", "", 1, "not YAML", ""),
    ("[" * 5000, "", 1, "not YAML", ""),
    ("", "", 1, "empty", "migrator init"),
    ("# nothing\n", "", 1, "empty", "migrator init"),
    ("--- ''", "", 1, "empty", "migrator init"),
    ("- a", "", 1, "block of keys", "database"),
    ("hello", "", 1, "block of keys", "database"),
    ("log: {}\ndatabase: ${NOWHERE}/x", "database", 2, "NOWHERE", "export NOWHERE"),
    ("notifications:\n- slack://${a-b}", "notifications[0]", 2, "${NAME}", "$${"),
    ("notifications:\n- slack://${}", "notifications[0]", 2, "${NAME}", "$${"),
]


@pytest.mark.parametrize(("text", "key", "line", "what", "step"), BAD, ids=lambda value: str(value)[:40])
def test_an_impossible_configuration_is_refused_by_key_file_and_line(refusal, text, key, line, what, step):
    error = refusal(text)
    assert (error.key, error.line, error.file.name) == (key, line, "config.yaml")
    assert key in str(error)
    assert f"config.yaml, line {line}" in str(error)
    assert what in str(error)
    assert step in error.next_step


def test_the_first_of_several_misfits_is_named_and_the_others_counted(refusal):
    error = refusal("log: {level: loud}\nwaves:\n  sise: 1\n  size: 0\n")
    assert (error.key, error.line) == ("log.level", 1)
    assert "2 more" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "notifications: ['${SECRET}']",
        "notifications: [{'slack://${SECRET}': 1}]",
        "notifications: 'slack://${SECRET}'",
        "notifications: {to: '${SECRET}'}",
        "database: postgres://me:${SECRET}@host/x",
        "waves: {size: '${SECRET}'}",
        "gates: {listening: '${SECRET}', change_window: '${SECRET}'}",
        "usage: {sources: [{type: '${SECRET}'}]}",
        "log: {level: '${SECRET}'}",
        "gates: {change_window: {days: ['${SECRET}'], from: '${SECRET}', to: '${SECRET}', zone: '${SECRET}'}}",
    ],
)
def test_no_refusal_repeats_a_secret(refusal, text):
    error = refusal(text, SECRET="hush hush")
    chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
    assert "hush" not in repr([str(link) for link in chain]) + error.next_step


def test_a_refusal_is_a_usage_error(refusal):
    error = refusal("databse: x")
    assert isinstance(error, UsageError)
    assert error.exit_code == 2


def test_a_missing_file_leads_to_init(tmp_path):
    with pytest.raises(ConfigError, match=r"no such file") as caught:
        load(tmp_path / "config.yaml", {})
    assert "migrator init" in caught.value.next_step
    assert str(tmp_path / "config.yaml") in str(caught.value)


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read: is a directory"):
        load(tmp_path, {})


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"database: \xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "config.yaml", {})
