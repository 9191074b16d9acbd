"""How long a call is tried: botocore says what is worth another attempt, we say when, and the given clock waits.

This is the only layer that repeats a throttled or unanswered call; whoever gets `Unavailable` must not multiply it.
"""

import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

ATTEMPTS = 7

THROTTLED = 1.0
UNANSWERED = 0.2
"""Seconds at most before the second attempt; they double, up to `LONGEST`. A throttled account needs its tokens back,
a lost connection or a 503 is often over at once, and a wrong endpoint shall be told within ten seconds."""

LONGEST = 20.0


def wait_by(sleep: Callable[[float], None], client: Any, attempts: int = ATTEMPTS) -> None:
    """Let a botocore client of retry mode `standard` wait by `sleep` between its attempts.

    botocore's quota stays: a client whose calls mostly fail stops repeating them.
    """
    from botocore.retries import quota  # noqa: PLC0415  # botocore is slow to import

    standard: Any = import_module("botocore.retries.standard")
    adapter = standard.RetryEventAdapter()
    throttling = standard.ThrottlingErrorDetector(adapter)
    spared = standard.RetryQuotaChecker(quota.RetryQuota(), throttling)
    policy = standard.RetryPolicy(standard.StandardRetryConditions(attempts), Backoff(throttling))
    handler = standard.RetryHandler(policy, adapter, spared)
    service, events = client.meta.service_model.service_id.hyphenize(), client.meta.events
    events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    events.register(f"needs-retry.{service}", Waiting(handler, sleep).needs_retry)
    events.register(f"after-call.{service}", spared.release_retry_quota)


class Backoff:
    """Seconds before the next attempt: doubling, half of it by chance so that many clients do not come at once."""

    def __init__(self, throttling: Any) -> None:
        self._throttling = throttling

    def delay_amount(self, context: Any) -> float:
        """Seconds to wait after this attempt, counted from 1."""
        throttled: bool = self._throttling.is_throttling_error_from_context(context)
        most: float = min((THROTTLED if throttled else UNANSWERED) * 2 ** (context.attempt_number - 1), LONGEST)
        return most / 2 + random.random() * most / 2  # noqa: S311  # no secret


class Waiting:
    """botocore's retry handler, with the waiting done here: botocore itself sleeps by the machine's clock only."""

    def __init__(self, handler: Any, sleep: Callable[[float], None]) -> None:
        self._handler = handler
        self._sleep = sleep

    def needs_retry(self, **event: Any) -> float | None:
        """0 where the call shall be made again, now that the wait is over; None where it shall not."""
        delay = self._handler.needs_retry(**event)
        if delay is None:
            return None
        self._sleep(delay)
        return 0
