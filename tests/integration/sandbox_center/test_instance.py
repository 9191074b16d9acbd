import pytest

MANAGEMENT = "123456789012"


def test_the_instance_is_seen_in_its_home_region_only(cloud):
    home = cloud.client("sso-admin").list_instances()["Instances"]
    assert [each["InstanceArn"] for each in home] == [cloud.instance]
    assert home[0]["OwnerAccountId"] == MANAGEMENT
    assert cloud.client("sso-admin", region="us-east-1").list_instances()["Instances"] == []


def test_a_member_account_sees_no_instance_and_may_not_use_it(cloud, refused):
    member = cloud.client("sso-admin", account=cloud.member)
    assert member.list_instances()["Instances"] == []
    assert refused(member.list_permission_sets, InstanceArn=cloud.instance) == "AccessDeniedException"


def test_another_region_does_not_know_the_instance(cloud, refused):
    elsewhere = cloud.client("sso-admin", region="us-east-1")
    assert refused(elsewhere.list_permission_sets, InstanceArn=cloud.instance) == "ResourceNotFoundException"


def test_the_instance_is_described_with_its_store(cloud):
    described = cloud.client("sso-admin").describe_instance(InstanceArn=cloud.instance)
    assert described["IdentityStoreId"] == cloud.store
    assert described["Status"] == "ACTIVE"
    assert described["CreatedDate"].tzinfo is not None


def test_the_management_account_creates_no_second_instance(cloud, refused):
    assert refused(cloud.client("sso-admin").create_instance, Name="second") == "AccessDeniedException"


def test_a_delegated_administrator_with_an_instance_of_its_own_sees_two(cloud, refused):
    cloud.client("organizations").register_delegated_administrator(
        AccountId=cloud.member, ServicePrincipal="sso.amazonaws.com"
    )
    member = cloud.client("sso-admin", account=cloud.member)
    own = member.create_instance(Name="own")["InstanceArn"]
    assert {each["InstanceArn"] for each in member.list_instances()["Instances"]} == {own, cloud.instance}
    assert refused(member.create_instance, Name="more") == "ConflictException"
    assert len(cloud.client("sso-admin").list_instances()["Instances"]) == 1


def test_an_account_s_own_instance_has_no_permission_sets(cloud, refused):
    member = cloud.client("sso-admin", account=cloud.member)
    own = member.create_instance(Name="own")["InstanceArn"]
    assert refused(member.create_permission_set, InstanceArn=own, Name="x") == "ValidationException"
    member.delete_instance(InstanceArn=own)
    assert member.list_instances()["Instances"] == []


def test_the_organization_s_instance_is_not_deleted_by_call(cloud, refused):
    assert refused(cloud.client("sso-admin").delete_instance, InstanceArn=cloud.instance) == "AccessDeniedException"


@pytest.mark.parametrize("service", ["sso-admin", "identitystore"])
def test_a_delegated_administrator_works_as_the_management_account_does(cloud, service):
    organizations = cloud.client("organizations")
    organizations.register_delegated_administrator(AccountId=cloud.member, ServicePrincipal="sso.amazonaws.com")
    client = cloud.client(service, account=cloud.member)
    if service == "sso-admin":
        assert client.list_instances()["Instances"]
        client.create_permission_set(InstanceArn=cloud.instance, Name="delegated")
    else:
        client.create_group(IdentityStoreId=cloud.store, DisplayName="delegated")
