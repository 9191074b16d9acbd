"""Time, passed in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The one source of now, and the one way to wait."""

    def now(self) -> datetime:
        """The present, as an aware UTC datetime."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long by this clock."""
        ...
