"""IAM's credential report: one CSV for an account, up to four hours old (IAM User Guide, credential reports)."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from migrator.domain.model import RootFacts

ROOT = "<root_account>"
SENTINELS = frozenset(("", "N/A", "no_information", "not_supported"))
"""What stands in a column where there is nothing to say."""

_SAME = 1.0
"""Seconds by which two spellings of one moment may differ: the report has none smaller."""


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One of a row's two access keys; the report does not say its id. `rotated_at` is when it was made or changed."""

    active: bool
    rotated_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_service: str | None = None
    last_used_region: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the report says of one user. Booleans are None where the report does not say."""

    created_at: datetime | None = None
    password: bool | None = None
    password_last_used: datetime | None = None
    mfa: bool | None = None
    keys: tuple[KeySlot, ...] | None = None
    certificates: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: rows by user name, and the root user's."""

    generated_at: datetime
    rows: Mapping[str, Row] = field(default_factory=dict)
    root: RootFacts | None = None

    def row_of(self, user_name: str, created_at: datetime | None) -> Row | None:
        """The row of this very user; None where it was made after the report, or bears the name of a dead one."""
        row = self.rows.get(user_name)
        if row is None or row.created_at is None or created_at is None or created_at > self.generated_at:
            return None
        return row if abs((row.created_at - created_at).total_seconds()) <= _SAME else None


def read_report(content: bytes | str, generated_at: datetime) -> Report:
    """Reads the CSV by its header, so that columns may come and go."""
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    lines = [
        {name: value for name, value in line.items() if isinstance(name, str) and isinstance(value, str)}
        for line in csv.DictReader(io.StringIO(text, newline=""))
    ]
    root = next((_root(line) for line in lines if line.get("user") == ROOT), None)
    rows = {line["user"]: _row(line) for line in lines if line.get("user") not in {None, ROOT}}
    return Report(generated_at, rows, root)


def moment(value: str | None) -> datetime | None:
    """A time of the report in UTC; None for every sentinel and for what is no time."""
    if value is None or value in SENTINELS:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def flag(value: str | None) -> bool | None:
    """A boolean of the report, in any case; None for every sentinel."""
    return {"true": True, "false": False}.get((value or "").lower())


def _row(line: Mapping[str, str]) -> Row:
    keys = tuple(_slot(line, number) for number in (1, 2) if _exists(line, f"access_key_{number}"))
    return Row(
        created_at=moment(line.get("user_creation_time")),
        password=flag(line.get("password_enabled")),
        password_last_used=moment(line.get("password_last_used")),
        mfa=flag(line.get("mfa_active")),
        keys=keys if flag(line.get("access_key_1_active")) is not None else None,
        certificates=_certificates(line),
    )


def _slot(line: Mapping[str, str], number: int) -> KeySlot:
    name = f"access_key_{number}"
    return KeySlot(
        active=bool(flag(line.get(f"{name}_active"))),
        rotated_at=moment(line.get(f"{name}_last_rotated")),
        last_used_at=moment(line.get(f"{name}_last_used_date")),
        last_used_service=_word(line.get(f"{name}_last_used_service")),
        last_used_region=_word(line.get(f"{name}_last_used_region")),
    )


def _exists(line: Mapping[str, str], name: str) -> bool:
    """Inactive and absent look alike but for the date of the last rotation."""
    return bool(flag(line.get(f"{name}_active"))) or moment(line.get(f"{name}_last_rotated")) is not None


def _certificates(line: Mapping[str, str]) -> bool | None:
    if any(flag(line.get(f"cert_{number}_active")) is None for number in (1, 2)):
        return None
    return any(_exists(line, f"cert_{number}") for number in (1, 2))


def _root(line: Mapping[str, str]) -> RootFacts:
    row = _row(line)
    active = None if row.keys is None else sum(slot.active for slot in row.keys)
    return RootFacts(row.mfa, active, row.password_last_used)


def _word(value: str | None) -> str | None:
    return None if value is None or value in SENTINELS else value
