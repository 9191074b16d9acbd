"""Builders for tests of decisions: each names only what matters to the test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.domain.dossier import (
    Covered,
    Decision,
    Dossier,
    Listening,
    PlannedSet,
    Population,
    Searched,
    SignIn,
    TrackedCredential,
    Used,
    User,
)
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, CredentialKind, Destination, Kind, UserFacts
from migrator.domain.screams import Scream
from migrator.domain.waves import Approval, Stage, Wave, WaveState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = "111122223333"
HASH = "the-hash"


def ago(**span: float) -> datetime:
    """A moment before now: `ago(days=3)`."""
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    """A moment after now."""
    return NOW + timedelta(**span)


def a_user(**changes: Any) -> User:
    """A human's row, mapped two hours ago, owned and linked."""
    user = User(
        id=7,
        account_id=ACCOUNT,
        user_name="alice",
        user_id="AIDAALICE",
        state=State.MAPPED,
        state_since=ago(hours=2),
        kind=Kind.HUMAN,
        destination=Destination.PERMISSION_SET,
        persons=("alice@example.com",),
        owner="data",
        cost_center="CC-1",
    )
    return replace(user, **changes)


def some_facts(name: str = "alice", **changes: Any) -> UserFacts:
    """Facts of a user that has nothing, read ten minutes ago."""
    user_id = changes.pop("user_id", f"AIDA{name.upper()}")
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    facts = UserFacts(ACCOUNT, name, user_id, arn, ago(minutes=10), created_at=ago(days=900))
    return replace(facts, **changes)


def a_key(key: str = "AKIAONE", status: str = "Active", **changes: Any) -> Credential:
    """An access key."""
    return Credential(CredentialKind.ACCESS_KEY, key, status, **changes)


def a_password(**changes: Any) -> Credential:
    """A console password."""
    return Credential(CredentialKind.CONSOLE_PASSWORD, "password", **changes)


def a_wave(**changes: Any) -> Wave:
    """A running wave that carol made."""
    wave = Wave(id=3, name="wave-1", state=WaveState.RUNNING, created_by="carol@example.com", created_at=ago(days=2))
    return replace(wave, **changes)


def an_approval(**changes: Any) -> Approval:
    """Dora's yes to alice's cut, a day old."""
    approval = Approval(3, Stage.CUT, 7, HASH, "dora@example.com", ago(days=1), ahead(days=29))
    return replace(approval, **changes)


def covered(**counts: Any) -> Covered:
    """Coverage of the present plan, computed an hour ago; `calls` is the sum of the counts."""
    numbers = (counts.get(name, 0) for name in ("allowed", "denied", "unknown"))
    return Covered(**{"spec_sha": "sha", "at": ago(hours=1), "calls": sum(numbers), **counts})


def a_decision(what: str, value: Any = True, **changes: Any) -> Decision:
    """Erin's decision of yesterday."""
    decision = Decision("user:7", what, value, "because", "erin@example.com", ago(days=1))
    return replace(decision, **changes)


def a_scream(**changes: Any) -> Scream:
    """A refused call of an hour ago that nobody has answered."""
    scream = Scream(
        id=5,
        user=7,
        signal="refused-call",
        event_source="s3.amazonaws.com",
        event_name="ListBuckets",
        address="203.0.113.9",
        agent="Boto3/1.4",
        count=1,
        first=ago(hours=1),
        last=ago(hours=1),
    )
    return replace(scream, **changes)


def a_dossier(**changes: Any) -> Dossier:
    """Everything known and everything in order: every gate is open, for any move, unless a test changes something."""
    facts = some_facts()
    dossier = Dossier(
        user=a_user(),
        facts=facts,
        credentials=(TrackedCredential(a_key(), "Active"),),
        planned=PlannedSet("data-dev", "sha", {}),
        coverage=covered(allowed=120),
        used=Used(mined_at=ago(hours=1), since=ago(days=90), until=ago(hours=1), last=ago(days=1), calls=120),
        sign_ins=(SignIn(ago(hours=1), ACCOUNT, "data-dev", "alice@example.com"),),
        wave=a_wave(),
        approvals=(an_approval(), an_approval(stage=Stage.DELETE)),
        references=Searched(at=ago(hours=1)),
        listening=Listening(newest=ago(minutes=5), heard_since=ago(days=60), audible=("ec2",)),
        population=Population(total=100, under_test=3),
        provisioned_at=ago(days=1),
        provisioned_live=True,
        subject_hash=HASH,
    )
    return replace(dossier, **changes)
