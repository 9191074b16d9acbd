"""Persons, and what humans decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from migrator.adapters.store import tables as t
from migrator.adapters.store.mapping import to_decision
from migrator.adapters.store.statements import chunks, insert_new
from migrator.domain.dossier import Decision
from migrator.ports.store import Person

LINKING = 4203717
"""The advisory lock that linkers hold until they commit: any number that nobody else uses."""


class SqlPeople:
    """The port's `People` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def link(self, links: Mapping[int, Sequence[str]], origin: str) -> None:
        """Make exactly these persons each user's; persons are made as needed."""
        if self._do.dialect.name == "postgresql":
            # One linker at a time: the same new persons inserted in different orders would deadlock.
            self._do.execute(select(func.pg_advisory_xact_lock(LINKING)))
        lowered = {user: {email.lower() for email in emails} for user, emails in links.items()}
        emails = sorted({email for each in lowered.values() for email in each})
        new = {"identity_store_id": None, "user_name": None, "origin": origin}
        insert_new(self._do, t.persons, [{"email": email, **new} for email in emails])
        ids = self._ids(emails)
        wanted = {(ids[email], user) for user, each in lowered.items() for email in each}
        there = self._links(links)
        if gone := [{"one": person, "other": user} for person, user in sorted(there - wanted)]:
            c = t.person_users.c
            self._do.execute(
                delete(t.person_users).where(c.person == bindparam("one"), c.user_ref == bindparam("other")), gone
            )
        rows = [{"person": person, "user_ref": user} for person, user in sorted(wanted - there)]
        insert_new(self._do, t.person_users, rows)

    def _ids(self, emails: Sequence[str]) -> dict[str, int]:
        query = select(t.persons.c.email, t.persons.c.id)
        pages = (self._do.execute(query.where(t.persons.c.email.in_(some))) for some in chunks(emails))
        return {email: number for page in pages for email, number in page}

    def _links(self, users: Collection[int]) -> set[tuple[int, int]]:
        query = select(t.person_users.c.person, t.person_users.c.user_ref)
        pages = (self._do.execute(query.where(t.person_users.c.user_ref.in_(some))) for some in chunks(users))
        return {(person, user) for page in pages for person, user in page}

    def all(self) -> list[Person]:
        """Every person, sorted by address."""
        rows = self._do.execute(select(t.persons)).all()
        return _persons(rows, self._do.execute(select(t.person_users.c.person, t.person_users.c.user_ref)))

    def of(self, users: Collection[int]) -> list[Person]:
        """The persons of these users, sorted by address, each with all of its users."""
        wanted = sorted({person for person, _ in self._links(users)})
        rows: list[Any] = []
        links: list[Any] = []
        for some in chunks(wanted):
            rows += self._do.execute(select(t.persons).where(t.persons.c.id.in_(some)))
            query = select(t.person_users.c.person, t.person_users.c.user_ref)
            links += self._do.execute(query.where(t.person_users.c.person.in_(some)))
        return _persons(rows, links)

    def set_identity(self, email: str, identity_store_id: str | None, user_name: str | None) -> None:
        """Remember a person's Identity Center user: its id, and the name its sessions carry."""
        where = t.persons.c.email == email.lower()
        self._do.execute(
            update(t.persons).where(where).values(identity_store_id=identity_store_id, user_name=user_name)
        )

    def decide(self, decision: Decision) -> None:
        """Append a decision."""
        self._do.execute(
            insert(t.decisions).values(
                subject=decision.subject,
                what=decision.what,
                value=decision.value,
                reason=decision.reason,
                actor=decision.actor,
                at=decision.at,
                until=decision.until,
            )
        )

    def decisions(self, subjects: Collection[str] | None = None) -> Mapping[str, Mapping[str, Decision]]:
        """The latest decision of each `what`, per subject."""
        found: dict[str, dict[str, Decision]] = {}
        query = select(t.decisions).order_by(t.decisions.c.id)
        for names in [None] if subjects is None else chunks(subjects):
            for row in self._do.execute(query if names is None else query.where(t.decisions.c.subject.in_(names))):
                found.setdefault(row.subject, {})[row.what] = to_decision(row)
        return found


def _persons(rows: Iterable[Any], links: Iterable[Any]) -> list[Person]:
    owned: dict[int, list[int]] = {}
    for person, user in links:
        owned.setdefault(person, []).append(user)
    found = (
        Person(r.id, r.email, r.identity_store_id, r.user_name, r.origin, tuple(sorted(owned.get(r.id, ()))))
        for r in rows
    )
    return sorted(found, key=lambda person: person.email)
