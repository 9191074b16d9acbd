"""The people and machines of a simulated organization at work: every call is real, allowed or really refused.

They use their access keys and the console; a person whom the access portal shows a permission set works through it
from then on, after a first look at it, while the scripts that were given a key go on using it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zlib import crc32

from botocore.exceptions import ClientError

from migrator.sandbox.center_control import portal_access, portal_credentials
from migrator.sandbox.clients import Clients, Credentials, Origin
from migrator.sandbox.console_control import sign_in
from migrator.sandbox.control import Control, SandboxError
from migrator.sandbox.repertoire import HABITS, SIGN_INS, Habit, SignIn
from migrator.sandbox.seed import Seeded

NIGHT = time(2, 10, tzinfo=UTC)
MORNING = time(9, 15, tzinfo=UTC)
LATER = time(9, 45, tzinfo=UTC)
_SATURDAY = 5
_SLOW = {"data/bob": 3}
"""Days after which some people get round to using the portal."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A call, or a console sign-in, that the cloud refused."""

    user: str
    call: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """What came of one day: calls made, and those refused."""

    day: date
    calls: int = 0
    refused: tuple[Refused, ...] = ()


@dataclass(slots=True)
class People:
    """The inhabitants of a seeded organization; `present` is the day that habits which ended are counted from."""

    seeded: Seeded
    present: date
    clients: Clients = field(init=False)
    _portal: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _since: dict[str, date] = field(default_factory=dict)
    _tried: set[tuple[str, str]] = field(default_factory=set)
    _sessions: dict[tuple[str, str], Credentials] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take up the endpoint of the seeded sandbox."""
        self.clients = Clients(self.seeded.endpoint)

    def live(self, day: date, until: datetime | None = None) -> Day:
        """Play one day: scripts at night, people in the morning, no people at the weekend.

        Moves the sandbox's clock to those hours of the day and leaves it after the last call; nothing is played after
        `until`. The same day of the same organization is always the same calls.
        """
        self._sessions.clear()
        calls, refused = 0, []
        for hour, acts in groupby(_acts(day, self.present), key=_hour):
            moment = datetime.combine(day, hour)
            if until is not None and moment > until:
                break
            self._go_to(moment)
            for act in acts:
                made, code = self._do(act, day)
                calls += made
                if code is not None:
                    call = act.call if isinstance(act, Habit) else "console"
                    refused.append(Refused(act.user, call, code, moment))
        return Day(day, calls + self._try_new_access(day, until), tuple(refused))

    def _try_new_access(self, day: date, until: datetime | None) -> int:
        """Let people look at the access that they were told of, once for each account, on their first working day."""
        moment = datetime.combine(day, LATER)
        if day.weekday() >= _SATURDAY or (until is not None and moment > until):
            return 0
        self._go_to(moment)
        origins = {habit.user: habit.origin for habit in HABITS if not habit.unattended}
        new = [
            user.id
            for user in self.seeded.organization.users
            if self._uses_portal(user.id, day) and (self._person(user.id), user.account) not in self._tried
        ]
        for user in new:
            origin = origins.get(user, Origin())
            self._call(self._session(user, origin), user, "sts.get_caller_identity", {}, origin)
            self._tried.add((self._person(user), user.partition("/")[0]))
        return len(new)

    def _do(self, act: Habit | SignIn, day: date) -> tuple[int, str | None]:
        if isinstance(act, SignIn):
            return self._sign_in(act, day)
        credentials = self._credentials(act, day)
        if credentials is None:
            return 0, None
        return 1, self._call(credentials, act.user, act.call, act.params, act.origin)

    def _credentials(self, act: Habit, day: date) -> Credentials | None:
        if not act.unattended and self._uses_portal(act.user, day):
            return self._session(act.user, act.origin)
        return self.seeded.credentials.get(act.user)

    def _sign_in(self, act: SignIn, day: date) -> tuple[int, str | None]:
        account, name = self.seeded.account_of(act.user), act.user.partition("/")[2]
        if self._uses_portal(act.user, day):
            credentials = self._session(act.user, act.origin)
        else:
            try:
                keys = sign_in(self.seeded.endpoint, account, name, act.origin, mfa=act.mfa)
            except SandboxError as refused:
                return 1, str(refused)
            credentials = Credentials(*keys)
        codes = [self._call(credentials, act.user, call, {}, act.origin) for call in act.then]
        return 1 + len(codes), next((code for code in codes if code is not None), None)

    def _call(self, credentials: Credentials, user: str, call: str, params: Any, origin: Origin) -> str | None:
        service, method = call.split(".")
        client = self.clients.make(service, credentials, self.seeded.organization.home_region, origin)
        try:
            getattr(client, method)(**self._filled(params, user))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None

    def _filled(self, value: Any, user: str) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(each, user) for key, each in value.items()}
        if isinstance(value, str) and "{" in value:
            region, endpoint = self.seeded.organization.home_region, self.seeded.endpoint
            return value.format(account=self.seeded.account_of(user), region=region, endpoint=endpoint)
        return value

    def _go_to(self, moment: datetime) -> None:
        """Set the clock, and look at what the portal shows by then."""
        Control(self.seeded.endpoint).set_clock(moment)
        self._portal = portal_access(self.seeded.endpoint)
        for person in self._portal:
            self._since.setdefault(person, moment.date())

    def _uses_portal(self, user: str, day: date) -> bool:
        person = self._person(user)
        account = self.seeded.account_of(user)
        if not any(each == account for each, _ in self._portal.get(person, [])):
            return False
        return day >= self._since[person] + timedelta(days=_SLOW.get(user, 0))

    def _session(self, user: str, origin: Origin) -> Credentials:
        person, account = self._person(user), self.seeded.account_of(user)
        if (person, account) not in self._sessions:
            chosen = next(name for each, name in self._portal[person] if each == account)
            keys = portal_credentials(self.seeded.endpoint, person, account, chosen, origin)
            self._sessions[person, account] = Credentials(
                keys["aws_access_key_id"], keys["aws_secret_access_key"], keys["aws_session_token"]
            )
        return self._sessions[person, account]

    def _person(self, user: str) -> str:
        found = next(each for each in self.seeded.organization.users if each.id == user)
        return found.tags.get("Email", "").lower()


def history(people: People, last: date, days: int) -> Iterator[Day]:
    """Play the days up to and including the last one, yielding each as it is over."""
    for ago in reversed(range(days)):
        yield people.live(last - timedelta(days=ago))


def _acts(day: date, present: date) -> Iterable[Habit | SignIn]:
    due = [habit for habit in HABITS if _due(habit, day, present)]
    scripts = [habit for habit in due if habit.unattended]
    if day.weekday() >= _SATURDAY:
        return scripts
    sign_ins = [each for each in SIGN_INS if _falls(each.user, "console", each.every, day)]
    return [*scripts, *sign_ins, *(habit for habit in due if not habit.unattended)]


def _due(habit: Habit, day: date, present: date) -> bool:
    ended = habit.stopped is not None and day > present - timedelta(days=habit.stopped)
    # People do their calls on the same day, so that a day of work is a session and most days are idle.
    what = habit.call if habit.unattended else ""
    return not ended and _falls(habit.user, what, habit.every, day)


def _falls(user: str, what: str, every: int, day: date) -> bool:
    return (day.toordinal() + crc32(f"{user} {what}".encode())) % every == 0


def _hour(act: Habit | SignIn) -> time:
    return NIGHT if isinstance(act, Habit) and act.unattended else MORNING
