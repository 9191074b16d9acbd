"""The commands of the control interface."""

from collections.abc import Callable
from typing import Any

from migrator.sandbox import bootstrap, clock, snapshots
from migrator.sandbox.clock import CLOCK

Json = dict[str, Any]


def ping() -> Json:
    """Answer, so that the launcher knows that the sandbox listens."""
    return {"ok": True}


def reset() -> Json:
    """Return to the empty organization and the real time."""
    bootstrap.reset()
    return {"administrator": bootstrap.administrator()}


def administrator() -> Json:
    """Tell the credentials of the management account's administrator."""
    return bootstrap.administrator()


def get_clock() -> Json:
    """Tell the sandbox's time."""
    return {"now": CLOCK.now().isoformat()}


def set_clock(to: str) -> Json:
    """Set the sandbox's time, ISO 8601."""
    CLOCK.set(clock.parse(to))
    return get_clock()


def advance_clock(seconds: float) -> Json:
    """Move the sandbox's time."""
    CLOCK.advance(seconds)
    return get_clock()


def snapshot() -> Json:
    """Keep the present state."""
    identity = snapshots.take()
    return {"id": identity, "bytes": snapshots.size(identity)}


def restore(id: str) -> Json:  # noqa: A002 - the key of the interface
    """Put a kept state back."""
    snapshots.restore(id)
    return {"id": id}


def deliver() -> Json:
    """Write every record that waits into the trails' buckets."""
    return {"files": 0}


COMMANDS: dict[str, Callable[..., Json]] = {
    "ping": ping,
    "reset": reset,
    "administrator": administrator,
    "clock": get_clock,
    "clock/set": set_clock,
    "clock/advance": advance_clock,
    "snapshot": snapshot,
    "restore": restore,
    "deliver": deliver,
}
