"""Who a command is about: names, or conditions on account, state, kind and age."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from migrator.domain.dossier import User
from migrator.domain.errors import NotFound, UsageError

_CONDITION = re.compile(r"^\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.+?)\s*$")
_AGE = re.compile(r"(\d{1,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A user with what lists and selections need beside the row: last use and credential counts."""

    user: User
    last_used: datetime | None = None
    active: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Users by name, or by conditions; empty means everybody (commands that write ask for at least one)."""

    names: tuple[str, ...] = ()
    account: str | None = None
    state: str | None = None
    kind: str | None = None
    wave: str | None = None
    where: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.names or self.account or self.state or self.kind or self.wave or self.where)


def choose(selection: Selection, lines: list[Line], now: datetime) -> list[Line]:
    """The lines a selection means, sorted by key. A name that is unknown or ambiguous is an error, never a guess."""
    tests = [_condition(text, now) for text in selection.where]
    chosen = [line for line in lines if _fits(selection, line.user) and all(test(line) for test in tests)]
    if selection.names:
        chosen = [_named(name, chosen) for name in dict.fromkeys(selection.names)]
    return sorted(dict.fromkeys(chosen), key=lambda line: (line.user.key, line.user.id))


def _fits(selection: Selection, user: User) -> bool:
    return (
        (selection.account is None or user.account_id == selection.account)
        and (selection.state is None or user.state == selection.state)
        and (selection.kind is None or user.kind == selection.kind)
        and (selection.wave is None or user.wave == selection.wave)
    )


def _named(name: str, lines: list[Line]) -> Line:
    found = [line for line in lines if _is(name, line.user)]
    living = [line for line in found if line.user.vanished_at is None and line.user.state != "deleted"]
    best = living or found
    if not best:
        raise NotFound(f"no user {name!r}", next_step="see: migrator users list (run migrator discover if it is new)")
    if len({line.user.key for line in best}) > 1:
        keys = ", ".join(sorted(line.user.key for line in best))
        raise UsageError(f"{name!r} is ambiguous: {keys}", next_step="write ACCOUNT_ID/USER_NAME")
    return max(best, key=lambda line: line.user.id)


def _is(name: str, user: User) -> bool:
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        return len(parts) == 6 and parts[4] == user.account_id and parts[5] == f"user{user.path}{user.user_name}"  # noqa: PLR2004  # an ARN has six parts
    if "/" in name:
        account, _, user_name = name.partition("/")
        return account == user.account_id and user_name.lower() == user.user_name.lower()
    return name.lower() == user.user_name.lower()


def _condition(text: str, now: datetime) -> Callable[[Line], bool]:
    match = _CONDITION.match(text)
    if not match:
        raise UsageError(f"cannot read the condition {text!r}", next_step="write for example: --where 'last_used>90d'")
    name, operator, value = match.groups()
    if name in ("last_used", "state_since"):
        limit = length_of_time(value, text)

        def older(line: Line) -> bool:
            moment = line.last_used if name == "last_used" else line.user.state_since
            age = (now - moment).total_seconds() if moment else float("inf")
            return _COMPARE[operator](age, limit.total_seconds())

        return older
    if name not in ("owner", "cost_center", "kind", "state", "destination", "account", "person", "wave", "user_name"):
        raise UsageError(
            f"no such field {name!r} in {text!r}", next_step="fields: last_used, state_since, owner, kind…"
        )
    if operator not in ("=", "!="):
        raise UsageError(f"{name} takes = or != only, in {text!r}")

    def equal(line: Line) -> bool:
        field_name = {"account": "account_id"}.get(name, name)
        return (str(getattr(line.user, field_name) or "") == value) is (operator == "=")

    return equal


def length_of_time(value: str, where: str) -> timedelta:
    """A length of time as people write it: 90d, 8h, 15m, 3s; `where` it stands is told if it is none."""
    match = _AGE.fullmatch(value)
    if not match:
        raise UsageError(f"{value!r} is no length of time in {where!r}", next_step="write 90d, 8h, 15m or 3s")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
