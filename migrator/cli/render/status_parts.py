"""The lower parts of the dashboard: who waits for what, what screamed, how the program goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.text import Text

from migrator.cli.plain import cell, plain
from migrator.cli.render.lines import (
    ago,
    apart,
    clock,
    day,
    fit,
    left,
    line,
    number,
    right,
    size,
    spark,
    until,
    wrapped,
)
from migrator.cli.render.table import NEAR
from migrator.domain.kpi import Kpis
from migrator.domain.overview import Cry, Overview, Series
from migrator.domain.screams import REPORTED, UNSETTLED, likely_fix
from migrator.domain.waiting import USER, Waiting

COUNT, GATE, WHY, SINCE = 5, 17, 58, 12
INDENT = COUNT + 2
COMMAND = "cyan"
TOGETHER = timedelta(hours=1)
"""What opens within it is told as one moment."""
KPIS = (
    ("human_users_with_long_term_credentials", "humans with long-term credentials"),
    ("human_events_through_idp_percent", "human calls through Identity Center"),
    ("alert_mttr_seconds", "alerts, mean time to remediate"),
    ("access_review_seconds", "access review, mean duration"),
)


LIVE = frozenset({"human_users_with_long_term_credentials"})
"""KPIs that are counted now, not sampled."""


def title(text: str) -> Text:
    """The line above a part."""
    return line(cell(text, "bold"))


def waiting_lines(groups: Sequence[Waiting], now: datetime, width: int, *, wide: bool) -> list[Text]:
    """Each group: how many, which gate, why, since when; then what moves it. Wide: all on one line."""
    if not groups:
        return [title("waiting"), line(" " * INDENT, cell("nobody waits", "dim"))]
    found = [apart(title("waiting"), cell("since", "bold"), width)]
    column = min(WHY, max(cell_len(plain(_why(group))) for group in groups))
    for group in groups:
        since = cell(ago(group.since, now), "dim")
        start = line(number(group.users, COUNT), "  ", left(group.gate, GATE))
        why, opens, style = _why(group), opens_text(group, now), "dim" if group.for_good else ""
        room = width - INDENT - GATE - column - SINCE - 2
        if wide and len(opens) <= room and cell_len(plain(why)) <= column:
            found.append(apart(line(start, cell(left(why, column), style), "  ", _step(opens)), since, width))
        else:
            why_room = width - INDENT - GATE - SINCE
            found.append(apart(line(start, cell(fit(why, why_room), style)), since, width))
            found += wrapped(opens, width, INDENT, _step_style(opens))
        if f"{USER}…" in group.opens:
            found.append(
                line(" " * INDENT, cell(fit(f"{USER}: {_names(group, 6 if wide else 2)}", width - INDENT), "dim"))
            )
    return found


def opens_text(group: Waiting, now: datetime) -> str:
    """What moves a group: a command, a few words, or until when there is nothing to do."""
    if group.by_time and group.opens_at:
        if group.opens_at > now:
            last = group.opens_last or group.opens_at
            later = f", the last {until(last, now)}" if last - group.opens_at > TOGETHER else ""
            return f"nothing to do until {until(group.opens_at, now)}{later}"
        near = now - group.opens_at < NEAR
        return f"due since {clock(group.opens_at) if near else day(group.opens_at, now)}: migrator worker --once"
    alike = f" (and {group.alike} more like it)" if group.alike else ""
    later = f", or wait until {until(group.opens_at, now)}" if group.opens_at and group.opens_at > now else ""
    return f"{group.opens}{alike}{later}"


def _why(group: Waiting) -> str:
    return f"{group.why}; {group.otherwise} otherwise" if group.otherwise else group.why


def _names(group: Waiting, most: int) -> str:
    rest = group.users - len(group.who[:most])
    return ", ".join(group.who[:most]) + (f" and {rest} more" if rest else "")


def _step(opens: str) -> Text:
    return cell(opens, _step_style(opens))


def _step_style(opens: str) -> str:
    return COMMAND if "migrator " in opens else "dim"


def scream_lines(seen: Overview, now: datetime, width: int, *, wide: bool) -> list[Text]:
    """Open screams, then those of this week that were put back, each with its call, its origin and a likely fix."""
    screams = seen.screams
    if screams.open is None:
        return [apart(title("screams"), cell("nobody listened yet", "yellow"), width)]
    counts = f"{screams.open} open, {screams.last_24h} in the last 24 h"
    found = [apart(title("screams"), cell(counts, "bold red" if screams.open else "dim"), width)]
    unsettled = [cry for cry in screams.cries if cry.scream.disposition in UNSETTLED]
    settled = [cry for cry in screams.cries if cry.scream.disposition not in UNSETTLED]
    shown = [*unsettled[: 10 if wide else 4], *settled[: 6 if wide else 2]]
    for cry in shown:
        found += _cry(cry, now, width, wide=wide)
    rest = len(unsettled) + len(settled) - len(shown)
    if rest:
        found.append(line(" " * INDENT, cell(f"{rest} more: ", "dim"), cell("migrator screams list", COMMAND)))
    if not shown:
        found.append(line(" " * INDENT, cell(_quiet(seen, now), "dim")))
    return found


def _quiet(seen: Overview, now: datetime) -> str:
    heard = seen.pulse.heard_since
    return f"silence; the trail has been heard since {ago(heard, now)}" if heard else "silence"


def _cry(cry: Cry, now: datetime, width: int, *, wide: bool) -> list[Text]:
    scream = cry.scream
    is_open = scream.disposition in UNSETTLED
    call = f"{_call(cry)} ×{scream.count}" if scream.count > 1 else _call(cry)
    origin = f"{scream.agent or 'unknown'} from {scream.address or 'an unknown address'}"
    if scream.signal == REPORTED:
        origin = scream.reason or "told by a person"
    user = cell(cry.user, "bold red" if is_open else "")
    parts: list[Text | str] = [cell(right(f"#{scream.id}", COUNT), "dim"), "  ", user, "  ", call]
    found = []
    if wide:
        parts += ["   ", cell(fit(origin, 60), "dim")]
    else:
        found.append(line(" " * INDENT, cell(fit(origin, width - INDENT), "dim")))
    head = apart(line(*parts), cell(ago(scream.last, now), "dim"), width)
    if is_open:
        found += _ways(f"migrator rollback {cry.user}", f"migrator screams dismiss {scream.id}", width)
    return [head, *found, *wrapped(_answer(cry), width, INDENT, "" if is_open else "dim")]


def _ways(put_back: str, noise: str, width: int) -> list[Text]:
    """The two answers to a scream, on one line where there is room."""
    one, other = f"{put_back} --reason TEXT, or:", f"{noise} --reason TEXT"
    if cell_len(plain(f"{one} {other}")) <= width - INDENT:
        return wrapped(f"{one} {other}", width, INDENT, COMMAND)
    return [*wrapped(one, width, INDENT, COMMAND), *wrapped(other, width, INDENT, COMMAND)]


def _call(cry: Cry) -> str:
    scream = cry.scream
    source = scream.event_source.removesuffix(".amazonaws.com")
    return f"{source}:{scream.event_name}".strip(":") if scream.event_name else scream.signal


def _answer(cry: Cry) -> str:
    scream, fix = cry.scream, f"likely fix: {likely_fix(cry.scream)}"
    if scream.disposition in UNSETTLED:
        return fix
    if cry.put_back_at is None:
        return f"put back; {fix}"
    took = size(max(cry.put_back_at - scream.first, timedelta()))
    return f"put back {clock(cry.put_back_at)} after {took}; {fix}"


def kpi_lines(seen: Overview, now: datetime, width: int, *, wide: bool) -> list[Text]:
    """The four KPIs with their course; a dash where there is no source."""
    found = [title("KPIs")]
    for name, label in KPIS:
        series, value = seen.series.get(name, ()), kpis(seen)[name]
        chart = spark((*(sample for _, sample in series), *([value] if name in LIVE else [])), 40 if wide else 12)
        start = line(left(f"  {label}", 38), right(_shown(name, value), 12), "  ", cell(chart, "cyan"))
        began = _began(name, series, now) if chart else ""
        fits = start.cell_len + 2 + cell_len(began) <= width
        found.append(line(start, "  ", cell(began, "dim")) if fits else start)
    return found


def kpis(seen: Overview) -> dict[str, float | int | None]:
    """The KPIs of the contract: the first counted now, the others as last sampled."""
    found: dict[str, float | int | None] = {name: seen.kpi(name) for name in Kpis.__slots__}
    found["human_users_with_long_term_credentials"] = seen.credentials.humans
    return found


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name.endswith("_percent"):
        return f"{value:.1f} %"
    return size(timedelta(seconds=value)) if name.endswith("_seconds") else f"{value:.0f}"


def _began(name: str, series: Series, now: datetime) -> str:
    first = next(((at, value) for at, value in series if value is not None), None)
    return f"from {_shown(name, first[1])} on {day(first[0], now)}" if first else ""
