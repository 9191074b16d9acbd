"""Everything known about some users, in as few queries as can be, joined in memory."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from migrator.adapters.store import tables as t
from migrator.adapters.store import work_tables as w
from migrator.adapters.store.access import SqlAccess
from migrator.adapters.store.mapping import to_approval, to_wave
from migrator.adapters.store.people import SqlPeople
from migrator.adapters.store.screams import SqlScreams
from migrator.adapters.store.statements import chunks
from migrator.adapters.store.trails import SqlTrails
from migrator.adapters.store.usage import SqlUsage
from migrator.adapters.store.users import SqlUsers
from migrator.domain.audibility import listen
from migrator.domain.dossier import (
    Dossier,
    Listening,
    PlannedSet,
    Population,
    Reference,
    Searched,
    SignIn,
    Used,
    User,
)
from migrator.domain.model import Destination, Evidence, UserFacts
from migrator.domain.roles import RoleSeen, latest_look
from migrator.domain.usage import UsageFact
from migrator.domain.waves import Approval, Wave
from migrator.ports.store import Grant, Person, StoredSet


class Dossiers:
    """Loads dossiers on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection
        self._users = SqlUsers(connection)
        self._usage = SqlUsage(connection)

    def load(self, users: Collection[int], now: datetime, lookback: timedelta) -> list[Dossier]:
        """Dossiers, sorted by user key."""
        rows = self._users.many(users)
        ids = [user.id for user in rows]
        facts, credentials = self._facts(rows), self._users.credentials(ids)
        evidence = self._users.evidence(ids)
        decisions = SqlPeople(self._do).decisions([user.subject for user in rows])
        persons = {person.email: person for person in SqlPeople(self._do).of(ids)}
        covered, references = SqlAccess(self._do).coverage(ids), self._references(ids)
        used, listening = self._used(rows, facts, now - lookback)
        planned, grants = self._planned(ids)
        called = {name for user in rows for name in _names(user, persons)}
        sessions = _sign_ins(self._usage.sessions(now - lookback, called))
        waves, approvals = self._waves(ids)
        screams = self._screams(ids)
        population = self._population()
        found = []
        for user in rows:
            grant = grants.get(user.id)
            stored = planned.get(user.id)
            wave = waves.get(user.id)
            role = _role(user, stored, evidence.get(user.id, ()))
            found.append(
                Dossier(
                    user=user,
                    facts=facts.get(user.id),
                    credentials=credentials.get(user.id, ()),
                    evidence=evidence.get(user.id, ()),
                    decisions=decisions.get(user.subject, {}),
                    identity_store_id=_identity(user, persons),
                    planned=stored,
                    coverage=covered.get(user.id),
                    used=used[user.id],
                    sign_ins=(*_of_person(user, persons, sessions), *_of_role(user, stored, role)),
                    wave=wave,
                    approvals=tuple(a for a in approvals.get(user.id, ()) if wave and a.wave == wave.id),
                    screams=screams.get(user.id, ()),
                    references=references.get(user.id, Searched()),
                    listening=listening[user.id],
                    population=population,
                    provisioned_at=grant.provisioned_at if grant else None,
                    provisioned_live=_live(user, grant, role),
                )
            )
        return found

    def _facts(self, users: Collection[User]) -> dict[int, UserFacts]:
        """The newest snapshots; a reading that found the same again is younger than they are."""
        found = self._users.snapshots([user.id for user in users])
        seen = {user.id: user.observed_at for user in users}
        return {
            user: replace(f, observed_at=max(f.observed_at, seen[user] or f.observed_at)) for user, f in found.items()
        }

    def _references(self, users: Collection[int]) -> dict[int, Searched]:
        found: dict[int, list[Any]] = {}
        r = t.name_references
        for ids in chunks(users):
            for row in self._do.execute(select(r).where(r.c.user_ref.in_(ids)).order_by(r.c.where)):
                found.setdefault(row.user_ref, []).append(row)
        return {user: _searched(rows) for user, rows in found.items()}

    def _used(
        self, users: Collection[User], facts: Mapping[int, UserFacts], since: datetime
    ) -> tuple[dict[int, Used], dict[int, Listening]]:
        """What each user called, and what of it trails would record when it is refused."""
        calls = self._usage.facts([f.arn for f in facts.values()], since)
        services = self._usage.services([user.id for user in users])
        trails = SqlTrails(self._do).of([user.account_id for user in users])
        (mined, newest, _), everybody = self._usage.heard(), self._listening()
        used, heard = {}, {}
        for user in users:
            known, last = facts.get(user.id), services.get(user.id, {})
            arn = known.arn if known else ""
            used[user.id] = _used(calls, known, last, mined, newest, since)
            heard[user.id] = listen(everybody, arn, calls.get(arn, ()), last, since, trails.get(user.account_id))
        return used, heard

    def _planned(self, users: Collection[int]) -> tuple[dict[int, PlannedSet], dict[int, Grant]]:
        sets = {stored.name: stored for stored in SqlAccess(self._do).sets()}
        grants = {grant.user: grant for grant in SqlAccess(self._do).grants(users)}
        return {user: _plan(sets[grant.permission_set]) for user, grant in grants.items()}, grants

    def _waves(self, users: Collection[int]) -> tuple[dict[int, Wave], dict[int, tuple[Approval, ...]]]:
        waves: dict[int, Wave] = {}
        approvals: dict[int, tuple[Approval, ...]] = {}
        for ids in chunks(users):
            member = (w.wave_users.c.user_ref.in_(ids), w.wave_users.c.active)
            query = select(w.waves, w.wave_users.c.user_ref).join(w.wave_users).where(*member)
            waves.update({row.user_ref: to_wave(row) for row in self._do.execute(query)})
            given = select(w.approvals).where(w.approvals.c.user_ref.in_(ids)).order_by(w.approvals.c.id)
            for row in self._do.execute(given):
                approvals[row.user_ref] = (*approvals.get(row.user_ref, ()), to_approval(row))
        return waves, approvals

    def _screams(self, users: Collection[int]) -> dict[int, tuple[Any, ...]]:
        found: dict[int, tuple[Any, ...]] = {}
        for scream in SqlScreams(self._do).all(users):
            found[scream.user] = (*found.get(scream.user, ()), scream)
        return found

    def _listening(self) -> Listening:
        _, newest, bad = self._usage.heard()
        since = self._do.execute(select(func.min(w.workers.c.heard_since))).scalar()
        unread = (f"{bad} unreadable log files",) if bad else ()
        return Listening(newest=newest, heard_since=since, not_checked=unread)

    def _population(self) -> Population:
        counted = select(t.users.c.state, func.count()).where(t.users.c.vanished_at.is_(None)).group_by(t.users.c.state)
        states: dict[str, int] = {state: number for state, number in self._do.execute(counted)}  # noqa: C416
        begun = select(func.count()).where(w.runs.c.status == "running", w.runs.c.kind == "quarantine")
        under = sum(states.get(state, 0) for state in ("quarantined", "deactivated"))
        under += self._do.execute(begun).scalar_one()
        return Population(total=sum(states.values()) - states.get("deleted", 0), under_test=under)


