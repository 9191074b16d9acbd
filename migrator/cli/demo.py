"""`migrator demo`: a whole migration on a simulated organization on this machine. Only this file knows the sandbox.

What it shows are real commands: each line after `$` is run by the same code as yours, against a server that refuses
what AWS refuses. Only the time is played: sixty days pass in a minute, and end now.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.adapters.clock import SystemClock
from migrator.cli.desk import Desk
from migrator.domain.errors import MigratorError, NotFound, Unreachable

if TYPE_CHECKING:
    from migrator.sandbox.clients import Credentials
    from migrator.sandbox.control import Control
    from migrator.sandbox.launch import Sandbox
    from migrator.sandbox.people import People
    from migrator.sandbox.seed import Seeded

NOW = SystemClock().now
HOME = Path(".demo")
DAYS = 60
PAST = 21
CONFIG = """\
# Written by `migrator demo`: the simulated organization.
database: sqlite:///{home}/migrator.db
usage:
  lookback: 90d
  sources:
    - type: access-advisor
    - type: cloudtrail
      location: {trail}
classification:
  break_glass: [breakglass-admin]
scream_test:
  quarantine: 7d
  deactivate: 14d
  poll: 12h
waves:
  canary: 6
  max_in_scream_test: 30%
"""
CANARY = ("data/erin", "data/judy", "data/quentin", "shared/mallory", "web/ivan", "data/niaj")
RESTORED = "shared/mallory"
PEOPLE_BY_HAND = ("data/erin", "data/quentin", "shared/mallory", "web/ivan")


@dataclass(slots=True)
class PlayedClock:
    """The sandbox's clock as the product's: it ticks with the machine's, and waiting moves it instead of us."""

    control: "Control"
    _offset: timedelta = field(default=timedelta())

    def set(self, moment: datetime) -> None:
        """Move the sandbox to a moment."""
        self.control.set_clock(moment)
        self.refresh()

    def refresh(self) -> None:
        """Ask the sandbox what time it is: its people have moved it."""
        self._offset = self.control.now() - NOW()

    def now(self) -> datetime:
        """The sandbox's present."""
        return NOW() + self._offset

    def sleep(self, seconds: float) -> None:
        """Let the sandbox's time pass."""
        self.control.advance(seconds)
        self._offset += timedelta(seconds=seconds)


@dataclass(slots=True)
class Stage:
    """Where the story is played: the sandbox, its people, and the two identities that migrate it."""

    seeded: "Seeded"
    people: "People"
    clock: PlayedClock
    operator: Mapping[str, str]
    sandbox: "Sandbox"
    home: Path
    desk: Desk

    def say(self, text: str) -> None:
        """Tell what comes next."""
        self.desk.out.print(f"\n[bold]{text}[/bold]" if text else "")

    def run(self, *words: str, approver: bool = False, quiet: bool = False) -> int:
        """Run one command of ours as one of the two identities, and show it."""
        from migrator.cli.main import invoke

        if not quiet:
            who = "approver" if approver else "operator"
            self.desk.out.print(
                f"[dim]{self.clock.now():%d %b %H:%M}[/dim] [cyan]{who}$ migrator {' '.join(words)}[/cyan]"
            )
        with _environment(self._approver() if approver else self.operator, self.home / "config.yaml"):
            desk = self._desk(quiet=quiet)
            try:
                return invoke(words, desk)
            except MigratorError as error:
                self.desk.out.print(f"error: {error.what}\n  next: {error.next_step}", style="yellow", markup=False)
                return error.exit_code

    def _approver(self) -> Mapping[str, str]:
        """Another identity than the operator's; its session is as short-lived as a real one, so it is made anew."""
        from migrator.sandbox.approver import approver

        return _exports(self.sandbox, approver(self.seeded))

    def key(self, user: str) -> str:
        """`ACCOUNT_ID/NAME` of a user of the story."""
        return f"{self.seeded.account_of(user)}/{user.partition('/')[2]}"

    def pass_days(self, days: int) -> None:
        """Let people live day by day, the worker listening each morning as cron would have it."""
        for _ in range(days):
            morning = (self.clock.now() + timedelta(days=1)).replace(hour=9, minute=30)
            with self.desk.err.status(f"{morning:%d %b}"):
                self.people.live(morning.date())
                self.clock.set(morning)
                self.clock.control.deliver()
                self.run("worker", "--once", quiet=True)

    def screaming(self) -> bool:
        """Whether somebody was put back."""
        return self._count("rolled_back") > 0

    def _count(self, state: str) -> int:
        from migrator.bootstrap import Toolbox

        with _environment(self.operator, self.home / "config.yaml"):
            tools = Toolbox(self.home / "config.yaml", os.environ, clock=self.clock)
            with tools.store.read() as work:
                return sum(line.user.state == state for line in work.users.lines())

    def _desk(self, *, quiet: bool) -> Desk:
        from dataclasses import replace
        from functools import partial

        from migrator.bootstrap import Toolbox

        options = replace(self.desk.options, config=self.home / "config.yaml", yes=True, json=False)
        desk = Desk(options, partial(Toolbox, clock=self.clock))
        if quiet:
            desk.__dict__["out"] = _nowhere()
        return desk


