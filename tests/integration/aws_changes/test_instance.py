"""Which Identity Center instance is ours, and what to set where that is not clear."""

import json

import pytest
from botocore.awsrequest import AWSResponse

from migrator.adapters.aws.identity_center import IdentityCenterDirectory
from migrator.ports.aws import Rejected
from tests.contract.hands_worlds import HOME_REGION
from tests.integration.aws_changes.test_refusals import Body

FIRST, SECOND = (f"arn:aws:sso:::instance/ssoins-{n:016}" for n in (1, 2))


@pytest.fixture
def two(world):
    """The answer of ListInstances where there are two."""
    found = [
        {"InstanceArn": arn, "IdentityStoreId": f"d-{n:010}", "OwnerAccountId": world.account}
        for n, arn in ((1, FIRST), (2, SECOND))
    ]
    body = json.dumps({"Instances": found})

    def reply(request, **_event: object) -> AWSResponse:
        return AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.1"}, Body(body))

    events = world.directory.sso().meta.events
    events.register("before-send.sso-admin.ListInstances", reply, unique_id="two")
    yield
    events.unregister("before-send.sso-admin.ListInstances", unique_id="two")


def test_the_only_one_is_taken(world):
    found = IdentityCenterDirectory(world.sessions, HOME_REGION).instance()
    assert (found.instance_arn, found.region, found.owner_account) == (world.instance, HOME_REGION, world.account)


def test_in_another_region_there_is_none(emulator, world, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Rejected, match="eu-west-3") as error:
        IdentityCenterDirectory(world.sessions, "eu-west-3").instance()
    assert "aws.region" in error.value.next_step


def test_an_instance_that_is_not_there_is_named_beside_the_one_that_is(world):
    with pytest.raises(Rejected, match=f"{FIRST}.*{world.instance}") as error:
        IdentityCenterDirectory(world.sessions, HOME_REGION, FIRST).instance()
    assert "identity_center.instance_arn" in error.value.next_step


@pytest.mark.usefixtures("two")
def test_of_two_neither_is_taken_and_both_are_named(world):
    with pytest.raises(Rejected, match=f"{FIRST}, {SECOND}") as error:
        IdentityCenterDirectory(world.sessions, HOME_REGION).instance()
    assert "identity_center.instance_arn" in error.value.next_step


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("arn", "store"), [(FIRST, "d-0000000001"), (SECOND, "d-0000000002")])
def test_of_two_the_configured_one_is_taken(world, arn, store):
    found = IdentityCenterDirectory(world.sessions, HOME_REGION, arn).instance()
    assert (found.instance_arn, found.identity_store_id) == (arn, store)


def test_the_instance_is_asked_for_once(world, calls):
    directory = IdentityCenterDirectory(world.sessions, HOME_REGION)
    assert directory.instance() is directory.instance()
    assert calls == ["sso:ListInstances"]
