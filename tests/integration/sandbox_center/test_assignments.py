import json

import pytest

from migrator.sandbox.control import Control

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]})
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def admin(cloud):
    return cloud.client("sso-admin")


@pytest.fixture
def made(cloud, admin):
    answer = admin.create_permission_set(InstanceArn=cloud.instance, Name="analyst")
    params = {"InstanceArn": cloud.instance, "PermissionSetArn": answer["PermissionSet"]["PermissionSetArn"]}
    admin.put_inline_policy_to_permission_set(**params, InlinePolicy=ALLOW)
    return params


def triple(made, account, principal, kind="USER"):
    return {**made, "TargetId": account, "TargetType": "AWS_ACCOUNT", "PrincipalType": kind, "PrincipalId": principal}


def poll(admin, made, request):
    return admin.describe_account_assignment_creation_status(
        InstanceArn=made["InstanceArn"], AccountAssignmentCreationRequestId=request
    )["AccountAssignmentCreationStatus"]


def assign(admin, made, account, principal, kind="USER"):
    request = admin.create_account_assignment(**triple(made, account, principal, kind))
    return finish(admin, made, request["AccountAssignmentCreationStatus"]["RequestId"])


def finish(admin, made, request):
    while (status := poll(admin, made, request))["Status"] == "IN_PROGRESS":
        pass
    return status


def unassign(admin, made, account, principal, kind="USER"):
    answer = admin.delete_account_assignment(**triple(made, account, principal, kind))
    request = answer["AccountAssignmentDeletionStatus"]["RequestId"]
    for _ in range(2):
        answer = admin.describe_account_assignment_deletion_status(
            InstanceArn=made["InstanceArn"], AccountAssignmentDeletionRequestId=request
        )
    return answer["AccountAssignmentDeletionStatus"]


def provision(admin, made, **target: str):
    answer = admin.provision_permission_set(**made, **target)["PermissionSetProvisioningStatus"]
    for _ in range(2):
        status = admin.describe_permission_set_provisioning_status(
            InstanceArn=made["InstanceArn"], ProvisionPermissionSetRequestId=answer["RequestId"]
        )
    return status["PermissionSetProvisioningStatus"]


def reserved(cloud, account):
    roles = cloud.client("iam", account=account).list_roles(PathPrefix="/aws-reserved/")["Roles"]
    return [role for role in roles if role["RoleName"].startswith("AWSReservedSSO_")]


def listed(cloud, admin, made):
    return admin.list_account_assignments(**made, AccountId=cloud.member)["AccountAssignments"]


def test_an_assignment_is_in_progress_before_it_succeeds(cloud, admin, made, ada):
    first = admin.create_account_assignment(**triple(made, cloud.member, ada.user))["AccountAssignmentCreationStatus"]
    assert first["Status"] == "IN_PROGRESS"
    assert listed(cloud, admin, made) == []
    assert [poll(admin, made, first["RequestId"])["Status"] for _ in range(3)] == [
        "IN_PROGRESS",
        "SUCCEEDED",
        "SUCCEEDED",
    ]
    assert [each["PrincipalId"] for each in listed(cloud, admin, made)] == [ada.user]


def test_time_ends_a_request_that_nobody_polls(cloud, admin, made, ada):
    cloud.enable(seconds=0)
    admin.create_account_assignment(**triple(made, cloud.member, ada.user))
    assert len(reserved(cloud, cloud.member)) == 1
    assert len(listed(cloud, admin, made)) == 1


