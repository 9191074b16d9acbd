"""Action patterns against a small catalogue, and what policies grant of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.domain.policy.actions import access_levels, expand, granted, grants, matches, unknown_patterns
from migrator.domain.policy.escalation import CAPABLE, PATHS, escalation_capable, escalations
from migrator.domain.policy.evaluate import Policies


@dataclass(frozen=True)
class SmallCatalogue:
    levels: dict[str, dict[str, str]]

    def services(self) -> Iterable[str]:
        return self.levels

    def actions(self, service: str) -> Iterable[str]:
        return self.levels.get(service, {})

    def access_level(self, action: str) -> str | None:
        service, _, name = action.partition(":")
        return self.levels.get(service, {}).get(name)


CATALOGUE = SmallCatalogue(
    {
        "s3": {"GetObject": "Read", "PutObject": "Write", "ListBucket": "List", "GetObjectAcl": "Read"},
        "iam": {"GetUser": "Read", "PassRole": "Write", "CreatePolicyVersion": "Permissions management"},
        "lambda": {"CreateFunction": "Write"},
    }
)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["s3:Get*"], ("s3:GetObject", "s3:GetObjectAcl")),
        (["S3:GETOBJECT"], ("s3:GetObject",)),
        (["s3:?etObject"], ("s3:GetObject",)),
        (["*:Get*"], ("iam:GetUser", "s3:GetObject", "s3:GetObjectAcl")),
        (["i?m:G*", "s3:ListBucket"], ("iam:GetUser", "s3:ListBucket")),
        (["ec2:*"], ()),
        (["s3:Fly"], ()),
    ],
)
def test_patterns_expand_to_existing_actions_as_aws_writes_them(patterns: list[str], expected: tuple[str, ...]) -> None:
    assert expand(patterns, CATALOGUE) == expected


@pytest.mark.parametrize("pattern", ["*", "*:*", "**"])
def test_the_widest_patterns_expand_to_everything(pattern: str) -> None:
    assert len(expand([pattern], CATALOGUE)) == 8
    assert matches(pattern, "any:Thing")


def test_patterns_that_name_nothing_are_found() -> None:
    assert unknown_patterns(["s3:Get*", "s3:Fly", "ec2:*"], CATALOGUE) == ("s3:Fly", "ec2:*")


def test_actions_are_sorted_by_access_level() -> None:
    assert access_levels(["s3:PutObject", "s3:GetObject", "x:Y", "iam:GetUser"], CATALOGUE) == {
        "Read": ("iam:GetUser", "s3:GetObject"),
        "Unknown": ("x:Y",),
        "Write": ("s3:PutObject",),
    }


def statement(effect: str, action: str, resource: str = "*", **more: object) -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policies(*statements: dict[str, object]) -> Policies:
    return Policies([{"Version": "2012-10-17", "Statement": list(statements)}])


def test_what_is_granted_somewhere_under_some_condition_is_granted() -> None:
    conditional = statement("Allow", "s3:GetObject", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    narrow = statement("Allow", "s3:PutObject", "arn:aws:s3:::b/*")
    assert granted(policies(conditional, narrow), CATALOGUE) == ("s3:GetObject", "s3:PutObject")
    assert grants(policies(narrow), "s3:PutObject")
    assert not grants(policies(narrow), "s3:GetObject")


def test_only_a_deny_that_always_holds_takes_a_grant_away() -> None:
    everything = statement("Allow", "s3:*")
    always, narrow = statement("Deny", "s3:Get*"), statement("Deny", "s3:Get*", "arn:aws:s3:::b/*")
    sometimes = statement("Deny", "s3:Get*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert granted(policies(everything, always), CATALOGUE) == ("s3:ListBucket", "s3:PutObject")
    assert len(granted(policies(everything, narrow, sometimes), CATALOGUE)) == 4


def test_services_are_found_however_statements_name_them() -> None:
    everywhere = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
    others = granted(policies(everywhere), CATALOGUE)
    assert others
    assert not [action for action in others if action.startswith("s3:")]
    assert set(granted(policies(statement("Allow", "*")), CATALOGUE)) > set(others)
    assert granted(policies(statement("Allow", "S3:getobject")), CATALOGUE) == ("s3:GetObject",)
    assert granted(policies(statement("Deny", "s3:*")), CATALOGUE) == ()


def test_a_path_is_open_when_all_its_actions_are() -> None:
    assert escalations(policies(statement("Allow", "iam:PassRole"))) == ()
    found = escalations(policies(statement("Allow", "iam:PassRole"), statement("Allow", "lambda:CreateFunction")))
    assert [(sorted(one.path.actions), one.certain) for one in found] == [
        (["iam:passrole", "lambda:createfunction"], True)
    ]


def test_a_path_that_depends_on_resources_or_conditions_is_not_certain() -> None:
    found = escalations(policies(statement("Allow", "iam:CreatePolicyVersion", "arn:aws:iam::1:policy/mine")))
    assert [one.certain for one in found] == [False]


def test_administrators_have_every_path_and_readers_none() -> None:
    assert len(escalations(policies(statement("Allow", "*")))) == len(PATHS)
    assert escalations(policies(statement("Allow", "*:Get*"), statement("Allow", "s3:List*"))) == ()


KNOWN_PATHS = Path(__file__).parents[3].parent / "shared/data/expected/pathfinding_privesc_paths.json"


@pytest.mark.skipif(not KNOWN_PATHS.exists(), reason="the catalogue of paths is not part of the project")
def test_every_path_of_the_public_catalogue_is_found() -> None:
    catalogue = json.loads(KNOWN_PATHS.read_text())
    assert len(catalogue) > 30
    for path in catalogue:
        assert escalations(policies(*(statement("Allow", action) for action in path["required_actions"]))), path["id"]


def test_capable_actions_are_picked_in_any_case() -> None:
    chosen = ["iam:PassRole", "s3:GetObject", "IAM:createaccesskey", "lambda:CreateFunction"]
    assert escalation_capable(chosen) == ("IAM:createaccesskey", "iam:PassRole")
    assert all(action == action.lower() for action in CAPABLE)
