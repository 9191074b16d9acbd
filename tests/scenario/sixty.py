"""Sixty days of the crowd: what people do, what goes wrong, and one turn of the worker a day, as cron would have it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from migrator.sandbox.clients import Credentials, Origin
from migrator.sandbox.console_control import sign_in
from tests.scenario.crowd import BEGIN, CALLS, DOMAIN, OFFICE, PEOPLE, Crowd, name_of, team_of
from tests.scenario.letters import LetterBox
from tests.scenario.reading import read_users
from tests.scenario.terminal import Terminal

DAYS = 60
DAY = timedelta(days=1)
NIGHT = timedelta(hours=12)
"""From a day's turn to the night's, 02:30 UTC."""

CONFIG = """\
database: {{database}}
usage:
  lookback: 90d
  sources:
    - type: cloudtrail
      location: {{trail}}
gates:
  approvals: 1
  approval_valid: 30d
  change_window: {{{{days: [mon, tue, wed, thu], from: "09:00", to: "16:00", zone: America/New_York}}}}
  freezes:
    - {{{{from: 2026-03-30, to: 2026-04-05, zone: Europe/Berlin}}}}
scream_test: {{{{quarantine: 4d, deactivate: 5d, sessions: 36h, poll: 1d}}}}
waves: {{{{max_in_scream_test: 6%, max_per_account: 5, max_per_team: 4}}}}
notifications: {notifications}
"""
PHONE = Origin("198.51.77.3", "aws-cli/2.15.30 Python/3.11.8 Darwin/23.2")
BROWSER = Origin(OFFICE.address, "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/121.0")
THIEF = Origin("45.155.205.9", "python-requests/2.31.0")
FORBIDDEN = "lambda.list_functions"
"""What nobody was ever allowed, and some program of everybody's tries all the same."""


@dataclass(frozen=True)
class Turn:
    """One turn of the worker: when, how many were under the deny after it, of how many users."""

    at: datetime
    said: Mapping[str, Any]
    states: Mapping[str, str]

    @property
    def under_test(self) -> int:
        return sum(state in ("quarantined", "deactivated") for state in self.states.values())

    @property
    def there(self) -> int:
        return sum(state != "deleted" for state in self.states.values())


