"""Cut off after every single call and every commit, run again: the same end. And back: the same beginning."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from migrator.domain.cuts import DENY, characters
from migrator.domain.lifecycle import Move
from migrator.domain.model import UserFacts
from tests.builders import ACCOUNT, NOW, a_key, a_password, a_user_facts, every_credential
from tests.fakes.crash import Counted, Crash, at_call, at_commit
from tests.scenario.worlds import TARGETS, Process, World, a_world, remains

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limits"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/team/own"
TEN = tuple(f"arn:aws:iam::aws:policy/P{n}" for n in range(10))


def a_policy(size: int) -> dict[str, Any]:
    """A document that IAM counts as `size` characters."""
    bare = {"Version": "2012-10-17", "Statement": [], "Id": ""}
    return {**bare, "Id": "x" * (size - characters(bare))}


FULL = {"work": a_policy(2048)}
AWKWARD = {
    "every credential": a_user_facts(
        path="/staff/", tags={"Email": "alice@example.com"}, groups=("devs", "ops"), credentials=every_credential()
    ),
    "inactive key": a_user_facts(credentials=(a_key("AKIAOLD", "Inactive"),), attached_policies=(OWN,)),
    "full inline": a_user_facts(inline_policies=FULL, credentials=(a_key(),)),
    "ten attached": a_user_facts(attached_policies=TEN),
    "a boundary": a_user_facts(boundary=BOUNDARY, credentials=(a_password(),)),
    "all three": a_user_facts(
        inline_policies=FULL, attached_policies=TEN, boundary=BOUNDARY, credentials=(a_key("AKIAOLD", "Inactive"),)
    ),
}
STAGES: dict[str, tuple[tuple[Move, ...], Move]] = {
    "quarantine": ((), Move.QUARANTINE),
    "deactivate": ((Move.QUARANTINE,), Move.DEACTIVATE),
    "delete": ((Move.QUARANTINE, Move.DEACTIVATE), Move.DELETE),
    "rollback of quarantined": ((Move.QUARANTINE,), Move.ROLLBACK),
    "rollback of deactivated": ((Move.QUARANTINE, Move.DEACTIVATE), Move.ROLLBACK),
    "rollback of deleted": ((Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE), Move.ROLLBACK),
}


DELETED = {"delete", "rollback of deleted"}


def cases(*stages: str) -> list[Any]:
    """Every awkward user in these stages; ten policies are taken off and put back once, by the user with all three."""
    return [
        pytest.param(facts, *STAGES[stage], id=f"{name}, {stage}")
        for name, facts in AWKWARD.items()
        for stage in stages
        if not (name == "ten attached" and stage in DELETED)
    ]


@dataclass(frozen=True)
class Death:
    """Where a process dies: `before` or `after` its k-th call to AWS, or before its k-th commit (`commit`)."""

    where: str
    k: int

    def hooks(self) -> dict[str, Callable[..., None]]:
        if self.where == "commit":
            return {"on_commit": at_commit(self.k)}
        return {"on_call": at_call(self.where, self.k)}

    def __str__(self) -> str:
        return f"{self.where} {self.k}"


def a_stage(databases: Any, facts: UserFacts, done: tuple[Move, ...]) -> World:
    """A world in which these moves were made, uncut."""
    world = a_world(databases, facts, NOW)
    for move in done:
        with world.process() as process:
            process.carry_out(move)
            assert process.row().state == TARGETS[move]
        world.clock.pass_time(hours=48)
    return world


def uncut(world: World, move: Move) -> list[Death]:
    """Carry the move out to its end; everywhere a process could have died on the way.

    After a call that only looks is the same place as before whatever comes next, so those are left out.
    """
    commits, begun = Counted(), len(world.aws.calls)
    with world.process(on_commit=commits.on_commit) as process:
        process.carry_out(move)
    calls = list(enumerate(world.aws.calls[begun:], start=1))
    deaths = [Death("before", k) for k, _ in calls] + [Death("after", k) for k, (verb, _) in calls if verb == "make"]
    return deaths + [Death("commit", k) for k in range(1, commits.count + 1)]


def die(world: World, move: Move, death: Death) -> None:
    with world.process(**death.hooks()) as process, pytest.raises(Crash):
        process.carry_out(move)


def some_of(deaths: list[Death], databases: str) -> Iterator[Death]:
    """All of them; on PostgreSQL, where a copy of a database takes longer, one of eleven."""
    step = 1 if databases == "sqlite" else 11
    return iter(deaths[::step])


def look(process: Process) -> dict[str, Any]:
    """All that two runs are compared by."""
    row = process.row()
    return {
        "aws": process.world.aws.state(volatile=True),
        "state": (row.state, row.user_id),
        "questions": process.questions(),
        "record is whole": process.verdict().intact,
        "effects": process.world.effects,
        "history": process.history(),
    }


@pytest.fixture
def kind(request):
    return request.node.callspec.params["databases"]


@pytest.mark.parametrize(("facts", "done", "move"), cases(*STAGES))
def test_a_process_may_die_anywhere_and_the_same_command_ends_the_same(databases, kind, facts, done, move):
    template = a_stage(databases, facts, done)
    whole = template.copy()
    deaths = uncut(whole, move)
    with whole.process() as process:
        expected = look(process)
    assert expected["state"][0] == TARGETS[move]
    assert expected["questions"] == 0
    assert expected["record is whole"]
    for death in some_of(deaths, kind):
        world = template.copy()
        die(world, move, death)
        with world.process() as process:
            process.carry_out(move)
            assert look(process) == expected, f"after {death}"
        world.drop()


@pytest.mark.parametrize(("facts", "done", "move"), cases("quarantine", "deactivate", "delete"))
def test_a_process_may_die_anywhere_and_everything_can_be_put_back(databases, kind, facts, done, move):
    start = a_world(databases, facts, NOW).aws.state()
    template = a_stage(databases, facts, done)
    deaths = uncut(template.copy(), move)
    for death in some_of(deaths, kind):
        world = template.copy()
        die(world, move, death)
        with world.process() as process:
            process.give_up()
            assert world.aws.state() == remains(start, world.effects), f"after {death}"
            assert (process.row().state, process.questions(), process.verdict().intact) == (
                TARGETS[Move.ROLLBACK],
                0,
                True,
            ), f"after {death}"
        world.drop()


@pytest.mark.parametrize(("facts", "done", "move"), cases(*(stage for stage in STAGES if "rollback" in stage)))
def test_the_way_back_ends_where_it_began(databases, facts, done, move):
    world = a_stage(databases, facts, ())
    start = world.aws.state()
    for each in (*done, move):
        with world.process() as process:
            process.carry_out(each)
    assert world.aws.state() == remains(start, world.effects)


def test_a_quarantine_that_is_rolled_back_leaves_no_trace(databases):
    for facts in AWKWARD.values():
        world = a_stage(databases, facts, ())
        start = world.aws.state(volatile=True)
        for move in (Move.QUARANTINE, Move.ROLLBACK):
            with world.process() as process:
                process.carry_out(move)
        assert world.aws.state(volatile=True) == start


def test_every_awkward_user_is_denied_by_the_quarantine(databases):
    for facts in AWKWARD.values():
        world = a_stage(databases, facts, (Move.QUARANTINE,))
        denies = [value for (kind, _), value in world.aws.there.items() if value == DENY and "policy" in kind]
        assert denies == [DENY]
