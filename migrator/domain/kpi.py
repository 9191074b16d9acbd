"""The four KPIs of the program, as pure functions. None means that there is no source yet; it is never shown as 0."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.domain.dossier import User
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, Kind
from migrator.domain.usage import UsageFact

SESSION_ROLE = "AWSReservedSSO_"
"""How the roles of Identity Center begin (Identity Center user guide, "Referencing permission sets")."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A user and the credentials AWS says it has."""

    user: User
    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """When an alert was opened and when it was remediated; None while it is not."""

    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """When an access review was handed out and when its last decision came back; None while one is missing."""

    exported_at: datetime
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kpis:
    """The four numbers under the keys of the contract."""

    human_users_with_long_term_credentials: int | None = None
    human_events_through_idp_percent: float | None = None
    alert_mttr_seconds: float | None = None
    access_review_seconds: float | None = None


def human_users_with_long_term_credentials(holders: Iterable[Holder] | None) -> int | None:
    """Human IAM users that AWS would let in today: with an Active key, certificate or the like, or a password.

    MFA devices open nothing by themselves and do not count; nor do users that vanished or were deleted, nor break-glass
    users, which are meant to stay. A quarantined user counts until its credentials are Inactive and its password is
    gone, because the credentials are still there. None where no account was read.
    """
    if holders is None:
        return None
    return sum(1 for h in holders if _is_human(h.user) and any(c.live for c in h.credentials))


def human_events_through_idp_percent(facts: Iterable[UsageFact] | None, human_arns: Collection[str]) -> float | None:
    """Of all calls humans made in the period, the share made in sessions of Identity Center roles, in percent.

    The rest are calls of the IAM users named in `human_arns`, those that AWS services made for them included. Sign-ins
    and portal events are no calls. Refused calls count: somebody worked that way. None without source or calls.
    """
    if facts is None:
        return None
    humans, through, direct = frozenset(human_arns), 0, 0
    for fact in facts:
        if fact.source.startswith("signin."):
            continue
        if _is_session(fact.principal):
            through += fact.calls
        elif fact.principal in humans:
            direct += fact.calls
    calls = through + direct
    return round(100 * through / calls, 1) if calls else None


def alert_mttr_seconds(alerts: Iterable[Alert] | None, since: datetime, now: datetime) -> float | None:
    """Mean time from the opening of an alert to its remediation, over alerts closed between `since` and `now`.

    Open alerts do not count: they would make the mean better than it is today, and worse tomorrow for no new reason;
    status shows their number beside it. None without a source or where none was closed.
    """
    if alerts is None:
        return None
    closed = [a.closed_at - a.opened_at for a in alerts if a.closed_at and since <= a.closed_at <= now]
    return _mean(closed)


def access_review_seconds(reviews: Iterable[Review] | None, since: datetime, now: datetime) -> float | None:
    """Mean time from handing an access review out to its last decision, over reviews completed in the period.

    None without a source or where none was completed.
    """
    if reviews is None:
        return None
    done = [r.completed_at - r.exported_at for r in reviews if r.completed_at and since <= r.completed_at <= now]
    return _mean(done)


def _mean(spans: Collection[timedelta]) -> float | None:
    return sum(spans, timedelta()).total_seconds() / len(spans) if spans else None


def _is_human(user: User) -> bool:
    return user.kind is Kind.HUMAN and user.vanished_at is None and user.state is not State.DELETED


def _is_session(principal: str) -> bool:
    return principal.rpartition(":")[2].startswith(f"assumed-role/{SESSION_ROLE}")
