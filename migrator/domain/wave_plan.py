"""Who moves with whom, and when: waves proposed from what is known, the harmless first."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from migrator.domain.calendar import next_cut
from migrator.domain.dossier import Dossier, Population
from migrator.domain.gates.usage import last_seen
from migrator.domain.lifecycle import CUT, State
from migrator.domain.model import Destination, Kind
from migrator.domain.rules import Rules
from migrator.domain.waves import WaveState

_ADMINISTRATOR = "/AdministratorAccess"
_BANDS_EACH = 2


@dataclass(frozen=True, slots=True)
class PlacedWave:
    """A wave as proposed: its name, each member (`users.id`) with the reason why it is here, and when it may start.

    `starts_at` is the earliest moment at which the waves before leave room under `max_in_scream_test`, inside the
    change window and outside every freeze; None where no such moment comes.
    """

    name: str
    users: tuple[tuple[int, str], ...]
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WavePlan:
    """Waves in the order in which they should run, and who is in none of them, with the reason."""

    waves: tuple[PlacedWave, ...]
    left_out: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """Users that move together: all of one person's."""

    members: tuple[Dossier, ...]
    risk: float
    why: str

    @property
    def owner(self) -> str:
        return self.members[0].user.owner or ""

    @property
    def band(self) -> int:
        """Risks this close are equal, so that owners can be mixed among them."""
        return int(self.risk * _BANDS_EACH)


def plan_waves(
    dossiers: Iterable[Dossier], size: int, canary: int, rules: Rules, now: datetime, taken: Collection[str] = ()
) -> WavePlan:
    """Place everybody who can move into waves of at most `size`, the canary first with at most `canary`.

    Ordered by risk; one person's users stay together, even where they are more than a wave holds; owners alternate, so
    that no team loses all its users at once, and no wave takes more of an account or a team than the rules allow. The
    same input gives the same waves. `taken` names are not used again.
    """
    everybody = sorted(dossiers, key=lambda d: (d.user.key, d.user.id))
    left_out = tuple((d.user.id, why) for d in everybody if (why := stays(d, now)))
    groups = _in_order(_grouped([d for d in everybody if not stays(d, now)], rules, now))
    canaries = _fill([g for g in groups if len(g.members) <= canary], canary, rules)[:1] if canary > 0 else []
    chosen = {id(group) for wave in canaries for group in wave}
    rest = _fill([g for g in groups if id(g) not in chosen], size, rules)
    there = max((d.population for d in everybody), key=lambda p: p.total, default=Population())
    return WavePlan(tuple(_scheduled(_named(canaries, rest, taken), there, rules, now)), left_out)


def stays(dossier: Dossier, now: datetime) -> str:
    """Why a user is not placed in a wave; empty where it can be."""
    user = dossier.user
    hold = dossier.decision("hold", now)
    reasons = (
        (user.vanished_at is not None, "vanished"),
        (user.kind is Kind.BREAK_GLASS, "break-glass"),
        (user.destination is Destination.KEEP or user.state is State.EXCLUDED, "kept"),
        (user.kind is Kind.UNKNOWN or user.destination is None, "nobody decided what it is"),
        (user.state in CUT, f"already {user.state}"),
        (dossier.wave is not None and dossier.wave.state is not WaveState.DONE, "in another wave"),
        (bool(hold and hold.value), "held"),
        (bool(dossier.protected), "protected"),
    )
    return next((why for holds, why in reasons if holds), "")


def risk(dossier: Dossier, rules: Rules, now: datetime) -> tuple[float, str]:
    """How much a cut may hurt, and the weightiest reason: 0 is nobody's loss. A judgement, only good for ordering."""
    parts = sorted(_risks(dossier, rules, now), key=lambda part: (-part[0], part[1]))
    return sum(weight for weight, _ in parts), parts[0][1] if parts else "quiet and covered"


def _risks(dossier: Dossier, rules: Rules, now: datetime) -> Iterator[tuple[float, str]]:
    user, used, facts = dossier.user, dossier.used, dossier.facts
    if user.kind is Kind.MACHINE:
        yield 2.0, "a machine: nobody watches it fail"
    if used.calls:
        yield math.log10(used.calls + 1), f"{used.calls} calls in the look-back"
    last = last_seen(dossier)
    if last is not None and now - last <= rules.lookback and not used.calls:
        yield 1.0, "used in the look-back"
    cover = dossier.coverage
    if cover is not None and cover.denied + cover.unknown:
        yield 1.5, f"{cover.denied + cover.unknown} calls not covered"
    if dossier.listening.deaf:
        yield 1.0, f"no trail records {dossier.listening.deaf[0]}"
    if not user.owner and not user.persons:
        yield 1.0, "nobody is known to own it"
    if dossier.references.found:
        yield 1.0, f"named by {dossier.references.found[0].where}"
    if facts is not None and any(arn.endswith(_ADMINISTRATOR) for arn in facts.attached_policies):
        yield 2.0, "an administrator"


