"""The whole life of a small organization by chance: commands in any order, hands in consoles, deaths anywhere.

A simple model beside it says what must be true after every step (`life_claims`). `MIGRATOR_LIVES` sets how many lives
are lived, `MIGRATOR_STEPS` how long each is.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from migrator.domain.lifecycle import Move, State
from migrator.domain.selection import Line
from migrator.domain.waves import Stage, WaveMove
from migrator.operations.decide import Word, destination_word, kind_word
from migrator.operations.screams import report
from tests.scenario.life import APPROVER, OPERATOR, Cut
from tests.scenario.life_claims import never
from tests.scenario.life_hands import HANDS
from tests.scenario.lived import BITS, EVERYBODY, WAY, Lived, Steps, chosen, hand, wait

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
some = st.just(EVERYBODY) | st.integers(1, 63)
"""Which users a command is about, as bits; everybody where none is set."""
number = st.integers(0, 20)
deaths = st.none() | st.builds(Cut, st.sampled_from(["before", "after", "commit"]), st.integers(1, 30))
again = st.booleans()


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


def test_the_calm_way_comes_to_its_end_and_back(lived):
    steps = Steps(lived.at(len(WAY)))
    steps.back(EVERYBODY)
    states = {row.user_name: row.state for row in steps.seen.rows.values()}
    assert {states[name] for name in ("alice", "alice.b", "carol", "dave")} == {State.ROLLED_BACK}


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
            self.steps.change(names[n % len(names)], verb)

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
            user = 1 << (n % BITS)
            self.steps.do("scream", lambda tools, lines: [report(tools, one, "broke") for one in lines], user)
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
        if users := self.steps.life.console.users():
            hand(self.steps.life, what, users[n % len(users)], m)


def test_any_life_keeps_every_promise(lived):
    AnyLife.lived = lived
    run_state_machine_as_test(AnyLife, settings=PROFILE)
