"""Accounts as Organizations lists them."""

import pytest

from migrator.adapters.aws.organizations import path_of, read_account
from tests.unit.aws.real import here, recorded


@pytest.mark.parametrize(
    ("described", "status"),
    [
        ({"State": "ACTIVE", "Status": "ACTIVE"}, "ACTIVE"),
        ({"State": "PENDING_CLOSURE", "Status": "ACTIVE"}, "PENDING_CLOSURE"),
        ({"Status": "SUSPENDED"}, "SUSPENDED"),
        ({}, "ACTIVE"),
    ],
)
def test_the_newer_word_for_the_state_wins(described, status):
    assert read_account({"Id": "111111111111", **described}, {}).status == status


@pytest.mark.parametrize(
    ("paths", "path"),
    [
        (["o-a/r-b/111111111111/"], "r-b"),
        (["o-a/r-b/ou-b-c/ou-b-d/111111111111/"], "r-b/ou-b-c/ou-b-d"),
        ([], None),
        (None, None),
    ],
)
def test_the_path_is_without_organization_and_account(paths, path):
    assert path_of({"Paths": paths}) == path


def test_an_account_without_a_name_is_called_by_its_id():
    assert read_account({"Id": "111111111111"}, {}).name == "111111111111"


@here
def test_real_listings_are_read():
    answers = [each["json"] for each in recorded("iam_api/awscli_examples_organizations.json")]
    listed = [account for answer in answers if isinstance(answer, dict) for account in answer.get("Accounts", ())]

    assert listed
    for described in listed:
        account = read_account(described, {described["Id"]: path_of(described) or ""})
        assert account.status in {"ACTIVE", "SUSPENDED", "PENDING_CLOSURE"}
        assert account.email.partition("@")[1] == "@"
