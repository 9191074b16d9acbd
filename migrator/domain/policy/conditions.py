"""Condition operators, compiled into tests of a request's context that answer yes, no, or None for unknown."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from migrator.domain.policy.document import Condition
from migrator.domain.policy.operators import Comparison, Operator, Quantifier
from migrator.domain.policy.patterns import Matcher, any_of, arn_matcher, matcher
from migrator.domain.policy.values import PARSED
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
        return _fixed(PARSED[comparison](values))
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
