"""The calm way of a life, stage by stage, and the steps it is walked in; after each one all must be as it must be."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from migrator.domain.lifecycle import State
from migrator.domain.selection import Line
from migrator.domain.waves import Stage, WaveMove
from migrator.operations import waves
from migrator.operations.advance import Advance, advance
from migrator.operations.decide import Word, decide, kind_word
from migrator.operations.discover import discover
from migrator.operations.map_users import map_users
from migrator.operations.roll_back import Undo, roll_back
from migrator.operations.work import work
from tests.fakes.console import credentials
from tests.fakes.hands import Target
from tests.fakes.tools import FakeTools
from tests.scenario.life import APPROVER, Command, Life, begin
from tests.scenario.life_claims import never, wrong
from tests.scenario.life_hands import HANDS, ITSELF

FOREVER = datetime.max.replace(tzinfo=UTC)
BITS, EVERYBODY = 6, 0
"""Users are chosen by bits, by their row's number; everybody where none is set."""


def chosen(bits: int) -> Callable[[Line], bool]:
    """Rows by their numbers."""
    return lambda line: bits == EVERYBODY or bool(bits >> (line.user.id % BITS) & 1)


class Lived:
    """Lives by how far the calm way was walked; each is made once, and copied."""

    def __init__(self, databases: Any) -> None:
        self._databases, self._stages = databases, dict[int, Life]()

    def at(self, stage: int) -> Life:
        """A life of one's own that came as far as this stage."""
        if stage not in self._stages:
            life = self.at(stage - 1) if stage else begin(self._databases)
            if stage:
                WAY[stage - 1](Steps(life))
            self._stages[stage] = life
        return self._stages[stage].copy()


class Steps:
    """Every command and every hand, each followed by a look at whether all is as it must be."""

    def __init__(self, life: Life) -> None:
        self.life, self.seen = life, life.look()

    def do(
        self,
        verb: str,
        do: Callable[[FakeTools, Sequence[Line]], Any],
        users: int | None = None,
        **how: Any,
    ) -> Command:
        """Run a command; what is wrong after it fails the test with the whole story."""
        made = len(self.life.effects)
        who = chosen(users) if users is not None else lambda _line: False
        command = self.life.command(verb, do, who, **how)
        after = self.life.look()
        found = wrong(self.life, self.seen, after, command, made)
        assert not found, "\n".join((*self.life.told, "", *found))
        self.seen = after
        return command

    # -- commands --------------------------------------------------------------------------------------------------

    def discover(self, **how: Any) -> None:
        self.do("discover", lambda tools, _: discover(tools), **how)

    def say(self, users: int, word: Word, **how: Any) -> None:
        self.do("decide", lambda tools, lines: decide(tools, lines, word), users, **how)

    def map(self, users: int, **how: Any) -> None:
        self.do("map", lambda tools, lines: map_users(tools, tools.apply, lines), users, **how)

    def create(self, name: str, users: int, **how: Any) -> None:
        self.do("create", lambda tools, lines: waves.create(tools, name, lines), users, **how)

    def approve(self, name: str, stage: Stage, by: str = APPROVER, **how: Any) -> None:
        command = self.do("approve", lambda tools, _: waves.approve(tools, name, stage), by=by, **how)
        if command.answer is not None:
            self.life.approve(command.answer, stage)

    def advance(self, users: int, goal: State = State.DEACTIVATED, **how: Any) -> None:
        asked = Advance(goal, agreed=None)
        verb = "delete" if goal is State.DELETED else "advance"
        self.do(verb, lambda tools, lines: advance(tools, tools.apply, lines, asked), users, **how)

    def wave(self, name: str, goal: State = State.DEACTIVATED, **how: Any) -> None:
        def go(tools: FakeTools, lines: Sequence[Line]) -> Any:
            waves.start(tools, name)
            return advance(
                tools, tools.apply, [one for one in lines if one.user.wave == name], Advance(goal, agreed=None)
            )

        self.do("delete" if goal is State.DELETED else "advance", go, EVERYBODY, **how)

    def back(self, users: int, *, retract: bool = False, **how: Any) -> None:
        asked = Undo("it broke", retract=retract)
        self.do("rollback", lambda tools, lines: roll_back(tools, tools.apply, lines, asked), users, **how)

    def change(self, name: str, verb: WaveMove) -> None:
        self.do("change", lambda tools, _: waves.change(tools, name, verb))

    def turn(self, **how: Any) -> None:
        self.do("worker", lambda tools, _: work(tools, tools.apply), **how)


def _decided(steps: Steps) -> None:
    steps.discover()
    by_name = {row.user_name: 1 << (row.id % BITS) for row in steps.seen.rows.values()}
    steps.say(by_name["dave"], kind_word("human", "asked"))
    steps.say(by_name["dave"], Word("link", ["dave@example.com"], "asked"))
    steps.say(by_name["carol"], Word("owner", {"owner": "web", "cost_center": "CC-2"}, "asked"))
    steps.map(EVERYBODY)


def _approved(steps: Steps) -> None:
    movable = [row for row in steps.seen.rows.values() if row.state is State.MAPPED and not never(row)]
    assert sorted(row.user_name for row in movable) == ["alice", "alice.b", "carol", "dave"]
    steps.create("one", sum(1 << (row.id % BITS) for row in movable))
    steps.approve("one", Stage.CUT)


def _arrived(state: State) -> Callable[[Steps], None]:
    """The wave moves; everybody in it must come to that state."""

    def go(steps: Steps) -> None:
        goal = State.DELETED if state is State.DELETED else State.DEACTIVATED
        if state is State.VERIFIED:
            steps.life.sign_in()
            goal = State.VERIFIED
        if state is State.DEACTIVATED:
            wait(steps, 2)
        if state is State.DELETED:
            wait(steps, 3)
            steps.approve("one", Stage.DELETE)
        steps.wave("one", goal)
        states = {row.state for row in steps.seen.rows.values() if not never(row)}
        assert states == {state}, "\n".join(steps.life.told)

    return go


def wait(steps: Steps, days: int) -> None:
    """Days with a worker that listens."""
    for _ in range(days + 1):
        steps.life.wait(days=1)
        steps.turn()


WAY: tuple[Callable[[Steps], None], ...] = (
    _decided,
    _approved,
    _arrived(State.PROVISIONED),
    _arrived(State.VERIFIED),
    _arrived(State.QUARANTINED),
    _arrived(State.DEACTIVATED),
    _arrived(State.DELETED),
)
"""The calm way, stage by stage."""


def hand(life: Life, what: str, user: Target, m: int, *, late: bool = False) -> None:
    """Somebody in the console does that to a user; what it touched is remembered.

    A hand that comes while a command is under way may come too `late` for it: after its last look at what is touched.
    """
    identity = life.aws.there["user", user]["user_id"]
    if late:
        life.seen[identity] = credentials(life.console.uncut, user)
    life.clock.pass_time(minutes=1)
    life.told.append(f"hand: {what} {user}")
    when = FOREVER if late else life.clock.now()
    for touched in HANDS[what](life.console, user, m):
        life.hands[identity if touched == ITSELF else (identity, touched)] = when
