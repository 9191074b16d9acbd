"""One reading of an account against what we know: who is new, changed, gone, back, or a stranger by the same name."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from migrator.domain.classify import Classification, classify, is_break_glass
from migrator.domain.dossier import Decision, Used, User
from migrator.domain.lifecycle import State
from migrator.domain.model import AccountFacts, Evidence, UserFacts
from migrator.domain.people import link
from migrator.domain.rules import Rules

Decisions = Mapping[str, Mapping[str, Decision]]
"""Subject (`user:ID`) → what → the latest decision."""

_OPEN_TO_EVIDENCE = frozenset({State.DISCOVERED, State.MAPPED, State.ROLLED_BACK, State.EXCLUDED})
"""States in which new evidence may change kind and destination; later only words do, lest a test turn round."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A user of the reading: the row as it shall be (id 0 for a new one), its facts, and the evidence behind it."""

    user: User
    facts: UserFacts
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A user of the reading whose facts were not taken, and why."""

    facts: UserFacts
    why: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reading comes to. `vanished` rows must be written before the rest: their names may be taken again.

    A stranger's predecessor is among the vanished, because a name is never held twice.
    """

    new: tuple[Seen, ...] = ()
    updated: tuple[Seen, ...] = ()
    reappeared: tuple[Seen, ...] = ()
    strangers: tuple[Seen, ...] = ()
    vanished: tuple[User, ...] = ()
    refused: tuple[TurnedAway, ...] = ()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Everybody whose facts were taken."""
        return (*self.updated, *self.reappeared, *self.strangers, *self.new)


def reconcile(
    known: Sequence[User],
    reading: AccountFacts,
    rules: Rules,
    decisions: Decisions,
    now: datetime,
    used: Mapping[int, Used] | None = None,
    restoring: Collection[str] = (),
) -> Reconciled:
    """Compare a reading with every row of its account, rows that vanished or were deleted included.

    A row belongs to its open identity, not to its name, so a renamed user keeps it, and another id under a known name
    is a stranger. An older fact never overwrites a newer one; only a complete reading marks users vanished. `used`
    is what is known of each row's use; `restoring` holds names that our own rollback is recreating right now.
    """
    rows = [row for row in known if row.account_id == reading.account_id]
    by_id = {
        row.user_id: row for row in sorted(rows, key=lambda r: (r.state is not State.DELETED, r.id)) if row.user_id
    }
    there = {facts.user_id for facts in reading.users}
    in_motion = {name.casefold() for name in restoring}
    piles: dict[str, list[Seen]] = {"new": [], "updated": [], "reappeared": [], "strangers": []}
    vanished = {row.id: row for row in _gone(rows, reading, there, in_motion)}
    refused = []
    for facts in sorted(reading.users, key=lambda f: (f.user_name, f.user_id)):
        row = by_id.get(facts.user_id)
        if why := _turned_away(facts, row, rows, in_motion):
            refused.append(TurnedAway(facts, why))
            continue
        others = (r for r in rows if r is not row and _living(r) and r.user_id not in there)
        namesake = next((r for r in others if _named(r, facts)), None)
        if namesake is not None:
            vanished[namesake.id] = replace(namesake, vanished_at=facts.observed_at)
        mine = decisions.get(row.subject, {}) if row else {}
        usage = (used or {}).get(row.id, Used()) if row else Used()
        seen = _taken(row or _unknown(facts, now), facts, rules, mine, now, usage)
        piles[_pile(row, namesake)].append(seen)
    sorted_piles = {name: tuple(pile) for name, pile in piles.items()}
    return Reconciled(**sorted_piles, vanished=tuple(vanished.values()), refused=tuple(refused))


def owned(facts: UserFacts, rules: Rules, decisions: Mapping[str, Decision]) -> tuple[str | None, str | None]:
    """(owner, cost center): a human's word, else the tags. A word whose end has passed still says who answers."""
    tags = {key.casefold(): value.strip() for key, value in facts.tags.items()}
    tagged = tags.get(rules.owner_tag.casefold()) or None, tags.get(rules.cost_center_tag.casefold()) or None
    decided = decisions.get("owner")
    if decided is None or not decided.value:
        return tagged
    said = decided.value if isinstance(decided.value, Mapping) else {"owner": decided.value}
    return said.get("owner") or tagged[0], said.get("cost_center") or tagged[1]


