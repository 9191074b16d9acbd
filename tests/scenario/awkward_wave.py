"""The wave whose every step is cut: awkward users of the small company, from the first reading to the way back."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.scenario import endings as end
from tests.scenario.company import Company
from tests.scenario.cuts_on_sandbox import RETURN, Range, Transition
from tests.scenario.reading import read_center
from tests.scenario.terminal import Databases

WAVE = "awkward"
DAY = 86_400
STRANGER = "web/trent"
LEAVER = "data/gone-7"
TWO_ACCOUNTS = ("data/alice", "web/alice.archer")
FULL = ("data/carol", "data/heidi", "data/grace", "web/dave")
REST = ("web/frank", STRANGER, LEAVER)
EVERYBODY = (*TWO_ACCOUNTS, *FULL, *REST)
"""Every credential kind, one person's two users, full quotas, all three full, a boundary, a stranger, a leaver."""


def a_range(company: Company, folder: Path, databases: Databases, users: Sequence[str]) -> Range:
    """The company known and classified; who was `trent` when it was read first is a stranger of that name by now."""
    place = Range(company, folder, databases)
    ask = place.process.ask
    with heard(place):
        ask("db", "upgrade")
    ask("discover")
    if STRANGER in users:
        _replace(company)
        place.company.clock.refresh()
        ask("discover")
    for user in {STRANGER, LEAVER} & set(users):
        ask("users", "classify", place.key(user), "--as", "human", "--reason", "asked the team")
    for user in users:
        account, _, name = user.partition("/")
        aws = end.read_aws(company, user)
        place.origin[user] = {"user": aws["accounts"][account]["users"][name], "held": aws["held"]}
    return place


def transitions(place: Range, users: Sequence[str]) -> Iterator[tuple[Transition, bool]]:
    """Every command of the wave as it went uncut, user by user; and whether a rollback may begin at its cuts."""
    keys = [place.key(user) for user in users]
    yield place.record("map", None, "map", *keys), False
    make_wave(place, keys)
    yield from _stage(place, users, "provisioned")
    work_in_the_portal(place)
    yield from _stage(place, users, "verified")
    yield from _stage(place, users, "quarantined")
    yield from _ways_back(place, users, "quarantined")
    let_days_pass(place, 8)
    yield from _stage(place, users, "deactivated")
    yield from _ways_back(place, users, "deactivated")
    let_days_pass(place, 15)
    approve(place, "delete")
    yield from _stage(place, users, "deleted")
    yield from _ways_back(place, users, "deleted")
    yield from _taken(place, users)


def whole_way(place: Range, users: Sequence[str], run: Callable[..., None]) -> None:
    """A whole migration of these users together, to the end; each of its commands is handed to `run`."""
    keys = [place.key(user) for user in users]
    run("map", *keys)
    make_wave(place, keys)
    run("advance", *keys, "--to", "provisioned")
    work_in_the_portal(place)
    run("advance", *keys, "--to", "quarantined")
    let_days_pass(place, 8)
    run("advance", *keys, "--to", "deactivated")
    let_days_pass(place, 15)
    approve(place, "delete")
    run("advance", *keys, "--to", "deleted", "--yes")


def _stage(place: Range, users: Sequence[str], goal: str) -> Iterator[tuple[Transition, bool]]:
    for user in users:
        words = ("advance", place.key(user), "--to", goal, "--yes")
        yield place.record(f"{user} to {goal}", user, *words), True
        came = end.states(place.process.database)[place.key(user)]
        assert came == goal, f"{user} is {came}, not {goal}"


def _ways_back(place: Range, users: Sequence[str], state: str) -> Iterator[tuple[Transition, bool]]:
    for user in users:
        words = ("rollback", place.key(user), *RETURN)
        yield place.aside(f"{user} back from {state}", user, *words), False
        if state != "deactivated":
            yield place.aside(f"{user} back from {state} and retracted", user, *words, "--retract"), False


def _taken(place: Range, users: Sequence[str]) -> Iterator[tuple[Transition, bool]]:
    """Somebody made a user of the name of one who was deleted: the way back is refused, and stays so."""
    user = users[0]
    account, _, name = user.partition("/")
    place.company.admin("iam", account).create_user(UserName=name)
    yield place.aside(f"{user} back though its name was taken", user, "rollback", place.key(user), *RETURN), False


def _replace(company: Company) -> None:
    """Somebody deletes a user and makes another one of its name."""
    account, _, name = STRANGER.partition("/")
    iam = company.admin("iam", account)
    tags = iam.list_user_tags(UserName=name)["Tags"]
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name, Path="/again/", Tags=tags)
    iam.create_access_key(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}],
    }
    iam.put_user_policy(UserName=name, PolicyName="work", PolicyDocument=json.dumps(document))


def make_wave(place: Range, keys: Sequence[str]) -> None:
    place.process.ask("wave", "create", WAVE, *keys)
    approve(place, "cut")


def approve(place: Range, stage: str) -> None:
    place.process.ask("wave", "approve", WAVE, "--stage", stage, by=place.company.approver())


def work_in_the_portal(place: Range) -> None:
    """Everybody works with the new access once."""
    place.company.clock.sleep(60)
    with heard(place):
        for person, account, permission_set in sorted(read_center(place.company)["holders"]):
            place.company.portal(person, account, permission_set)


def let_days_pass(place: Range, days: int) -> None:
    """Days of silence, with a worker that listens."""
    place.process.ask("worker", "--once")
    for part in (days // 2, days - days // 2):
        place.company.clock.sleep(part * DAY)
        with heard(place):
            place.company.admin("sts", "data").get_caller_identity()
        place.process.ask("worker", "--once")


@contextmanager
def heard(place: Range) -> Iterator[None]:
    """The trail writes what happens here and nothing else: our own calls in it would make no two runs the same."""
    trail = place.company.admin("cloudtrail")
    name = trail.describe_trails()["trailList"][0]["Name"]
    trail.start_logging(Name=name)
    yield
    place.company.deliver()
    trail.stop_logging(Name=name)
    place.company.deliver()
    place.company.clock.refresh()
