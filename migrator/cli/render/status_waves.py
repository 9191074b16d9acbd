"""States × waves: one line a wave. Access is cut right of the first line, for good right of the second."""

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from migrator.cli.plain import cell, plain
from migrator.cli.render.lines import day, left, line, number, right, until
from migrator.cli.render.table import STATE_STYLES
from migrator.domain.lifecycle import State
from migrator.domain.overview import Overview, Standing, WaveStanding, by_state
from migrator.domain.waves import WaveState

COLUMNS = (
    (State.DISCOVERED, "dis"),
    (State.MAPPED, "map"),
    (State.PROVISIONED, "prov"),
    (State.VERIFIED, "ver"),
    (State.QUARANTINED, "quar"),
    (State.DEACTIVATED, "deac"),
    (State.DELETED, "del"),
    (State.ROLLED_BACK, "back"),
    (State.EXCLUDED, "excl"),
)
LINE_AFTER = frozenset({State.VERIFIED, State.DEACTIVATED})
MARKS = {
    WaveState.DRAFT: ("○", ""),
    WaveState.APPROVED: ("●", "cyan"),
    WaveState.RUNNING: ("▶", "green"),
    WaveState.PAUSED: ("‖", "yellow"),
    WaveState.DONE: ("✓", "dim"),
}
NAME, SHORT, ETA = 12, 9, 16
SHOWN = 12
"""Waves told one by one; of more, those of the same state are added up, the done ones first."""


def wave_lines(seen: Overview, now: datetime, width: int) -> list[Text]:
    """The table: a line for each wave, one for users in none, their sum."""
    rows = [_Row(one.name, one.members, one.state, _eta(one, now)) for one in _shown(seen.waves)]
    free = tuple(one for one in seen.present if one.wave is None)
    if free and not seen.wave:
        rows.append(_Row("no wave", free))
    if len(rows) > 1:
        rows.append(_Row("all", seen.present, style="bold"))
    sizes = [1 + max(len(word), *(len(str(row.counts[state])) for row in rows)) for state, word in COLUMNS]
    fixed = sum(sizes) + 2 * len(LINE_AFTER) + 4
    longest = max(NAME, *(cell_len(plain(row.name)) for row in rows))
    name = max(SHORT, min(width - ETA - fixed, longest))
    found = [_header(name, sizes), *(row.line(name, sizes, width) for row in rows)]
    if seen.vanished:
        found.append(line(cell(f"and {seen.vanished} that somebody else deleted", "dim")))
    return found


class _Row:
    """One line of the table."""

    def __init__(
        self,
        name: str,
        members: Sequence[Standing],
        state: WaveState | None = None,
        eta: str = "",
        style: str = "",
    ) -> None:
        self.name, self.state, self.eta, self.style = name, state, eta, style
        self.counts = by_state(members)

    def line(self, name: int, sizes: Sequence[int], width: int) -> Text:
        """The name, its mark, a number for every state, when it could end."""
        mark, colour = MARKS[self.state] if self.state else (" ", "")
        parts: list[Text | str] = [cell(left(self.name, name), self.style), " ", cell(mark, colour)]
        for (state, _), each in zip(COLUMNS, sizes, strict=True):
            parts.append(number(self.counts[state], each, self.style or STATE_STYLES[str(state)]))
            if state in LINE_AFTER:
                parts.append(cell(" │", "dim"))
        used = sum(part.cell_len if isinstance(part, Text) else len(part) for part in parts)
        return line(*parts, "  ", left(self.eta, max(width - used - 2, 0)).rstrip())


def _header(name: int, sizes: Sequence[int]) -> Text:
    parts = [left("wave", name), "  "]
    for (state, word), each in zip(COLUMNS, sizes, strict=True):
        parts.append(right(word, each))
        if state in LINE_AFTER:
            parts.append(" │")
    return line(cell("".join((*parts, "  eta")), "bold"))


def _shown(waves: Sequence[WaveStanding]) -> list[WaveStanding]:
    """All waves, or, where they are many, the done, then the drafts, each as one."""
    shown = list(waves)
    for state in (WaveState.DONE, WaveState.DRAFT, WaveState.APPROVED):
        same = [one for one in shown if one.state is state]
        if len(shown) > SHOWN and len(same) > 1:
            at = shown.index(same[0])
            shown = [one for one in shown if one.state is not state]
            shown.insert(min(at, len(shown)), _sum(same))
    return shown


def _sum(waves: Sequence[WaveStanding]) -> WaveStanding:
    first = waves[0]
    members = tuple(member for wave in waves for member in wave.members)
    name = f"{len(waves)} {'drafts' if first.state is WaveState.DRAFT else first.state}"
    return WaveStanding(name, first.state, "", first.created_at, None, members, needs=max(w.needs for w in waves))


def _eta(wave: WaveStanding, now: datetime) -> str:
    """What the wave waits for, or the earliest day on which it could be over."""
    if wave.state is WaveState.DONE:
        last = max((member.last for member in wave.members), default=None)
        return f"done {day(last, now)}" if last and wave.name and wave.created_by else "done"
    if wave.state is WaveState.PAUSED:
        return "paused"
    if wave.state is WaveState.DRAFT:
        return f"needs {wave.needs} approval{'' if wave.needs == 1 else 's'}" if wave.needs else "ready to start"
    if wave.eta is None:
        return "all arrived" if wave.state is WaveState.RUNNING else "ready to start"
    soon = (wave.eta - now).days < 1
    return f"from {until(wave.eta, now).partition(',')[0] if soon else day(wave.eta, now)}"
