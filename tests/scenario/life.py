"""A small organization on fakes, lived one command at a time: an operator, an approver, consoles, dying processes."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import select

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.mapping import to_run
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.changes import KINDS, Change
from migrator.domain.cuts import characters
from migrator.domain.dossier import User
from migrator.domain.errors import MigratorError
from migrator.domain.journal import Run, Step
from migrator.domain.model import Credential, CredentialKind
from migrator.domain.rules import ClassRule, Rules, Share
from migrator.domain.selection import Line
from migrator.domain.selectors import normal
from migrator.domain.usage import Refusal, UsageFact
from migrator.domain.waves import Stage, Wave, WaveState
from migrator.operations.report import Moved
from migrator.operations.waves import WaveShown
from tests.builders import ACCOUNT, NOW, READ, a_key, a_password, a_user_facts, every_credential
from tests.fakes.clock import FakeClock
from tests.fakes.console import LIMITS, Console
from tests.fakes.crash import Crash, at_call, at_commit
from tests.fakes.hands import FakeAws, Target
from tests.fakes.tools import FakeTools
from tests.fakes.trail import FakeTrail, FewActions
from tests.scenario.worlds import Databases

OTHER = "222233334444"
OPERATOR, APPROVER = "AIDAERIN", "lead@example.com"
RULES = Rules(
    class_rules=tuple(ClassRule("human", name) for name in ("alice*", "carol*", "erin*")),
    break_glass=("glass*",),
    approval_valid=timedelta(days=12),
    quarantine=timedelta(days=2),
    deactivate=timedelta(days=3),
    poll=timedelta(days=1),
    max_in_scream_test=Share(100, percent=True),
)


class Cut(NamedTuple):
    """Where a process dies: `before` or `after` its k-th call to AWS, or before its k-th `commit` takes effect."""

    moment: str
    k: int


@dataclass(frozen=True)
class Meanwhile:
    """What happens just before a process's k-th call to AWS."""

    k: int
    do: Callable[[], None]


@dataclass(frozen=True)
class Yes:
    """An approval as the model remembers it: for whom, with exactly which credentials, until when."""

    stage: Stage
    user_id: str
    credentials: frozenset[tuple[str, str, str]]
    until: datetime


@dataclass(frozen=True)
class Look:
    """What the database says between two commands."""

    rows: dict[int, User]
    running: dict[str, Run]
    runs: dict[int, tuple[Run, tuple[Step, ...]]]
    waves: dict[str, Wave]


@dataclass(frozen=True)
class Command:
    """What was done: its verb, the rows it was about, how it ended."""

    verb: str
    users: tuple[int, ...] = ()
    answer: Any = None
    error: MigratorError | None = None
    crashed: bool = False