def _plan(stored: StoredSet) -> PlannedSet:
    return PlannedSet(stored.name, stored.spec_sha, stored.spec, tuple(stored.spec.get("problems", ())))


def _role(user: User, planned: PlannedSet | None, evidence: Iterable[Evidence]) -> RoleSeen | None:
    return latest_look(planned, evidence) if user.destination is Destination.IAM_ROLE else None


def _live(user: User, grant: Grant | None, role: RoleSeen | None) -> bool | None:
    """Whether what is planned is there: a machine's role by the latest look, everything else by what we made."""
    if user.destination is Destination.IAM_ROLE:
        return None if role is None else not role.differences
    return None if grant is None else grant.provisioned_at is not None


def _of_role(user: User, planned: PlannedSet | None, role: RoleSeen | None) -> tuple[SignIn, ...]:
    """A machine's role in use, by IAM's own memory."""
    if planned is None or role is None or role.last_used_at is None:
        return ()
    return (SignIn(role.last_used_at, user.account_id, planned.name, planned.name),)


def _identity(user: User, persons: Mapping[str, Person]) -> str | None:
    person = persons.get(user.person) if user.person else None
    return person.identity_store_id if person else None


def _searched(rows: list[Any]) -> Searched:
    marks = {"searched", "not-checked"}
    return Searched(
        at=max(row.checked_at for row in rows),
        found=tuple(Reference(row.where, row.effect) for row in rows if row.effect not in marks),
        not_checked=tuple(row.where for row in rows if row.effect == "not-checked"),
    )


def _used(
    calls: Mapping[str, list[UsageFact]],
    facts: UserFacts | None,
    services: Mapping[str, datetime | None],
    mined: datetime | None,
    newest: datetime | None,
    since: datetime,
) -> Used:
    own = calls.get(facts.arn, []) if facts else []
    allowed = [fact for fact in own if not fact.refused]
    agents = {fact.agent for fact in own if fact.agent}
    logged = {fact.source.split(".")[0] for fact in own}
    return Used(
        mined_at=mined,
        since=since if mined else None,
        until=max(newest or since, since) if mined else None,
        last=max((fact.last for fact in allowed), default=None),
        calls=sum(fact.calls for fact in own),
        services=tuple(sorted(logged | {name for name, at in services.items() if at and at >= since})),
        addresses=len({fact.address for fact in own if fact.address}),
        agents=tuple(sorted(agents)),
    )


def _sign_ins(facts: Iterable[UsageFact]) -> list[SignIn]:
    found = []
    for fact in facts:
        _, _, resource = fact.principal.partition(":assumed-role/")
        role, _, session = resource.partition("/")
        if fact.error or not session:
            continue
        name = role.removeprefix("AWSReservedSSO_").rpartition("_")[0]
        found.append(SignIn(fact.last, fact.account_id, name, session))
    return found


def _names(user: User, persons: Mapping[str, Person]) -> set[str]:
    """What sessions of the user's people are called: their addresses, and their names in Identity Center."""
    names = {email.lower() for email in user.persons}
    return names | {p.user_name.lower() for e in names if (p := persons.get(e)) and p.user_name}


def _of_person(user: User, persons: Mapping[str, Person], sign_ins: Iterable[SignIn]) -> tuple[SignIn, ...]:
    names = _names(user, persons)
    return tuple(sign_in for sign_in in sign_ins if sign_in.session.lower() in names)
