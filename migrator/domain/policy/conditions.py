"""Condition operators, compiled into tests of a request's context that answer yes, no, or None for unknown."""

import operator as python
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from migrator.domain.policy.document import Condition
from migrator.domain.policy.operators import Comparison, Operator, Quantifier
from migrator.domain.policy.patterns import Matcher, any_of, arn_matcher, matcher
from migrator.domain.policy.variables import Lookup, Template, Variable, keys_of, resolve, template

Truth = bool | None
"""Yes, no, or None: it depends on what we cannot know."""

Test = Callable[[Lookup], Truth]
"""A condition, ready to be asked."""

_Match = Callable[[str, Lookup], Truth]


def compile_condition(condition: Condition, *, variables: bool) -> Test:
    """Makes one line of a Condition block into a test; `variables` says whether `${…}` is substituted."""
    key, operator = condition.key.lower(), condition.operator
    if operator.comparison is Comparison.NULL:
        return _null_test(key, condition.values)
    return _quantified(key, operator, _match(operator.comparison, condition.values, variables=variables))


def keys_needed(condition: Condition, *, variables: bool) -> frozenset[str]:
    """Names the context keys that decide a condition, in lower case: its own and those of its variables."""
    substitutes = variables and condition.operator.comparison in TEXTUAL
    found = keys_of(template(value, wildcards=True, variables=substitutes) for value in condition.values)
    return found | {condition.key.lower()}


def any_true(outcomes: Iterable[Truth]) -> Truth:
    """Whether one of the outcomes is yes."""
    result: Truth = False
    for outcome in outcomes:
        if outcome:
            return True
        if outcome is None:
            result = None
    return result


def negation(outcome: Truth) -> Truth:
    """The opposite; of unknown, unknown."""
    return None if outcome is None else not outcome


def _null_test(key: str, wanted: tuple[str, ...]) -> Test:
    absent = frozenset(value.lower() == "true" for value in wanted if value.lower() in {"true", "false"})

    def test(lookup: Lookup) -> Truth:
        values = lookup(key)
        return None if values is None else (not values) in absent

    return test


def _quantified(key: str, operator: Operator, match: _Match) -> Test:
    combine = {Quantifier.ONE: _plain, Quantifier.ALL: _for_all, Quantifier.ANY: _for_any}[operator.quantifier]
    return combine(key, match, negated=operator.negated, missing=operator.missing)


def _plain(key: str, match: _Match, *, negated: bool, missing: bool) -> Test:
    def test(lookup: Lookup) -> Truth:
        values = lookup(key)
        if values is None:
            return None
        if not values:
            return missing
        outcome = match(values[0], lookup) if len(values) == 1 else any_true(match(one, lookup) for one in values)
        return negation(outcome) if negated else outcome

    return test


def _for_any(key: str, match: _Match, *, negated: bool, missing: bool) -> Test:
    def test(lookup: Lookup) -> Truth:
        values = lookup(key)
        if values is None:
            return None
        if not any(values):
            return missing  # an empty text is a null data set (IAM User Guide, multivalued keys)
        outcomes = (match(one, lookup) for one in values)
        return any_true(negation(one) for one in outcomes) if negated else any_true(outcomes)

    return test


def _for_all(key: str, match: _Match, *, negated: bool, missing: bool) -> Test:
    def test(lookup: Lookup) -> Truth:
        values = lookup(key)
        if values is None:
            return None
        if not any(values):
            return missing
        outcomes = (match(one, lookup) for one in values)
        return negation(any_true(outcomes if negated else (negation(one) for one in outcomes)))

    return test


def _match(comparison: Comparison, values: tuple[str, ...], *, variables: bool) -> _Match:
    if comparison not in TEXTUAL:
        return _fixed(_PARSED[comparison](values))
    wildcards = comparison in {Comparison.STRING_LIKE, Comparison.ARN_LIKE}
    prepared = [_prepared(value, comparison) for value in values]
    templates = [template(value, wildcards=wildcards, variables=variables) for value in prepared]
    if any(isinstance(part, Variable) for one in templates for part in one):
        return _varying(comparison, templates)
    return _fixed(_text_test(comparison, templates))


def _prepared(value: str, comparison: Comparison) -> str:
    return value.lower() if comparison in _FOLDED else value


def _fixed(test: Matcher) -> _Match:
    return lambda value, _lookup: test(value)


def _text_test(comparison: Comparison, templates: list[Template]) -> Matcher:
    patterns = [tuple(part for part in one if not isinstance(part, Variable)) for one in templates]
    if comparison is Comparison.ARN_LIKE:
        tests = [arn_matcher(pattern) for pattern in patterns]
        return lambda value: any(test(value) for test in tests)
    test = any_of(patterns)
    return (lambda value: test(value.lower())) if comparison in _FOLDED else test


