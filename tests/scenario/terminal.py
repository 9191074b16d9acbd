"""A terminal of whoever migrates: real command lines, their output and exit codes, here or in a process of its own."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
from botocore.session import Session
from sqlalchemy import make_url

from migrator.adapters.aws.session import Sessions
from migrator.bootstrap import Toolbox
from migrator.cli.main import run
from tests.scenario.company import Company

ROOT = Path(__file__).parents[2]
CONFIG = """\
database: {database}
usage:
  lookback: 90d
  sources:
    - type: access-advisor
    - type: cloudtrail
      location: {trail}
scream_test:
  quarantine: 7d
  deactivate: 14d
  sessions: 36h
  poll: 3d
gates:
  approvals: 1
waves:
  max_in_scream_test: 100%
"""


class Tools(Toolbox):
    """The product's tools. Botocore's models are read once for all commands, which takes most of a command's time."""

    models: Any = None

    @cached_property
    def sessions(self) -> Sessions:
        made = Toolbox.sessions.func(self)
        Tools.models = Tools.models or Session().get_component("data_loader")
        made._loader = Tools.models
        return made


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Commands against one database, as the operator unless somebody else is named."""

    company: Company
    folder: Path
    database: str
    config: str = CONFIG
    toolboxes: list[Toolbox] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The configuration, written when it is asked for: the database may have changed."""
        file = self.folder / "config.yaml"
        file.write_text(self.config.format(database=self.database, trail=self.company.seeded.trail_location))
        return file

    def run(self, *words: str, by: Mapping[str, str] | None = None) -> Answer:
        """Run one command in this process, on the sandbox's clock."""
        out, err = io.StringIO(), io.StringIO()
        with _environment(self._environ(by)), redirect_stdout(out), redirect_stderr(err):
            code = run(words, self._toolbox)
        self._close()
        return Answer(code, out.getvalue(), err.getvalue())

    def ask(self, *words: str, code: int | tuple[int, ...] = 0, by: Mapping[str, str] | None = None) -> Any:
        """The JSON of a command that must end with this exit code, or one of these."""
        answer = self.run(*words, "--json", by=by)
        assert answer.code in (code if isinstance(code, tuple) else (code,)), (
            f"{words}: exit {answer.code}\n{answer.out}\n{answer.err}"
        )
        return answer.json

    def refuse(self, *words: str, code: int = 2, by: Mapping[str, str] | None = None) -> str:
        """The complaint of a command that must be refused with one error, a next step, and nothing on stdout."""
        answer = self.run(*words, "--json", by=by)
        assert answer.code == code, f"{words}: exit {answer.code}\n{answer.out}\n{answer.err}"
        assert not answer.out, answer.out
        assert answer.err.startswith("error: "), answer.err
        assert "defect" not in answer.err, answer.err
        return answer.err

    def start(self, *words: str, heard: bool = False) -> "subprocess.Popen[bytes]":
        """Run a command as a process of its own, on the machine's clock; where it is `heard`, its answer is piped."""
        environ = {**os.environ, **self._environ(None), "PYTHONPATH": str(ROOT)}
        with (self.folder / "process.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "migrator", *words],
                env={name: value for name, value in environ.items() if value is not None},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if heard else log,
                stderr=log,
            )

    def _environ(self, by: Mapping[str, str] | None) -> dict[str, str | None]:
        said = self.company.operator() if by is None else by
        return {**said, "MIGRATOR_CONFIG": str(self.file), "AWS_PROFILE": None, "AWS_CONFIG_FILE": os.devnull}

    def _toolbox(self, *words: Any, **named: Any) -> Toolbox:
        made = Tools(*words, clock=self.company.clock, **named)
        self.toolboxes.append(made)
        return made

    def _close(self) -> None:
        """Close what a process would close by ending."""
        for toolbox in self.toolboxes:
            if "store" in vars(toolbox):
                toolbox.store.engine.dispose()
        self.toolboxes.clear()


class Databases(Protocol):
    """Where databases come from: new ones, and copies of those that are there."""

    def new(self) -> str: ...
    def copy(self, url: str) -> str: ...


class Files:
    """SQLite, in files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count()

    def new(self) -> str:
        return f"sqlite:///{self._folder / f'{next(self._numbers)}.db'}"

    def copy(self, url: str) -> str:
        made = self.new()
        with closing(sqlite3.connect(_file(url))) as source, closing(sqlite3.connect(_file(made))) as target:
            source.backup(target)
        return made


class OnServer:
    """PostgreSQL, on the run's server; all of a process count on, for they share it."""

    _numbers = count()

    def __init__(self, server: Any) -> None:
        self._server = server

    def new(self, template: str = "template1") -> str:
        made: str = self._server.create(f"{self._server.run}_{os.getpid()}_m{next(self._numbers)}", template=template)
        return made

    def copy(self, url: str) -> str:
        source = str(make_url(url).database)
        with psycopg.connect(self._server.admin, autocommit=True) as connection:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(end, [source])
        return self.new(source)


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


@contextmanager
def _environment(wanted: Mapping[str, str | None]) -> Iterator[None]:
    """Let boto3, which reads the environment by itself, see these variables, and then the ones that were there."""
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
