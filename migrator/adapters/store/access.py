"""What is planned and who shall hold it: permission sets, coverage, grants."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from migrator.adapters.store import tables as t
from migrator.adapters.store.mapping import to_covered
from migrator.adapters.store.statements import chunks, put_documents, upsert
from migrator.domain.dossier import Covered
from migrator.domain.model import Json
from migrator.ports.store import Grant, StoredSet


class SqlAccess:
    """The port's `Access` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def cover(self, user: int, spec_sha: str, coverage: Json, at: datetime) -> None:
        """Append a computed coverage."""
        self._do.execute(insert(t.coverage).values(user_ref=user, spec_sha=spec_sha, body=coverage, at=at))

    def coverage(self, users: Collection[int]) -> dict[int, Covered]:
        """The newest coverage per user."""
        found: dict[int, Covered] = {}
        c = t.coverage
        for ids in chunks(users):
            newest = select(func.max(c.c.id)).where(c.c.user_ref.in_(ids)).group_by(c.c.user_ref)
            for row in self._do.execute(select(c).where(c.c.id.in_(newest))):
                found[row.user_ref] = to_covered(row)
        return found

    def plan_set(self, name: str, spec: Json, origin: str) -> StoredSet:
        """Insert or update a planned permission set."""
        sha = put_documents(self._do, [spec])[0]
        rows = [{"name": name, "spec_sha": sha, "origin": origin}]
        upsert(self._do, t.permission_sets, rows, ("name",))
        return next(stored for stored in self.sets() if stored.name == name)

    def sets(self) -> list[StoredSet]:
        """Every planned permission set, by name."""
        s, d = t.permission_sets, t.documents
        query = select(s, d.c.body).join(d, d.c.sha256 == s.c.spec_sha).order_by(s.c.name)
        return [
            StoredSet(r.id, r.name, r.spec_sha, json.loads(r.body), r.arn, r.origin) for r in self._do.execute(query)
        ]

    def set_arn(self, name: str, arn: str | None) -> None:
        """Remember what AWS calls it."""
        self._do.execute(update(t.permission_sets).where(t.permission_sets.c.name == name).values(arn=arn))

    def want(self, user: int, email: str | None, permission_set: str | None, account_id: str) -> None:
        """What a user's person shall hold; None takes the wish away."""
        g = t.grants
        if permission_set is None:
            self._do.execute(delete(g).where(g.c.wanted_by == user))
            return
        chosen = select(t.permission_sets.c.id).where(t.permission_sets.c.name == permission_set)
        person = select(t.persons.c.id).where(t.persons.c.email == (email or "").lower())
        row = {
            "person": self._do.execute(person).scalar(),
            "permission_set": self._do.execute(chosen).scalar_one(),
            "account_id": account_id,
            "wanted_by": user,
        }
        other = or_(*(g.c[name].is_distinct_from(row[name]) for name in ("person", "permission_set", "account_id")))
        # What was provisioned is what was wanted then; what is wanted now has to be provisioned first.
        self._do.execute(update(g).where(g.c.wanted_by == user, other).values(provisioned_at=None))
        upsert(self._do, g, [row], ("wanted_by",))

    def granted(self, user: int, at: datetime | None) -> None:
        """Mark a user's grant provisioned, or not any more."""
        self._do.execute(update(t.grants).where(t.grants.c.wanted_by == user).values(provisioned_at=at))

    def grants(self, users: Collection[int] | None = None) -> list[Grant]:
        """Every wish (of these users), by set, account and user."""
        g, s, p = t.grants, t.permission_sets, t.persons
        query = (
            select(g.c.wanted_by, p.c.email, s.c.name, g.c.account_id, g.c.provisioned_at)
            .join(s, s.c.id == g.c.permission_set)
            .join(p, p.c.id == g.c.person, isouter=True)
            .order_by(s.c.name, g.c.account_id, g.c.wanted_by)
        )
        rows: list[Row[Any]] = []
        for ids in [None] if users is None else chunks(users):
            rows += self._do.execute(query if ids is None else query.where(g.c.wanted_by.in_(ids)))
        return [Grant(r.wanted_by, r.email, r.name, r.account_id, r.provisioned_at) for r in rows]
