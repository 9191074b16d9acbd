"""What an IAM user is, human or machine, and where its access goes; with every piece of evidence and its weight.

Words of the configuration and of people decide outright. Otherwise each observation is a log-odds weight, positive for
a human, and their sum is the belief: naive Bayes, so a reader can add the pieces up by hand.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from migrator.domain.dossier import Decision, TrackedCredential, Used
from migrator.domain.model import Credential, Destination, Evidence, Kind, UserFacts
from migrator.domain.rules import ClassRule, Rules
from migrator.domain.traits import Trait, traits

THRESHOLD = 0.75
"""Below this confidence a human decides."""

_LEAVER_KEYS = frozenset({"leaver", "left", "terminated", "offboarded"})
_STATUS_KEYS = frozenset({"status", "employment", "employmentstatus", "employeestatus"})
_NO = frozenset({"", "no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Classification:
    """What the user is, how sure we are (0 to 1), where it goes (None: a human decides), and why."""

    kind: Kind
    confidence: float
    destination: Destination | None
    evidence: tuple[Evidence, ...]


def classify(
    facts: UserFacts,
    used: Used,
    rules: Rules,
    decisions: Mapping[str, Decision],
    now: datetime,
    hours: Collection[int] | None = None,
) -> Classification:
    """Decide kind and destination. `hours` are the hours of the day (UTC) with calls in the look-back, where known."""
    kind, confidence, evidence = _kind(facts, used, rules, decisions, now, hours)
    destination, why = _destination(facts, used, rules, decisions, kind, now)
    return Classification(kind, confidence, destination, (*evidence, *why))


def with_last_use(facts: UserFacts, credentials: Iterable[TrackedCredential]) -> UserFacts:
    """Facts of a stored snapshot, which holds no times of use, with those that the credential rows know.

    Without them a busy user looks as if it had never been used, and would be retired.
    """
    known = {(c.credential.kind, c.credential.id): c.credential for c in credentials}
    merged = (c if c.last_used_at else _with_times_of(c, known.get((c.kind, c.id), c)) for c in facts.credentials)
    return replace(facts, credentials=tuple(merged))


def _with_times_of(credential: Credential, known: Credential) -> Credential:
    return replace(
        credential,
        last_used_at=known.last_used_at,
        last_used_service=known.last_used_service,
        last_used_region=known.last_used_region,
    )


def is_break_glass(account_id: str, user_name: str, rules: Rules) -> bool:
    """Whether the configuration names this user as break-glass: `NAME` or `ACCOUNT_ID/NAME`, with `*`."""
    return any(like(p, f"{account_id}/{user_name}" if "/" in p else user_name) for p in rules.break_glass)


def like(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which `*` stands for anything. IAM names ignore case (IAM quotas), so do we."""
    regex = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(regex, text, re.IGNORECASE | re.DOTALL) is not None


def _kind(
    facts: UserFacts,
    used: Used,
    rules: Rules,
    decisions: Mapping[str, Decision],
    now: datetime,
    hours: Collection[int] | None,
) -> tuple[Kind, float, tuple[Evidence, ...]]:
    if is_break_glass(facts.account_id, facts.user_name, rules):
        why = Evidence("kind", Kind.BREAK_GLASS.value, 1.0, "configuration: break_glass", facts.observed_at)
        return Kind.BREAK_GLASS, 1.0, (why,)
    decided = _in_force(decisions, "kind", now)
    if decided is not None:
        kind = Kind(decided.value)
        return kind, 1.0, (_said("kind", kind.value, decided),)
    for number, rule in enumerate(rules.class_rules, start=1):
        if _applies(rule, facts):
            why = Evidence("kind", rule.kind, 1.0, f"configuration: rule {number}", facts.observed_at)
            return Kind(rule.kind), 1.0, (why,)
    return _weigh(traits(facts, used, rules, hours), facts)


