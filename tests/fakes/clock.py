"""A clock that moves only when somebody sleeps or a test turns it."""

from datetime import datetime, timedelta


class FakeClock:
    """The port's `Clock`; `slept` lists every sleep in seconds."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The present of this clock."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)

    def pass_time(self, **span: float) -> None:
        """Let time pass while nobody sleeps: `pass_time(hours=2)`."""
        self._now += timedelta(**span)
