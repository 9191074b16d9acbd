"""Planning what users need: only of those who wait for a plan."""

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination
from migrator.operations.map_users import map_users
from tests.builders import NOW, a_run, a_user_facts


def a_grant(tools, user):
    """What is wanted for the user is provisioned."""
    with tools.store.begin() as work:
        work.access.plan_set("data", {"content": "x"}, "ours")
        work.people.link({user.id: ["alice@example.com"]}, "test")
        work.access.want(user.id, "alice@example.com", "data", user.account_id)
        work.access.granted(user.id, NOW)
        work.commit()


def grants(tools):
    with tools.store.begin() as work:
        return [(grant.permission_set, grant.provisioned_at) for grant in work.access.grants()]


def test_what_is_being_provisioned_is_not_planned_anew(tools):
    alice = tools.add(a_user_facts(), State.MAPPED, destination=Destination.RETIRE)
    a_grant(tools, alice)
    with tools.store.begin() as work:
        work.journal.start(a_run(alice.subject, kind="provision"), [], "")
        work.commit()
    moved = map_users(tools, tools.apply, [tools.line(alice)]).users[0]
    assert (moved.outcome, moved.why) == ("unchanged", "it is being moved right now")
    assert grants(tools) == [("data", NOW)]


def test_who_was_moved_on_since_it_was_chosen_keeps_its_plan(tools):
    alice = tools.add(a_user_facts(), State.MAPPED, destination=Destination.RETIRE)
    a_grant(tools, alice)
    chosen = tools.line(alice)
    with tools.store.begin() as work:
        work.users.move(work.users.get(alice.id), State.PROVISIONED, NOW)
        work.commit()
    map_users(tools, tools.apply, [chosen])
    assert grants(tools) == [("data", NOW)]


def test_what_is_wanted_instead_has_to_be_provisioned_first(tools):
    alice = tools.add(a_user_facts(), State.ROLLED_BACK)
    a_grant(tools, alice)
    with tools.store.begin() as work:
        work.access.plan_set("more", {"content": "y"}, "ours")
        work.access.want(alice.id, "alice@example.com", "data", alice.account_id)
        work.commit()
    assert grants(tools) == [("data", NOW)]
    with tools.store.begin() as work:
        work.access.want(alice.id, "alice@example.com", "more", alice.account_id)
        work.commit()
    assert grants(tools) == [("more", None)]
