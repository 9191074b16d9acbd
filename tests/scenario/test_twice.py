"""Two processes at once, and hands in the console between plan and change: at every call of a command, somebody else.

The second one is carried out whole just before the first one's k-th call to AWS, for every k, so every interleaving in
which one waits for the other's step is tried; `MIGRATOR_STRIDE` leaves out all but one of so many.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

from migrator.domain.changes import Change
from migrator.domain.errors import Busy, MigratorError, Refused, Stale
from migrator.domain.journal import Run
from migrator.domain.lifecycle import State
from migrator.domain.selection import Line
from migrator.domain.waves import Stage, WaveMove
from migrator.operations.advance import Advance, advance
from migrator.operations.decide import Word, decide
from migrator.operations.discover import discover
from migrator.operations.map_users import map_users
from migrator.operations.roll_back import Undo, roll_back
from migrator.operations.work import work
from tests.builders import ACCOUNT
from tests.fakes.tools import FakeTools
from tests.scenario.life import Command, Life, Look, Meanwhile
from tests.scenario.life_claims import NO_USER, never, wrong
from tests.scenario.life_hands import HANDS
from tests.scenario.lived import Lived, Steps, hand, wait

STRIDE = int(os.environ.get("MIGRATOR_STRIDE", "139"))
ALICE = (ACCOUNT, "alice")

Doing = Callable[[FakeTools, Sequence[Line]], Any]


def moving(goal: State) -> Doing:
    return lambda tools, lines: advance(tools, tools.apply, lines, Advance(goal, agreed=None))


def undoing(*, retract: bool = False) -> Doing:
    return lambda tools, lines: roll_back(tools, tools.apply, lines, Undo("it broke", retract=retract))


COMMANDS: dict[str, Doing] = {
    "advance": moving(State.DEACTIVATED),
    "delete": moving(State.DELETED),
    "rollback": undoing(),
    "retract": undoing(retract=True),
    "discover": lambda tools, _: discover(tools),
    "map": lambda tools, lines: map_users(tools, tools.apply, lines),
    "worker": lambda tools, _: work(tools, tools.apply),
    "hold": lambda tools, lines: decide(tools, lines, Word("hold", True, "asked")),
}
PROVISIONED = 3
ALL = {
    "provision": (2, "advance"),
    "verify": (PROVISIONED, "advance"),
    "quarantine": (4, "advance"),
    "deactivate": (5, "advance"),
    "delete": (6, "delete"),
    "undo the deny": (5, "rollback"),
    "undo it all": (6, "rollback"),
    "restore": (7, "rollback"),
    "retract": (5, "retract"),
}
"""First commands: after which stage of the calm way each comes, and what it is."""


WORDS = (
    "another process",
    "somebody else",
    "right now",
    "was changed",
    "when this was planned",
    "retracted",
    "hand",
)
"""What users are said to have failed for when another process was there."""

GONE = {
    "retract": ("there is no permission-set", "there is no managed-policy"),
    "rollback": ("there is no managed-policy",),
}
"""What is shared and may have gone with its last user, just before somebody else would have needed it."""


class Scenes:
    """Where a first command begins, with all that it waits for; each is made once, and copied."""

    def __init__(self, lived: Lived) -> None:
        self._lived, self._scenes = lived, dict[str, Life]()

    def at(self, name: str) -> Steps:
        """A scene of one's own."""
        if name not in self._scenes:
            stage, first = ALL[name]
            steps = Steps(self._lived.at(stage))
            if stage == PROVISIONED:
                steps.life.sign_in()
            if first == "delete":
                wait(steps, 3)
                steps.approve("one", Stage.DELETE)
            elif name == "deactivate":
                steps.change("one", WaveMove.PAUSE)
                wait(steps, 2)
                steps.change("one", WaveMove.RESUME)
            self._scenes[name] = steps.life
        return Steps(self._scenes[name].copy())

    def calls(self, name: str) -> list[tuple[str, Change]]:
        """Which calls the first command makes where nobody else is there."""
        steps = self.at(name)
        begun = len(steps.life.aws.calls)
        steps.life.command("both", COMMANDS[ALL[name][1]], _everybody)
        steps.life.databases.drop(steps.life.database)
        return steps.life.aws.calls[begun:]


@pytest.fixture(scope="session")
def scenes(lived):
    return Scenes(lived)


def _everybody(line: Line) -> bool:
    return not never(line.user)


def two(
    steps: Steps,
    first: str,
    k: int,
    other: Callable[[], None],
    then: Callable[[Life], None] = lambda _life: None,
) -> tuple[Command, list[str]]:
    """Run the first command with something else just before its k-th call; what is wrong after both."""
    begun = len(steps.life.effects)
    command = steps.life.command("both", COMMANDS[first], _everybody, meanwhile=Meanwhile(k, other), alone=False)
    then(steps.life)
    after = steps.life.look()
    both = Command("both", tuple(after.rows), None, command.error)
    found = wrong(steps.life, steps.seen, after, both, begun)
    named = [one.user for one in getattr(command.answer, "users", ()) if NO_USER in one.why]
    found += [f"{one.subject} has an unfinished {one.kind}" for one in unfinished(after, named)]
    return command, [*found, *lost_twice(steps.life, begun)]