def demo(
    ctx: typer.Context,
    stop: Annotated[bool, typer.Option("--stop", help="End the demo's server and remove what it wrote.")] = False,
) -> None:
    """Play a whole migration on a simulated organization on this machine; no AWS account, no configuration."""
    desk: Desk = ctx.obj
    home = HOME.absolute()
    if stop:
        _stop(desk, home)
        return
    try:
        from migrator.sandbox import launch
    except ImportError as error:
        raise Unreachable(
            f"the sandbox is not installed: {error}", next_step="pip install 'iam-user-migrator[demo]'"
        ) from error
    _remove(home)
    home.mkdir(mode=0o700)
    sandbox = launch.start(detached=True, log=home / "sandbox.log")
    _remember(home, sandbox)
    _play(_set_up(desk, sandbox, home))


def _set_up(desk: Desk, sandbox: "Sandbox", home: Path) -> Stage:
    from migrator.sandbox.approver import hear_objects, make_approver
    from migrator.sandbox.organization import ACME
    from migrator.sandbox.people import People, history
    from migrator.sandbox.seed import seed

    end = NOW()
    begin = (end - timedelta(days=DAYS)).replace(hour=9, minute=30, second=0, microsecond=0)
    desk.out.print(
        "[bold]A simulated organization is built: AWS's rules, 37 IAM users, three weeks of their work.[/bold]"
    )
    with desk.err.status("people are working…"):
        seeded = seed(sandbox.endpoint, ACME, begin - timedelta(days=PAST))
        hear_objects(seeded)
        people = People(seeded, end.date())
        for _ in history(people, (begin - timedelta(days=1)).date(), PAST):
            pass
    clock = PlayedClock(sandbox.control)
    clock.set(begin)
    sandbox.control.deliver()
    config = home / "config.yaml"
    config.write_text(CONFIG.format(home=home, trail=seeded.trail_location))
    operator = _exports(sandbox, seeded.administrator)
    make_approver(seeded)
    _write_env(home, operator)
    return Stage(seeded, people, clock, operator, sandbox, home, desk)


def _play(stage: Stage) -> None:
    stage.run("db", "upgrade", quiet=True)
    stage.say("1. Who is there? Every account is read; every user is classified, with evidence.")
    stage.run("discover")
    stage.run("map", quiet=True)
    for user in PEOPLE_BY_HAND:
        stage.run("users", "classify", stage.key(user), "--as", "human", "--reason", "asked the team", quiet=True)
    stage.run("map", quiet=True)
    stage.run("users", "list", *(stage.key(user) for user in CANARY))
    stage.say("2. What do they need? Usage is mined, permission sets are planned, every past call is replayed.")
    stage.run("permission-sets", "list")
    _wave(stage)
    _scream(stage)
    _delete(stage)
    _close(stage)


def _wave(stage: Stage) -> None:
    stage.say("3. A wave: who moves together. Nobody approves a wave they made; a yes is bound to what it approves.")
    stage.run("wave", "create", "canary", *(stage.key(user) for user in CANARY))
    stage.run("wave", "approve", "canary", "--stage", "cut")
    stage.run("wave", "approve", "canary", "--stage", "cut", approver=True)
    stage.say("4. New access first: person, group, permission set, assignment. Nobody is cut before they used it.")
    stage.run("advance", "--wave", "canary")


def _scream(stage: Stage) -> None:
    stage.say("Days pass. People sign in through Identity Center; the worker sees it and quarantines who is ready…")
    for _ in range(14):
        stage.pass_days(1)
        if stage.screaming():
            break
    stage.say("5. A deny is refused *and recorded*: a forgotten script screamed, and the worker put its user back.")
    stage.run("screams", "list")
    stage.run("users", "list", "--state", "rolled_back")


