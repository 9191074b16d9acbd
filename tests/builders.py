"""Builders for tests of the store and of whole moves: each names only what matters to the test."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.domain.changes import Change
from migrator.domain.dossier import Decision, User
from migrator.domain.journal import Run
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, CredentialKind, Evidence, Kind, UserFacts
from migrator.domain.screams import Scream
from migrator.domain.usage import Part, PartUsage, UsageFact
from migrator.domain.waves import Wave, WaveState
from migrator.ports.store import Recorded

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = "111122223333"
LEASE = timedelta(minutes=15)
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def a_key(key: str = "AKIAONE", status: str = "Active", **changes: Any) -> Credential:
    """An access key."""
    return Credential(CredentialKind.ACCESS_KEY, key, status, **changes)


def a_password(**changes: Any) -> Credential:
    """A console password, under the name that the reader gives every password."""
    return Credential(CredentialKind.CONSOLE_PASSWORD, "password", **changes)


def every_credential(user: str = "alice") -> tuple[Credential, ...]:
    """One credential of each kind and state that a user may hold."""
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/{user}"
    return (
        a_password(detail={"password_reset_required": False}),
        a_key("AKIAONE"),
        a_key("AKIATWO", "Inactive"),
        Credential(CredentialKind.SSH_PUBLIC_KEY, "APKAONE"),
        Credential(CredentialKind.SSH_PUBLIC_KEY, "APKATWO", "Inactive"),
        Credential(CredentialKind.SERVICE_SPECIFIC, "ACCAONE", detail={"service": "codecommit.amazonaws.com"}),
        Credential(CredentialKind.SIGNING_CERTIFICATE, "CERTONE"),
        Credential(CredentialKind.MFA_DEVICE, serial, detail={"virtual": True}),
        Credential(CredentialKind.MFA_DEVICE, "GAHT0001", detail={"virtual": False}),
    )


def a_user_facts(name: str = "alice", **changes: Any) -> UserFacts:
    """Facts of a user that has nothing, read just now."""
    account = changes.pop("account_id", ACCOUNT)
    user_id = changes.pop("user_id", f"AIDA{name.upper()}")
    path = changes.pop("path", "/")
    arn = f"arn:aws:iam::{account}:user{path}{name}"
    return replace(UserFacts(account, name, user_id, arn, NOW, path=path), **changes)


def a_user(facts: UserFacts | None = None, **changes: Any) -> User:
    """The new row of a user with these facts (id 0), discovered just now."""
    seen = facts or a_user_facts()
    user = User(
        id=0,
        account_id=seen.account_id,
        user_name=seen.user_name,
        user_id=seen.user_id,
        state=State.DISCOVERED,
        state_since=NOW,
        path=seen.path,
        kind=Kind.HUMAN,
        kind_confidence=0.9,
        observed_at=seen.observed_at,
    )
    return replace(user, **changes)


def a_recorded(facts: UserFacts | None = None, user: User | None = None, **changes: Any) -> Recorded:
    """One user of a reading: of a new row, unless the row is given."""
    seen = facts or a_user_facts()
    return replace(Recorded(user or a_user(seen), seen), **changes)


def record(store: Any, *entries: Recorded) -> list[User]:
    """Write users down, each in a committed reading of all."""
    with store.begin() as work:
        users = work.users.record(entries)
        work.commit()
    return users


def recorded(store: Any, *names: str, **changes: Any) -> list[User]:
    """Users of these names in the table, with `changes` to their rows."""
    facts = [a_user_facts(name) for name in names or ("alice",)]
    return record(store, *(a_recorded(seen, a_user(seen, **changes)) for seen in facts))


def a_change(key: str = "AKIAONE", before: str = "Active", after: str = "Inactive") -> Change:
    """The switch of alice's access key."""
    return Change("access-key", (ACCOUNT, "alice", key), {"status": before}, {"status": after})


def a_run(subject: str = "user:1", **changes: Any) -> Run:
    """A run that worker `host:1:a` begins now."""
    run = Run(0, subject, "deactivate", "quarantined", "deactivated", "ops", "host:1:a", 1, NOW + LEASE, NOW)
    return replace(run, **changes)


def a_decision(what: str = "hold", value: Any = True, **changes: Any) -> Decision:
    """Erin's decision about row 1."""
    return replace(Decision("user:1", what, value, "because", "erin@example.com", NOW), **changes)


def some_evidence(claim: str = "kind", value: Any = "human", **changes: Any) -> Evidence:
    """One claim from the tags."""
    return replace(Evidence(claim, value, 0.8, "tags", NOW), **changes)


def a_wave(name: str = "wave-1", **changes: Any) -> Wave:
    """A new draft that carol makes."""
    return replace(Wave(0, name, WaveState.DRAFT, "carol@example.com", NOW), **changes)


def a_scream(user: int = 1, **changes: Any) -> Scream:
    """A refused call that nobody has answered, not written yet."""
    scream = Scream(0, user, "refused-call", "s3.amazonaws.com", "ListBuckets", "203.0.113.9", "Boto3/1.4", 1, NOW, NOW)
    return replace(scream, **changes)


def a_usage_fact(name: str = "alice", action: str = "s3:ListBucket", **changes: Any) -> UsageFact:
    """Two calls of a user, seen yesterday."""
    principal = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    seen = NOW - timedelta(days=1)
    return replace(
        UsageFact(principal, ACCOUNT, "s3.amazonaws.com", "ListObjects", action, "*", 2, seen, seen), **changes
    )


def a_part(key: str = "one.json.gz", facts: Iterable[UsageFact] = (), etag: str = "e1", **changes: Any) -> PartUsage:
    """One log file of the trail `cloudtrail:t`, and what it held."""
    held = tuple(facts)
    newest = max((fact.last for fact in held), default=None)
    part = Part(changes.pop("source", "cloudtrail:t"), changes.pop("account_id", ACCOUNT), key, etag)
    return replace(PartUsage(part, len(held), held, first=newest, newest=newest), **changes)
