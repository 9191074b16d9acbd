"""Which humans an IAM user belongs to, and what they are called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from migrator.domain.dossier import Decision
from migrator.domain.model import Evidence, Kind, UserFacts
from migrator.domain.rules import Rules

_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9-]+\.)+[a-z]{2,63}")
_LONGEST_ADDRESS = 254
_LONGEST_LOCAL = 64
_SEPARATORS = re.compile(r"[\s,;]+")
_GIVEN = ("givenname", "firstname", "given", "first")
_FAMILY = ("familyname", "lastname", "surname", "family", "last")
_DISPLAY = ("displayname", "fullname", "name")


@dataclass(frozen=True, slots=True)
class Link:
    """The persons of a user, by address; `shared` where they are a guess and more than one."""

    emails: tuple[str, ...]
    shared: bool = False
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What Identity Center wants to call a person; none of it may be empty there (CreateUser)."""

    given: str
    family: str
    display: str


def valid_address(text: str) -> str | None:
    """An e-mail address in lower case; None where the text is none (RFC 5321 lengths, dotted atoms, a real domain)."""
    address = text.strip().lower()
    fits = len(address) <= _LONGEST_ADDRESS and len(address.partition("@")[0]) <= _LONGEST_LOCAL
    return address if fits and _ADDRESS.fullmatch(address) else None


def addresses(facts: UserFacts, rules: Rules) -> tuple[str, ...]:
    """Every valid address in the e-mail tag, each once, in its order; tag keys ignore case, as IAM does."""
    value = next((v for k, v in facts.tags.items() if k.casefold() == rules.email_tag.casefold()), "")
    found = (valid_address(word.strip("<>")) for word in _SEPARATORS.split(value))
    return tuple(dict.fromkeys(address for address in found if address))


def link(facts: UserFacts, kind: Kind, rules: Rules, decisions: Mapping[str, Decision], now: datetime) -> Link:
    """Who a user belongs to: a human's word, else the e-mail tag, else a name that is an address.

    The address on a machine is somebody to ask, not who it is, so only a decision links a machine.
    """
    decided = decisions.get("link")
    if decided is not None and decided.holds(now):
        return _by_decision(decided)
    if kind in {Kind.MACHINE, Kind.BREAK_GLASS}:
        return Link(())
    tagged = addresses(facts, rules)
    if tagged:
        source, confidence = f"tag {rules.email_tag}", 0.95 if len(tagged) == 1 else 0.5
        return _guessed(tagged, source, confidence, facts)
    named = valid_address(facts.user_name)
    return _guessed((named,), "user name is an address", 0.8, facts) if named else Link(())


def names(email: str, tags: Mapping[str, str] | None = None) -> Names:
    """What to call a person: by tags where they say, else from the address; `mary.o-neil@…` is Mary O-Neil.

    An address of one word gives that word for both names, because Identity Center takes no empty one.
    """
    said = {"".join(c for c in k.casefold() if c.isalnum()): " ".join(v.split()) for k, v in (tags or {}).items()}
    local = email.partition("@")[0].partition("+")[0]
    words = [word.title() for word in re.split(r"[._\d]+", local) if word] or [local]
    display = _first(said, _DISPLAY)
    if display:
        words = display.split()
    given = _first(said, _GIVEN) or words[0]
    family = _first(said, _FAMILY) or words[-1]
    return Names(given, family, display or (given if given == family else f"{given} {family}"))


def _first(said: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((said[key] for key in keys if said.get(key)), "")


def _by_decision(decided: Decision) -> Link:
    values = [decided.value] if isinstance(decided.value, str) else list(decided.value or ())
    emails = tuple(dict.fromkeys(a for a in (valid_address(str(v)) for v in values) if a))
    source = f"{decided.actor}: {decided.reason}"
    return Link(emails, evidence=tuple(Evidence("person", email, 1.0, source, decided.at) for email in emails))


def _guessed(emails: tuple[str, ...], source: str, confidence: float, facts: UserFacts) -> Link:
    evidence = [Evidence("person", email, confidence, source, facts.observed_at) for email in emails]
    shared = len(emails) > 1
    if shared:
        evidence.append(Evidence("shared", value=True, confidence=0.9, source=source, observed_at=facts.observed_at))
    return Link(emails, shared, tuple(evidence))
