"""Requests that discovery makes for an account of 200 users, beside Cloud Custodian and Prowler on one emulator.

`python -m benchmarks.discovery`. The rivals are installed on first use; Prowler is 2 GB large.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.counting import counting
from benchmarks.figures import Figure, table
from benchmarks.peers import python_peer
from migrator.sandbox import launch
from migrator.sandbox.clients import Clients
from migrator.sandbox.organization_types import Account, Group, Organization, User, allow, document
from migrator.sandbox.seed import seed

USERS = 200
ACCOUNTS = 20
FEW = 10
"""Users of each of many accounts."""
NETWORK = 0.03
"""Seconds that a request to AWS is under way, about what it is within a region."""
REGION = "us-east-1"
AT_ONCE, ALONE = 8, 4
"""Accounts that are read at once, and those read one after another, to tell how long all would take so."""
FOUND = 3
"""How Prowler ends where a check found something."""

MIGRATOR = [sys.executable, "-m", "migrator"]
POOLED = """
import os, sys, time
from pathlib import Path
from migrator.bootstrap import Toolbox
from migrator.operations.discover import discover

config, size, *accounts = sys.argv[1:]
tools = Toolbox(Path(config), os.environ, pool_size=int(size))
begun = time.perf_counter()
found = discover(tools, accounts)
assert not [account.error for account in found.accounts if account.error]
print(time.perf_counter() - begun)
"""

CUSTODIAN = {"policies": [{"name": "users", "resource": "aws.iam-user"}]}
FILTERS = [
    {"type": "access-key", "key": "Status", "value": "Active"},
    {"type": "has-inline-policy", "value": True},
    {"type": "group", "key": "GroupName", "value": "team"},
]
"""What Custodian reads of each user where a policy asks: keys, inline policies, groups."""


def a_user(account, number):
    """Half have a password, a third a key or two, a quarter MFA, few what nobody expects."""
    return User(
        account,
        f"user-{number:03}",
        {"Email": f"user-{number:03}@bench.example"},
        groups=("team",),
        inline={"own": document(allow("sqs:ListQueues"))} if number % 5 == 0 else {},
        password=number % 2 == 0,
        keys=("Active", "Inactive")[: (number % 3 == 0) + (number % 15 == 0)],
        mfa=number % 4 == 0,
        ssh_keys=int(number % 10 == 0),
        service_credentials=("codecommit.amazonaws.com",) if number % 25 == 0 else (),
    )


def an_organization(accounts, users):
    names = [f"account-{number:02}" for number in range(accounts)]
    return Organization(
        name="bench",
        domain="bench.example",
        home_region=REGION,
        accounts=(Account("bench"), *(Account(name, unit="work") for name in names), Account("closed", suspended=True)),
        policies=(),
        groups=tuple(Group(name, "team", managed=("ReadOnlyAccess",)) for name in names),
        users=tuple(a_user(name, number) for name in names for number in range(users)),
        resources=(),
        trail="organization",
        trail_bucket="bench-trail",
    )


@contextmanager
def a_company(accounts, users):
    """A sandbox with so many accounts of so many users."""
    with tempfile.TemporaryDirectory() as folder:
        sandbox = launch.start(log=Path(folder, "sandbox.log"))
        try:
            yield seed(sandbox.endpoint, an_organization(accounts, users), datetime.now(UTC)), Path(folder)
        finally:
            launch.stop(sandbox)


def run(command, endpoint, keys, folder):
    """Seconds of a program that acts with these keys at an endpoint, and what it wrote; raises where it failed."""
    away = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "MIGRATOR_CONFIG")
    environ = {name: value for name, value in os.environ.items() if name not in away}
    token = {"AWS_SESSION_TOKEN": keys.session_token} if keys.session_token else {}
    environ |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        **token,
    }
    begun = perf_counter()
    ended = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if ended.returncode not in {0, FOUND}:
        raise RuntimeError(f"{command}: {ended.stdout[-2000:]} {ended.stderr[-2000:]}")
    return perf_counter() - begun, ended.stdout


def a_database(seeded, folder):
    """The configuration of a new and empty database."""
    made = Path(tempfile.mkdtemp(dir=folder))
    config = made / "config.yaml"
    config.write_text(json.dumps({"database": f"sqlite:///{made / 'migrator.db'}"}), encoding="utf-8")
    run([*MIGRATOR, "--config", str(config), "db", "upgrade"], seeded.endpoint, seeded.administrator, folder)
    return config


def migrator(seeded, folder, endpoint, config, *words):
    """Seconds of one `migrator discover`."""
    command = [*MIGRATOR, "--config", str(config), "--json", "discover", *words]
    return run(command, endpoint, seeded.administrator, folder)[0]


def pooled(seeded, folder, endpoint, size, accounts):
    """Seconds of reading these accounts, so many at once, in a process of its own."""
    config = a_database(seeded, folder)
    command = [sys.executable, "-c", POOLED, str(config), str(size), *accounts]
    return float(run(command, endpoint, seeded.administrator, folder)[1])


def inside(seeded):
    """Credentials in the first member account: rivals start there, and AssumeRole is not counted for them."""
    arn = f"arn:aws:iam::{seeded.accounts['account-00']}:role/OrganizationAccountAccessRole"
    sts = Clients(seeded.endpoint).make("sts", seeded.administrator, REGION)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="bench")["Credentials"]
    return type(seeded.administrator).of_session(given)


def custodian(seeded, folder, endpoint, filters):
    """Seconds of one policy over users; None where Custodian cannot be had."""
    programs = python_peer("custodian", "c7n")
    if programs is None:
        return None
    policy = folder / "policy.json"
    chosen = {**CUSTODIAN["policies"][0], **({"filters": [{"or": filters}]} if filters else {})}
    policy.write_text(json.dumps({"policies": [chosen]}), encoding="utf-8")
    output = ["-s", str(folder / "out"), "--cache-period", "0", "--region", REGION]
    return run([str(programs / "custodian"), "run", *output, str(policy)], endpoint, inside(seeded), folder)[0]


def prowler(seeded, folder, endpoint):
    """Seconds of Prowler's checks of IAM; None where Prowler cannot be had."""
    programs = python_peer("prowler", "prowler")
    if programs is None:
        return None
    words = ["aws", "--service", "iam", "--region", REGION, "-M", "json-ocsf", "-o", str(folder / "prowler"), "-b"]
    return run([str(programs / "prowler"), *words], endpoint, inside(seeded), folder)[0]


