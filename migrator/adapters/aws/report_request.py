"""Asking IAM for a credential report, and waiting for it with a bound."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.adapters.aws.authorization import utc
from migrator.adapters.aws.credential_report import Report, read_report
from migrator.adapters.aws.errors import ActionDenied
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.ports.aws import Missing, NotSupported, Rejected, Transient
from migrator.ports.clock import Clock

PERMISSIONS = ("iam:GenerateCredentialReport", "iam:GetCredentialReport")

TRIES = 30
PAUSE = 2.0
"""Seconds between two looks: a report of 5,000 users takes about half a minute."""

COMPLETE = "COMPLETE"


@dataclass(frozen=True, slots=True)
class Order:
    """A report that was asked for at a time; `state` is AWS's answer, empty where it could not say."""

    at: datetime
    state: str = ""


def order_report(calls: IamCalls, at: datetime) -> Order | None:
    """Have a report made while the rest is read; None where AWS refuses it or lacks it.

    AWS makes one report in four hours at most and answers with the old one until then (IAM User Guide).
    """
    try:
        return Order(at, str(calls.answer("GenerateCredentialReport").get("State")))
    except (ActionDenied, NotSupported):
        return None
    except (Missing, Rejected, Transient):
        return Order(at)


def fetch_report(calls: IamCalls, clock: Clock, order: Order) -> Report | None:
    """The report that was ordered; None where AWS refuses it, or does not finish it within `TRIES` looks.

    The first look comes when a small report is ready, so that it takes one call; later ones ask for the state.
    """
    state, pause = order.state, _left(order, clock)
    for look in range(TRIES):
        if state != COMPLETE:
            clock.sleep(pause)
        pause = PAUSE
        try:
            if look and state != COMPLETE:
                state = calls.answer("GenerateCredentialReport").get("State")
            report = _fetched(calls) if not look or state == COMPLETE else None
        except (ActionDenied, NotSupported):
            return None
        except (Missing, Rejected, Transient):
            state = ""  # not present, expired or in progress: the next request makes it
            continue
        if report and (state == COMPLETE or report.made_since(order.at)):
            return report
    return None


def _left(order: Order, clock: Clock) -> float:
    """What is left of the first pause, now that other things were read meanwhile."""
    gone = max(clock.now() - order.at, timedelta(0)).total_seconds()
    return max(PAUSE - gone, 0.0)


def _fetched(calls: IamCalls) -> Report | None:
    answer = calls.answer("GetCredentialReport")
    generated_at = utc(answer["GeneratedTime"])
    return None if generated_at is None else read_report(answer["Content"], generated_at)
