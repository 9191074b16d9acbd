"""Asking IAM for a credential report, and waiting for it with a bound."""

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


def request_report(calls: IamCalls, clock: Clock) -> Report | None:
    """The newest report; None where AWS refuses it, lacks it, or does not finish it within `TRIES` looks.

    AWS makes one report in four hours at most and answers with the old one until then (IAM User Guide).
    """
    for look in range(TRIES):
        if look:
            clock.sleep(PAUSE)
        try:
            if calls.answer("GenerateCredentialReport").get("State") == "COMPLETE":
                return _fetched(calls)
        except (ActionDenied, NotSupported):
            return None
        except (Missing, Rejected, Transient):
            continue  # not present, expired or in progress: the next request makes it
    return None


def _fetched(calls: IamCalls) -> Report | None:
    answer = calls.answer("GetCredentialReport")
    generated_at = utc(answer["GeneratedTime"])
    return None if generated_at is None else read_report(answer["Content"], generated_at)