@dataclass
class Life:
    """The organization. Every command is a process of its own; `effects` are all changes AWS ever made for us."""

    databases: Databases
    database: str
    clock: FakeClock
    aws: FakeAws
    console: Console
    trail: FakeTrail = field(default_factory=FakeTrail)
    processes: int = 0
    effects: list[Change] = field(default_factory=list)
    approvals: list[Yes] = field(default_factory=list)
    signed_in: set[tuple[str, str, str]] = field(default_factory=set)
    hands: dict[str | tuple[str, str], datetime] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    seen: dict[str, frozenset[tuple[str, str, str]]] = field(default_factory=dict)
    """Credentials by user id, as the command under way may have seen them before a hand was there."""

    def copy(self) -> "Life":
        """The same life once more, in a database of its own; nobody may be at work."""
        clock, aws, console, trail = deepcopy((self.clock, self.aws, self.console, self.trail))
        return Life(
            self.databases,
            self.databases.copy(self.database),
            clock,
            aws,
            console,
            trail,
            self.processes,
            list(self.effects),
            list(self.approvals),
            set(self.signed_in),
            dict(self.hands),
            list(self.told),
        )

    # -- commands --------------------------------------------------------------------------------------------------

    def command(
        self,
        verb: str,
        do: Callable[[FakeTools, Sequence[Line]], Any],
        who: Callable[[Line], bool] = lambda _line: False,
        *,
        by: str = OPERATOR,
        cut: Cut | None = None,
        again: bool = True,
        meanwhile: Meanwhile | None = None,
        alone: bool = True,
    ) -> Command:
        """Run a command about some rows; one that is cut off is run `again`, uncut, or left as it is."""
        chosen: tuple[int, ...] = ()

        def work(tools: FakeTools) -> Any:
            nonlocal chosen
            with tools.store.begin() as unit:
                lines = [line for line in unit.users.lines() if who(line)]
            chosen = tuple(line.user.id for line in lines)
            return do(tools, lines)

        crashed = False
        self.told.append(f"{verb} {cut or ''}")
        try:
            try:
                answer = self.process(work, by, cut, meanwhile, alone=alone)
            except Crash:
                crashed = not again
                answer = None if crashed else self.process(work, by)
        except MigratorError as error:
            self.told.append(f"  {type(error).__name__}: {error.what}")
            return Command(verb, chosen, None, error)
        self.told += [f"  {one}" for one in _told(answer)]
        return Command(verb, chosen, answer, None, crashed)

    def process(
        self,
        work: Callable[[FakeTools], Any],
        by: str = OPERATOR,
        cut: Cut | None = None,
        meanwhile: Meanwhile | None = None,
        *,
        alone: bool = True,
    ) -> Any:
        """What a process does, from its birth to its end or its death. `alone` knows that every other one is dead."""
        self.processes += 1
        self.clock.pass_time(minutes=1)
        begun, outside = len(self.aws.calls), self.aws.on_call
        die = at_call(*cut) if cut and cut.moment != "commit" else lambda _moment, _n: None
        calls = count(1)

        def hook(moment: str, n: int) -> None:
            verb, change = self.aws.calls[n - 1]
            if (moment, verb) == ("after", "make"):
                self._happened(change)
            die(moment, n - begun)
            if meanwhile is not None and moment == "before" and next(calls) == meanwhile.k:
                self.aws.on_call = _nobody_looks
                meanwhile.do()
                self.aws.on_call = hook

        engine = self.databases.engine(self.database)
        store = SqlStore(engine, at_commit(cut.k) if cut and cut.moment == "commit" else None)
        me = f"host:{self.processes}:x"
        gone = (lambda other: other != me) if alone else (lambda _other: False)
        tools = FakeTools(store, self.aws, self.clock, RULES, by, me, sources=(self.trail,), dead=gone)
        tools.catalogue = FewActions()
        self.aws.on_call = hook
        try:
            return work(tools)
        finally:
            self.aws.on_call = outside
            engine.dispose()

    def look(self) -> Look:
        """What the database says now."""

        def read(tools: FakeTools) -> Look:
            with tools.store.begin() as work:
                rows = {line.user.id: line.user for line in work.users.lines()}
                running = {run.subject: run for run in work.journal.unfinished()}
                runs = {run.id: (run, tuple(work.journal.steps(run))) for run in _every_run(work)}
                return Look(rows, running, runs, {wave.name: wave for wave in work.waves.all()})

        found: Look = self.process(read)
        return found

    def _happened(self, change: Change) -> None:
        self.effects.append(change)
        if change.deletes and not KINDS[change.kind].returns:
            self.console.uncut.pop((change.kind, change.target), None)

    # -- the world outside -----------------------------------------------------------------------------------------

    def approve(self, shown: WaveShown, stage: Stage) -> None:
        """Remember what was approved: every member as the approver saw it."""
        for dossier in (m.dossier for m in shown.members if not m.left):
            held = frozenset(
                (str(c.credential.kind), c.credential.id, c.original_status)
                for c in dossier.credentials
                if c.gone_at is None
            )
            self.approvals.append(Yes(stage, dossier.user.user_id, held, self.clock.now() + RULES.approval_valid))

    def wait(self, **span: float) -> None:
        """Time passes; the trail goes on being written."""
        self.clock.pass_time(**span)
        self.trail.beat(self.clock.now())

    def call(self, user: Target) -> None:
        """A script calls with the user's first Active key: it works and is recorded, or is refused and recorded."""
        keys = [k for k in self.console.parts(user, "access-key") if self.aws.there[k]["status"] == "Active"]
        if not keys:
            return
        now, arn = self.clock.now(), _arn(self.aws, user)
        if self.console.denied(user):
            event = f"event-{len(self.trail.held)}"
            refusal = Refusal(event, now, arn, user[0], S3, "GetObject", "203.0.113.9", "script/1", "AccessDenied")
            self.trail.beat(now, refusals=[refusal])
        else:
            self.trail.beat(
                now, UsageFact(arn, user[0], S3, "GetObject", "s3:GetObject", "*", 1, now, now, keys[0][1][2])
            )

    def sign_in(self) -> None:
        """Everybody who holds something works through it once."""
        now = self.clock.now()
        for name, account, permission_set in self.aws.holders():
            self.signed_in.add((name, account, permission_set))
            role = f"arn:aws:sts::{account}:assumed-role/AWSReservedSSO_{permission_set}_0123456789abcdef/{name}"
            self.trail.beat(now, UsageFact(role, account, S3, "GetObject", "s3:GetObject", "*", 1, now, now))


