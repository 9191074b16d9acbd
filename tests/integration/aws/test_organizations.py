"""The organization, as the sandbox has it."""

import json

import pytest

from migrator.adapters.aws.organizations import FROM_A_MEMBER, OrganizationAccounts
from migrator.adapters.aws.session import Sessions
from migrator.ports.aws import AccessDenied, Account
from tests.integration.aws.accounts import OWN


@pytest.fixture
def org(aws):
    client = aws("organizations")
    client.create_organization(FeatureSet="ALL")
    return client


def made(org, name) -> str:
    return org.create_account(AccountName=name, Email=f"{name}@acme.example")["CreateAccountStatus"]["AccountId"]


def read(**settings: str):
    return OrganizationAccounts(Sessions(**settings)).organization()


@pytest.mark.usefixtures("endpoint")
def test_a_lone_account_is_an_organization_of_one():
    found = read()

    assert (found.id, found.management_account) == (OWN, OWN)
    assert found.accounts == (Account(OWN, OWN),)


def test_every_account_is_listed_with_its_place(org):
    data, web = made(org, "data"), made(org, "web")
    root = org.list_roots()["Roots"][0]["Id"]
    outer = org.create_organizational_unit(ParentId=root, Name="outer")["OrganizationalUnit"]["Id"]
    inner = org.create_organizational_unit(ParentId=outer, Name="inner")["OrganizationalUnit"]["Id"]
    org.move_account(AccountId=web, SourceParentId=root, DestinationParentId=inner)

    found = read()
    by_id = {account.id: account for account in found.accounts}

    assert (found.id[:2], found.management_account) == ("o-", OWN)
    assert [account.id for account in found.accounts] == sorted((OWN, data, web))
    assert by_id[data] == Account(data, "data", "ACTIVE", root, "data@acme.example")
    assert by_id[web].ou_path == f"{root}/{outer}/{inner}"


def test_closed_accounts_are_listed_as_what_they_are(org):
    gone = made(org, "gone")
    org.close_account(AccountId=gone)

    assert {account.id: account.status for account in read().accounts}[gone] in {"SUSPENDED", "PENDING_CLOSURE"}


def test_more_accounts_than_a_page_holds(org):
    names = [f"account-{number:02}" for number in range(25)]
    for name in names:
        made(org, name)

    assert {account.name for account in read().accounts} >= set(names)


def test_a_member_account_is_told_where_to_run(org, monkeypatch):
    member = made(org, "member")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", member)

    with pytest.raises(AccessDenied) as error:
        read()

    assert "aws.organization_role_arn" in error.value.next_step


def test_a_member_account_reads_with_a_role_of_the_management_account(org, aws, monkeypatch):
    member = made(org, "member")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{member}:root"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = aws("iam").create_role(RoleName="Reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", member)

    found = read(organization_role_arn=arn)

    assert found.management_account == OWN
    assert member in {account.id for account in found.accounts}


@pytest.mark.usefixtures("org")
def test_whoever_may_read_nothing_is_told_which_action_is_missing(aws, monkeypatch):
    iam = aws("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="bob", PolicyName="deny", PolicyDocument=json.dumps(document))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    with pytest.raises(AccessDenied, match="organizations:DescribeOrganization") as error:
        read()

    assert error.value.next_step != FROM_A_MEMBER
