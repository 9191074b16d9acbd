"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`, `${?}` and `${$}`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from migrator.domain.policy.patterns import Token, Wild, joined, tokens

Values = tuple[str, ...] | None
"""The values of a context key: none where it is absent, None where we cannot know."""

Lookup = Callable[[str], Values]
"""Gives the values of a context key, asked by its name in lower case."""

VARIABLE = re.compile(r"\$\{([^}]*)\}")
"""A reference to a context key within a text; the group is what stands between the braces."""

_INSIDE = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a context key, by its name in lower case, and the text that stands in where it is absent."""

    key: str
    default: str | None = None


Template = tuple[Token | Variable, ...]
"""A value of a policy with its variables still in it."""


def template(text: str, *, wildcards: bool, variables: bool) -> Template:
    """Reads a policy value. Without `wildcards`, `*` and `?` are themselves; without `variables`, `${…}` is."""
    if not variables or "${" not in text:
        return tokens(text) if wildcards else (text,)
    out: list[Token | Variable] = []
    for position, part in enumerate(VARIABLE.split(text)):
        if position % 2:
            out.append(_variable(part))
        elif part:
            out.extend(tokens(part) if wildcards else (part,))
    return tuple(out)


def _variable(inside: str) -> Token | Variable:
    if inside in {"*", "?", "$"}:
        return inside
    read = _INSIDE.fullmatch(inside)
    # A text that is no variable resolves to nothing, so that its statement cannot match by accident.
    return Variable(read[1].lower(), read[2]) if read else Variable("")


def keys_of(templates: Iterable[Template]) -> frozenset[str]:
    """Names the context keys that the templates refer to."""
    return frozenset(part.key for one in templates for part in one if isinstance(part, Variable))


def resolve(one: Template, lookup: Lookup) -> tuple[tuple[Token, ...] | None, bool]:
    """Puts values in the place of variables; says also whether a value could not be known.

    A variable without a value, with an empty one, or with several, takes its default, or gives None: such a text
    matches nothing (IAM User Guide, "Policy variables with no value": "a condition context key that has no value or is
    not present"). An unknown value becomes `*`: what that pattern does not match, no value would.
    """
    known = True
    out: list[Token] = []
    for part in one:
        if not isinstance(part, Variable):
            out.append(part)
            continue
        values = lookup(part.key)
        if values is None:
            known = False
            out.append(Wild.ANY)
        elif len(values) == 1 and values[0]:
            out.append(values[0])
        elif part.default is not None:
            out.append(part.default)
        else:
            return None, True
    return joined(out), known