def _weigh(found: tuple[Trait, ...], facts: UserFacts) -> tuple[Kind, float, tuple[Evidence, ...]]:
    """Add the weights up; the side they fall on, and how far."""
    evidence = tuple(
        Evidence("kind", _side(t.weight).value, _belief(t.weight), t.source, t.at or facts.observed_at, t.window)
        for t in found
    )
    total = sum(t.weight for t in found)
    confidence = _belief(total)
    return (_side(total) if confidence >= THRESHOLD else Kind.UNKNOWN), confidence, evidence


def _side(weight: float) -> Kind:
    return Kind.HUMAN if weight > 0 else Kind.MACHINE


def _belief(weight: float) -> float:
    """The probability of the side that a log-odds weight falls on: 0.5 says nothing."""
    return round(1 / (1 + math.exp(-abs(weight))), 2)


def _destination(
    facts: UserFacts,
    used: Used,
    rules: Rules,
    decisions: Mapping[str, Decision],
    kind: Kind,
    now: datetime,
) -> tuple[Destination | None, tuple[Evidence, ...]]:
    """Keep, then a human's word, then retirement, then what the kind asks for."""
    if kind is Kind.BREAK_GLASS:
        return Destination.KEEP, ()
    excluded = _in_force(decisions, "exclude", now)
    if excluded is not None and excluded.value is not False:
        return Destination.KEEP, (_said("destination", Destination.KEEP.value, excluded),)
    decided = _in_force(decisions, "destination", now)
    if decided is not None:
        destination = Destination(decided.value)
        return destination, (_said("destination", destination.value, decided),)
    ended = retirement(facts, used, rules, decisions, now)
    if ended is not None:
        return Destination.RETIRE, (ended,)
    return {Kind.HUMAN: Destination.PERMISSION_SET, Kind.MACHINE: Destination.IAM_ROLE}.get(kind), ()


def retirement(
    facts: UserFacts, used: Used, rules: Rules, decisions: Mapping[str, Decision], now: datetime
) -> Evidence | None:
    """Why nobody needs new access: a leaver's tag, an owner's end date that passed, or no use for `retire_after`.

    A user never seen in use counts from its creation, and only where everything about it could be read.
    """
    value, owner = Destination.RETIRE.value, decisions.get("owner")
    if owner is not None and not owner.holds(now):
        return _said("destination", value, owner)
    tag = next((f"{k}={v}" for k, v in sorted(facts.tags.items()) if _leaver(k, v)), None)
    if tag is not None:
        return Evidence("destination", value, 0.9, f"tag {tag}", facts.observed_at)
    last = max((at for at in (facts.last_used, used.last) if at is not None), default=None)
    since = last or (None if facts.not_checked or used.not_checked else facts.created_at)
    if since is None or now - since <= rules.retire_after:
        return None
    days = f"{'unused' if last else 'never used, created'} {(now - since).days} days ago"
    source = days if not last else f"unused for {(now - since).days} days"
    return Evidence("destination", value, 0.9, source, facts.observed_at)


def _leaver(key: str, value: str) -> bool:
    word = "".join(c for c in key.casefold() if c.isalnum())
    said = value.strip().casefold()
    return (word in _LEAVER_KEYS and said not in _NO) or (word in _STATUS_KEYS and said in _LEAVER_KEYS)


def _applies(rule: ClassRule, facts: UserFacts) -> bool:
    """Whether every condition of a configured rule holds."""
    named = like(rule.name, facts.user_name) and like(rule.path, facts.path) and like(rule.account, facts.account_id)
    return named and all(key in facts.tags and like(value, facts.tags[key]) for key, value in rule.tags)


def _in_force(decisions: Mapping[str, Decision], what: str, now: datetime) -> Decision | None:
    found = decisions.get(what)
    return found if found is not None and found.holds(now) else None


def _said(claim: str, value: str, decided: Decision) -> Evidence:
    return Evidence(claim, value, 1.0, f"{decided.actor}: {decided.reason}", decided.at)
