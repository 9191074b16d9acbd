"""The four KPIs: what counts, what does not, and that no source is not zero."""

from dataclasses import replace

import pytest

from migrator.domain.kpi import (
    Alert,
    Holder,
    Kpis,
    Review,
    access_review_seconds,
    alert_mttr_seconds,
    human_events_through_idp_percent,
    human_users_with_long_term_credentials,
)
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, CredentialKind, Kind
from migrator.domain.usage import UsageFact
from tests.unit.dossiers import ACCOUNT, NOW, a_key, a_password, a_user, ago, ahead

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_data_0123456789abcdef/alice@example.com"
MFA = Credential(CredentialKind.MFA_DEVICE, "mfa")

HOLDERS = {
    "a password": (Holder(a_user(), (a_password(),)), 1),
    "an active key": (Holder(a_user(), (a_key(),)), 1),
    "a service credential": (Holder(a_user(), (Credential(CredentialKind.SERVICE_SPECIFIC, "A"),)), 1),
    "an inactive key": (Holder(a_user(), (a_key("A", "Inactive"), a_key("B", "Inactive"))), 0),
    "only MFA": (Holder(a_user(), (MFA,)), 0),
    "two credentials are one user": (Holder(a_user(), (a_password(), a_key())), 1),
    "quarantined": (Holder(a_user(state=State.QUARANTINED), (a_key(),)), 1),
    "deleted": (Holder(a_user(state=State.DELETED), (a_key(),)), 0),
    "vanished": (Holder(a_user(vanished_at=NOW), (a_key(),)), 0),
    "a machine": (Holder(a_user(kind=Kind.MACHINE), (a_key(),)), 0),
    "break-glass": (Holder(a_user(kind=Kind.BREAK_GLASS), (a_password(),)), 0),
}


@pytest.mark.parametrize(("holder", "count"), HOLDERS.values(), ids=HOLDERS)
def test_human_users_with_long_term_credentials(holder, count):
    assert human_users_with_long_term_credentials([holder]) == count


def calls(number: int, principal: str = SESSION, **changes: object) -> UsageFact:
    fact = UsageFact(principal, ACCOUNT, "s3.amazonaws.com", "ListBuckets", None, "", number, ago(days=1), NOW)
    return replace(fact, **changes)


SHARES = {
    "all through the provider": ([calls(5)], 100.0),
    "none": ([calls(5, ALICE)], 0.0),
    "a third": ([calls(1), calls(2, ALICE)], 33.3),
    "machines do not count": ([calls(1), calls(99, ALICE + "-bot")], 100.0),
    "other roles do not count": ([calls(1), calls(9, f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/x")], 100.0),
    "the portal does not count": ([calls(1), calls(9, "identitystore:u-1")], 100.0),
    "sign-ins do not count": ([calls(1), calls(9, ALICE, source="signin.amazonaws.com")], 100.0),
    "refused calls count": ([calls(1), calls(1, ALICE, error="AccessDenied")], 50.0),
    "no calls": ([], None),
}


@pytest.mark.parametrize(("facts", "percent"), SHARES.values(), ids=SHARES)
def test_human_events_through_the_identity_provider(facts, percent):
    assert human_events_through_idp_percent(facts, [ALICE]) == percent


def test_alerts_count_when_they_are_closed_in_the_period():
    alerts = [
        Alert(ago(hours=3), ago(hours=2)),
        Alert(ago(hours=5), ago(hours=2)),
        Alert(ago(days=9)),
        Alert(ago(days=90), ago(days=60)),
        Alert(ago(hours=1), ahead(hours=1)),
    ]
    assert alert_mttr_seconds(alerts, ago(days=30), NOW) == 2 * 3600
    assert alert_mttr_seconds(alerts[2:], ago(days=30), NOW) is None


def test_reviews_count_when_they_are_complete():
    reviews = [Review(ago(days=4), ago(days=2)), Review(ago(days=40)), Review(ago(days=90), ago(days=60))]
    assert access_review_seconds(reviews, ago(days=30), NOW) == 2 * 86400


def test_no_source_is_not_zero():
    assert human_users_with_long_term_credentials(None) is None
    assert human_users_with_long_term_credentials([]) == 0
    assert human_events_through_idp_percent(None, []) is None
    assert alert_mttr_seconds(None, ago(days=1), NOW) is None
    assert access_review_seconds(None, ago(days=1), NOW) is None
    assert Kpis() == Kpis(None, None, None, None)
