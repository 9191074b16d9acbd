"""Who waits for what: the closed gates of many users told as a few groups, each with what would move it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.domain.lifecycle import Move, State

USER = "USER"
"""Stands in `Held.opens` where the command names the user itself."""

NOTHING = "nothing"
"""What a gate's `opens` begins with where no command helps."""

_SELECTABLE = ("migrator map", "migrator advance")
"""Commands that are safe to give for a whole wave or state; decisions about one user never are."""

_NUMBER = re.compile(r"(?<![\w.:/–-])\d+(?:\.\d+)?(?![\w:/–-])(?!\.\d)")
_WORD = re.compile(r"[\w@%+=:,./-]+")
_WORDS, _APART = 3, 3
_TOGETHER = ("migrator discover", "migrator rollback")
"""Commands that are told as one however few they are."""


@dataclass(frozen=True, slots=True)
class Held:
    """Users that one gate holds for the same reason. `first` and `last` are keys of two of them, for example.

    `opens` is the gate's, with `USER` for the user's key; time opens it between `opens_at` and `opens_last`; `since` is
    when the first of them came into its state.
    """

    gate: str
    wave: str | None
    state: State
    why: str
    opens: str
    opens_at: datetime | None
    opens_last: datetime | None
    users: int
    since: datetime
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Users before whose next move every gate is open."""

    wave: str | None
    state: State
    move: Move
    users: int
    first: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Users held by one gate that one kind of step would free.

    `why` is the most telling reason, `otherwise` counts users with another one; `opens` is a command or a few words,
    `alike` counts further commands of the kind; time opens them from `opens_at` to `opens_last`;
    `who` names some.
    """

    gate: str
    users: int
    why: str
    otherwise: int
    opens: str
    alike: int
    opens_at: datetime | None
    opens_last: datetime | None
    since: datetime
    who: tuple[str, ...]

    @property
    def by_time(self) -> bool:
        """Whether there is nothing to do but wait."""
        return self.opens_at is not None and self.opens.startswith(NOTHING)

    @property
    def for_good(self) -> bool:
        """Whether it is meant to wait for ever."""
        return self.opens_at is None and self.opens.startswith(NOTHING)


def gather(held: Iterable[Held]) -> tuple[Waiting, ...]:
    """The groups: what somebody can do first, the largest first; then what time opens, the soonest first."""
    alike: dict[tuple[str, ...], list[Held]] = defaultdict(list)
    for one in held:
        state = str(one.state) if one.opens.startswith(NOTHING) else ""
        alike[one.gate, state, *one.opens.split()[:_WORDS]].append(one)
    groups = (_group(part) for rows in alike.values() for part in _parts(rows))
    return tuple(sorted(groups, key=_urgency))


def _parts(rows: list[Held]) -> list[list[Held]]:
    """The rows by what exactly opens them, where those are few enough to be told apart."""
    steps: dict[str, list[Held]] = defaultdict(list)
    for row in rows:
        steps[row.opens].append(row)
    return list(steps.values()) if len(steps) <= _APART and not rows[0].opens.startswith(_TOGETHER) else [rows]


def _urgency(group: Waiting) -> tuple[bool, bool, float, int, str]:
    soon = group.opens_at.timestamp() if group.by_time and group.opens_at else 0.0
    return group.for_good, group.by_time, soon, -group.users, group.gate


def _group(rows: Sequence[Held]) -> Waiting:
    why, otherwise = _telling(rows)
    opens, alike = _step(rows)
    keys = {row.first for row in rows} | {row.last for row in rows}
    return Waiting(
        gate=rows[0].gate,
        users=sum(row.users for row in rows),
        why=why,
        otherwise=otherwise,
        opens=opens,
        alike=alike,
        opens_at=min((row.opens_at for row in rows if row.opens_at), default=None),
        opens_last=max((row.opens_last for row in rows if row.opens_last), default=None),
        since=min(row.since for row in rows),
        who=tuple(sorted(keys)),
    )


def _telling(rows: Sequence[Held]) -> tuple[str, int]:
    """The reason most users share, numbers merged into ranges, and how many users have another."""
    shapes: Counter[str] = Counter()
    for row in rows:
        shapes[_shape(row.why)] += row.users
    best = min(shapes, key=lambda shape: (-shapes[shape], shape))
    same = [row.why for row in rows if _shape(row.why) == best]
    tails = {why.partition(": ")[2] for why in same}
    tail = f": {min(tails)}" if len(tails) == 1 and min(tails) else ""
    return merged([why.partition(": ")[0] for why in same]) + tail, shapes.total() - shapes[best]


def _shape(why: str) -> str:
    return _NUMBER.sub("#", why.partition(": ")[0])


def merged(texts: Sequence[str]) -> str:
    """Texts that differ in numbers only, as one: `1 of 4 calls`, `1 of 21 calls` → `1 of 4–21 calls`."""
    columns = iter(zip(*(_NUMBER.findall(text) for text in texts), strict=True))
    return _NUMBER.sub(lambda _: _range(next(columns)), texts[0])


def _range(numbers: Sequence[str]) -> str:
    low, high = min(numbers, key=float), max(numbers, key=float)
    return low if float(low) == float(high) else f"{low}–{high}"


def _step(rows: Sequence[Held]) -> tuple[str, int]:
    """What frees the group, and how many more steps like it there are."""
    steps: Counter[str] = Counter()
    for row in rows:
        steps[row.opens] += row.users
    best = min(steps, key=lambda step: (-steps[step], step))
    if steps.total() == 1:
        return best.replace(USER, rows[0].first), 0
    if best.startswith("migrator wave create"):
        return "migrator wave plan", 0
    if best.startswith("migrator discover --account"):
        return (best, 0) if len(steps) == 1 else ("migrator discover", 0)
    return best.replace(USER, _selection(best, rows)), len(steps) - 1


def quoted(name: str) -> str:
    """A name as a shell takes it for one word."""
    return name if _WORD.fullmatch(name) else "'" + name.replace("'", "'\\''") + "'"


def _selection(step: str, rows: Sequence[Held]) -> str:
    """How a command names many users at once, where that means no others."""
    waves, states = {row.wave for row in rows}, {row.state for row in rows}
    if not step.startswith(_SELECTABLE):
        return f"{USER}…"
    if len(waves) == 1 and None not in waves:
        return f"--wave {quoted(str(waves.pop()))}"
    return f"--state {states.pop()}" if len(states) == 1 else f"{USER}…"