def unfinished(after: Look, named: Sequence[str]) -> list[Run]:
    """Runs that were left, but for those of users that nobody found any more."""
    keys = {row.subject: row.key for row in after.rows.values()}
    return [run for run in after.running.values() if keys.get(run.subject) not in named]


def lost_twice(life: Life, begun: int) -> list[str]:
    """What was deleted more than once, and not made again between."""
    there = Counter[Any]()
    found = []
    for change in life.effects[begun:]:
        key = (change.kind, change.target)
        there[key] += 1 if change.creates else -1 if change.deletes else 0
        if there[key] < -1:
            found.append(f"{key} was deleted twice")
    return found


def ends(steps: Steps, found: list[str], when: str) -> None:
    assert not found, "\n".join((*steps.life.told, f"{when}:", *found))
    steps.life.databases.drop(steps.life.database)


def share(scenes: Scenes, name: str, others: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The bounded share of all pairs of a moment and somebody else, spread over both."""
    pairs = [(k, other) for k in range(1, len(scenes.calls(name)) + 1) for other in others]
    return islice(pairs, list(ALL).index(name) % STRIDE, None, STRIDE)


@pytest.mark.parametrize("name", ALL)
def test_two_at_once_do_everything_once(scenes, name):
    for k, second in share(scenes, name, list(COMMANDS)):
        steps = scenes.at(name)
        told: list[Command] = []

        def other(steps: Steps = steps, told: list[Command] = told, second: str = second) -> None:
            told.append(steps.life.command("both", COMMANDS[second], _everybody, alone=False))

        command, found = two(steps, ALL[name][1], k, other)
        assert len(told) == 1
        found += [f"{one.error!r}" for one in (command, *told) if not expected(one.error)]
        found += [why for one in (command, *told) for why in unexpected(one, second)]
        ends(steps, found, f"{second} at call {k}")


def expected(error: MigratorError | None) -> bool:
    return error is None or isinstance(error, (Busy, Stale, Refused))


def unexpected(command: Command, second: str) -> list[str]:
    """Failures of users that say nothing of the other process."""
    users = getattr(command.answer, "users", None) or getattr(command.answer, "moved", ())
    said = (*WORDS, *GONE.get(second, ()))
    return [
        f"{one.user} failed: {one.why}"
        for one in users
        if one.outcome == "failed" and not any(word in one.why for word in said)
    ]


@pytest.mark.parametrize("name", ALL)
def test_a_hand_between_is_noticed_and_the_rest_goes_on(scenes, name):
    for k, what in share(scenes, name, list(HANDS)):
        steps = scenes.at(name)
        slipped: list[Change] = []

        def somebody(steps: Steps = steps, slipped: list[Change] = slipped, what: str = what) -> None:
            if ALICE in steps.life.console.users():
                hand(steps.life, what, ALICE, 0, late=True)
                verb, change = steps.life.aws.calls[-1]
                slipped += [change] if verb == "make" and change.target[:2] == ALICE else []

        command, found = two(steps, ALL[name][1], k, somebody, lambda life, slipped=slipped: believe(life, slipped))
        if command.error is not None:
            found.append(f"it stopped for all: {command.error}")
        else:
            others = [one for one in command.answer.users if not one.user.endswith("/alice")]
            found += [f"{one.user}: {one.outcome} {one.why}" for one in others if one.outcome == "failed"]
        ends(steps, found, f"{what} at call {k}")


def believe(life: Life, slipped: Sequence[Change]) -> None:
    """A hand between the last look and the very write: AWS knows no write under a condition, nobody can prevent it."""
    for change in slipped:
        key = (change.kind, change.target)
        if ALICE in life.console.users() and life.aws.there["user", ALICE]["user_id"].startswith("AIDAHAND"):
            life.console.uncut.pop(key, None)
            life.console.uncut |= {key: life.aws.there[key]} if key in life.aws.there else {}


NAMED = [
    ("quarantine", "rename", NO_USER),
    ("quarantine", "recreate", "the name is now of"),
    ("deactivate", "delete_key", "it is gone now"),
    ("deactivate", "rename", NO_USER),
    ("deactivate", "delete", NO_USER),
    ("delete", "change_policy", "it is different now"),
    ("delete", "rename", NO_USER),
    ("delete", "recreate", "the name is now of"),
    ("undo it all", "rename", NO_USER),
    ("undo it all", "delete_key", "it is gone now"),
    ("restore", "recreate", "the name is now of"),
]


@pytest.mark.parametrize(("name", "what", "why"), NAMED)
def test_what_a_hand_took_after_the_first_write_is_named(scenes, name, what, why):
    calls = enumerate(scenes.calls(name), start=1)
    first = next(k for k, (verb, change) in calls if verb == "make" and change.target[:2] == ALICE)
    steps = scenes.at(name)
    command, found = two(steps, ALL[name][1], first + 1, lambda: hand(steps.life, what, ALICE, 0, late=True))
    alice, *others = sorted(command.answer.users, key=lambda one: one.user)
    assert (alice.outcome, why in alice.why) == ("failed", True), alice
    assert {one.outcome for one in others} <= {"done", "held"}
    steps.seen = steps.life.look()
    steps.discover()
    again = steps.life.command("both", COMMANDS[ALL[name][1]], _everybody)
    found += [f"afterwards: {why}" for why in wrong(steps.life, steps.seen, steps.life.look(), again, 0)]
    ends(steps, [*found, *map(str, unfinished(steps.life.look(), []))], f"{what} after the first write")
