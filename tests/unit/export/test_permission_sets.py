"""Permission sets as code: the same text every time, which the other tools read as it was meant."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from migrator.adapters.export.permission_sets import FORMATS
from migrator.adapters.export.terraform import label
from migrator.adapters.export.words import identifiers
from migrator.domain.policy.fit import PermissionSetSpec

GOLDEN = Path(__file__).with_name("golden")
NAMES = {"terraform": "sets.tf", "cloudformation": "sets.template.json", "json": "sets.json"}
HOME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"},
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringLike": {"aws:UserAgent": 'a"\\b\b%{é'}},
        },
    ],
}
SETS = (
    PermissionSetSpec(
        "Data+Team",
        inline_policy=HOME,
        managed_policies=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
        customer_policies=("/team/lake", "/plain"),
        boundary="/bounds/data",
        description="Planned by migrator",
        tags={"Owner": "data", "ManagedBy": "migrator"},
    ),
    PermissionSetSpec("Data=Team", managed_policies=("arn:aws:iam::aws:policy/job-function/Billing",)),
    PermissionSetSpec(
        "3-tier", session_duration="PT1H30M", boundary="arn:aws:iam::aws:policy/PowerUserAccess", inline_policy=None
    ),
)


@pytest.mark.parametrize("form", FORMATS)
def test_the_text_is_the_golden_one(form: str) -> None:
    assert FORMATS[form](SETS) == (GOLDEN / NAMES[form]).read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_no_sets_are_a_file_too(form: str) -> None:
    assert FORMATS[form]([]).endswith("\n")


def test_cloudformation_says_what_was_planned() -> None:
    first = json.loads(FORMATS["cloudformation"](SETS))["Resources"]["SetDataTeam"]["Properties"]
    assert first["InlinePolicy"] == HOME
    assert first["CustomerManagedPolicyReferences"] == [
        {"Name": "lake", "Path": "/team/"},
        {"Name": "plain", "Path": "/"},
    ]
    assert first["PermissionsBoundary"] == {"CustomerManagedPolicyReference": {"Name": "data", "Path": "/bounds/"}}


def test_cloudformation_has_no_fault_that_its_linter_finds() -> None:
    lint = pytest.importorskip("cfnlint.api")
    found = lint.lint(FORMATS["cloudformation"](SETS), regions=["us-east-1"])
    assert [str(one) for one in found] == []
    broken = FORMATS["cloudformation"](SETS).replace("SessionDuration", "SessionLength")
    assert lint.lint(broken, regions=["us-east-1"])


def test_terraform_reads_what_was_planned(tmp_path: Path) -> None:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("no terraform on this machine")
    text = FORMATS["terraform"](SETS)
    formatted = subprocess.run([program, "fmt", "-"], input=text, capture_output=True, text=True, check=True)
    assert formatted.stdout == text
    start = text.index("jsonencode(")
    asked = " ".join(text[start : text.index("\n  })", start)].split("\n")) + "})"
    told = subprocess.run([program, "console"], input=asked, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(json.loads(told.stdout)) == HOME


def test_terraform_leaves_no_template_of_aws_open() -> None:
    text = FORMATS["terraform"](SETS)
    assert "$${aws:PrincipalTag/team}" in text
    assert "%%{" in text
    assert text.count("{") - text.count("${") >= text.count("resource")


@pytest.mark.parametrize(
    ("name", "expected"), [("Data", "Data"), ("a.b@c", "a_b_c"), ("3-tier", "_3-tier"), ("=", "_"), ("é", "_")]
)
def test_a_label_is_one_that_terraform_takes(name: str, expected: str) -> None:
    assert label(name) == expected


def test_names_that_would_be_alike_are_told_apart() -> None:
    assert identifiers(["a.b", "a,b", "A_b", "c"], label) == ["a_b", "a_b2", "A_b3", "c"]
