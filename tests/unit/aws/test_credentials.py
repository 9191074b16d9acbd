"""Which slot of the report is which key, and what a device's serial tells."""

from datetime import UTC, datetime, timedelta

import pytest

from migrator.adapters.aws.credential_report import KeySlot
from migrator.adapters.aws.iam_credentials import mfa_detail, paired

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LATER = FIRST + timedelta(days=30)
LAST = LATER + timedelta(days=30)


def key(name, created, status="Active"):
    return {"AccessKeyId": name, "CreateDate": created, "Status": status}


def slot(rotated, *, active=True):
    return KeySlot(active=active, rotated_at=rotated)


@pytest.mark.parametrize(
    ("why", "keys", "slots", "expected"),
    [
        ("one key, untouched since", [key("A", FIRST)], [slot(FIRST)], {"A": 0}),
        ("one key, switched since", [key("A", FIRST, "Inactive")], [slot(LATER, active=False)], {"A": 0}),
        ("fractions of seconds", [key("A", FIRST.replace(microsecond=999))], [slot(FIRST)], {"A": 0}),
        ("two keys, both untouched", [key("A", FIRST), key("B", LATER)], [slot(LATER), slot(FIRST)], {"A": 1, "B": 0}),
        (
            "two keys of different status",
            [key("A", FIRST), key("B", FIRST, "Inactive")],
            [slot(LAST, active=False), slot(LATER)],
            {"A": 1, "B": 0},
        ),
        ("the key is newer than the slot", [key("A", LATER)], [slot(FIRST)], {}),
        ("the key was switched after the report", [key("A", FIRST, "Inactive")], [slot(FIRST)], {}),
        ("another key came after the report", [key("A", FIRST), key("B", LATER)], [slot(FIRST)], {}),
        ("a key went after the report", [key("A", FIRST)], [slot(FIRST), slot(LATER)], {}),
        ("two keys made in one second", [key("A", FIRST), key("B", FIRST)], [slot(FIRST), slot(FIRST)], {}),
        ("both could be either", [key("A", FIRST), key("B", FIRST)], [slot(LATER), slot(LAST)], {}),
        ("one slot fits both", [key("A", FIRST), key("B", LATER)], [slot(LATER), slot(LAST)], {}),
        ("a slot without a time", [key("A", FIRST)], [slot(None)], {}),
        ("a key without a time", [key("A", None)], [slot(FIRST)], {}),
        ("none", [], [], {}),
    ],
)
def test_a_key_gets_a_slot_only_beyond_doubt(why, keys, slots, expected):
    found = paired(keys, slots)

    assert {name: slots.index(each) for name, each in found.items()} == expected, why


@pytest.mark.parametrize(
    ("serial", "kind"),
    [
        ("arn:aws:iam::111111111111:mfa/ada", "virtual"),
        ("arn:aws-us-gov:iam::111111111111:mfa/team/ada", "virtual"),
        ("arn:aws:iam::111111111111:u2f/user/ada/yubikey-ABC", "security-key"),
        ("arn:aws:iam::111111111111:sms-mfa/ada", "sms"),
        ("GAHT12345678", "hardware"),
        ("weird:mfa/12345", "hardware"),
    ],
)
def test_the_serial_of_a_device_tells_its_type(serial, kind):
    assert mfa_detail(serial) == {"virtual": kind == "virtual", "type": kind}
