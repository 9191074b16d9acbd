"""AWS on a bad day: hands whose calls fail as they are told to, before or after they had their effect."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

from migrator.domain.changes import Change
from migrator.domain.errors import MigratorError
from migrator.domain.model import Json
from migrator.ports.aws import Hands


class Moody:
    """Hands that raise the next of `errors` at each call of `verb` ("observe" or "make") about a change of `kind`.

    With `lost`, a call that fails has had its effect: only the answer is lost. A `None` among the errors lets a call
    pass; when they are used up, all is well again. `calls` counts by verb.
    """

    def __init__(
        self, inner: Hands, verb: str, errors: Iterable[MigratorError | None], *, kind: str = "", lost: bool = False
    ) -> None:
        self._inner, self._verb, self._kind, self._lost = inner, verb, kind, lost
        self._errors: Iterator[MigratorError | None] = iter(errors)
        self.calls: Counter[str] = Counter()

    def observe(self, change: Change) -> Json:
        """What is there, unless this is a bad moment."""
        return self._called("observe", change, lambda: self._inner.observe(change))

    def make(self, change: Change) -> None:
        """The change, unless this is a bad moment."""
        self._called("make", change, lambda: self._inner.make(change))

    def _called(self, verb: str, change: Change, call: Callable[[], Json]) -> Json:
        self.calls[verb] += 1
        hit = verb == self._verb and change.kind in (self._kind or change.kind)
        error = next(self._errors, None) if hit else None
        if error is None:
            return call()
        if self._lost:
            call()
        raise error


def always(error: MigratorError) -> Iterator[MigratorError]:
    """The same answer to every call."""
    return repeat(error)