def _delete(stage: Stage) -> None:
    stage.say(
        "6. The others stay silent: after 7 days their keys are made inactive, after 14 more they may be deleted."
    )
    while stage.clock.now() < NOW() - timedelta(days=4) and not _ready(stage):
        stage.pass_days(1)
    stage.run("wave", "approve", "canary", "--stage", "delete", approver=True)
    stage.run("advance", "--wave", "canary", "--to", "deleted")
    stage.say("7. Three in the morning: one of them is needed after all. The way back is the same code as the way on.")
    stage.run("rollback", stage.key(RESTORED), "--reason", "the quarter's report needs it")


def _ready(stage: Stage) -> bool:
    """Whether somebody has been deactivated for as long as it takes."""
    from migrator.bootstrap import Toolbox

    now = stage.clock.now()
    tools = Toolbox(stage.home / "config.yaml", os.environ, clock=stage.clock)
    with tools.store.read() as work:
        waiting = [line.user for line in work.users.lines() if line.user.state == "deactivated"]
    return bool(waiting) and all(now - user.state_since >= timedelta(days=14) for user in waiting)


def _close(stage: Stage) -> None:
    stage.say("8. The next waves are proposed: the harmless first, one person's users together, teams spread.")
    stage.clock.set((NOW() - timedelta(days=10)).replace(hour=9, minute=30))
    stage.pass_days(1)
    stage.run("discover", quiet=True)
    stage.run("map", quiet=True)
    stage.run("wave", "plan", "--size", "9", "--canary", "0")
    stage.run("wave", "approve", "wave-1", "--stage", "cut", approver=True, quiet=True)
    stage.run("advance", "--wave", "wave-1", quiet=True)
    stage.pass_days(9)
    stage.say("9. Now: where everyone is, who waits for what, what screamed, and what to do next.")
    stage.clock.set(NOW())
    stage.clock.control.deliver()
    stage.run("worker", "--once", quiet=True)
    stage.run("status")
    stage.run("audit", "verify")
    _tell_next(stage)


def _tell_next(stage: Stage) -> None:
    home, key = stage.home, stage.key
    lines = (
        f"source {home / 'env'}",
        "migrator status",
        f"migrator users show {key('data/erin')}",
        f"migrator gates list {key('data/quentin')}",
        "migrator permission-sets diff data-team",
        "migrator wave plan --size 10 --canary 3",
        f"migrator rollback {key('data/judy')} --reason 'try it' --plan",
        "migrator audit log",
        "migrator demo --stop",
    )
    stage.say("The simulated organization stays up. Try, in this shell:")
    for line in lines:
        stage.desk.out.print(f"  {line}", style="cyan", markup=False)


def _exports(sandbox: "Sandbox", credentials: "Credentials") -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def _environment(variables: Mapping[str, str], config: Path) -> Iterator[None]:
    """Let boto3, which reads the environment by itself, see these variables, and then the ones that were there."""
    wanted = {**variables, "MIGRATOR_CONFIG": str(config), "AWS_PROFILE": None, "AWS_CONFIG_FILE": os.devnull}
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _nowhere() -> Any:
    import io

    from rich.console import Console

    return Console(file=io.StringIO())


def _write_env(home: Path, operator: Mapping[str, str]) -> None:
    lines = [f"export {name}={value}" for name, value in operator.items()]
    lines.append(f"export MIGRATOR_CONFIG={home / 'config.yaml'}")
    file = home / "env"
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")


def _remember(home: Path, sandbox: "Sandbox") -> None:
    (home / "sandbox.json").write_text(json.dumps({"endpoint": sandbox.endpoint, "pid": sandbox.pid}))


def _stop(desk: Desk, home: Path) -> None:
    if not (home / "sandbox.json").exists():
        raise NotFound(f"no demo was played in {home.parent}", next_step="migrator demo")
    _remove(home)
    desk.answer({"stopped": True}, lambda: "the demo's server is stopped and its files are removed")


def _remove(home: Path) -> None:
    """End the server of an earlier demo, if it lives, and remove what it wrote."""
    from migrator.sandbox.launch import Sandbox, stop

    file = home / "sandbox.json"
    if file.exists():
        known = json.loads(file.read_text())
        stop(Sandbox(known["endpoint"], known["pid"]))
    shutil.rmtree(home, ignore_errors=True)
