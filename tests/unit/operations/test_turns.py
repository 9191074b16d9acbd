"""What a worker's turn asks AWS about users who only wait."""

from dataclasses import replace
from datetime import timedelta

from migrator.domain.lifecycle import State
from migrator.operations.measure import measure
from migrator.operations.waves import approve, create
from migrator.operations.work import work as turn
from tests.builders import a_key, a_user_facts


def under_test(tools):
    """A user under the deny whose window of a week has begun, and every reading of it from now on."""
    tools = tools.with_rules(approvals=1, quarantine=timedelta(days=7), poll=timedelta(days=1))
    user = tools.add(a_user_facts(credentials=(a_key(),)))
    create(tools, "one", [tools.line(user)], tools.clock.now())
    approve(replace(tools, actor="boss@example.com"), "one", "cut")
    turn(tools, tools.apply)
    assert tools.user(user).state is State.QUARANTINED
    made, read = [], tools.aws.read_user

    def counted(account, name):
        made.append(name)
        return read(account, name)

    tools.aws.read_user = counted
    return tools, user, made


def test_whom_only_time_moves_is_not_read_before_its_time(tools):
    tools, user, made = under_test(tools)
    for _ in range(6):
        tools.clock.pass_time(days=1)
        turn(tools, tools.apply)
    assert made == []
    tools.clock.pass_time(days=1)
    turn(tools, tools.apply)
    assert made
    assert tools.user(user).state is State.DEACTIVATED


def test_a_window_that_was_made_shorter_counts_from_the_second_turn_on(tools):
    tools, user, _ = under_test(tools)
    shorter = tools.with_rules(quarantine=timedelta(days=2))
    for _ in range(3):
        shorter.clock.pass_time(days=1)
        turn(shorter, shorter.apply)
    assert shorter.user(user).state is State.DEACTIVATED


def test_a_sample_counts_people_who_are_there_and_hold_something(tools):
    for name, state in (("alice", State.MAPPED), ("bob", State.DELETED)):
        tools.add(a_user_facts(name, credentials=(a_key(f"AKIA{name.upper()}"),)), state)
    tools.add(a_user_facts("carol"))
    assert measure(tools)["human_users_with_long_term_credentials"] == 1
