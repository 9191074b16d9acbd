"""A tiny company for bad days: two awkward users, stages that can be come back to, and what each comes to in calm."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migrator.adapters.catalogue import Catalogue
from migrator.bootstrap import Toolbox
from migrator.cli.demo import PlayedClock
from migrator.sandbox.clients import Clients
from migrator.sandbox.control import Control
from migrator.sandbox.organization_types import Account, Group, Organization, Policy, User, allow, document
from migrator.sandbox.seed import seed
from tests.scenario.company import Company
from tests.scenario.reading import read_everything, without_ids
from tests.scenario.terminal import Answer, Files, Terminal

CONFIG = """\
database: {database}
usage:
  sources: []
gates:
  sso_sign_in: false
  listening: false
  approvals: 0
scream_test:
  quarantine: 0d
  deactivate: 0d
  sessions: 0h
waves:
  max_in_scream_test: 100%
"""
_WORK = document(allow("s3:ListAllMyBuckets", "sns:ListTopics"))


def _person(account: str, name: str, **shape: Any) -> User:
    tags = {"Email": f"{name}@tiny.example", "Owner": "data", "CostCenter": "4200"}
    return User(account, name, tags, **{"password": True, **shape})


FULL = {"full": document(allow("s3:GetObject", on="arn:aws:s3:::x/" + "y" * 1880))}
"""Inline policies that leave no room for a deny."""

TINY = Organization(
    name="tiny",
    domain="tiny.example",
    home_region="us-east-1",
    accounts=(
        Account("tiny"),
        Account("data", unit="work"),
        Account("web", unit="work"),
        Account("old", suspended=True),
    ),
    policies=(Policy("data", "Own", _WORK), Policy("web", "Limits", document(allow("s3:*", "sns:*", "iam:Get*")))),
    groups=(Group("data", "team", inline={"work": _WORK}), Group("web", "team", inline={"work": _WORK})),
    users=(
        _person(
            "data",
            "alice",
            groups=("team",),
            inline=FULL,
            own=("Own",),
            keys=("Active", "Inactive"),
            ssh_keys=1,
            service_credentials=("codecommit.amazonaws.com",),
            certificates=1,
            mfa=True,
        ),
        _person("web", "frank", groups=("team",), boundary="Limits"),
    ),
    resources=(),
    trail="organization",
    trail_bucket="tiny-trail",
)
USERS = ("data/alice", "web/frank")


CATALOGUE = Catalogue()


class OneThread(Terminal):
    """Commands in which call k is the same call in every run, with their AWS attempts and played seconds."""

    attempts = 0
    seconds = 0.0

    def run(self, *words: str, by: Mapping[str, str] | None = None) -> Answer:
        began = self.company.clock.now()
        answer = super().run(*words, by=by)
        self.seconds = max(self.seconds, (self.company.clock.now() - began).total_seconds())
        return answer

    def _toolbox(self, *words: Any, **named: Any) -> Toolbox:
        # A command that ended is a process that is gone, though all commands run in this one.
        made = super()._toolbox(*words, **named, pool_size=1, on_call=self._count, gone=lambda _worker: True)
        # Each process would read the catalogue of actions anew, which takes most of a short command's time.
        vars(made)["catalogue"] = CATALOGUE
        return made

    def _count(self, moment: str, _n: int) -> None:
        self.attempts += moment == "before"


@dataclass
class Calm:
    """What a stage comes to where nothing goes wrong."""

    world: Mapping[str, Any]
    states: Mapping[str, str]
    effects: Mapping[str, int]
    attempts: int


@dataclass
class Place:
    """Where a stage begins: the sandbox's state and a database; and its commands."""

    snapshot: str
    database: str
    commands: Sequence[tuple[str, ...]]


@dataclass
class Weather:
    """The tiny company and the stages of its migration."""

    company: Company
    folder: Path
    files: Files
    places: dict[str, Place] = field(default_factory=dict)
    calms: dict[str, Calm] = field(default_factory=dict)

    @property
    def control(self) -> Control:
        return self.company.clock.control

    def keys(self, *users: str) -> list[str]:
        return [self.company.key(user) for user in users]

    def at(self, stage: str) -> OneThread:
        """The beginning of a stage, in a database of one's own."""
        place = self.places[stage]
        self.control.restore(place.snapshot)
        self.company.clock.refresh()
        self.company.forget_sessions()
        self.control.clear_calls()
        return self.terminal(self.files.copy(place.database))

    def terminal(self, database: str) -> OneThread:
        return OneThread(self.company, self.folder, database, CONFIG)

    def seen(self) -> Mapping[str, Any]:
        """The world without what AWS gives anew to a user that is made again."""
        everything = read_everything(self.company)
        return {**everything, "users": without_ids(everything["users"])}

    def states(self, terminal: Terminal) -> Mapping[str, str]:
        return {row["user"]: row["state"] for row in terminal.ask("users", "list")}


def build(control: Control, endpoint: str, folder: Path, files: Files) -> Weather:
    """Make the company, play its migration in calm weather, and keep where each stage begins."""
    control.reset()
    company = Company(seed(endpoint, TINY, datetime.now(UTC)), PlayedClock(control), Clients(endpoint))
    company.clock.refresh()
    for user in USERS:  # whoever was never seen is retired, and gets no new access
        company.own(user, "s3").list_buckets()
    weather = Weather(company, folder, files)
    terminal = weather.terminal(files.new())
    terminal.ask("db", "upgrade")
    everybody = weather.keys(*USERS)
    _keep(weather, terminal, "discover", ("discover",))
    terminal.ask("map", *everybody)
    _keep(weather, terminal, "provision", ("advance", *everybody, "--to", "provisioned"))
    terminal.ask("advance", *everybody, "--to", "verified")
    _keep(weather, terminal, "cut", ("advance", *everybody, "--to", "deleted", "--yes"))
    terminal = weather.at("cut")
    for user, goal in zip(USERS, ("deleted", "deactivated"), strict=True):
        terminal.ask("advance", company.key(user), "--to", goal, "--yes")
    _keep(weather, terminal, "rollback", ("rollback", *everybody, "--reason", "a storm"))
    return weather


def _keep(weather: Weather, terminal: OneThread, stage: str, *commands: tuple[str, ...]) -> None:
    weather.places[stage] = Place(weather.control.snapshot(), weather.files.copy(terminal.database), commands)
    weather.control.clear_calls()
    began = terminal.attempts
    for words in commands:
        terminal.ask(*words)
    effects, attempts = weather.control.counts(), terminal.attempts - began
    weather.calms[stage] = Calm(weather.seen(), weather.states(terminal), effects, attempts)


def questions(terminal: Terminal) -> int:
    """Runs that are not finished, and changes that were begun and have no outcome."""
    with closing(sqlite3.connect(terminal.database.removeprefix("sqlite:///"))) as database:
        runs = database.execute("SELECT count(*) FROM runs WHERE ended_at IS NULL").fetchone()[0]
        asked = "SELECT count(*) FROM changes WHERE intent_at IS NOT NULL AND outcome IS NULL"
        return int(runs + database.execute(asked).fetchone()[0])
