"""The credential report is read by its header, with every sentinel."""

from datetime import UTC, datetime, timedelta

import pytest

from migrator.adapters.aws.credential_report import KeySlot, Report, Row, flag, moment, read_report
from migrator.domain.model import RootFacts
from tests.unit.aws.real import DATA, here, recorded

MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
BORN = datetime(2026, 10, 1, 12, tzinfo=UTC)
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
NOBODY = {
    name: "false" if name.endswith("_active") or name == "password_enabled" else "N/A" for name in HEADER.split(",")
}


def report_of(**columns: str) -> Report:
    line = {**NOBODY, "user": "ada", "user_creation_time": "2026-10-01T12:00:00+00:00", **columns}
    return read_report(f"{HEADER}\n{','.join(line.values())}\n", MADE)


def row_of(**columns: str) -> Row:
    return report_of(**columns).rows["ada"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-01T12:00:00+00:00", BORN),
        ("2026-10-01T12:00:00Z", BORN),
        ("2026-10-01T14:00:00+02:00", BORN),
        ("2026-10-01T12:00:00", BORN),
        ("N/A", None),
        ("no_information", None),
        ("not_supported", None),
        ("", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_time_is_a_time_or_nothing(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("N/A", None),
        ("not_supported", None),
        ("no_information", None),
        ("", None),
        (None, None),
    ],
)
def test_a_flag_is_said_or_not_said(text, expected):
    assert flag(text) is expected


def test_a_user_without_credentials_has_none():
    assert row_of() == Row(BORN, password=False, mfa=False, keys=(), certificates=False)


def test_a_password_never_used_is_still_a_password():
    row = row_of(password_enabled="true", password_last_used="no_information")

    assert (row.password, row.password_last_used) == (True, None)


@pytest.mark.parametrize(
    ("active", "rotated", "keys"),
    [
        ("true", "2026-10-01T12:00:00+00:00", (KeySlot(active=True, rotated_at=BORN),)),
        ("false", "2026-10-01T12:00:00+00:00", (KeySlot(active=False, rotated_at=BORN),)),
        ("true", "N/A", (KeySlot(active=True),)),
        ("false", "N/A", ()),
    ],
)
def test_an_inactive_key_is_told_from_none_by_its_rotation(active, rotated, keys):
    assert row_of(access_key_2_active=active, access_key_2_last_rotated=rotated).keys == keys


def test_the_last_use_of_a_key_has_time_service_and_region():
    row = row_of(
        access_key_1_active="true",
        access_key_1_last_used_date="2026-10-01T12:00:00+00:00",
        access_key_1_last_used_service="s3",
        access_key_1_last_used_region="N/A",
    )

    assert row.keys == (KeySlot(active=True, last_used_at=BORN, last_used_service="s3"),)


@pytest.mark.parametrize("columns", [{"cert_1_active": "true"}, {"cert_2_last_rotated": "2026-10-01T12:00:00Z"}])
def test_one_certificate_of_two_is_enough(columns):
    assert row_of(**columns).certificates is True


def test_columns_that_are_not_there_say_nothing():
    row = read_report("arn,more,user\na,b,ada\n", MADE).rows["ada"]

    assert row == Row()


def test_columns_may_move_and_be_new():
    text = "additional_credentials_info,mfa_active,user,user_creation_time\n[],TRUE,ada,2026-10-01T12:00:00Z\n"

    assert read_report(text.encode(), MADE).rows["ada"] == Row(BORN, mfa=True)


@pytest.mark.parametrize("text", ["", "\n", HEADER, f"{HEADER}\n", "not a report", f"{HEADER}\nada", "\ufffd\x00,\n"])
def test_a_broken_report_says_little_and_breaks_nothing(text):
    assert read_report(text, MADE).root is None


def test_the_root_is_no_user():
    report = report_of(user="<root_account>", mfa_active="true", access_key_1_active="true", password_enabled="true")

    assert report.rows == {}
    assert report.root == RootFacts(mfa_active=True, active_access_keys=1)


@pytest.mark.parametrize(
    ("user_name", "created_at", "known"),
    [
        ("ada", BORN, True),
        ("ada", BORN + timedelta(milliseconds=400), True),
        ("bob", BORN, False),
        ("ada", BORN + timedelta(days=2), False),
        ("ada", MADE + timedelta(seconds=1), False),
        ("ada", None, False),
    ],
)
def test_only_the_very_user_is_found(user_name, created_at, known):
    assert (report_of().row_of(user_name, created_at) is not None) is known


@here
def test_a_real_report_of_eight_users():
    report = read_report((DATA / "credreport/c7n_test_iam_user_unused_keys.csv").read_bytes(), MADE)

    assert sorted(report.rows) == ["Hazmat", "charmworld", "kaleb", "kapilt", "rome", "syracuse", "tyre"]
    assert report.root == RootFacts(False, 1, datetime(2016, 11, 25, 14, 19, 48, tzinfo=UTC))
    assert report.rows["kaleb"].password is True
    (key,) = report.rows["syracuse"].keys
    assert (key.last_used_service, key.last_used_region) == ("s3", None)


@here
def test_a_real_report_with_an_inactive_key():
    report = read_report((DATA / "credreport/c7n_test_iam_user_credential_multi_delete_noop.csv").read_text(), MADE)

    assert [slot.active for slot in report.rows["test1"].keys] == [False, True]


@here
def test_a_real_answer_whose_content_is_text():
    answer = recorded("credreport/cloudmapper_demo.json")
    report = read_report(answer["Content"], datetime.fromisoformat(answer["GeneratedTime"]))

    assert report.root.active_access_keys == 1
    assert report.row_of("auditor_tmp", datetime(2019, 5, 7, 15, 35, 54, tzinfo=UTC)) is not None
    assert len(report.rows["user"].keys) == 2


@here
def test_reports_that_another_tool_judged():
    for case in recorded("expected/prowler_credential_checks.json"):
        for text in case["credential_report_csv"]:
            lines = [line for line in text.splitlines()[1:] if line]
            report = read_report(text, MADE)
            assert len(report.rows) + (report.root is not None) == len(lines), case["test"]
