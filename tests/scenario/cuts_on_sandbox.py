"""Every place at which a process can die, on the real sandbox: cut there, run again, compare with the uncut run.

A transition is one command for one user. It is recorded uncut, with a snapshot of the sandbox and of the database
before it; then the same command is cut at a point, and either run again or rolled back. Its points are: before every
attempt at a call, after every call that changed something, before every commit. After a call that only looked is the
same place as before whatever comes next. Points between which nothing changed leave the same world behind: the process
dies at each of them, and each world is gone on from once.
"""

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy import make_url

from migrator.bootstrap import Toolbox
from migrator.domain.lifecycle import CUT
from migrator.sandbox.control import Control
from tests.fakes.crash import Crash
from tests.scenario import endings as end
from tests.scenario.company import Company
from tests.scenario.terminal import CONFIG, Answer, Databases, Files, OnServer, Terminal

RETURN = ("--reason", "cut off")


class Point(NamedTuple):
    """Where a process dies: `before` or `after` its n-th call to AWS, or before its n-th `commit` takes effect."""

    moment: str
    n: int

    def __str__(self) -> str:
        return f"{self.moment} {'' if self.moment == 'commit' else 'call '}{self.n}"


class Disposable(Databases, Protocol):
    """Databases that can be thrown away."""

    def drop(self, url: str) -> None: ...


class Throwaway(Files):
    """SQLite files that are removed when nobody needs them any more."""

    def drop(self, url: str) -> None:
        for end_ in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + end_).unlink(missing_ok=True)


class ThrowawayOnServer(OnServer):
    """Databases on PostgreSQL that are dropped when nobody needs them any more."""

    def drop(self, url: str) -> None:
        self._server.drop(str(make_url(url).database))


class World(NamedTuple):
    """What tells one world that a dead process left from the next: a process that only looked changed nothing."""

    commits: int
    writes: int
    polls: int
    slept: float


@dataclass
class StillClock:
    """A clock that stands still unless somebody waits: the sandbox's time at a snapshot, and all waiting since."""

    control: Control
    moment: datetime
    slept: float = 0.0

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        self.control.advance(seconds)
        self.slept += seconds

    def refresh(self) -> None:
        """Go by the sandbox's time from now on."""
        self.moment, self.slept = self.control.now(), 0.0

    def set(self, moment: datetime) -> None:
        """Go to a moment, with the sandbox."""
        self.control.set_clock(moment)
        self.moment, self.slept = moment, 0.0


@dataclass
class Fuse:
    """The seams of one process: notes every point it comes to, and burns at one of them. A dead process stays dead."""

    at: Point | None = None
    burn: Callable[[Point], None] | None = None
    look: Callable[[], int] | None = None
    points: list[Point] = field(default_factory=list)
    commits: int = 0
    burnt: bool = False
    _seen: int = 0

    def on_call(self, moment: str, n: int) -> None:
        self._reach(Point(moment, n))

    def on_commit(self, n: int) -> None:
        self._reach(Point("commit", n))
        self.commits += 1

    def _reach(self, point: Point) -> None:
        if self.burnt:
            raise Crash(f"dead since {self.at}")
        if point.moment != "after" or self._changed():
            self.points.append(point)
        if point == self.at:
            self.burnt = True
            (self.burn or _crash)(point)

    def _changed(self) -> bool:
        """Whether the call that was just answered changed something."""
        seen, self._seen = self._seen, self.look() if self.look else 0
        return self._seen != seen


def _crash(point: Point) -> None:
    raise Crash(str(point))


def _kill(_point: Point) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Process(Terminal):
    """A terminal whose commands are processes of their own name, one thread each, that may die."""

    fuse: Fuse = field(default_factory=Fuse)
    numbers: Iterable[int] = field(default_factory=count)

    def cut(self, point: Point, *words: str) -> None:
        """Run a command that dies at a point."""
        self.fuse = Fuse(point)
        try:
            answer = self.run(*words)
        except Crash:
            return
        finally:
            self._close()
        raise AssertionError(f"{words} never came to {point}: {answer}")

    def kill(self, point: Point, *words: str) -> bool:
        """Run a command as a forked process that kills itself at a point; whether it came there."""
        child = os.fork()
        if child == 0:
            self.fuse = Fuse(point, _kill)
            self.run(*words)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def whole(self, *words: str, look: Callable[[], int] | None = None) -> Answer:
        """Run a command to its end; with a way to look whether something changed, its points are noted."""
        self.fuse = Fuse(look=look)
        return self.run(*words)

    def _toolbox(self, *words: Any, **named: Any) -> Toolbox:
        me = f"host:{next(iter(self.numbers))}:x"
        seams = {"on_call": self.fuse.on_call, "on_commit": self.fuse.on_commit, "pool_size": 1}
        made = Toolbox(*words, clock=self.company.clock, worker=me, gone=lambda other: other != me, **seams, **named)
        self.toolboxes.append(made)
        return made