def test_an_assignment_that_exists_is_accepted_and_changes_nothing(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    role = reserved(cloud, cloud.member)
    assert assign(admin, made, cloud.member, ada.user)["Status"] == "SUCCEEDED"
    assert len(listed(cloud, admin, made)) == 1
    assert reserved(cloud, cloud.member) == role


def test_a_triple_with_an_unfinished_request_conflicts(cloud, admin, made, ada, refused):
    admin.create_account_assignment(**triple(made, cloud.member, ada.user))
    assert refused(admin.create_account_assignment, **triple(made, cloud.member, ada.user)) == "ConflictException"
    assert refused(admin.delete_account_assignment, **triple(made, cloud.member, ada.user)) == "ConflictException"
    admin.create_account_assignment(**triple(made, cloud.member, ada.group, "GROUP"))


def test_ten_assignments_may_be_outstanding(cloud, admin, ada, refused):
    for number in range(10):
        each = admin.create_permission_set(InstanceArn=cloud.instance, Name=f"set-{number}")["PermissionSet"]
        made = {"InstanceArn": cloud.instance, "PermissionSetArn": each["PermissionSetArn"]}
        admin.create_account_assignment(**triple(made, cloud.member, ada.user))
    eleventh = triple(made, cloud.member, ada.group, "GROUP")
    assert refused(admin.create_account_assignment, **eleventh) == "ThrottlingException"


def test_what_the_store_or_the_organization_does_not_know_gets_nothing(cloud, admin, made, ada, refused):
    stranger = assign(admin, made, cloud.member, NOBODY)
    assert stranger["Status"] == "FAILED"
    assert f"the USER assignee {NOBODY} was not found in directory {cloud.store}" in stranger["FailureReason"]
    outside = triple(made, "999999999999", ada.user)
    assert refused(admin.create_account_assignment, **outside) == "ResourceNotFoundException"
    unknown = triple({**made, "PermissionSetArn": made["PermissionSetArn"][:-16] + "0" * 16}, cloud.member, ada.user)
    assert refused(admin.create_account_assignment, **unknown) == "ResourceNotFoundException"
    assert reserved(cloud, cloud.member) == []


def test_a_suspended_account_gets_nothing(cloud, admin, made, ada):
    cloud.client("organizations").close_account(AccountId=cloud.member)
    assert assign(admin, made, cloud.member, ada.user)["Status"] == "FAILED"


def test_a_customer_managed_policy_must_be_in_the_account(cloud, admin, made, ada):
    reference = {"Name": "Own", "Path": "/team/"}
    admin.attach_customer_managed_policy_reference_to_permission_set(**made, CustomerManagedPolicyReference=reference)
    failed = assign(admin, made, cloud.member, ada.user)
    assert (failed["Status"], failed["FailureReason"][:27]) == ("FAILED", "Received a 404 status error")
    assert reserved(cloud, cloud.member) == []
    iam = cloud.client("iam", account=cloud.member)
    own = iam.create_policy(PolicyName="Own", Path="/team/", PolicyDocument=ALLOW)["Policy"]["Arn"]
    assert assign(admin, made, cloud.member, ada.user)["Status"] == "SUCCEEDED"
    attached = iam.list_attached_role_policies(RoleName=reserved(cloud, cloud.member)[0]["RoleName"])
    assert [each["PolicyArn"] for each in attached["AttachedPolicies"]] == [own]


def test_the_role_carries_the_set_and_the_home_region(cloud, admin, made, ada):
    admin.attach_managed_policy_to_permission_set(
        **made, ManagedPolicyArn="arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    )
    boundary = {"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    admin.put_permissions_boundary_to_permission_set(**made, PermissionsBoundary=boundary)
    assign(admin, made, cloud.member, ada.user)
    (role,) = reserved(cloud, cloud.member)
    iam = cloud.client("iam", account=cloud.member)
    assert role["Path"] == "/aws-reserved/sso.amazonaws.com/eu-central-1/"
    assert len(role["RoleName"]) == len("AWSReservedSSO_analyst_") + 16
    inline = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="AwsSSOInlinePolicy")
    assert inline["PolicyDocument"] == json.loads(ALLOW)
    attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["ViewOnlyAccess"]
    described = iam.get_role(RoleName=role["RoleName"])["Role"]
    assert described["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary["ManagedPolicyArn"]


def test_the_path_has_no_region_where_home_is_us_east_1(organization):
    organization.enable("us-east-1", seconds=0)
    admin = organization.client("sso-admin", region="us-east-1")
    made = admin.create_permission_set(InstanceArn=organization.instance, Name="analyst")["PermissionSet"]
    params = {"InstanceArn": organization.instance, "PermissionSetArn": made["PermissionSetArn"]}
    provision(admin, params, TargetType="AWS_ACCOUNT", TargetId=organization.member)
    assert reserved(organization, organization.member)[0]["Path"] == "/aws-reserved/sso.amazonaws.com/"


def test_one_role_serves_all_and_goes_with_the_last(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    assign(admin, made, cloud.member, ada.group, "GROUP")
    (role,) = reserved(cloud, cloud.member)
    unassign(admin, made, cloud.member, ada.user)
    assert reserved(cloud, cloud.member) == [role]
    unassign(admin, made, cloud.member, ada.group, "GROUP")
    assert reserved(cloud, cloud.member) == []
    assign(admin, made, cloud.member, ada.user)
    assert reserved(cloud, cloud.member)[0]["Arn"] != role["Arn"]


def test_removing_what_is_not_assigned_fails_later(cloud, admin, made, ada):
    gone = unassign(admin, made, cloud.member, ada.user)
    assert (gone["Status"], gone["FailureReason"][:27]) == ("FAILED", "Received a 404 status error")


def test_nobody_edits_a_reserved_role(cloud, admin, made, ada, refused):
    assign(admin, made, cloud.member, ada.user)
    name = reserved(cloud, cloud.member)[0]["RoleName"]
    iam = cloud.client("iam", account=cloud.member)
    edits = [
        (iam.put_role_policy, {"PolicyName": "more", "PolicyDocument": ALLOW}),
        (iam.delete_role_policy, {"PolicyName": "AwsSSOInlinePolicy"}),
        (iam.attach_role_policy, {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        (iam.update_assume_role_policy, {"PolicyDocument": ALLOW}),
        (iam.tag_role, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (iam.delete_role, {}),
    ]
    assert {refused(edit, RoleName=name, **params) for edit, params in edits} == {"UnmodifiableEntity"}
    trust = ALLOW.replace('"Resource": "*"', '"Principal": {"Service": "ec2.amazonaws.com"}').replace(
        "s3:List*", "sts:AssumeRole"
    )
    iam.create_role(RoleName="own", AssumeRolePolicyDocument=trust)
    iam.delete_role(RoleName="own")


def test_a_changed_set_reaches_the_account_only_by_provisioning(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    name = reserved(cloud, cloud.member)[0]["RoleName"]
    admin.put_inline_policy_to_permission_set(**made, InlinePolicy=ALLOW.replace("s3:List*", "sqs:*"))
    iam = cloud.client("iam", account=cloud.member)

    def action() -> str:
        policy = iam.get_role_policy(RoleName=name, PolicyName="AwsSSOInlinePolicy")["PolicyDocument"]
        return policy["Statement"][0]["Action"]

    stale = {**made, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED"}
    assert action() == "s3:List*"
    assert admin.list_accounts_for_provisioned_permission_set(**stale)["AccountIds"] == [cloud.member]
    assert provision(admin, made, TargetType="ALL_PROVISIONED_ACCOUNTS")["Status"] == "SUCCEEDED"
    assert action() == "sqs:*"
    assert admin.list_accounts_for_provisioned_permission_set(**stale)["AccountIds"] == []


def test_provisioning_is_listed_by_account_and_by_set(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    assert provision(admin, made, TargetType="AWS_ACCOUNT", TargetId=cloud.other)["AccountId"] == cloud.other
    by_set = admin.list_accounts_for_provisioned_permission_set(**made)["AccountIds"]
    assert sorted(by_set) == sorted([cloud.member, cloud.other])
    for account, expected in ((cloud.other, [made["PermissionSetArn"]]), ("123456789012", [])):
        answer = admin.list_permission_sets_provisioned_to_account(InstanceArn=cloud.instance, AccountId=account)
        assert answer["PermissionSets"] == expected


@pytest.mark.parametrize(
    "target", [{"TargetType": "AWS_ACCOUNT"}, {"TargetType": "ALL_PROVISIONED_ACCOUNTS", "TargetId": "123456789012"}]
)
def test_provisioning_names_an_account_or_all(admin, made, refused, target):
    assert refused(admin.provision_permission_set, **made, **target) == "ValidationException"


def test_a_set_that_is_assigned_is_not_deleted(cloud, admin, made, ada, refused):
    assign(admin, made, cloud.member, ada.user)
    assert refused(admin.delete_permission_set, **made) == "ConflictException"
    unassign(admin, made, cloud.member, ada.user)
    admin.delete_permission_set(**made)
    assert admin.list_permission_sets(InstanceArn=cloud.instance)["PermissionSets"] == []


def test_a_user_s_assignments_include_those_of_its_groups(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.group, "GROUP")
    answer = admin.list_account_assignments_for_principal(
        InstanceArn=cloud.instance, PrincipalId=ada.user, PrincipalType="USER"
    )
    assert [(each["PrincipalType"], each["PrincipalId"]) for each in answer["AccountAssignments"]] == [
        ("GROUP", ada.group)
    ]
    elsewhere = admin.list_account_assignments_for_principal(
        InstanceArn=cloud.instance, PrincipalId=ada.user, PrincipalType="USER", Filter={"AccountId": cloud.other}
    )
    assert elsewhere["AccountAssignments"] == []


def test_statuses_are_listed_and_filtered(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    assign(admin, made, cloud.member, NOBODY)
    unassign(admin, made, cloud.member, ada.user)
    provision(admin, made, TargetType="AWS_ACCOUNT", TargetId=cloud.member)
    creations = admin.list_account_assignment_creation_status(InstanceArn=cloud.instance, Filter={"Status": "FAILED"})
    assert len(creations["AccountAssignmentsCreationStatus"]) == 1
    deletions = admin.list_account_assignment_deletion_status(InstanceArn=cloud.instance)
    assert [each["Status"] for each in deletions["AccountAssignmentsDeletionStatus"]] == ["SUCCEEDED"]
    provisionings = admin.list_permission_set_provisioning_status(InstanceArn=cloud.instance)
    assert len(provisionings["PermissionSetsProvisioningStatus"]) == 1


def test_a_request_is_read_by_its_own_kind_of_status(cloud, admin, made, ada, refused):
    request = admin.create_account_assignment(**triple(made, cloud.member, ada.user))
    wrong = {
        "InstanceArn": cloud.instance,
        "AccountAssignmentDeletionRequestId": request["AccountAssignmentCreationStatus"]["RequestId"],
    }
    assert refused(admin.describe_account_assignment_deletion_status, **wrong) == "ResourceNotFoundException"


def test_a_delegated_administrator_stays_out_of_the_management_account(cloud, admin, made, ada, refused):
    cloud.client("organizations").register_delegated_administrator(
        AccountId=cloud.member, ServicePrincipal="sso.amazonaws.com"
    )
    delegate = cloud.client("sso-admin", account=cloud.member)
    to_management = triple(made, "123456789012", ada.user)
    assert refused(delegate.create_account_assignment, **to_management) == "AccessDeniedException"
    assign(admin, made, "123456789012", ada.user)
    assert refused(delegate.put_inline_policy_to_permission_set, **made, InlinePolicy=ALLOW) == "AccessDeniedException"
    assert refused(delegate.create_account_assignment, **triple(made, cloud.other, ada.user)) == "AccessDeniedException"


def test_the_management_account_asks_for_the_caller_s_own_rights(cloud, admin, made, ada):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sso:*", "Resource": "*"}]}
    iam = cloud.client("iam")
    iam.create_user(UserName="weak")
    iam.put_user_policy(UserName="weak", PolicyName="sso", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="weak")["AccessKey"]
    weak = cloud.client_of("sso-admin", key["AccessKeyId"], key["SecretAccessKey"])
    Control(cloud.endpoint).enforce()
    failed = assign(weak, made, "123456789012", ada.user)
    assert failed["Status"] == "FAILED"
    assert "Access denied by IAM" in failed["FailureReason"]
    assert "iam:CreateRole" in failed["FailureReason"]
    assert assign(weak, made, cloud.member, ada.user)["Status"] == "SUCCEEDED"
    assert assign(admin, made, "123456789012", ada.user)["Status"] == "SUCCEEDED"


def test_a_snapshot_carries_all_of_it(cloud, admin, made, ada):
    assign(admin, made, cloud.member, ada.user)
    role = reserved(cloud, cloud.member)
    kept = Control(cloud.endpoint).snapshot()
    unassign(admin, made, cloud.member, ada.user)
    assert reserved(cloud, cloud.member) == []
    Control(cloud.endpoint).restore(kept)
    assert [each["PrincipalId"] for each in listed(cloud, admin, made)] == [ada.user]
    assert [each["RoleName"] for each in reserved(cloud, cloud.member)] == [each["RoleName"] for each in role]
