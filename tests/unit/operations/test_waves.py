"""Waves: scheduled ones start by themselves; approvals tell what changed; the page says what is ahead."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.errors import IllegalMove
from migrator.domain.lifecycle import State
from migrator.domain.waves import Stage, WaveState
from migrator.operations.advance import Advance, advance
from migrator.operations.discover import discover
from migrator.operations.show_wave import show
from migrator.operations.waves import approve, create, propose, start, start_scheduled
from migrator.operations.work import work as turn
from tests.builders import ACCOUNT, a_key, a_user_facts
from tests.fakes.console import Console


@pytest.fixture
def office(tools):
    """Tools where one yes is needed, with a user to move."""
    tools = tools.with_rules(approvals=1, quarantine=timedelta(days=7))
    user = tools.add(a_user_facts(credentials=(a_key(),)))
    return tools, user


def boss(tools):
    return replace(tools, actor="boss@example.com")


def state_of(tools, name):
    with tools.store.begin() as work:
        return work.waves.find(name).state


def test_a_scheduled_wave_starts_by_itself_once_it_is_approved_and_its_time_has_come(office):
    tools, user = office
    create(tools, "one", [tools.line(user)], tools.clock.now() + timedelta(hours=1))
    assert start_scheduled(tools) == ()
    approve(boss(tools), "one", "cut")
    turn(tools, tools.apply)
    assert state_of(tools, "one") is WaveState.APPROVED
    tools.clock.pass_time(hours=1)
    turn(tools, tools.apply)
    assert state_of(tools, "one") is WaveState.RUNNING
    assert tools.user(user).state is State.QUARANTINED


def test_a_wave_without_a_time_waits_for_somebody_to_start_it(office):
    tools, user = office
    create(tools, "one", [tools.line(user)])
    approve(boss(tools), "one", "cut")
    turn(tools, tools.apply)
    assert state_of(tools, "one") is WaveState.APPROVED


def test_planned_waves_are_scheduled_only_where_it_is_asked(office):
    tools, user = office
    assert [w.wave.starts_at for w in propose(tools, [tools.line(user)], 5, 0, schedule=True).waves] == [
        tools.clock.now()
    ]


def test_a_change_after_the_approval_voids_it_and_is_told(office):
    tools, user = office
    create(tools, "one", [tools.line(user)])
    approve(boss(tools), "one", "cut")
    (before,) = show(tools, "one").members
    assert before.approved == {"cut": ("boss@example.com",)}
    assert before.drifted == ()
    key = Console(tools.aws).add_key((ACCOUNT, "alice"))[1][-1]
    discover(tools)
    (after,) = show(tools, "one").members
    assert after.approved == {}
    assert after.drifted == (f"new access-key {key}",)
    start(tools, "one")
    (moved,) = advance(tools, tools.apply, [tools.line(user)], Advance()).users
    assert moved.held_by == ("wave-approved",)
    approve(boss(tools), "one", "cut")
    assert show(tools, "one").members[0].drifted == ()


def test_the_page_lists_every_cut_ahead_and_what_is_lost_for_good(office):
    tools, user = office
    create(tools, "one", [tools.line(user)])
    (member,) = show(tools, "one").members
    assert list(member.calls) == ["quarantine", "deactivate", "delete"]
    assert [change.kind for change in member.calls["quarantine"]] == ["inline-policy"]
    assert [change.kind for change in member.calls["deactivate"]] == ["access-key"]
    assert any("AKIAONE" in line for line in member.lost)
    ahead = show(tools, "one").forecast
    assert ahead.quarantine_from == tools.clock.now()
    assert ahead.deactivate_from == tools.clock.now() + timedelta(days=7)


def test_who_left_a_wave_is_neither_approved_nor_counted(office):
    tools, user = office
    other = tools.add(a_user_facts("bob", credentials=(a_key("AKIABOB"),)))
    create(tools, "one", [tools.line(user), tools.line(other)])
    with tools.store.begin() as work:
        work.waves.leave(other.id)
        work.commit()
    shown = approve(boss(tools), "one", "cut")
    assert shown.wave.state is WaveState.APPROVED
    assert {a.user for a in shown.approvals} == {user.id}
    assert [one.left for one in shown.members] == [False, True]


def test_a_draft_is_not_started_by_its_time(office):
    tools, user = office
    create(tools, "one", [tools.line(user)], tools.clock.now())
    assert start_scheduled(tools) == ()
    with pytest.raises(IllegalMove):
        start(tools, "one")


def test_each_stage_is_approved_by_itself(office):
    tools, user = office
    create(tools, "one", [tools.line(user)])
    approve(boss(tools), "one", "cut")
    approve(boss(tools), "one", str(Stage.DELETE))
    assert set(show(tools, "one").members[0].approved) == {"cut", "delete"}
