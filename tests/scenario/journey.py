"""A whole migration of the small company, stage by stage; each stage is played once and can be come back to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.scenario.company import ODD, Company, refused
from tests.scenario.reading import read_center, read_everything
from tests.scenario.terminal import Databases, Terminal

WAVE = "one"
DAY = 86_400
SCREAMING = ("data/heidi", "web/dave")
SOLE = "data/quentin"
LEAVER = "data/gone-7"
EVERYBODY = [
    *("data/alice", "data/carol", "data/gone-7", "data/grace", "data/heidi", "data/quentin", "data/victor"),
    *("web/alice.archer", "web/dave", "web/frank", f"web/{ODD}", "web/trent"),
]
CUT = [user for user in EVERYBODY if user != SOLE]
SILENT = [user for user in CUT if user not in SCREAMING]


@dataclass
class Stage:
    """A stage as it was left: the sandbox's state, the database, and what the last command said."""

    snapshot: str
    database: str
    said: Any


@dataclass
class Journey:
    """Stages in their order, on one kind of database; `start` is all that there was before anybody came."""

    company: Company
    folder: Path
    databases: Databases
    start: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at the beginning."""
        self._put(self.company.born)
        self.start = read_everything(self.company)

    def fresh(self) -> Terminal:
        """The company before the migration, and a database of nothing."""
        self._put(self.company.born)
        return Terminal(self.company, self.folder, self.databases.new())

    def at(self, name: str) -> Terminal:
        """The end of a stage, in a database of one's own; stages before it are played if nobody was there yet."""
        if name not in self.stages:
            terminal = self._before(name)
            said = PLAY[name](terminal)
            kept = self.company.clock.control.snapshot()
            self.stages[name] = Stage(kept, terminal.database, said)
        stage = self.stages[name]
        self._put(stage.snapshot)
        return Terminal(self.company, self.folder, self.databases.copy(stage.database))

    def said(self, name: str) -> Any:
        """What the last command of a stage said."""
        return self.stages[name].said

    def _before(self, name: str) -> Terminal:
        names = list(PLAY)
        place = names.index(name)
        return self.at(names[place - 1]) if place else self.fresh()

    def _put(self, snapshot: str) -> None:
        self.company.clock.control.restore(snapshot)
        self.company.clock.refresh()
        self.company.forget_sessions()


def map_everybody(terminal: Terminal) -> Any:
    """Read, decide what is not evident, map, and make a wave that somebody else approves."""
    company = terminal.company
    terminal.ask("db", "upgrade")
    terminal.ask("discover")
    for user in ("web/trent", LEAVER):
        terminal.ask("users", "classify", company.key(user), "--as", "human", "--reason", "asked the team")
    said = terminal.ask("map")
    terminal.ask("wave", "create", WAVE, *(company.key(user) for user in EVERYBODY))
    terminal.ask("wave", "approve", WAVE, "--stage", "cut", by=company.approver())
    return said


def provision(terminal: Terminal) -> Any:
    """Give everybody the new access."""
    return terminal.ask("advance", "--wave", WAVE)


def cut(terminal: Terminal) -> Any:
    """Everybody works through the portal once; then the deny rides on all but the one whose key would be lost."""
    company = terminal.company
    company.clock.sleep(60)
    for person, account, permission_set in sorted(read_center(company)["holders"]):
        company.portal(person, account, permission_set)
    company.deliver()
    terminal.ask("advance", "--wave", WAVE)
    why = ("--reason", "they were told", "--until", "2099-01-01")
    terminal.ask("gates", "waive", company.key("data/victor"), "arn-references", *why, by=company.approver())
    return terminal.ask("advance", "--wave", WAVE)


def scream(terminal: Terminal) -> Any:
    """Two scripts still use their keys; the worker hears them and puts them back."""
    company = terminal.company
    company.clock.sleep(3_600)
    for user in SCREAMING:
        with refused() as codes:
            company.own(user, "s3").list_buckets()
        assert codes == ["AccessDenied"]
    company.deliver()
    return terminal.ask("worker", "--once")


def wait(terminal: Terminal) -> Any:
    """A week of silence, with a worker that listens."""
    return _let_days_pass(terminal, 8)


def wait_longer(terminal: Terminal) -> Any:
    """Two more weeks of silence."""
    return _let_days_pass(terminal, 15)


def delete(terminal: Terminal) -> Any:
    """Another approval, and the end."""
    terminal.ask("wave", "approve", WAVE, "--stage", "delete", by=terminal.company.approver())
    return terminal.ask("advance", "--wave", WAVE, "--to", "deleted", "--yes")


def _let_days_pass(terminal: Terminal, days: int) -> Any:
    said = None
    for part in (5, 5, 5):
        if days > 0:
            terminal.company.clock.sleep(min(part, days) * DAY)
            said, days = terminal.ask("worker", "--once"), days - part
    return said


PLAY: dict[str, Callable[[Terminal], Any]] = {
    "mapped": map_everybody,
    "provisioned": provision,
    "quarantined": cut,
    "screamed": scream,
    "deactivated": wait,
    "silent": wait_longer,
    "deleted": delete,
}
