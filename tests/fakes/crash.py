"""Processes that die: an exception nobody may catch, raised at a call to AWS or at a commit."""

from collections.abc import Callable
from dataclasses import dataclass, field


class Crash(BaseException):
    """The process is gone. No handler for `Exception` sees it."""


def at_call(moment: str, k: int) -> Callable[[str, int], None]:
    """A hook for calls to AWS: dies at the k-th, "before" it is sent or "after" it had its effect."""

    def on_call(now: str, n: int) -> None:
        if (now, n) == (moment, k):
            raise Crash(f"{moment} call {k}")

    return on_call


def at_commit(k: int) -> Callable[[int], None]:
    """A hook for commits: dies just before the k-th takes effect."""

    def on_commit(n: int) -> None:
        if n == k:
            raise Crash(f"before commit {k}")

    return on_commit


@dataclass
class Counted:
    """Counts what it is called for: how many calls or commits an uncut run makes."""

    calls: list[int] = field(default_factory=list)

    def on_call(self, moment: str, n: int) -> None:
        """A hook for calls to AWS."""
        if moment == "before":
            self.calls.append(n)

    def on_commit(self, n: int) -> None:
        """A hook for commits."""
        self.calls.append(n)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.calls)