S3 = "s3.amazonaws.com"


def begin(databases: Databases) -> Life:
    """Six users in two accounts: one with everything, two whose deny must be managed, two of one person, an alarm."""
    clock = FakeClock(NOW)
    aws = FakeAws(clock.now)
    aws.on_call = _nobody_looks
    aws.me = type(aws.me)("arn:aws:iam::111111111111:user/erin", OPERATOR, "111111111111")
    tags = {"Owner": "data", "CostCenter": "CC-1"}
    full = {"work": {**READ, "Id": "x" * (2_040 - characters(READ))}}
    ssh = Credential(CredentialKind.SSH_PUBLIC_KEY, "APKADAVE")
    for facts in (
        a_user_facts(
            "alice",
            path="/staff/",
            tags={"Email": "alice@example.com", **tags},
            groups=("devs", "ops"),
            inline_policies={"read": READ},
            credentials=every_credential("alice"),
        ),
        a_user_facts(
            "carol", tags={"Email": "carol@example.com"}, inline_policies=full, credentials=(a_key("AKIACAROL"),)
        ),
        a_user_facts(
            "dave",
            tags=tags,
            inline_policies=full,
            attached_policies=tuple(f"arn:aws:iam::aws:policy/P{n}" for n in range(10)),
            boundary=f"arn:aws:iam::{ACCOUNT}:policy/limits",
            credentials=(a_password(), a_key("AKIADAVE", "Inactive"), ssh),
        ),
        a_user_facts(
            "erin", user_id=OPERATOR, tags={"Email": "erin@example.com", **tags}, credentials=(a_key("AKIAERIN"),)
        ),
        a_user_facts(
            "alice.b",
            account_id=OTHER,
            tags={"Email": "alice@example.com", **tags},
            inline_policies={"read": READ},
            credentials=(a_key("AKIABONE"), a_key("AKIABTWO", "Inactive")),
        ),
        a_user_facts("glass", account_id=OTHER, credentials=(a_password(), a_key("AKIAGLASS"))),
    ):
        aws.add_user(facts)
    aws.add_policy(LIMITS)
    aws.add_trail(selectors=normal([{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}], ()))
    life = Life(databases, databases.empty(), clock, aws, Console(aws))
    for user in (("alice", ACCOUNT), ("carol", ACCOUNT), ("alice.b", OTHER)):
        life.call((user[1], user[0]))
    return life


def running_waves(look: Look) -> list[str]:
    """Names of the waves that the worker moves."""
    return [name for name, wave in look.waves.items() if wave.state is WaveState.RUNNING]


def _arn(aws: FakeAws, user: Target) -> str:
    found = aws.read_user(*user)
    assert found is not None
    return found.arn


def _nobody_looks(_moment: str, _n: int) -> None:
    """No hook between commands."""


def _every_run(work: Any) -> list[Run]:
    return [to_run(row) for row in work._do.execute(select(w.runs).order_by(w.runs.c.id))]


def _told(answer: Any) -> Iterator[str]:
    watched = getattr(answer, "watched", None)
    moved = getattr(answer, "users", None) or getattr(answer, "moved", None) or answer
    for one in (*(moved if isinstance(moved, list | tuple) else ()), *(watched.rolled_back if watched else ())):
        if isinstance(one, Moved):
            yield f"{one.user}: {one.before} -> {one.after} {one.outcome} {one.why}"
