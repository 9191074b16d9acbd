"""One question and its answer: a request, and what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from migrator.domain.policy.variables import Values

Context = Mapping[str, str | Sequence[str]]
"""Context keys, in any case, with their value or values."""


class Result(StrEnum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    EXPLICITLY_DENIED = "explicitly_denied"
    IMPLICITLY_DENIED = "implicitly_denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """A result, the statement that made it and that statement's layer.

    Where a request is denied because a layer allows nothing of it, `statement` is None and `layer` is that layer; both
    are None where no identity policy allows it.
    """

    result: Result
    statement: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call: who, what, on what, and in which context.

    `resource` of None is one we do not know; `*` is the resource of actions that have none. A key that is in neither
    `context` nor `unknown_keys` is absent; nothing is derived from the principal (see `actors`).
    """

    principal: str
    action: str
    resource: str | None = "*"
    context: Context = field(default_factory=dict)
    unknown_keys: frozenset[str] = frozenset()
    _values: dict[str, Values] = field(init=False, repr=False, compare=False, default_factory=dict)

    def lookup(self, key: str) -> Values:
        """Gives a key's values, asked in lower case: none where it is absent, None where it is unknown."""
        if not self._values:
            self._fold()
        return self._values.get(key, ())

    def _fold(self) -> None:
        # The empty name is no key: it marks the table as filled.
        self._values[""] = ()
        for key in self.unknown_keys:
            self._values[key.lower()] = None
        for key, value in self.context.items():
            self._values[key.lower()] = (value,) if isinstance(value, str) else tuple(value)
