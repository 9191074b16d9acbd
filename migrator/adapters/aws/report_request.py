"""Asking IAM for a credential report, and waiting for it with a bound."""

from datetime import timedelta

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

EXPIRED = timedelta(hours=4)
"""How old a report is that AWS replaces; one of nearly that age is not the one it just began."""

STARTED, COMPLETE = "STARTED", "COMPLETE"
_NOT_YET = (Missing, Rejected, Transient)
"""Not present, expired or in progress: the next request makes it, or tells that it is made."""


class ReportOrder:
    """A report ordered when this is made, so that AWS makes it while other things are read; `fetch` waits for it.

    AWS makes one report in four hours at most and answers with the old one until then (IAM User Guide). `fresh` says
    that it began a new one for this order; what an old one says may have changed since. That is not told by comparing
    times: our clock may be some minutes wrong, and two readings may fall into one second.
    """

    def __init__(self, calls: IamCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._at = clock.now()
        self._lacking = False
        self.fresh = False
        self._state = self._ordered()

    def fetch(self) -> Report | None:
        """The report; None where AWS refuses it, lacks it, or does not finish it within `TRIES` looks.

        The first look comes when a small report is ready, so that it takes one call; later ones ask for the state.
        """
        for look in range(TRIES):
            if self._lacking:
                return None
            if self._state != COMPLETE:
                self._clock.sleep(PAUSE if look else self._left())
                self._state = self._ordered() if look else self._state
            if not look or self._state == COMPLETE:
                report = self._fetched()
                if report is not None:
                    return report
                self._state = ""
        return None

    def _ordered(self) -> str:
        try:
            state = str(self._calls.answer("GenerateCredentialReport").get("State"))
        except (ActionDenied, NotSupported):
            self._lacking = True
            return ""
        except _NOT_YET:
            return ""
        self.fresh = self.fresh or state == STARTED
        return state

    def _fetched(self) -> Report | None:
        try:
            answer = self._calls.answer("GetCredentialReport")
        except (ActionDenied, NotSupported):
            self._lacking = True
            return None
        except _NOT_YET:
            return None
        generated_at = utc(answer["GeneratedTime"])
        if generated_at is None:
            return None
        self.fresh = self.fresh and self._clock.now() - generated_at < EXPIRED / 2
        return read_report(answer["Content"], generated_at)

    def _left(self) -> float:
        """What is left of the first pause, now that other things were read meanwhile."""
        gone = (self._clock.now() - self._at).total_seconds()
        return min(max(PAUSE - gone, 0.0), PAUSE)
