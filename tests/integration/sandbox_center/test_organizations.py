import json

import pytest

MANAGEMENT = "123456789012"
SCP = "SERVICE_CONTROL_POLICY"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}]}


@pytest.fixture
def org(cloud):
    return cloud.client("organizations")


@pytest.fixture
def root(org):
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType=SCP)
    return root


def policy(org, name, content=None):
    text = json.dumps(DENY) if content is None else content
    made = org.create_policy(Name=name, Content=text, Description="", Type=SCP)
    return made["Policy"]["PolicySummary"]["Id"]


def test_a_policy_is_attached_only_where_its_type_is_enabled(cloud, org, refused):
    made = policy(org, "deny")
    assert refused(org.attach_policy, PolicyId=made, TargetId=cloud.member) == "PolicyTypeNotEnabledException"


@pytest.mark.usefixtures("root")
def test_a_policy_is_attached_once(cloud, org, refused):
    made = policy(org, "deny")
    org.attach_policy(PolicyId=made, TargetId=cloud.member)
    again = refused(org.attach_policy, PolicyId=made, TargetId=cloud.member)
    assert again == "DuplicatePolicyAttachmentException"


@pytest.mark.usefixtures("root")
def test_a_target_takes_five_policies(org, cloud):
    for number in range(4):
        org.attach_policy(PolicyId=policy(org, f"deny-{number}"), TargetId=cloud.member)
    sixth = policy(org, "one-more")
    with pytest.raises(org.exceptions.ConstraintViolationException) as error:
        org.attach_policy(PolicyId=sixth, TargetId=cloud.member)
    assert error.value.response["Reason"] == "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (json.dumps(DENY).ljust(5_121), "ConstraintViolationException"),
        ("not json", "MalformedPolicyDocumentException"),
        ("{}", "MalformedPolicyDocumentException"),
    ],
)
def test_bad_content_is_refused(org, refused, content, code):
    assert refused(org.create_policy, Name="bad", Content=content, Description="", Type=SCP) == code
    made = policy(org, "good", json.dumps(DENY).ljust(5_120))
    assert refused(org.update_policy, PolicyId=made, Content=content) == code


def test_a_policy_name_stays_unique_and_aws_s_own_stays_as_it_is(org, refused):
    policy(org, "first")
    second = policy(org, "second")
    assert refused(org.update_policy, PolicyId=second, Name="first") == "DuplicatePolicyException"
    assert refused(org.update_policy, PolicyId="p-FullAWSAccess", Name="x") == "InvalidInputException"


@pytest.mark.usefixtures("root")
def test_what_is_not_attached_is_not_detached_and_one_stays(cloud, org, refused):
    made = policy(org, "deny")
    assert refused(org.detach_policy, PolicyId=made, TargetId=cloud.member) == "PolicyNotAttachedException"
    last = refused(org.detach_policy, PolicyId="p-FullAWSAccess", TargetId=cloud.member)
    assert last == "ConstraintViolationException"
    org.attach_policy(PolicyId=made, TargetId=cloud.member)
    org.detach_policy(PolicyId=made, TargetId=cloud.member)
    org.delete_policy(PolicyId=made)


def test_accounts_are_listed_in_pages_with_their_state(cloud, org):
    org.close_account(AccountId=cloud.other)
    pages = list(org.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Accounts"]) for page in pages] == [2, 1]
    states = {each["Id"]: each["State"] for page in pages for each in page["Accounts"]}
    assert states == {MANAGEMENT: "ACTIVE", cloud.member: "ACTIVE", cloud.other: "SUSPENDED"}


def test_a_member_account_sees_its_organization_and_no_more(cloud, refused):
    member = cloud.client("organizations", account=cloud.member)
    assert member.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
    assert refused(member.list_accounts) == "AccessDeniedException"
    assert refused(member.list_roots) == "AccessDeniedException"
    assert refused(member.create_account, AccountName="x", Email="x@acme.example") == "AccessDeniedException"


def test_a_delegated_administrator_reads(cloud, org, refused):
    org.register_delegated_administrator(AccountId=cloud.member, ServicePrincipal="sso.amazonaws.com")
    member = cloud.client("organizations", account=cloud.member)
    assert len(member.list_accounts()["Accounts"]) == 3
    assert refused(member.close_account, AccountId=cloud.other) == "AccessDeniedException"


def test_identity_center_has_one_delegated_administrator(cloud, org, refused):
    service = {"ServicePrincipal": "sso.amazonaws.com"}
    org.register_delegated_administrator(AccountId=cloud.member, **service)
    listed = org.list_delegated_administrators(**service)["DelegatedAdministrators"]
    assert [each["Id"] for each in listed] == [cloud.member]
    other = refused(org.register_delegated_administrator, AccountId=cloud.other, **service)
    assert other == "ConstraintViolationException"


def test_a_refused_delegation_leaves_nothing_behind(cloud, org, refused):
    unknown = {"AccountId": cloud.member, "ServicePrincipal": "nothing.amazonaws.com"}
    assert refused(org.register_delegated_administrator, **unknown) == "InvalidInputException"
    assert org.list_delegated_administrators()["DelegatedAdministrators"] == []


def test_an_account_outside_any_organization_is_told_so(alone, refused):
    assert refused(alone.client("organizations").list_accounts) == "AWSOrganizationsNotInUseException"


def test_the_access_role_of_a_new_account_administers_it(cloud):
    iam = cloud.client("iam", account=cloud.member)
    attached = iam.list_attached_role_policies(RoleName="OrganizationAccountAccessRole")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AdministratorAccess"]


def test_an_address_serves_one_account(org, refused):
    assert refused(org.create_account, AccountName="again", Email="DATA@acme.example") == "InvalidInputException"


def test_a_unit_has_a_parent_and_a_name_of_its_own(org, root, refused):
    org.create_organizational_unit(ParentId=root, Name="workloads")
    again = refused(org.create_organizational_unit, ParentId=root, Name="workloads")
    assert again == "DuplicateOrganizationalUnitException"
    orphan = refused(org.create_organizational_unit, ParentId="r-0000", Name="x")
    assert orphan == "ParentNotFoundException"


def test_an_effective_policy_is_not_known_for_scps(cloud, org, refused):
    asked = {"PolicyType": "SERVICE_CONTROL_POLICY", "TargetId": cloud.member}
    assert refused(org.describe_effective_policy, **asked) == "InvalidInputException"


def test_trusted_access_can_be_enabled_for_iam(org):
    org.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    enabled = org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [each["ServicePrincipal"] for each in enabled] == ["iam.amazonaws.com"]
