"""The credential report: made in the background, kept four hours, with a root row and every sentinel AWS uses.

Deviation: moto computes the report anew at each read, dates it 2015, leaves the root user out, and fills password,
region, service and certificate columns with constants.
Source: IAM User Guide, "Getting credential reports for your AWS account" (columns, "at most once every four hours").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.iam.models import AccessKey, SigningCertificate, User

from migrator.sandbox import faults
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.principals import MANAGEMENT_ACCOUNT
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.wire import Fault
from migrator.sandbox.state import Store

_KEPT = timedelta(hours=4)
_TAKES = timedelta(seconds=1)
_KEY_COLUMNS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
_ROOT_CREATED = datetime(2019, 3, 14, 9, 26, 53)  # noqa: DTZ001 - moto keeps UTC without saying so


@dataclass(slots=True)
class Report:
    """One account's last report; `ready` once somebody was told that it is, or the time it takes has passed."""

    made: datetime
    text: str
    ready: bool = False


REPORTS: Store[dict[str, Report]] = Store("credential-reports", dict)


def install() -> None:
    """Replace the two operations."""
    serve_iam({"GenerateCredentialReport": generate, "GetCredentialReport": get_report})


def generate(call: IamCall) -> dict[str, Any]:
    """Start a report, or tell that the one of the last four hours is complete."""
    if faults.present("never-ends"):
        return {"State": "INPROGRESS"}
    now = CLOCK.now()
    report = REPORTS.value.get(call.iam.account_id)
    if report is not None and timedelta(0) <= now - report.made < _KEPT:
        report.ready = True
        return {"State": "COMPLETE"}
    REPORTS.value[call.iam.account_id] = Report(now, _text(call))
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def get_report(call: IamCall) -> dict[str, Any]:
    """Give the last report."""
    report = REPORTS.value.get(call.iam.account_id)
    if report is None:
        raise Fault("ReportNotPresent", "No report exists. Generate one first.")
    age = CLOCK.now() - report.made
    if not report.ready and age < _TAKES:
        raise Fault("ReportInProgress", "Credential report generation is in progress.")
    if age >= _KEPT:
        raise Fault("ReportExpired", "The most recent credential report has expired. Generate a new one.")
    return {"Content": report.text, "ReportFormat": "text/csv", "GeneratedTime": naive(report.made)}


def _text(call: IamCall) -> str:
    users = sorted(call.iam.users.values(), key=lambda user: str(user.name))
    rows = [_COLUMNS, _root_row(call), *(tuple(_row(user)) for user in users)]
    return "\n".join(",".join(row) for row in rows)


def _root_row(call: IamCall) -> tuple[str, ...]:
    arn = f"arn:{call.iam.partition}:iam::{call.iam.account_id}:root"
    # The management account's root has MFA; member accounts made by Organizations have a root without a password.
    mfa = _flag(call.iam.account_id == MANAGEMENT_ACCOUNT)
    password = ("not_supported", "no_information", "not_supported", "not_supported")
    keys = ("false", "N/A", "N/A", "N/A", "N/A") * 2
    return ("<root_account>", arn, _moment(_ROOT_CREATED), *password, mfa, *keys, "false", "N/A", "false", "N/A")


def _row(user: User) -> Iterator[str]:
    yield from (user.name, user.arn, _moment(user.create_date))
    yield from _password(user)
    yield _flag(bool(user.mfa_devices))
    for number in range(2):
        yield from _key(user.access_keys[number] if number < len(user.access_keys) else None)
    certificates = list(user.signing_certificates.values())
    for number in range(2):
        yield from _certificate(certificates[number] if number < len(certificates) else None)


def _password(user: User) -> tuple[str, str, str, str]:
    used = _moment(user.password_last_used) if user.password_last_used else "no_information"
    if not user.password:
        return ("false", used if user.password_last_used else "N/A", "N/A", "N/A")
    return ("true", used, _moment(user.password_changed or user.create_date), "N/A")


def _key(key: AccessKey | None) -> tuple[str, ...]:
    if key is None:
        return ("false", "N/A", "N/A", "N/A", "N/A")
    rotated = _moment(getattr(key, "rotated", None) or key.create_date)
    if key.last_used is None:
        return (_flag(key.status == "Active"), rotated, "N/A", "N/A", "N/A")
    used = key.last_used
    return (_flag(key.status == "Active"), rotated, _moment(used.timestamp), used.region, used.service)


def _certificate(certificate: SigningCertificate | None) -> tuple[str, str]:
    if certificate is None:
        return ("false", "N/A")
    return (_flag(certificate.status == "Active"), _moment(certificate.upload_date))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00")