def _turned_away(facts: UserFacts, row: User | None, rows: Sequence[User], in_motion: Collection[str]) -> str:
    """Why the facts are not taken; empty where they are."""
    if facts.user_name.casefold() in in_motion:
        return "our own rollback is recreating it"
    if row is not None and row.state is State.DELETED:
        return "we deleted it; what was read is older, or IAM has not settled"
    if row is not None and any(at is not None and facts.observed_at < at for at in (row.observed_at, row.vanished_at)):
        return "something newer is known"
    for other in (r for r in rows if r is not row and _named(r, facts) and (row is None or _living(r))):
        newest = other.state_since if other.state is State.DELETED else other.vanished_at or other.observed_at
        if newest is not None and facts.observed_at < newest:
            return "something newer is known of that name"
    return ""


def _pile(row: User | None, namesake: User | None) -> str:
    """Where a user belongs."""
    if row is not None:
        return "reappeared" if row.vanished_at is not None else "updated"
    return "new" if namesake is None else "strangers"


def _gone(
    rows: Sequence[User], reading: AccountFacts, there: Collection[str], in_motion: Collection[str]
) -> Iterator[User]:
    """The living rows that a complete reading should have found and did not."""
    for row in rows:
        fresh = row.observed_at is None or row.observed_at <= reading.observed_at
        missing = row.user_id not in there and row.user_name.casefold() not in in_motion
        if reading.complete and _living(row) and missing and fresh:
            yield replace(row, vanished_at=reading.observed_at)


def _unknown(facts: UserFacts, now: datetime) -> User:
    return User(0, facts.account_id, facts.user_name, facts.user_id, State.DISCOVERED, now)


def _taken(
    row: User, facts: UserFacts, rules: Rules, decisions: Mapping[str, Decision], now: datetime, used: Used
) -> Seen:
    """The row with these facts, and with what we make of them."""
    found = classify(facts, used, rules, decisions, now)
    kept = found if _may_change(row, facts, rules, decisions, now) else _as_it_was(row, found)
    linked = link(facts, kept.kind, rules, decisions, now)
    owner, cost_center = owned(facts, rules, decisions)
    user = replace(
        row,
        user_name=facts.user_name,
        path=facts.path,
        kind=kept.kind,
        kind_confidence=kept.confidence,
        destination=kept.destination,
        persons=linked.emails,
        owner=owner,
        cost_center=cost_center,
        observed_at=facts.observed_at,
        vanished_at=None,
    )
    return Seen(user, facts, (*kept.evidence, *linked.evidence))


def _may_change(row: User, facts: UserFacts, rules: Rules, decisions: Mapping[str, Decision], now: datetime) -> bool:
    """Whether kind and destination follow what was found: early on always, later only at somebody's word."""
    words = (decisions.get(what) for what in ("kind", "destination", "exclude"))
    said = any(word is not None and word.holds(now) for word in words)
    return row.state in _OPEN_TO_EVIDENCE or said or is_break_glass(facts.account_id, facts.user_name, rules)


def _as_it_was(row: User, found: Classification) -> Classification:
    return Classification(row.kind, row.kind_confidence, row.destination, found.evidence)


def _named(row: User, facts: UserFacts) -> bool:
    """Whether the names are the same to IAM, which ignores case (IAM quotas)."""
    return row.user_name.casefold() == facts.user_name.casefold()


def _living(row: User) -> bool:
    return row.vanished_at is None and row.state is not State.DELETED
