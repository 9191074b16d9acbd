"""Wildcard patterns of the policy language: `*` is any text, `?` is any one character, everything else is itself."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache


class Wild(Enum):
    """The two wildcards of the policy language."""

    ANY = "*"
    ONE = "?"


Token = str | Wild
"""A piece of a pattern: a literal text or a wildcard."""

Matcher = Callable[[str], bool]
"""Whether a text matches."""

_WILDCARDS = re.compile(r"([*?])")


def tokens(text: str) -> tuple[Token, ...]:
    """Splits a pattern into literals and wildcards."""
    return joined(Wild(part) if part in {"*", "?"} else part for part in _WILDCARDS.split(text) if part)


def joined(parts: Iterable[Token]) -> tuple[Token, ...]:
    """Merges neighbouring literals and repeated `*`, so that equal patterns are equal tuples."""
    out: list[Token] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, str) and isinstance(last, str):
            out[-1] = last + part
        elif part != "" and not (part is Wild.ANY and last is Wild.ANY):
            out.append(part)
    return tuple(out)


def expression(pattern: Sequence[Token], any_char: str = ".") -> str:
    """Writes a pattern as a regular expression that needs no backtracking beyond the last `*`.

    Each text between two `*` is an atomic group, matched leftmost: this finds a match whenever there is one, and a
    hostile pattern of many `*` costs no more than text length times pattern length.
    """
    runs: list[str] = [""]
    for token in pattern:
        if token is Wild.ANY:
            runs.append("")
        else:
            runs[-1] += any_char if token is Wild.ONE else re.escape(str(token))
    if len(runs) == 1:
        return runs[0]
    middle = "".join(f"(?>{any_char}*?{run})" for run in runs[1:-1] if run)
    return f"{runs[0]}{middle}{any_char}*{runs[-1]}"


@lru_cache(maxsize=16_384)
def matcher(pattern: tuple[Token, ...]) -> Matcher:
    """Compiles one pattern."""
    return any_of([pattern])


def any_of(patterns: Iterable[tuple[Token, ...]]) -> Matcher:
    """Compiles many patterns into one test, by literal, prefix and one combined expression, cheapest first."""
    literals: set[str] = set()
    prefixes: set[str] = set()
    others: list[str] = []
    for pattern in patterns:
        match pattern:
            case (Wild.ANY,):
                return _everything
            case ():
                literals.add("")
            case (str(text),):
                literals.add(text)
            case (str(text), Wild.ANY):
                prefixes.add(text)
            case _:
                others.append(expression(pattern))
    return _combined(frozenset(literals), tuple(sorted(prefixes)), others)


def any_text(texts: Iterable[str]) -> Matcher:
    """Compiles many patterns, given as texts without variables, into one test."""
    literals: set[str] = set()
    prefixes: set[str] = set()
    others: list[str] = []
    for text in texts:
        at = text.find("*")
        if "?" in text or 0 <= at < len(text) - 1:
            others.append(expression(tokens(text)))
        elif at < 0:
            literals.add(text)
        elif at:
            prefixes.add(text[:-1])
        else:
            return _everything
    return _combined(frozenset(literals), tuple(sorted(prefixes)), others)


def _combined(literals: frozenset[str], prefixes: tuple[str, ...], others: list[str]) -> Matcher:
    rest = re.compile("|".join(others), re.DOTALL).fullmatch if others else None
    if not prefixes and rest is None:
        return literals.__contains__
    if not literals and rest is None:
        return lambda text: text.startswith(prefixes)
    if rest is None:
        return lambda text: text in literals or text.startswith(prefixes)
    return lambda text: text in literals or text.startswith(prefixes) or rest(text) is not None


def is_everything(test: Matcher) -> bool:
    """Whether the compiled test accepts every text."""
    return test is _everything


def _everything(_text: str) -> bool:
    return True


EVERYTHING: Matcher = _everything
"""Accepts every text."""


def arn_matcher(pattern: Sequence[Token]) -> Matcher:
    """Compiles an ARN pattern whose wildcards stay within one of the six parts that colons separate.

    A pattern of fewer parts matches nothing. Source: IAM User Guide, condition operators, ArnLike.
    """
    parts = _arn_parts(pattern)
    if len(parts) < ARN_PARTS:
        return _nothing
    head = ":".join(expression(part, "[^:]") for part in parts[:-1])
    return _fullmatch(f"{head}:{expression(parts[-1])}")


ARN_PARTS = 6
"""partition, service and so on: `arn:partition:service:region:account:resource`."""


def _arn_parts(pattern: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in pattern:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        first, *rest = token.split(":", ARN_PARTS - len(parts))
        parts[-1].append(first)
        parts.extend([text] for text in rest)
    return parts


def _fullmatch(text: str) -> Matcher:
    test = re.compile(text, re.DOTALL).fullmatch
    return lambda value: test(value) is not None


def _nothing(_text: str) -> bool:
    return False
