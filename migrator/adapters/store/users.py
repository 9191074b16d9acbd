"""Users with their identities, snapshots, credentials and policies."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy import and_ as both

from migrator.adapters.store import tables as t
from migrator.adapters.store import work_tables as w
from migrator.adapters.store.last_use import credentials_of, unread_since, write_uses
from migrator.adapters.store.mapping import credential_row, evidence_row, to_evidence, to_user
from migrator.adapters.store.statements import chunks, put_documents, upsert
from migrator.adapters.store.user_rows import update_rows, write_rows
from migrator.domain.changes import Change
from migrator.domain.dossier import TrackedCredential, User
from migrator.domain.errors import NotFound
from migrator.domain.lifecycle import State
from migrator.domain.model import Credential, CredentialKind, Evidence, Json, UserFacts
from migrator.domain.selection import Line
from migrator.domain.snapshot import from_document, to_document
from migrator.ports.store import Recorded

_LIVE = both(
    t.credentials.c.gone_at.is_(None),
    t.credentials.c.status == "Active",
    t.credentials.c.kind != str(CredentialKind.MFA_DEVICE),
)


_CREDENTIALS = {
    "login-profile": CredentialKind.CONSOLE_PASSWORD,
    "access-key": CredentialKind.ACCESS_KEY,
    "ssh-public-key": CredentialKind.SSH_PUBLIC_KEY,
    "service-specific-credential": CredentialKind.SERVICE_SPECIFIC,
    "signing-certificate": CredentialKind.SIGNING_CERTIFICATE,
    "mfa-device": CredentialKind.MFA_DEVICE,
}
"""Which change kinds are about which credentials."""


class SqlUsers:
    """The port's `Users` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def lines(self, *, account: str | None = None, wave: str | None = None) -> list[Line]:
        """Every user with last use and counts, sorted by key."""
        counts = (
            select(
                t.credentials.c.user_ref,
                func.max(t.credentials.c.last_used_at).label("last_used"),
                func.count().filter(_LIVE).label("active"),
                func.count().filter(t.credentials.c.gone_at.is_(None)).label("total"),
            )
            .group_by(t.credentials.c.user_ref)
            .subquery()
        )
        query = (
            _users()
            .add_columns(counts.c.last_used, counts.c.active, counts.c.total)
            .join(counts, counts.c.user_ref == t.users.c.id, isouter=True)
            .order_by(t.users.c.account_id, t.users.c.user_name, t.users.c.id)
        )
        if account is not None:
            query = query.where(t.users.c.account_id == account)
        if wave is not None:
            query = query.where(w.waves.c.name == wave)
        rows = self._do.execute(query).all()
        emails, holds = self._emails(None), self._holds()
        return [
            Line(
                to_user(row, emails.get(row.id, ()), holds.get(row.id)), row.last_used, row.active or 0, row.total or 0
            )
            for row in rows
        ]

    def get(self, user: int) -> User:
        """One row by its id; raises NotFound."""
        return self._where(t.users.c.id == user, f"no user row {user}")

    def in_account(self, account_id: str) -> list[User]:
        """Every row of an account, locked for this unit of work (SQLite's BEGIN IMMEDIATE locks anyway)."""
        query = _users().where(t.users.c.account_id == account_id).order_by(t.users.c.id)
        rows = self._do.execute(query.with_for_update(of=t.users)).all()
        emails, holds = self._emails([row.id for row in rows]), self._holds()
        return [to_user(row, emails.get(row.id, ()), holds.get(row.id)) for row in rows]

    def many(self, users: Collection[int]) -> list[User]:
        """Rows by id, sorted by key."""
        found: list[User] = []
        holds = self._holds()
        for ids in chunks(users):
            rows = self._do.execute(_users().where(t.users.c.id.in_(ids))).all()
            emails = self._emails(ids)
            found += [to_user(row, emails.get(row.id, ()), holds.get(row.id)) for row in rows]
        return sorted(found, key=lambda user: (user.key, user.id))

    def living(self, account_id: str, user_name: str) -> User | None:
        """Who has that name now, which IAM compares without case: neither deleted nor vanished."""
        u = t.users.c
        same = both(u.account_id == account_id, func.lower(u.user_name) == user_name.lower(), u.state != "deleted")
        row = self._do.execute(_users().where(same, u.vanished_at.is_(None))).first()
        return to_user(row, self._emails([row.id]).get(row.id, ()), self._holds().get(row.id)) if row else None

    def record(self, entries: Sequence[Recorded]) -> list[User]:
        """Write many users of one reading at once."""
        saved = write_rows(self._do, entries)
        self._snapshots(saved, entries)
        self._credentials(saved, entries)
        self._policies(saved, entries)
        self._evidence(saved, entries)
        return saved

    def save(self, user: User) -> User:
        """Update one row; raises Stale if somebody else did first."""
        return update_rows(self._do, [user])[0]

    def move(self, user: User, state: State, at: datetime) -> User:
        """Save a row in another state."""
        return self.save(replace(user, state=state, state_since=at))

    def look_again(self, user: int, at: datetime | None) -> None:
        """When time may open the user's next gate; no change of the row, so its version stays."""
        self._do.execute(update(t.users).where(t.users.c.id == user).values(next_check_at=at))

    def vanish(self, users: Sequence[User], at: datetime) -> None:
        """Mark rows whose user is gone, and close their identities."""
        for user in users:
            self.save(replace(user, vanished_at=at))
            self._close(user.id, at)

    def adopt(self, user: User, aws_user_id: str, at: datetime) -> None:
        """Open a new identity on a row; one that another reading gave it already stays open."""
        self._close(user.id, at)
        row = {"account_id": user.account_id, "aws_user_id": aws_user_id, "user_ref": user.id, "since": at}
        upsert(self._do, t.identities, [{**row, "until": None}], ("account_id", "aws_user_id"))

    def close_identity(self, user: User, at: datetime) -> None:
        """The user was deleted: its identity ends, its credentials are gone."""
        self._close(user.id, at)
        gone = both(t.credentials.c.user_ref == user.id, t.credentials.c.gone_at.is_(None))
        self._do.execute(update(t.credentials).where(gone).values(gone_at=at))

    def reflect(self, user: User, change: Change, at: datetime) -> None:
        """Let the credentials' rows say what a change has just made true."""
        kind = _CREDENTIALS.get(change.kind)
        if kind is None:
            return
        name = "password" if kind is CredentialKind.CONSOLE_PASSWORD else change.target[-1]
        values = {"gone_at": at} if change.after is None else {"status": change.after["status"]}
        same = both(
            t.credentials.c.user_ref == user.id, t.credentials.c.kind == str(kind), t.credentials.c.aws_id == name
        )
        self._do.execute(update(t.credentials).where(same).values(**values))

    def facts(self, user: int) -> UserFacts | None:
        """The newest snapshot."""
        return self._snapshot(t.snapshots.c.user_ref == user)

    def snapshots(self, users: Collection[int]) -> Mapping[int, UserFacts]:
        """The newest snapshot of each of these users."""
        found: dict[int, UserFacts] = {}
        s, d = t.snapshots, t.documents
        for ids in chunks(users):
            newest = select(func.max(s.c.id)).where(s.c.user_ref.in_(ids)).group_by(s.c.user_ref)
            query = select(s.c.user_ref, s.c.at, d.c.body).join(d, d.c.sha256 == s.c.sha256).where(s.c.id.in_(newest))
            for row in self._do.execute(query):
                found[row.user_ref] = from_document(json.loads(row.body), row.at)
        return found

    def credentials(self, users: Collection[int]) -> Mapping[int, tuple[TrackedCredential, ...]]:
        """Every credential of these users, those that are gone included, by kind and id."""
        return credentials_of(self._do, users)

    def unread_use(self, users: Collection[int], before: datetime, most: int) -> list[int]:
        """Those whose last use was read before that time or never, longest ago first, `most` at most."""
        return unread_since(self._do, users, before, most)

    def used(self, users: Mapping[int, Sequence[Credential]], at: datetime) -> None:
        """Write when credentials were last used, as read at `at`; a time never moves back."""
        write_uses(self._do, users, at)

    def snapshot_before(self, user: int, reason: str) -> UserFacts | None:
        """The newest snapshot taken for that reason."""
        return self._snapshot(both(t.snapshots.c.user_ref == user, t.snapshots.c.reason == reason))

    def policies(self, users: Collection[int]) -> Mapping[int, tuple[tuple[str, str, Json], ...]]:
        """Everything that grants or bounds, per user: (source, name, document)."""
        found: dict[int, list[tuple[str, str, Json]]] = {}
        p, d = t.user_policies, t.documents
        for ids in chunks(users):
            query = select(p.c.user_ref, p.c.source, p.c.name, d.c.body).join(d, d.c.sha256 == p.c.sha256)
            query = query.where(p.c.user_ref.in_(ids)).order_by(p.c.user_ref, p.c.source, p.c.name)
            for row in self._do.execute(query):
                found.setdefault(row.user_ref, []).append((row.source, row.name, json.loads(row.body)))
        return {user: tuple(rows) for user, rows in found.items()}

    def evidence(self, users: Collection[int]) -> Mapping[int, tuple[Evidence, ...]]:
        """The latest evidence of each claim and source, per user."""
        found: dict[int, dict[tuple[str, str], Evidence]] = {}
        for ids in chunks(users):
            query = select(t.evidence).where(t.evidence.c.user_ref.in_(ids)).order_by(t.evidence.c.id)
            for row in self._do.execute(query):
                found.setdefault(row.user_ref, {})[row.claim, row.source] = to_evidence(row)
        return {user: tuple(claims.values()) for user, claims in found.items()}

    def _where(self, condition: ColumnElement[bool], missing: str) -> User:
        row = self._do.execute(_users().where(condition)).first()
        if row is None:
            raise NotFound(missing)
        return to_user(row, self._emails([row.id]).get(row.id, ()), self._holds().get(row.id))

    def _emails(self, users: Collection[int] | None) -> dict[int, tuple[str, ...]]:
        query = select(t.person_users.c.user_ref, t.persons.c.email).join(t.persons).order_by(t.persons.c.email)
        found: dict[int, tuple[str, ...]] = {}
        for ids in [None] if users is None else chunks(users):
            only = query if ids is None else query.where(t.person_users.c.user_ref.in_(ids))
            for user, email in self._do.execute(only):
                found[user] = (*found.get(user, ()), email)
        return found

    def _holds(self) -> dict[int, str]:
        query = select(t.decisions).where(t.decisions.c.what == "hold").order_by(t.decisions.c.id)
        latest = {row.subject: row for row in self._do.execute(query)}
        return {int(subject.split(":")[1]): row.reason for subject, row in latest.items() if row.value}

    def _snapshots(self, users: Sequence[User], entries: Sequence[Recorded]) -> None:
        shas = put_documents(self._do, [to_document(entry.facts) for entry in entries])
        newest = self._newest([user.id for user in users])
        rows = [
            {"user_ref": user.id, "at": entry.facts.observed_at, "reason": entry.reason, "sha256": sha}
            for user, entry, sha in zip(users, entries, shas, strict=True)
            if newest.get(user.id) != sha or entry.reason != "discover"
        ]
        if rows:
            self._do.execute(insert(t.snapshots), rows)

    def _newest(self, users: Collection[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for ids in chunks(users):
            query = select(t.snapshots.c.user_ref, t.snapshots.c.sha256).where(t.snapshots.c.user_ref.in_(ids))
            found |= {user: sha for user, sha in self._do.execute(query.order_by(t.snapshots.c.id))}  # noqa: C416
        return found

    def _snapshot(self, condition: ColumnElement[bool]) -> UserFacts | None:
        s, d = t.snapshots, t.documents
        query = select(s.c.at, d.c.body).join(d, d.c.sha256 == s.c.sha256).where(condition)
        row = self._do.execute(query.order_by(s.c.id.desc()).limit(1)).first()
        return from_document(json.loads(row.body), row.at) if row else None

    def _credentials(self, users: Sequence[User], entries: Sequence[Recorded]) -> None:
        known = self._known_credentials([user.id for user in users])
        rows: list[dict[str, Any]] = []
        gone: dict[datetime, list[int]] = {}
        for user, entry in zip(users, entries, strict=True):
            before = known.get(user.id, {})
            rows += [credential_row(user, c, before.get((str(c.kind), c.id))) for c in entry.facts.credentials]
            present = {(str(c.kind), c.id) for c in entry.facts.credentials}
            gone.setdefault(entry.facts.observed_at, []).extend(r.id for k, r in before.items() if k not in present)
        upsert(self._do, t.credentials, rows, ("user_ref", "kind", "aws_id"))
        for at, all_ids in gone.items():
            for ids in chunks(all_ids):
                lost = both(t.credentials.c.id.in_(ids), t.credentials.c.gone_at.is_(None))
                self._do.execute(update(t.credentials).where(lost).values(gone_at=at))

    def _known_credentials(self, users: Collection[int]) -> dict[int, dict[tuple[str, str], Row[Any]]]:
        found: dict[int, dict[tuple[str, str], Row[Any]]] = {}
        for ids in chunks(users):
            for row in self._do.execute(select(t.credentials).where(t.credentials.c.user_ref.in_(ids))):
                found.setdefault(row.user_ref, {})[row.kind, row.aws_id] = row
        return found

    def _policies(self, users: Sequence[User], entries: Sequence[Recorded]) -> None:
        wanted = [
            (user.id, *policy)
            for user, entry in zip(users, entries, strict=True)
            if entry.reason == "discover"
            for policy in entry.policies
        ]
        replaced = [user.id for user, entry in zip(users, entries, strict=True) if entry.reason == "discover"]
        for ids in chunks(replaced):
            self._do.execute(delete(t.user_policies).where(t.user_policies.c.user_ref.in_(ids)))
        shas = put_documents(self._do, [document for *_, document in wanted])
        rows = [
            {"user_ref": user, "source": source, "name": name, "sha256": sha}
            for (user, source, name, _), sha in zip(wanted, shas, strict=True)
        ]
        if rows:
            self._do.execute(insert(t.user_policies), rows)

    def believe(self, user: int, evidence: Sequence[Evidence]) -> None:
        """Append the evidence that is new."""
        self._believe([(user, evidence)])

    def _evidence(self, users: Sequence[User], entries: Sequence[Recorded]) -> None:
        self._believe([(user.id, entry.evidence) for user, entry in zip(users, entries, strict=True)])

    def _believe(self, pieces: Sequence[tuple[int, Sequence[Evidence]]]) -> None:
        known = self.evidence([user for user, _ in pieces])
        latest = {(u, e.claim, e.source): (e.value, e.confidence) for u, found in known.items() for e in found}
        rows = [
            evidence_row(user, e)
            for user, evidence in pieces
            for e in evidence
            if latest.get((user, e.claim, e.source)) != (e.value, e.confidence)
        ]
        if rows:
            self._do.execute(insert(t.evidence), rows)

    def _close(self, user: int, at: datetime) -> None:
        open_one = both(t.identities.c.user_ref == user, t.identities.c.until.is_(None))
        self._do.execute(update(t.identities).where(open_one).values(until=at))


def _users() -> Select[Any]:
    i = t.identities
    identity = (
        select(i.c.aws_user_id)
        .where(i.c.user_ref == t.users.c.id)
        .order_by(i.c.until.is_not(None), i.c.since.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(t.users, identity.label("aws_user_id"), w.waves.c.name.label("wave_name"))
        .join(w.wave_users, both(w.wave_users.c.user_ref == t.users.c.id, w.wave_users.c.active), isouter=True)
        .join(w.waves, w.waves.c.id == w.wave_users.c.wave, isouter=True)
    )
