"""The dashboard: where everyone is, who waits for what, what screamed, what to do next; at 80 columns or at 160."""

from datetime import datetime

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from migrator.cli.plain import cell
from migrator.cli.render.lines import ago, apart, beside, left, line, number, right
from migrator.cli.render.status_next import next_lines
from migrator.cli.render.status_parts import kpi_lines, scream_lines, title, waiting_lines
from migrator.cli.render.status_waves import wave_lines
from migrator.domain.overview import AccountStanding, Holding, Overview
from migrator.domain.waiting import gather

NARROW, WIDE, DETAIL = 60, 160, 120
"""Cells: never laid out for less, never stretched beyond, with details from."""
SIDE, OWNERS = 84, 114
"""Where the second column begins: beside the waves, beside the KPIs."""


def dashboard(seen: Overview, now: datetime, width: int) -> RenderableType:
    """The whole dashboard; no line is longer than `width`, the order is the same in every width."""
    wide, room = width >= DETAIL, max(min(width, WIDE), NARROW)
    head = _head(seen, room)
    if not seen.present:
        return Group(head, *next_lines(seen, (), now, room))
    groups = gather(seen.held)
    where = wave_lines(seen, now, min(room, SIDE - 4) if wide else room)
    kpis = kpi_lines(seen, now, OWNERS - 2 if wide else room, wide=wide)
    if wide:
        where = beside(where, _accounts(seen, now, len(where) - 1), SIDE)
        kpis = beside(kpis, _owners(seen.owners, len(kpis) - 1), OWNERS)
    parts = (
        where,
        waiting_lines(groups, now, room, wide=wide),
        scream_lines(seen, now, room, wide=wide),
        kpis,
        next_lines(seen, groups, now, room),
    )
    rows = [head, *(row for part in parts if part for row in (line(), *part))]
    for row in rows:
        row.rstrip()
    return Group(*rows)


def _head(seen: Overview, width: int) -> Text:
    users = sum(one.users for one in seen.present)
    name = seen.organization or "no organization yet"
    words = [f"wave {seen.wave} of {name}" if seen.wave else name]
    if not seen.wave and seen.accounts:
        words.append(_many(len(seen.accounts), "account"))
    if seen.standings:
        words.append(_many(users, "user"))
    if seen.credentials.holders is not None:
        words.append(f"{seen.credentials.holders} hold long-term credentials")
    clock = cell(f"{seen.as_of:%H:%M} UTC", "dim")
    gap = "   " if sum(cell_len(word) + 3 for word in words) + clock.cell_len <= width else "  "
    return apart(line(cell(words[0], "bold"), *(f"{gap}{word}" for word in words[1:])), clock, width)


def _accounts(seen: Overview, now: datetime, most: int) -> list[Text]:
    """Accounts with what is left in them, unread ones and those with the most to do first."""
    rows = sorted(seen.accounts, key=lambda one: (not one.failed, -one.holders, -one.users, one.id))
    head = f"{left('account', 14)}{left('name', 22)}{right('users', 7)}{right('holding', 9)}  read"
    found = [title(head)]
    for one in rows[: max(most, 5)]:
        what = line(left(one.id, 14), left(one.name, 22), number(one.users, 7), number(one.holders, 9), "  ")
        found.append(line(what, cell(left(_read(one, now), 22), "bold red" if one.failed else "dim")))
    rest = len(rows) - len(found) + 1
    return [*found, line(cell(f"and {_many(rest, 'account')} more", "dim"))] if rest else found


def _read(account: AccountStanding, now: datetime) -> str:
    if account.read_at is None:
        return "never" if account.status == "ACTIVE" else account.status.lower()
    return f"failed {ago(account.read_at, now)}" if account.failed else ago(account.read_at, now)


def _owners(owners: tuple[Holding, ...], most: int) -> list[Text]:
    """Owners with the most users that still hold a credential."""
    found = [title(f"{left('owner', 28)}{right('users', 7)}{right('holding', 9)}")]
    rows = (
        line(left(one.name or "nobody", 28), number(one.users, 7), number(one.holders, 9))
        for one in owners[: max(most, 3)]
    )
    return [*found, *rows]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