def _varying(comparison: Comparison, templates: list[Template]) -> _Match:
    folded = comparison in _FOLDED
    compiled = _arn_matcher if comparison is Comparison.ARN_LIKE else matcher

    def match_one(one: Template, value: str, lookup: Lookup) -> Truth:
        pattern, known = resolve(one, lookup)
        if pattern is None:
            return False
        if folded:
            pattern = tuple(part.lower() if isinstance(part, str) else part for part in pattern)
        return (True if known else None) if compiled(pattern)(value) else False

    def match(value: str, lookup: Lookup) -> Truth:
        text = value.lower() if folded else value
        return any_true(match_one(one, text, lookup) for one in templates)

    return match


_arn_matcher = lru_cache(maxsize=4096)(arn_matcher)

_FOLDED = frozenset({Comparison.STRING_EQUALS_IGNORE_CASE, Comparison.BOOL})

TEXTUAL = frozenset(
    {
        Comparison.STRING_EQUALS,
        Comparison.STRING_EQUALS_IGNORE_CASE,
        Comparison.STRING_LIKE,
        Comparison.ARN_LIKE,
        Comparison.BOOL,
    }
)
"""The comparisons that substitute variables (IAM User Guide, condition operators)."""


def _ordering(read: Callable[[str], Any], holds: Callable[[Any, Any], bool]) -> Callable[[tuple[str, ...]], Matcher]:
    def build(values: tuple[str, ...]) -> Matcher:
        limits = [limit for limit in map(read, values) if limit is not None]

        def test(value: str) -> bool:
            given = read(value)
            return given is not None and any(holds(given, limit) for limit in limits)

        return test

    return build


@lru_cache(maxsize=4096)
def read_number(text: str) -> Decimal | None:
    """Reads an integer or decimal; None where the text is neither."""
    if "_" in text or not text.isascii():
        return None  # Python reads more as a number than AWS does
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_YEAR_DIGITS = 4


@lru_cache(maxsize=4096)
def read_date(text: str) -> datetime | None:
    """Reads an ISO 8601 date (a year, a month or a day alone too) or seconds since 1970; None where it is neither."""
    plain = text.strip()
    try:
        if plain.isdecimal() and len(plain) == _YEAR_DIGITS:
            return datetime(int(plain), 1, 1, tzinfo=UTC)
        seconds = read_number(plain)
        if seconds is not None:
            return datetime.fromtimestamp(float(seconds), UTC)
        whole = f"{plain}-01" if plain.count("-") == 1 and "T" not in plain else plain
        read = datetime.fromisoformat(whole)
    except (ValueError, OverflowError, OSError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Reads an IPv4 or IPv6 address; None where it is neither, as with the service names CloudTrail writes."""
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


def _address_test(values: tuple[str, ...]) -> Matcher:
    networks = []
    for value in values:
        try:
            networks.append(ip_network(value.strip(), strict=False))
        except ValueError:
            continue

    def test(value: str) -> bool:
        address = read_address(value)
        return address is not None and any(address in network for network in networks)

    return test


def _binary_test(values: tuple[str, ...]) -> Matcher:
    wanted = frozenset(map(_bytes, values))
    return lambda value: _bytes(value) in wanted


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b"\0" + text.encode()


_PARSED: dict[Comparison, Callable[[tuple[str, ...]], Matcher]] = {
    Comparison.NUMERIC_EQUALS: _ordering(read_number, python.eq),
    Comparison.NUMERIC_LESS_THAN: _ordering(read_number, python.lt),
    Comparison.NUMERIC_LESS_THAN_EQUALS: _ordering(read_number, python.le),
    Comparison.NUMERIC_GREATER_THAN: _ordering(read_number, python.gt),
    Comparison.NUMERIC_GREATER_THAN_EQUALS: _ordering(read_number, python.ge),
    Comparison.DATE_EQUALS: _ordering(read_date, python.eq),
    Comparison.DATE_LESS_THAN: _ordering(read_date, python.lt),
    Comparison.DATE_LESS_THAN_EQUALS: _ordering(read_date, python.le),
    Comparison.DATE_GREATER_THAN: _ordering(read_date, python.gt),
    Comparison.DATE_GREATER_THAN_EQUALS: _ordering(read_date, python.ge),
    Comparison.IP_ADDRESS: _address_test,
    Comparison.BINARY_EQUALS: _binary_test,
}
