"""The machine's clock: the only place that asks it."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The port's `Clock` on this machine."""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
