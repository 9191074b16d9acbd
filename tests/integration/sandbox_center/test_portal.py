import boto3
import pytest

from migrator.sandbox.center_control import portal_access, portal_credentials
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control, SandboxError


@pytest.fixture
def assigned(cloud):
    def assigned(principal, kind) -> None:
        cloud.enable(seconds=0)
        admin = cloud.client("sso-admin")
        made = admin.create_permission_set(InstanceArn=cloud.instance, Name="analyst", SessionDuration="PT2H")
        admin.create_account_assignment(
            InstanceArn=cloud.instance,
            PermissionSetArn=made["PermissionSet"]["PermissionSetArn"],
            TargetId=cloud.member,
            TargetType="AWS_ACCOUNT",
            PrincipalType=kind,
            PrincipalId=principal,
        )
        admin.list_permission_sets(InstanceArn=cloud.instance)

    return assigned


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_a_person_gets_a_session_named_by_the_user_name(cloud, ada, assigned, kind):
    assigned(ada.user if kind == "USER" else ada.group, kind)
    credentials = portal_credentials(cloud.endpoint, "Ada@acme.example", cloud.member, "analyst")
    assert credentials["aws_access_key_id"].startswith("ASIA")
    sts = boto3.client("sts", region_name="eu-central-1", endpoint_url=cloud.endpoint, **credentials)
    assert portal_access(cloud.endpoint) == {"ada@acme.example": [(cloud.member, "analyst")]}
    arn = sts.get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:sts::{cloud.member}:assumed-role/AWSReservedSSO_analyst_")
    assert arn.endswith("/ada@acme.example")


def test_a_session_of_a_restored_sandbox_is_not_the_one_of_the_same_id_before(cloud, ada, assigned):
    assigned(ada.user, "USER")
    control, clients = Control(cloud.endpoint), Clients(cloud.endpoint)
    before = control.snapshot()
    arns = []
    for _ in range(2):
        control.restore(before)
        got = portal_credentials(cloud.endpoint, "ada@acme.example", cloud.member, "analyst")
        keys = Credentials(got["aws_access_key_id"], got["aws_secret_access_key"], got["aws_session_token"])
        arns.append(clients.make("sts", keys, "eu-central-1").get_caller_identity()["Arn"])
    assert arns[0] == arns[1]


def test_a_person_gets_only_what_is_assigned(cloud, ada, assigned):
    assigned(ada.user, "USER")
    for person, account, chosen in (
        ("ada@acme.example", cloud.other, "analyst"),
        ("ada@acme.example", cloud.member, "admin"),
        ("bob@acme.example", cloud.member, "analyst"),
    ):
        with pytest.raises(SandboxError, match="is not assigned"):
            portal_credentials(cloud.endpoint, person, account, chosen)


def test_a_member_who_leaves_the_group_loses_the_way_in(cloud, ada, assigned):
    assigned(ada.group, "GROUP")
    cloud.client("identitystore").delete_group(IdentityStoreId=cloud.store, GroupId=ada.group)
    with pytest.raises(SandboxError, match="is not assigned"):
        portal_credentials(cloud.endpoint, "ada@acme.example", cloud.member, "analyst")
