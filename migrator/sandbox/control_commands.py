"""The commands of the control interface."""

from collections.abc import Callable
from typing import Any

from migrator.sandbox import bootstrap, clock, snapshots
from migrator.sandbox.clock import CLOCK
from migrator.sandbox.enforcement import ENFORCING
from migrator.sandbox.rules.paging import PAGE_SIZE

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


def enforce(on: bool = True) -> Json:  # noqa: FBT001 - a key of the interface
    """Say whether calls must be allowed; explicit denies hold either way."""
    ENFORCING.value[0] = on
    return {"on": on}


def pages(size: int) -> Json:
    """Set the greatest page that IAM's lists answer."""
    PAGE_SIZE.value["iam"] = size
    return {"size": size}


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
    "enforce": enforce,
    "pages": pages,
}