@dataclass
class Sixty:
    """The story, and what was seen of it. `cast` names who plays which part, `seen` when each part was played."""

    crowd: Crowd
    terminal: Terminal
    box: LetterBox
    start: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, list[str]] = field(default_factory=dict)
    plan: list[dict[str, Any]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cast: dict[str, str] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    signed_in: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When somebody was first seen in a state."""

    @property
    def now(self) -> datetime:
        return self.crowd.clock.now()

    def play(self) -> None:
        """All of it."""
        self._before()
        self._plan()
        for day in range(DAYS):
            self._day(BEGIN + day * DAY)

    def key(self, part: str) -> str:
        """`ACCOUNT_ID/NAME` of who plays a part."""
        return self.crowd.key(self.cast[part])

    # The beginning

    def _before(self) -> None:
        """Everybody works with a key, and tries what it may not."""
        for number in range(PEOPLE):
            self.crowd.call(name_of(number), CALLS[team_of(number)])
            assert self.crowd.call(name_of(number), FORBIDDEN)
        self.crowd.clock.set(BEGIN - timedelta(minutes=20))
        self.crowd.deliver()
        self.start = read_users(self.crowd)

    def _plan(self) -> None:
        ask = self.terminal.ask
        ask("db", "upgrade")
        ask("discover")
        ask("map")
        made = ask("wave", "plan", "--size", "12", "--canary", "6", "--schedule")
        self.plan = made["waves"]
        for user in ask("users", "list"):
            self.waves.setdefault(user["wave"], []).append(self._name(user["user"]))
        passwords = {name for name, user in self.start.items() if user["password"]}
        canary, first, second, third = (sorted(self.waves[n]) for n in ("canary", "wave-1", "wave-2", "wave-3"))
        tab = next(name for name in first if name in passwords)
        others = [name for name in first if name != tab]
        self.cast = {
            **dict(zip(("script", "laptop", "refused before"), canary, strict=False)),
            **dict(zip(("night script", "needed at night", "gap"), others, strict=False)),
            "tab": tab,
            **dict(zip(("stolen", "careless"), second, strict=False)),
            **dict(zip(("new key", "colleague"), third, strict=False)),
        }

    # A day

    def _day(self, noon: datetime) -> None:
        self.crowd.clock.set(noon - timedelta(minutes=10))
        if noon.weekday() == 0 and noon.day <= 7:
            self.terminal.ask("discover")
        self._approve(noon)
        if noon.weekday() < 5:
            self._people_sign_in()
        self._parts(DAYTIME)
        self._turn(noon)
        self._delete()
        self._parts(AFTERWARDS)
        if self._parts(NIGHTLY, at=noon + NIGHT - timedelta(minutes=40)):
            self._turn(noon + NIGHT)

    def _turn(self, at: datetime) -> None:
        self.crowd.clock.set(at)
        self.crowd.deliver()
        said = self.terminal.ask("worker", "--once")
        self._look()
        self.turns.append(Turn(at, said, dict(self.states)))

    def _look(self) -> None:
        self.states = {self._name(user["user"]): user["state"] for user in self.terminal.ask("users", "list")}
        for each in self.states.items():
            self.since.setdefault(each, self.now)

    def _name(self, key: str) -> str:
        account, _, name = key.partition("/")
        return f"{next(n for n, number in self.crowd.accounts.items() if number == account)}/{name}"

    def _approve(self, now: datetime) -> None:
        """The second identity looks three days ahead."""
        for wave in self.plan:
            soon = datetime.fromisoformat(wave["starts_at"]) - now <= 3 * DAY
            if soon and f"approved {wave['name']}" not in self.seen:
                self.terminal.ask("wave", "approve", wave["name"], "--stage", "cut", by=self.crowd.approver())
                self.seen[f"approved {wave['name']}"] = now

    def _people_sign_in(self) -> None:
        """Whoever was told that the new access is ready tries it on the next working day."""
        told = {letter.to for letter in self.box.letters if "please sign in" in letter.title}
        for name in sorted(self.start.keys() - self.signed_in):
            if f"{name.partition('/')[2]}@{DOMAIN}" in told:
                assert not self.crowd.made(self.crowd.session(name), "sts.get_caller_identity", OFFICE)
                self.signed_in.add(name)

    def _delete(self) -> None:
        """Whose windows are over is deleted, after another yes, on a day on which something may be cut."""
        if not allowed(self.now):
            return
        ready = {
            name
            for name, state in self.states.items()
            if state == "deactivated" and self.now - self.since[name, state] >= 5 * DAY
        }
        for wave in sorted(wave for wave, users in self.waves.items() if ready & set(users)):
            self.terminal.ask("wave", "approve", wave, "--stage", "delete", by=self.crowd.approver())
            self.terminal.ask("advance", "--wave", wave, "--to", "deleted", "--yes", code=(0, 3))
        if ready:
            self._look()

    def _parts(self, parts: Mapping[str, "Part"], at: datetime | None = None) -> bool:
        """Play the parts whose time has come, each once; whether any was."""
        due = [part for part in parts if part not in self.seen and parts[part].ready(self)]
        if due and at is not None:
            self.crowd.clock.set(at)
        for part in due:
            self.seen[part] = self.now
            parts[part].act(self)
        return bool(due)

    def under_the_deny(self, part: str) -> bool:
        """Whether who plays the part is under the deny."""
        return self.states.get(self.cast[part]) in ("quarantined", "deactivated")


@dataclass(frozen=True)
class Part:
    """Something that happens once: when, and what."""

    ready: Callable[[Sixty], bool]
    act: Callable[[Sixty], None]


def _cut(part: str) -> Callable[[Sixty], bool]:
    return lambda story: story.under_the_deny(part)


def _after(part: str, days: int) -> Callable[[Sixty], bool]:
    return lambda story: part in story.seen and story.now - story.seen[part] >= days * DAY - timedelta(hours=1)


def _work(story: Sixty, part: str, origin: Origin = OFFICE) -> None:
    """The usual call with the old key: refused, for the deny is on."""
    user = story.cast[part]
    number = int(user.rpartition("p")[2])
    assert story.crowd.call(user, CALLS[team_of(number)], origin), f"{part} was not refused"


def _laptop(story: Sixty) -> None:
    """The person works through the portal; an old profile on the same laptop makes the same call."""
    user = story.cast["laptop"]
    call = CALLS[team_of(int(user.rpartition("p")[2]))]
    assert not story.crowd.made(story.crowd.session(user, PHONE), call, PHONE)
    _work(story, "laptop", PHONE)


def _open_tab(story: Sixty) -> None:
    """A console session of the old password, opened before the cut."""
    account, _, name = story.cast["tab"].partition("/")
    story.kept["tab"] = Credentials(*sign_in(story.crowd.seeded.endpoint, story.crowd.accounts[account], name, BROWSER))


def _tab(story: Sixty) -> None:
    """The tab refreshes itself while its person works through the portal beside it."""
    assert not story.crowd.made(story.crowd.session(story.cast["tab"], BROWSER), "sts.get_caller_identity", BROWSER)
    assert story.crowd.made(story.kept["tab"], "sqs.list_queues", BROWSER)


def _steal(story: Sixty) -> None:
    for call in ("iam.list_users", "iam.get_account_summary", "iam.list_roles"):
        assert story.crowd.call(story.cast["stolen"], call, THIEF), call


def _answer(story: Sixty) -> None:
    """A human looked: it was a new scanner of the security team."""
    for scream in story.terminal.ask("screams", "list"):
        if scream["user"] == story.key("stolen") and scream["disposition"] == "suspicious":
            story.terminal.ask("screams", "dismiss", str(scream["id"]), "--reason", "the security team's new scanner")


def _new_key(story: Sixty) -> None:
    """By hand, behind everybody's back, after the yes."""
    account, _, name = story.cast["new key"].partition("/")
    made = story.crowd.admin("iam", account).create_access_key(UserName=name)["AccessKey"]
    story.kept["new key"] = made["AccessKeyId"]
    story.terminal.ask("discover")
    story.kept["drift"] = story.terminal.ask("wave", "show", "wave-3")


def _approve_again(story: Sixty) -> None:
    story.kept["held"] = dict(story.states)
    story.terminal.ask("wave", "approve", "wave-3", "--stage", "cut", by=story.crowd.approver())


def _gap(story: Sixty) -> None:
    """Somebody takes an action out of the permission set by hand; the person misses it."""
    user = story.cast["gap"]
    call = CALLS[team_of(int(user.rpartition("p")[2]))]
    story.kept["whole set"] = _replace_set(story, user, None)
    assert story.crowd.made(story.crowd.session(user), call, OFFICE), "the new access allows it still"


def _mend_gap(story: Sixty) -> None:
    _replace_set(story, story.cast["gap"], story.kept["whole set"])
    for scream in story.terminal.ask("screams", "list"):
        if scream["user"] == story.key("gap"):
            story.terminal.ask("screams", "dismiss", str(scream["id"]), "--reason", "the set is whole again")


def _replace_set(story: Sixty, user: str, document: str | None) -> str:
    """Put another inline policy on the set of a user's person; gives the one that was there."""
    center, sso = story.crowd.seeded.identity_center, story.crowd.admin("sso-admin")
    listed = story.terminal.ask("permission-sets", "list")
    arn = next(one["permission_set_arn"] for one in listed if story.crowd.key(user) in one["users"])
    one = {"InstanceArn": center.instance_arn, "PermissionSetArn": arn}
    before = str(sso.get_inline_policy_for_permission_set(**one)["InlinePolicy"])
    least = {"Effect": "Allow", "Action": "iam:ListAccountAliases", "Resource": "*"}
    bare = {"Version": "2012-10-17", "Statement": [least]}
    sso.put_inline_policy_to_permission_set(**one, InlinePolicy=document or json.dumps(bare))
    sso.provision_permission_set(**one, TargetType="ALL_PROVISIONED_ACCOUNTS")
    story.crowd.clock.sleep(20)
    return before


def _needed(story: Sixty) -> None:
    said = story.terminal.ask("rollback", story.key("needed at night"), "--reason", "the quarter's report needs it")
    assert [one["outcome"] for one in said["users"]] == ["done"]
    story._look()


DAYTIME: Mapping[str, Part] = {
    "script": Part(_cut("script"), lambda story: _work(story, "script")),
    "laptop": Part(_cut("laptop"), _laptop),
    "refused before": Part(
        _cut("refused before"),
        lambda story: story.kept.update(refused=story.crowd.call(story.cast["refused before"], FORBIDDEN)),
    ),
    "open tab": Part(lambda story: story.states.get(story.cast["tab"]) == "provisioned", _open_tab),
    "gap": Part(_cut("gap"), _gap),
    "mend gap": Part(_after("gap", 2), _mend_gap),
    "stolen": Part(_cut("stolen"), _steal),
    "a script, too": Part(_after("stolen", 2), lambda story: _work(story, "stolen")),
    "answer": Part(_after("stolen", 8), _answer),
    "new key": Part(lambda story: "approved wave-3" in story.seen, _new_key),
    "approve again": Part(_after("colleague", 2), _approve_again),
}
AFTERWARDS: Mapping[str, Part] = {
    "tab": Part(_cut("tab"), _tab),
    "colleague": Part(_cut("colleague"), lambda _: None),
}
NIGHTLY: Mapping[str, Part] = {
    "night script": Part(_cut("night script"), lambda story: _work(story, "night script")),
    "needed at night": Part(lambda story: story.states.get(story.cast["needed at night"]) == "deactivated", _needed),
}


def allowed(at: datetime) -> bool:
    """Whether the configuration lets access be taken away at that time, said in other words than the product's."""
    here, there = at.astimezone(ZoneInfo("America/New_York")), at.astimezone(ZoneInfo("Europe/Berlin"))
    frozen = date(2026, 3, 30) <= there.date() <= date(2026, 4, 5)
    return here.weekday() <= 3 and 9 <= here.hour < 16 and not frozen


def counts(states: Mapping[str, str]) -> Counter[str]:
    """How many are in each state."""
    return Counter(states.values())


def configuration(box: LetterBox) -> str:
    """The configuration with the letter box's channels; database and trail are still to be filled in."""
    channels = json.dumps(list(box.channels)).replace("{", "{{").replace("}", "}}")
    return CONFIG.format(notifications=channels)