def requests(seeded, folder, program, *more):
    """(requests, seconds) of a program; None and none where it cannot be had."""
    with counting(seeded.endpoint) as proxy:
        seconds = program(seeded, folder, proxy.url, *more)
        made = sum(proxy.made.values())
    print(f"{program.__name__}: {made} requests, {seconds} seconds: {dict(proxy.made)}", file=sys.stderr)
    return (None, None) if seconds is None else (made, seconds)


def one_account():
    """Requests and seconds for one account."""
    work = f"requests for {USERS} users"
    with a_company(1, USERS) as (seeded, folder):
        account = seeded.accounts["account-00"]
        ours, seconds = requests(seeded, folder, migrator, a_database(seeded, folder), "--account", account)
        for rival, program, more in (
            ("Custodian, keys, inline, groups", custodian, [FILTERS]),
            ("Custodian, names only", custodian, [[]]),
            ("Prowler, IAM", prowler, []),
        ):
            theirs, their_seconds = requests(seeded, folder, program, *more)
            yield Figure(work, ours, "", rival, theirs, less_is_better=True)
            yield Figure("seconds of the same", seconds, "s", rival, their_seconds, less_is_better=True)


def many_accounts():
    """Seconds for many accounts read at once, beside one after another."""
    with a_company(ACCOUNTS, FEW) as (seeded, folder), counting(seeded.endpoint, NETWORK) as proxy:
        members = [seeded.accounts[f"account-{number:02}"] for number in range(ACCOUNTS)]
        together = pooled(seeded, folder, proxy.url, AT_ONCE, members)
        alone = pooled(seeded, folder, proxy.url, 1, members[:ALONE]) * ACCOUNTS / ALONE
    work = f"{ACCOUNTS} accounts of {FEW} users discovered, {NETWORK * 1000:.0f} ms a request"
    yield Figure(work, together, "s", "one by one", alone, limit=3, less_is_better=True)


def figures():
    """Requests beside two rivals, and many accounts at once."""
    return [*one_account(), *many_accounts()]


if __name__ == "__main__":
    print(table(figures()))
