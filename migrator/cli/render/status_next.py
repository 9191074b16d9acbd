"""The last part of the dashboard: what to do next, the most urgent first, each with its command."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rich.text import Text

from migrator.cli.plain import cell, plain
from migrator.cli.render.lines import ago, fit, left, line, until, wrapped
from migrator.cli.render.status_parts import COMMAND, opens_text, title
from migrator.domain.lifecycle import FORWARD, Move, State
from migrator.domain.overview import OpenRun, Overview
from migrator.domain.waiting import Ready, Waiting, quoted
from migrator.domain.waves import WaveState

SILENT = timedelta(hours=1)
"""A worker that did not beat for so long is missed."""

UNDER_TEST = frozenset({State.QUARANTINED, State.DEACTIVATED})
"""States in which somebody has to listen."""

MOST = 5
"""Entries of one kind told one by one."""

URGENT = "yellow"


class Entry(NamedTuple):
    """What stands, and the command that moves it; no command where there is nothing to do."""

    what: str
    command: str
    style: str = ""


def next_lines(seen: Overview, groups: Sequence[Waiting], now: datetime, width: int) -> list[Text]:
    """One entry a line where it fits, else its command on the next."""
    entries = list(_entries(seen, now)) if seen.standings or seen.accounts else []
    able = [group for group in groups if not group.by_time and not group.for_good]
    if able:
        entries.append(Entry(f"free the {able[0].users} that wait for {able[0].gate}", opens_text(able[0], now)))
    if not entries:
        entries.append(_resting(seen, groups, now))
    column = width // 2
    found = [title("next")]
    for what, command, style in entries:
        if len(plain(what)) < column - 3 and len(plain(command)) <= width - column:
            found.append(line("  ", cell(left(what, column - 2), style), cell(command, COMMAND)))
        else:
            found.append(line("  ", cell(fit(what, width - 2), style)))
            found += wrapped(command, width, 6, COMMAND) if command else []
    return found


def _entries(seen: Overview, now: datetime) -> Iterator[Entry]:
    if seen.screams.open:
        yield Entry(f"{_many(seen.screams.open, 'scream')} to answer", "migrator screams list", URGENT)
    yield from _missing_worker(seen, now)
    yield from _some([run for run in seen.runs if run.interrupted(now)], "interrupted", now)
    yield from _some([run for run in seen.runs if run.status == "failed"], "failed", now)
    failed = [account for account in seen.accounts if account.failed]
    if failed:
        why = f": {failed[0].error}" if failed[0].error else ""
        said = f"{failed[0].name or failed[0].id}{why}"
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        command = f"migrator discover --account {failed[0].id}" if len(failed) == 1 else "migrator discover"
        yield Entry(f"could not read {said}{more}", command, URGENT)
    yield from _ready(seen.ready)
    if seen.unjudged:
        yield Entry(f"{_many(seen.unjudged, 'user')} whose gates were never computed", "migrator discover")
    going = sum(run.status == "running" and not run.interrupted(now) for run in seen.runs)
    if going:
        yield Entry(f"{_many(going, 'run')} going on right now", "")


def _missing_worker(seen: Overview, now: datetime) -> Iterator[Entry]:
    """Somebody must listen while anybody is cut, and move running waves on."""
    cut = sum(one.users for one in seen.present if one.state in UNDER_TEST)
    if not cut and not any(wave.state is WaveState.RUNNING for wave in seen.waves):
        return
    beat = seen.pulse.beat_at
    if beat is None:
        yield Entry("no worker ever ran: nobody listens", "migrator worker", URGENT)
    elif now - beat > SILENT:
        yield Entry(f"the worker was last seen {ago(beat, now)}: nobody listens", "migrator worker", URGENT)


def _some(runs: Sequence[OpenRun], how: str, now: datetime) -> Iterator[Entry]:
    for run in runs[:MOST]:
        why = f": {run.error}" if run.error and how == "failed" else f" {ago(run.started_at, now)}"
        resumes = ", the same command resumes" if how == "interrupted" else ""
        yield Entry(f"{run.kind} of {run.user or run.subject} {how}{why}{resumes}", _again(run), URGENT)
    if len(runs) > MOST:
        yield Entry(f"{len(runs) - MOST} more {how}", "migrator users list")


def _again(run: OpenRun) -> str:
    """The command that goes on with a run."""
    if run.kind == Move.ROLLBACK:
        return f"migrator rollback {run.user} --reason TEXT"
    if run.kind == Move.MAP:
        return f"migrator map {run.user}"
    who = run.user or (f"--wave {quoted(run.wave)}" if run.wave else "USER…")
    return f"migrator advance {who} --to deleted" if run.kind == Move.DELETE else f"migrator advance {who}"


def _ready(ready: Sequence[Ready]) -> Iterator[Entry]:
    """Users whose gates are all open, by the command that moves them."""
    steps: dict[str, list[Ready]] = {}
    for one in ready:
        steps.setdefault(_step(one), []).append(one)
    ordered = sorted(steps.items(), key=lambda item: -sum(one.users for one in item[1]))
    for command, group in ordered[:MOST]:
        goals: dict[str, int] = {}
        for one in group:
            goal = next(str(target) for move, _, target in FORWARD if move is one.move)
            goals[goal] = goals.get(goal, 0) + one.users
        of = f" of {group[0].wave}" if group[0].wave else ""
        (goal, first), *rest = goals.items()
        yield Entry(f"{first}{of} can be {goal}" + "".join(f", {users} {goal}" for goal, users in rest), command)
    if len(ordered) > MOST:
        yield Entry(f"{len(ordered) - MOST} more groups whose gates are open", "migrator wave list")


def _step(ready: Ready) -> str:
    who = (
        f"--wave {quoted(ready.wave)}" if ready.wave else ready.first if ready.users == 1 else f"--state {ready.state}"
    )
    if ready.move is Move.MAP:
        return f"migrator map {who}"
    return f"migrator advance {who} --to deleted" if ready.move is Move.DELETE else f"migrator advance {who}"


def _resting(seen: Overview, groups: Sequence[Waiting], now: datetime) -> Entry:
    """Where nothing is due: begin, wait, or be glad."""
    if not seen.accounts and not seen.standings:
        return Entry("nothing was read yet: look at every account first", "migrator discover")
    if not seen.present:
        empty = f"wave {seen.wave} has no members" if seen.wave else "no IAM user was found: nothing to migrate"
        return Entry(empty, "")
    timed = [group.opens_at for group in groups if group.by_time and group.opens_at]
    if timed:
        return Entry(f"nothing to do until {until(min(timed), now)}", "")
    return Entry("everybody has arrived", "")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
