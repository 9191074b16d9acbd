"""What the live dashboard asks for and does: the same operations as the commands, from another thread."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator.domain.selection import Line, Selection, choose

if TYPE_CHECKING:
    from rich.console import RenderableType

    from migrator.cli.desk import Desk
    from migrator.domain.overview import Overview
    from migrator.domain.screams import Scream

MOST = 500
"""Users that one list shows: the rest is a search away."""


@dataclass(frozen=True, slots=True)
class Found:
    """Users that a search found, with their gates as `users list` tells them, and how many more there are."""

    users: list[dict[str, Any]]
    more: int = 0


class Source:
    """Reads and acts for the screens; every method may be called from a thread, and raises MigratorError."""

    def __init__(self, desk: "Desk", wave: str | None = None) -> None:
        self._desk = desk
        self.wave = wave

    @property
    def now(self) -> datetime:
        """The injected clock's time."""
        return self._desk.tools.clock.now()

    def overview(self) -> "Overview":
        """What `status` shows."""
        from migrator.adapters.store.overview import overview
        from migrator.domain.overview import forecast

        tools, now = self._desk.tools, self.now
        return forecast(overview(tools.settings.database, now, self.wave), tools.rules, now)

    def screams(self) -> "list[tuple[Scream, str]]":
        """Screams with the user's key, those that nobody answered first, the newest first among them."""
        from migrator.domain.screams import UNSETTLED
        from migrator.operations.screams import every

        newest = sorted(every(self._desk.tools), key=lambda one: one[0].last, reverse=True)
        return sorted(newest, key=lambda one: one[0].disposition not in UNSETTLED)

    def users(self, words: str) -> Found:
        """Users of the wave that have all these words in their key, state, owner, person, wave or gates."""
        from migrator.cli.shapes import user_shape

        wanted = words.casefold().split()
        with self._desk.tools.store.read() as work:
            lines = work.users.lines(wave=self.wave)
            gates = work.gates([line.user.id for line in lines]) if wanted else {}
            found = [line for line in lines if _has(line, gates.get(line.user.id, ("", ()))[1], wanted)]
            shown = gates or work.gates([line.user.id for line in found[:MOST]])
        return Found([user_shape(line, shown) for line in found[:MOST]], max(len(found) - MOST, 0))

    def page(self, key: str) -> "RenderableType":
        """Everything about one user, as `users show` tells it."""
        from migrator.cli.render.users import user_page
        from migrator.cli.users import user_data

        return user_page(user_data(self._desk, self._line(key)), self.now)

    def roll_back(self, key: str, reason: str) -> str:
        """Put a user back; how it ended, in words."""
        from migrator.operations.roll_back import Undo, roll_back

        desk = self._desk
        (moved,) = roll_back(desk.tools, desk.apply, [self._line(key)], Undo(reason)).users
        return f"{key}: {moved.outcome}, now {moved.after}" + (f" ({moved.why})" if moved.why else "")

    def dismiss(self, scream: int, reason: str) -> str:
        """Say that a scream is noise."""
        from migrator.operations.screams import dismiss

        _, key = dismiss(self._desk.tools, scream, reason)
        return f"scream {scream} of {key} is dismissed"

    def _line(self, key: str) -> Line:
        with self._desk.tools.store.read() as work:
            lines = work.users.lines()
        return choose(Selection((key,)), lines, self.now)[0]


def _has(line: Line, gates: Any, words: list[str]) -> bool:
    user = line.user
    held = (gate.gate for gate in gates if not gate.open)
    text = " ".join(
        (user.key, str(user.state), str(user.kind), user.owner or "", user.wave or "", *user.persons, *held)
    )
    return all(word in text.casefold() for word in words)