def _grouped(movers: Sequence[Dossier], rules: Rules, now: datetime) -> list[_Group]:
    together: dict[str, list[Dossier]] = {}
    for dossier in movers:
        together.setdefault(dossier.user.person or dossier.user.key, []).append(dossier)
    groups = []
    for members in together.values():
        worst, why = max((risk(d, rules, now) for d in members), key=lambda found: found[0])
        groups.append(_Group(tuple(members), worst, why))
    return groups


def _in_order(groups: Sequence[_Group]) -> list[_Group]:
    """By risk; within a band the owners take turns."""
    turns: dict[tuple[int, str], int] = {}
    ranked = []
    for group in sorted(groups, key=lambda g: (g.risk, g.members[0].user.key)):
        turn = turns[group.band, group.owner] = turns.get((group.band, group.owner), 0) + 1
        ranked.append((group.band, turn, group.owner, group.members[0].user.key, group))
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1])]


def _fill(groups: Sequence[_Group], size: int, rules: Rules) -> list[list[_Group]]:
    """Cut the sequence into waves; a group larger than a wave gets one of its own.

    A group that would take too many of an account or a team waits for the next wave; those behind it do not.
    """
    waves: list[list[_Group]] = []
    waiting = list(groups)
    while waiting:
        wave, waiting = _one_wave(waiting, max(size, 1), rules)
        waves.append(wave)
    return waves


def _one_wave(groups: Sequence[_Group], size: int, rules: Rules) -> tuple[list[_Group], list[_Group]]:
    """The first wave of these groups, and the groups that wait."""
    wave, waiting, room = [groups[0]], [], size - len(groups[0].members)
    counts = _counts(groups[0])
    full = False
    for group in groups[1:]:
        full = full or len(group.members) > room
        grown = counts + _counts(group)
        if full or _too_many(grown, rules):
            waiting.append(group)
            continue
        wave.append(group)
        counts, room = grown, room - len(group.members)
    return wave, waiting


def _counts(group: _Group) -> Counter[tuple[str, str]]:
    accounts = Counter(("account", d.user.account_id) for d in group.members)
    return accounts + Counter(("team", d.user.owner) for d in group.members if d.user.owner)


def _too_many(counts: Counter[tuple[str, str]], rules: Rules) -> bool:
    limits = {"account": rules.max_per_account, "team": rules.max_per_team}
    return any((most := limits[of]) is not None and number > most for (of, _), number in counts.items())


def _scheduled(waves: Iterable[PlacedWave], there: Population, rules: Rules, now: datetime) -> Iterator[PlacedWave]:
    """Waves with their starts: each waits for the canary's end, and until the ones before leave it room."""
    most = rules.max_in_scream_test.of(there.total)
    lasts = rules.quarantine + max(rules.deactivate, rules.sessions)
    under_test = [(now + lasts, there.under_test)] if there.under_test else []
    earliest: datetime | None = now
    for wave in waves:
        room = most - min(len(wave.users), most)
        at = next_cut(rules.change_window, rules.freezes, _roomy(under_test, earliest, room)) if earliest else None
        yield replace(wave, starts_at=at)
        if at is not None:
            under_test.append((at + lasts, len(wave.users)))
        earliest = at + lasts if at is not None and wave.name.startswith("canary") else at


def _roomy(under_test: Sequence[tuple[datetime, int]], earliest: datetime, most: int) -> datetime:
    """The first moment, not before `earliest`, at which no more than `most` users are under test."""
    moments = sorted({earliest, *(end for end, _ in under_test if end > earliest)})
    fits = (at for at in moments if sum(n for end, n in under_test if end > at) <= most)
    return next(fits, moments[-1])


def _named(
    canaries: Sequence[list[_Group]], rest: Sequence[list[_Group]], taken: Collection[str]
) -> Iterator[PlacedWave]:
    used = {name.casefold() for name in taken}
    numbers = (n for n in range(1, len(rest) + len(used) + 2) if f"wave-{n}" not in used)
    canary_names = ("canary", *(f"canary-{n}" for n in range(2, len(used) + 3)))
    for groups in canaries:
        yield PlacedWave(next(n for n in canary_names if n not in used), tuple(_placed(groups, "canary")))
    for groups in rest:
        yield PlacedWave(f"wave-{next(numbers)}", tuple(_placed(groups, "by risk")))


def _placed(groups: Sequence[_Group], order: str) -> Iterator[tuple[int, str]]:
    for group in groups:
        beside = f", with all of {group.members[0].user.person}" if len(group.members) > 1 else ""
        for dossier in group.members:
            yield dossier.user.id, f"{order}: {group.why}{beside}"
