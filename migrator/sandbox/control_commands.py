"""The commands of the control interface."""

from collections.abc import Callable
from typing import Any

from migrator.sandbox import ages, bootstrap, clock, recorder, sign_ins, snapshots, trails
from migrator.sandbox import faults as bad_day
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
    trails.deliver()
    CLOCK.set(clock.parse(to))
    return get_clock()


def advance_clock(seconds: float) -> Json:
    """Move the sandbox's time."""
    trails.deliver()
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


def forget(id: str) -> Json:  # noqa: A002 - the key of the interface
    """Free what a kept state takes."""
    snapshots.forget(id)
    return {}


def enforce(on: bool = True) -> Json:
    """Say whether calls must be allowed; explicit denies hold either way."""
    ENFORCING.value[0] = on
    return {"on": on}


def pages(size: int) -> Json:
    """Set the greatest page that IAM's lists answer."""
    PAGE_SIZE.value["iam"] = size
    return {"size": size}


def deliver() -> Json:
    """Write every record that waits into the trails' buckets."""
    return {"files": trails.deliver()}


def calls() -> Json:
    """Tell every call since the last clearing."""
    return {"calls": recorder.calls()}


def counts() -> Json:
    """Tell how often each operation succeeded since the last clearing."""
    return {"counts": recorder.counts()}


def clear_calls() -> Json:
    """Forget the calls made so far; CloudTrail does not."""
    recorder.CALLS.reset()
    return {}


def faults() -> Json:
    """Tell the fault rules in force, with how many calls each matched and struck."""
    return {"rules": bad_day.told()}


def set_faults(rules: list[Json], seed: int = 0) -> Json:
    """Set the fault rules; their counts begin anew."""
    bad_day.put(rules, seed)
    return faults()


def clear_faults() -> Json:
    """Let all be well again."""
    bad_day.put(())
    return {}


def sign_in(account: str, user: str, mfa: bool = False, ok: bool = True, source_ip: str = "127.0.0.1") -> Json:
    """Let a user sign in to the console, or fail to."""
    sign_ins.sign_in(account, user, mfa=mfa, ok=ok, source_ip=source_ip)
    return {}


def seed_user(account: str, user: str, created: str | None = None, password_used: str | None = None) -> Json:
    """Set how old a user is and when its password was last used, ISO 8601."""
    found = ages.user_of(account, user)
    ages.set_user(found, created, password_used)
    return {"user_id": found.id}


def seed_key(
    key: str, created: str | None = None, used: str | None = None, service: str = "s3", region: str = "us-east-1"
) -> Json:
    """Set how old an access key is and when, with which service and where it was last used, ISO 8601."""
    ages.set_key(key, created, used, service, region)
    return {}


COMMANDS: dict[str, Callable[..., Json]] = {
    "ping": ping,
    "reset": reset,
    "administrator": administrator,
    "clock": get_clock,
    "clock/set": set_clock,
    "clock/advance": advance_clock,
    "snapshot": snapshot,
    "restore": restore,
    "forget": forget,
    "deliver": deliver,
    "enforce": enforce,
    "pages": pages,
    "calls": calls,
    "counts": counts,
    "calls/clear": clear_calls,
    "faults": faults,
    "faults/set": set_faults,
    "faults/clear": clear_faults,
    "sign-in": sign_in,
    "seed/user": seed_user,
    "seed/key": seed_key,
}
