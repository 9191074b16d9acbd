"""Planning where there is no Identity Center: refused as a configuration that is wrong, before anything is done."""

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination
from migrator.operations.map_users import map_users
from migrator.ports.aws import AccessDenied, NoInstance
from tests.builders import a_user_facts
from tests.fakes.trail import FewActions


def elsewhere(tools, error):
    """Identity Center is in another region, or may not be asked."""

    def instance():
        raise error

    tools.catalogue = FewActions()
    tools.aws.instance = instance


def mapped(tools, destination):
    user = tools.add(a_user_facts(), State.DISCOVERED, destination=destination)
    map_users(tools, tools.apply, [tools.line(user)])
    return user


def test_who_is_to_get_a_set_is_not_mapped_in_the_wrong_region(tools):
    elsewhere(tools, NoInstance("there is no Identity Center instance in eu-west-9"))
    with pytest.raises(NoInstance) as refused:
        mapped(tools, Destination.PERMISSION_SET)
    assert refused.value.exit_code == 2
    with tools.store.read() as work:
        assert ([line.user.state for line in work.users.lines()], work.access.sets()) == ([State.DISCOVERED], [])


@pytest.mark.parametrize("destination", [Destination.IAM_ROLE, Destination.RETIRE])
def test_who_needs_no_set_needs_no_identity_center(tools, destination):
    elsewhere(tools, NoInstance("there is no Identity Center instance in eu-west-9"))
    mapped(tools, destination)


def test_who_may_not_ask_for_the_instance_is_let_through(tools):
    elsewhere(tools, AccessDenied("no sso:ListInstances"))
    mapped(tools, Destination.PERMISSION_SET)
