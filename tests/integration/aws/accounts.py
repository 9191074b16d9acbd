"""The accounts of these tests, and a clock that moves the sandbox's instead of waiting."""

from dataclasses import dataclass, field
from datetime import datetime

from migrator.sandbox.control import Control

OWN = "123456789012"
MEMBER = "222222222222"
ROLES = ("MigratorDiscovery", "MigratorChange", "OrganizationReader", "Center")


@dataclass
class SkippingClock:
    """The sandbox's time; sleeping moves it."""

    control: Control
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.control.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.control.advance(seconds)
