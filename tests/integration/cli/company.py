"""A small company in the sandbox, and the command line at work in it, in this process."""

import hashlib
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from migrator.cli.main import run
from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.control import Control
from migrator.sandbox.organization import ACME
from migrator.sandbox.organization_types import Account, Organization, User
from migrator.sandbox.seed import Seeded

LOOKS = ("Get", "List", "Describe", "Generate", "Lookup", "Head", "Assume", "Batch", "Simulate")
ONE_LINE = re.compile(r"error: [^\n]+\n  next: [^\n]+\n")
PEOPLE = ("data/alice", "data/judy", "data/contractor-7", "acme/breakglass-admin")
COMPANY: Organization = replace(
    ACME,
    accounts=(
        Account("acme"),
        Account("data", unit="workloads/data"),
        Account("web", unit="workloads/web"),
        Account("legacy", unit="suspended", suspended=True),
    ),
    policies=tuple(policy for policy in ACME.policies if policy.account in {"data", "web"}),
    groups=tuple(group for group in ACME.groups if group.account in {"data", "web"}),
    users=(
        *(user for user in ACME.users if user.id in PEOPLE),
        User("web", "alice", {"Email": "alice@acme.example", "Owner": "web"}, groups=("readonly",), password=True),
    ),
    resources=(),
)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def one_line(self) -> bool:
        """Whether it complained in one line and said in another what to do."""
        return ONE_LINE.fullmatch(self.err) is not None


@dataclass
class Company:
    """The company with a database that knows it. `settings` are top-level blocks of the configuration."""

    seeded: Seeded
    control: Control
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "migrator.db"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def account(self, name: str) -> str:
        return self.seeded.accounts[name]

    def configure(self, **blocks: Any) -> None:
        """Write the configuration with some blocks replaced."""
        self.settings |= blocks
        self.config.write_text(json.dumps(self.settings), encoding="utf-8")

    def run(self, *words: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--config", str(self.config), *words])
        return Ran(code, out.getvalue(), err.getvalue())

    def doctor(self) -> tuple[int, list[dict[str, Any]]]:
        ran = self.run("doctor", "--json")
        assert ran.err == ""
        return ran.code, ran.json

    def client(self, service: str, account: str = "acme", region: str = "us-east-1") -> Any:
        """A boto3 client of an administrator in an account."""
        clients, administrator = Clients(self.seeded.endpoint), self.seeded.administrator
        if account == "acme":
            return clients.make(service, administrator, region)
        arn = f"arn:aws:iam::{self.account(account)}:role/OrganizationAccountAccessRole"
        session = clients.make("sts", administrator, region).assume_role(RoleArn=arn, RoleSessionName="test")
        return clients.make(service, Credentials.of_session(session["Credentials"]), region)

    def rows(self) -> str:
        """A fingerprint of everything in the database."""
        with closing(sqlite3.connect(self.database)) as connection:
            return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()

    @contextmanager
    def nothing_changes(self) -> Iterator[None]:
        """Nothing is written to the database or to AWS."""
        before = self.rows()
        self.control.clear_calls()
        yield
        assert self.rows() == before
        assert [call for call in self.control.counts() if not call.partition(":")[2].startswith(LOOKS)] == []

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)


def copied(template: Company, folder: Path) -> Company:
    """The same company with a database and a configuration of its own."""
    made = Company(template.seeded, template.control, folder, dict(template.settings))
    # What is committed may still lie in the write-ahead log beside the file.
    with closing(sqlite3.connect(template.database)) as source, closing(sqlite3.connect(made.database)) as target:
        source.backup(target)
    made.configure(database=f"sqlite:///{made.database}")
    return made


def act_as(environment: pytest.MonkeyPatch, endpoint: str, credentials: Credentials) -> None:
    """Let the command line act with these credentials, and with nothing that this machine knows."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN", "MIGRATOR_CONFIG"):
        environment.delenv(name, raising=False)
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    environment.setenv("AWS_ACCESS_KEY_ID", credentials.access_key_id)
    environment.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
    if credentials.session_token:
        environment.setenv("AWS_SESSION_TOKEN", credentials.session_token)
    environment.setenv("AWS_CONFIG_FILE", "/dev/null")
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
