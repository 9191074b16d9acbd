"""Waves, their members and approvals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from migrator.adapters.store import work_tables as w
from migrator.adapters.store.mapping import to_approval, to_wave
from migrator.domain.errors import NotFound, Stale, UsageError
from migrator.domain.waves import Approval, Wave, WaveState


class SqlWaves:
    """The port's `Waves` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._do = connection

    def create(self, wave: Wave, users: Sequence[tuple[int, str]]) -> Wave:
        """A new wave with (user, why it is there); raises UsageError if one is in an open wave already."""
        try:
            made = self._do.execute(
                insert(w.waves)
                .values(
                    name=wave.name,
                    state=str(wave.state),
                    created_by=wave.created_by,
                    created_at=wave.created_at,
                    starts_at=wave.starts_at,
                )
                .returning(w.waves.c.id)
            ).scalar_one()
        except IntegrityError as error:
            raise UsageError(f"there is a wave {wave.name!r} already", next_step="see: migrator wave list") from error
        rows = [{"wave": made, "user_ref": user, "active": True, "why": why} for user, why in users]
        try:
            if rows:
                self._do.execute(insert(w.wave_users), rows)
        except IntegrityError as error:
            raise UsageError(
                "a user of this wave is in another open wave", next_step="see: migrator wave list"
            ) from error
        return replace(wave, id=made)

    def find(self, name: str) -> Wave:
        """By name; raises NotFound."""
        row = self._do.execute(select(w.waves).where(w.waves.c.name == name)).first()
        if row is None:
            raise NotFound(f"no wave {name!r}", next_step="see: migrator wave list")
        return to_wave(row)

    def all(self) -> list[Wave]:
        """Every wave in the order they were made."""
        return [to_wave(row) for row in self._do.execute(select(w.waves).order_by(w.waves.c.id))]

    def members(self, wave: Wave) -> list[tuple[int, str]]:
        """(user, why) of every member, those who left included."""
        query = select(w.wave_users).where(w.wave_users.c.wave == wave.id).order_by(w.wave_users.c.user_ref)
        return [(row.user_ref, row.why) for row in self._do.execute(query)]

    def move(self, wave: Wave, state: WaveState, at: datetime) -> Wave:
        """Change a wave's state; leaving for `done` frees its members."""
        starts = at if state is WaveState.RUNNING and wave.starts_at is None else wave.starts_at
        result = self._do.execute(
            update(w.waves)
            .where(w.waves.c.id == wave.id, w.waves.c.version == wave.version)
            .values(state=str(state), starts_at=starts, version=wave.version + 1)
        )
        if result.rowcount != 1:
            raise Stale(f"wave {wave.name!r} was changed just now", next_step="run the same command again")
        if state is WaveState.DONE:
            self._do.execute(update(w.wave_users).where(w.wave_users.c.wave == wave.id).values(active=False))
        return replace(wave, state=state, starts_at=starts, version=wave.version + 1)

    def leave(self, user: int) -> None:
        """Take a user out of its open wave."""
        self._do.execute(update(w.wave_users).where(w.wave_users.c.user_ref == user).values(active=False))

    def approve(self, approvals: Sequence[Approval]) -> None:
        """Append approvals."""
        rows = [
            {
                "wave": a.wave,
                "stage": str(a.stage),
                "user_ref": a.user,
                "subject_hash": a.subject_hash,
                "approver": a.approver,
                "at": a.at,
                "expires_at": a.expires_at,
            }
            for a in approvals
        ]
        if rows:
            self._do.execute(insert(w.approvals), rows)

    def approvals(self, wave: int) -> list[Approval]:
        """All approvals of a wave, oldest first."""
        query = select(w.approvals).where(w.approvals.c.wave == wave).order_by(w.approvals.c.id)
        return [to_approval(row) for row in self._do.execute(query)]

    def approvers(self) -> set[str]:
        """Everyone who ever approved anything: they are never cut."""
        return set(self._do.execute(select(w.approvals.c.approver).distinct()).scalars())
