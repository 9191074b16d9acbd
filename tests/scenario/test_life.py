"""The whole life of a small organization by chance: commands in any order, hands in consoles, deaths anywhere.

A simple model beside it says what must be true after every step (`life_claims`). `MIGRATOR_LIVES` sets how many lives
are lived, `MIGRATOR_STEPS` how long each is.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from migrator.domain.dossier import User
from migrator.domain.lifecycle import Move, State
from migrator.domain.selection import Line
from migrator.domain.waves import Stage, WaveMove
from migrator.operations import waves
from migrator.operations.advance import Advance, advance
from migrator.operations.decide import Word, decide, destination_word, kind_word
from migrator.operations.discover import discover
from migrator.operations.map_users import map_users
from migrator.operations.roll_back import Undo, roll_back
from migrator.operations.screams import report
from migrator.operations.work import work
from tests.fakes.hands import Target
from tests.fakes.tools import FakeTools
from tests.scenario.life import APPROVER, OPERATOR, Cut, Life, begin
from tests.scenario.life_claims import UNTOUCHABLE, wrong
from tests.scenario.life_hands import HANDS, ITSELF

LIVES = int(os.environ.get("MIGRATOR_LIVES", "20"))
STEPS = int(os.environ.get("MIGRATOR_STEPS", "15"))

PROFILE = settings(
    max_examples=LIVES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="MIGRATOR_LIVES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],  # the whole story is told: making it shorter takes minutes
)
BITS, EVERYBODY = 6, 0
some = st.just(EVERYBODY) | st.integers(1, 63)
"""Which users a command is about, as bits; everybody where none is set."""
number = st.integers(0, 20)
deaths = st.none() | st.builds(Cut, st.sampled_from(["before", "after", "commit"]), st.integers(1, 30))
again = st.booleans()


def never(row: User) -> bool:
    """Whether nobody may ever cut it: who runs the migration, and the emergency user."""
    return row.user_name.startswith(UNTOUCHABLE)


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
    ) -> Any:
        """Run a command; what is wrong after it fails the test with the whole story."""
        made = len(self.life.effects)
        who = chosen(users) if users is not None else lambda _line: False
        command = self.life.command(verb, do, who, **how)
        after = self.life.look()
        found = wrong(self.life, self.seen, after, command, made)
        assert not found, "\n".join((*self.life.told, "", *found))
        self.seen = after
        return command

    def row(self, user: Target) -> Any:
        identity = self.life.aws.there["user", user]["user_id"]
        return next((row for row in self.seen.rows.values() if row.user_id == identity), None)

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


@pytest.fixture(scope="module")
def lived(sqlite_databases):
    return Lived(sqlite_databases)


def test_the_calm_way_comes_to_its_end_and_back(lived):
    steps = Steps(lived.at(len(WAY)))
    steps.back(EVERYBODY)
    states = {row.user_name: row.state for row in steps.seen.rows.values()}
    assert {states[name] for name in ("alice", "alice.b", "carol", "dave")} == {State.ROLLED_BACK}


WORDS: dict[str, Callable[[datetime], Word]] = {
    "hold": lambda _: Word("hold", True, "asked"),
    "release": lambda _: Word("hold", False, "asked"),
    "exclude": lambda now: Word("exclude", True, "needed", now + timedelta(days=2), Move.EXCLUDE),
    "readmit": lambda _: Word("exclude", False, "not needed", move=Move.READMIT),
    "link": lambda _: Word("link", ["new@example.com"], "asked"),
    "link back": lambda _: Word("link", ["alice@example.com"], "asked"),
    "human": lambda _: kind_word("human", "asked"),
    "unknown": lambda _: kind_word("unknown", "asked"),
    "permission-set": lambda _: destination_word("permission-set", "asked"),
    "retire": lambda _: destination_word("retire", "left"),
    "keep": lambda _: destination_word("keep", "asked"),
    "own": lambda _: Word("owner", {"owner": "web", "cost_center": "CC-2"}, "asked"),
}
"""What may be decided about users."""


class AnyLife(RuleBasedStateMachine):
    """Rules of a life; `steps` carries them out and looks."""

    lived: Lived
    steps: Steps

    @initialize(stage=st.sampled_from([0, 1, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7, 7]))
    def begin(self, stage: int) -> None:
        self.steps = Steps(self.lived.at(stage))

    def teardown(self) -> None:
        if hasattr(self, "steps"):
            self.steps.life.databases.drop(self.steps.life.database)

    @rule(cut=deaths, again=again)
    def discover(self, cut: Cut | None, again: bool) -> None:
        self.steps.discover(cut=cut, again=again)

    @rule(users=some, word=st.sampled_from(sorted(WORDS)))
    def say(self, users: int, word: str) -> None:
        self.steps.say(users, WORDS[word](self.steps.life.clock.now()))

    @rule(users=some, cut=deaths, again=again)
    def map(self, users: int, cut: Cut | None, again: bool) -> None:
        self.steps.map(users, cut=cut, again=again)

    @rule(users=some, by=st.sampled_from([APPROVER, APPROVER, OPERATOR]))
    def a_new_wave(self, users: int, by: str) -> None:
        """Of whoever may be in one."""
        name = f"wave-{len(self.steps.seen.waves)}"
        self.steps.create(name, users)
        self.steps.approve(name, Stage.CUT, by)

    @rule(n=number, stage=st.sampled_from(Stage), by=st.sampled_from([APPROVER, APPROVER, OPERATOR]))
    def approve(self, n: int, stage: Stage, by: str) -> None:
        if names := sorted(self.steps.seen.waves):
            self.steps.approve(names[n % len(names)], stage, by)

    @rule(n=number, verb=st.sampled_from([WaveMove.PAUSE, WaveMove.RESUME]))
    def change_wave(self, n: int, verb: WaveMove) -> None:
        if names := sorted(self.steps.seen.waves):
            self.steps.do("change", lambda tools, _: waves.change(tools, names[n % len(names)], verb))

    @rule(users=some, goal=st.sampled_from([State.QUARANTINED, State.DEACTIVATED]), cut=deaths, again=again)
    def advance(self, users: int, goal: State, cut: Cut | None, again: bool) -> None:
        self.steps.advance(users, goal, cut=cut, again=again)

    @rule(n=number, cut=deaths, again=again)
    def advance_wave(self, n: int, cut: Cut | None, again: bool) -> None:
        if names := sorted(self.steps.seen.waves):
            self.steps.wave(names[n % len(names)], cut=cut, again=again)

    @rule(users=some, cut=deaths, again=again)
    def delete(self, users: int, cut: Cut | None, again: bool) -> None:
        """After days of silence, and with an approval."""
        wait(self.steps, 3)
        for name in sorted(self.steps.seen.waves):
            self.steps.approve(name, Stage.DELETE)
        self.steps.advance(users, State.DELETED, cut=cut, again=again)

    @rule(users=some, retract=st.booleans(), cut=deaths, again=again)
    def roll_back(self, users: int, retract: bool, cut: Cut | None, again: bool) -> None:
        self.steps.back(users, retract=retract, cut=cut, again=again)

    @rule(users=some)
    def begin_again(self, users: int) -> None:
        """Those who were rolled back, or were never in a wave, get one that is approved, and go as far as they may."""
        self.steps.say(users, WORDS["release"](self.steps.life.clock.now()))
        self.steps.map(users)
        for row in self.steps.seen.rows.values():
            if chosen(users)(Line(row)) and row.wave is None and row.state is State.MAPPED and not never(row):
                name = f"wave-{len(self.steps.seen.waves)}"
                self.steps.create(name, 1 << (row.id % BITS))
                self.steps.approve(name, Stage.CUT)
        self.steps.advance(users, State.PROVISIONED)
        self.steps.life.sign_in()
        self.steps.advance(users)

    @rule(cut=deaths, again=again)
    def turn(self, cut: Cut | None, again: bool) -> None:
        self.steps.turn(cut=cut, again=again)

    @rule(n=number, by_mouth=st.booleans())
    def scream(self, n: int, by_mouth: bool) -> None:
        """A script calls with an old key, or a person complains; then the worker's turn comes."""
        users = self.steps.life.console.users()
        if by_mouth:
            self.steps.do("scream", lambda tools, lines: report(tools, lines[0], "it broke") and None, 1 << (n % BITS))
        elif users:
            self.steps.life.call(users[n % len(users)])
        self.steps.turn()

    @rule(hours=st.sampled_from([1, 24, 48, 80, 400]))
    def wait(self, hours: int) -> None:
        self.steps.life.wait(hours=hours)

    @rule()
    def sign_in(self) -> None:
        self.steps.life.sign_in()

    @rule(n=number, m=number, what=st.sampled_from(sorted(HANDS)))
    def hand(self, n: int, m: int, what: str) -> None:
        life = self.steps.life
        if not (users := life.console.users()):
            return
        user = users[n % len(users)]
        identity = life.aws.there["user", user]["user_id"]
        life.clock.pass_time(minutes=1)
        life.told.append(f"hand: {what} {user}")
        for touched in HANDS[what](life.console, user, m):
            life.hands[identity if touched == ITSELF else (identity, touched)] = life.clock.now()


def test_any_life_keeps_every_promise(lived):
    AnyLife.lived = lived
    run_state_machine_as_test(AnyLife, settings=PROFILE)