class Kept(NamedTuple):
    """A world to go back to: the sandbox's snapshot, a copy of the database, the time, the sessions that are open."""

    snapshot: str
    database: str
    moment: datetime
    doors: dict[Any, Any]


@dataclass(frozen=True)
class Transition:
    """One command as it went uncut, and the world before it."""

    name: str
    user: str | None
    words: tuple[str, ...]
    kept: Kept
    known: frozenset[str]
    points: tuple[Point, ...]
    code: int
    aws: Any
    store: Any
    writes: Any


UNHEARD = CONFIG.replace("gates:", "gates:\n  listening: false")
"""The trail is stopped between commands, so that no run finds another's calls in it; no gate shall mind."""


@dataclass
class Tally:
    """What came of it: cuts tried, worlds gone on from, and what was lost, in words."""

    cuts: int = 0
    worlds: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.cuts + other.cuts, self.worlds + other.worlds, self.kills + other.kills, self.lost + other.lost
        )

    def line(self, seconds: float) -> str:
        """All of it in one line."""
        return (
            f"{self.cuts} cuts tried ({self.kills} by SIGKILL, {self.worlds} worlds gone on from), "
            f"{len(self.lost)} lost, {seconds:.0f} seconds"
        )


@dataclass
class Range:
    """Where transitions are recorded and cut: one sandbox, many databases."""

    company: Company
    folder: Path
    databases: Disposable
    process: Process = field(init=False)
    origin: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        control = self.company.clock.control
        self.company.clock = StillClock(control, control.now())  # type: ignore[assignment]
        self.process = Process(self.company, self.folder, self.databases.new(), config=UNHEARD)

    @property
    def control(self) -> Control:
        return self.company.clock.control

    def key(self, user: str) -> str:
        return self.company.key(user)

    def keep(self) -> Kept:
        """The present world, to go back to any number of times."""
        copied = self.databases.copy(self.process.database)
        return Kept(self.control.snapshot(), copied, self.company.clock.now(), dict(self.company._doors))

    def put(self, kept: Kept) -> None:
        """Go back to a world that was kept; what has been there since is thrown away."""
        self.control.restore(kept.snapshot)
        self.company.clock.set(kept.moment)
        self.company._doors = dict(kept.doors)
        self.databases.drop(self.process.database)
        self.process.database = self.databases.copy(kept.database)

    def forget(self, kept: Kept) -> None:
        """Free what a world takes."""
        self.control.forget(kept.snapshot)
        self.databases.drop(kept.database)

    def record(self, name: str, user: str | None, *words: str) -> Transition:
        """Run a command uncut and keep everything; the world is left as the command leaves it."""
        for account in self.company.accounts:
            self.company.admin("iam", account)  # whoever looks goes in before, so that looking is no event of the run
        self.control.clear_calls()
        aws, store = end.read_aws(self.company, user), end.read_store(self.process.database)
        self.control.clear_calls()
        kept = self.keep()
        answer = self.process.whole(*words, look=lambda: sum(self._world()[1:3]))
        assert answer.code in (0, 1), f"{name}: exit {answer.code}\n{answer.out}{answer.err}"
        assert "defect" not in answer.err, f"{name}: {answer.err}"
        known = end.ids(aws, store)
        return Transition(
            name, user, words, kept, known, tuple(self.process.fuse.points), answer.code, *self._ending(user, known)
        )

    def aside(self, name: str, user: str | None, *words: str) -> Transition:
        """Record a command and go back to the world before it."""
        recorded = self.record(name, user, *words)
        self.put(recorded.kept)
        return recorded

    def try_points(self, one: Transition, points: Iterable[Point], *, back: bool = False) -> Tally:
        """Cut a transition at each of these points, and go on from each world left behind; `back` rolls back, too."""
        tally, worlds = Tally(), set[World]()
        for point in points:
            self.put(one.kept)
            self.process.cut(point, *one.words)
            tally.cuts += 1
            world = self._world()
            if world in worlds:
                continue
            worlds.add(world)
            tally.worlds += 1
            kept = self.keep() if back and one.user else None
            tally.lost += self._again(one, point)
            if kept is not None:
                self.put(kept)
                tally.lost += self._back(one, point)
                self.forget(kept)
        return tally

    def kill(self, one: Transition, point: Point) -> Tally:
        """Kill a real process at a point of a transition, and run the command again."""
        self.put(one.kept)
        assert self.process.kill(point, *one.words), f"{one.name} never came to {point}"
        self.company.clock.refresh()
        return Tally(1, 1, 1, self._again(one, point))

    def _world(self) -> World:
        made = [(name.partition(":")[2], times) for name, times in self.control.counts().items()]
        polls = sum(n for name, n in made if name.startswith(("Describe", "Generate", "Assume")) and "Status" in name)
        writes = sum(n for name, n in made if name.startswith(end.WRITES))
        slept = self.company.clock.slept  # type: ignore[attr-defined]
        return World(self.process.fuse.commits, writes, polls, slept)

    def _ending(self, user: str | None, known: frozenset[str]) -> tuple[Any, Any, Any]:
        written = [(each.operation, each.account, each.params) for each in end.writes(self.company)]
        told = (end.read_aws(self.company, user), end.read_store(self.process.database), written)
        aws, store, made = (end.without_new(one, known) for one in told)
        return aws, store, made

    def _again(self, one: Transition, point: Point) -> list[str]:
        """Run the same command again; what differs from the uncut run."""
        answer = self.process.whole(*one.words)
        aws, store, made = self._ending(one.user, one.known)
        lost = [] if answer.code in (0, one.code) else [f"exit {answer.code} {answer.err}{answer.out}"]
        lost += end.difference(one.aws, aws, "aws") + end.difference(one.store, store, "store")
        lost += end.difference(one.writes, made, "writes") + end.questions(self.process.database)
        return [f"{one.name}, cut {point}: {line}" for line in lost]

    def _back(self, one: Transition, point: Point) -> list[str]:
        """Roll back from the cut; what is not as it was before anything was cut, unless it is gone for good."""
        user = str(one.user)
        cut, state = end.read_aws(self.company, user), end.states(self.process.database)[self.key(user)]
        answer = self.process.whole("rollback", self.key(user), *RETURN)
        now, store = end.read_aws(self.company, user), end.read_store(self.process.database)
        lost = [] if answer.code == 0 else [f"exit {answer.code} {answer.err}{answer.out}"]
        before, known = _as_it_was(cut, self.origin[user], user), end.ids(cut)
        # What AWS was asked for goes on without us: an assignment in progress is there a little later.
        planned, there = one.aws["center"]["assignments"], before["center"]["assignments"]
        now["center"]["assignments"] = [
            each for each in now["center"]["assignments"] if each in there or list(each) not in planned
        ]
        now["center"]["holders"] = before["center"]["holders"]
        lost += end.difference(*(end.without_new(each, known) for each in (before, _all_but_deny(now))), "aws")
        lost += [f"the deny of {account} is there for nobody" for account in end.unshared(now)]
        came = end.states(self.process.database)[self.key(user)]
        wanted = "rolled_back" if state in CUT else state
        lost += [] if came == wanted else [f"{state} became {came}"]
        lost += end.claims(store, now, user)
        lost += end.doubled(end.writes(self.company)) + end.questions(self.process.database)
        return [f"{one.name}, cut {point}, rolled back: {line}" for line in lost]


def _as_it_was(cut: Any, origin: Any, user: str) -> Any:
    """What a rollback must come to: the user as it began, less what was deleted for good by the time of the cut."""
    account, _, name = user.partition("/")
    left = cut["held"] or {"password": None}
    held = {
        kind: {id_: status for id_, status in origin["held"][kind].items() if id_ in left.get(kind, ())}
        for kind in (*end.WITH_STATUS, "mfa")
    }
    password = None if left["password"] is None else origin["held"]["password"]
    users = {**cut["accounts"][account]["users"], name: origin["user"]}
    accounts = {**cut["accounts"], account: {**cut["accounts"][account], "users": users}}
    return _all_but_deny({**cut, "accounts": accounts, "held": {"password": password, **held}})


def _all_but_deny(aws: Any) -> Any:
    """Without the account's shared deny, which comes and goes by its own rule."""
    accounts = {
        name: {**account, "policies": {a: d for a, d in account["policies"].items() if not a.endswith(f"/{end.DENY}")}}
        for name, account in aws["accounts"].items()
    }
    return {**aws, "accounts": accounts}
