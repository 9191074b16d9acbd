"""Gates are computed after each change of facts and stored, so that `status` only reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult
from migrator.domain.gates.table import gates_for, next_look
from migrator.domain.lifecycle import Move, next_for
from migrator.domain.roles import role_name
from migrator.domain.subject import subject_of
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools

BATCH = 500
"""Users that are read and judged at once."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A dossier with what its gates say before its next move; `move` is None at the end of the way."""

    dossier: Dossier
    move: Move | None
    gates: tuple[GateResult, ...] = ()

    @property
    def held_by(self) -> tuple[str, ...]:
        """The gates that are closed."""
        return tuple(gate.gate for gate in self.gates if not gate.open)


def weigh(tools: Tools, work: UnitOfWork, users: Collection[int]) -> list[Weighed]:
    """Load, judge and store the gates of these users; the caller commits."""
    weighed = [judged(tools, dossier) for dossier in dossiers(tools, work, users)]
    _store(tools, work, weighed)
    return weighed


def weigh_all(tools: Tools, users: Collection[int], batch: int = BATCH) -> list[Weighed]:
    """The same for any number of users: read and judged aside, so that nobody waits for it, then stored.

    Whoever was moved meanwhile was weighed by who moved it.
    """
    found: list[Weighed] = []
    everybody = sorted(users)
    for n in range(0, len(everybody), batch):
        ids = everybody[n : n + batch]
        with tools.store.read() as work:
            judged_now = [judged(tools, dossier) for dossier in dossiers(tools, work, ids)]
        with tools.store.begin() as work:
            rows = {user.id: (user.state, user.version) for user in work.users.many(ids)}
            same = [w for w in judged_now if rows[w.dossier.user.id] == (w.dossier.user.state, w.dossier.user.version)]
            _store(tools, work, same)
            work.commit()
        found += judged_now
    return found


def _store(tools: Tools, work: UnitOfWork, weighed: Sequence[Weighed]) -> None:
    gates: Mapping[int, tuple[Move, Sequence[GateResult]]] = {
        # Whoever is at the end of the way has no gates, and loses those of before.
        w.dossier.user.id: (w.move or Move.ROLLBACK, w.gates)
        for w in weighed
    }
    work.put_gates(gates, tools.clock.now())
    for one in weighed:
        user, look = one.dossier.user, next_look(one.gates)
        if user.next_check_at != look:
            work.users.look_again(user.id, look)


def dossiers(tools: Tools, work: UnitOfWork, users: Collection[int]) -> list[Dossier]:
    """Dossiers with the hash that approvals are bound to, and who must never be cut."""
    found = work.dossiers(users, tools.clock.now(), tools.rules.lookback)
    untouchable = protected(tools, work, [d.facts.arn for d in found if d.facts])
    return [replace(d, subject_hash=subject_of(d, tools.rules), protected=_names_of(d, untouchable)) for d in found]


def judged(tools: Tools, dossier: Dossier) -> Weighed:
    """What the gates before a user's next move say; retired and kept users skip none but those that do not apply."""
    move = next_for(dossier.user.state, retracted=dossier.retracted)
    if move is None or dossier.user.vanished_at is not None:
        return Weighed(dossier, None)
    return Weighed(dossier, move, gates_for(dossier, move, tools.rules, tools.clock.now()))


def protected(tools: Tools, work: UnitOfWork, arns: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Ids and ARNs that must not be cut, with why: approvers, operators, who of `arns` uses their roles or ours."""
    why: dict[str, tuple[str, ...]] = {}
    for identity in sorted(work.waves.approvers()):
        why[identity] = (*why.get(identity, ()), "it approved a wave")
    for identity in sorted(work.record.actors()):
        why[identity] = (*why.get(identity, ()), "it operates migrator")
    operating = {role_name(identity) for identity in why} - {"", *tools.rules.own_roles}
    for arn in work.usage.assumed(tools.rules.own_roles, arns):
        why[arn] = (*why.get(arn, ()), "it was seen assuming migrator's roles")
    for arn in work.usage.assumed(sorted(operating), arns):
        why[arn] = (*why.get(arn, ()), "it was seen assuming a role that operates migrator or approved a wave")
    return why


def _names_of(dossier: Dossier, untouchable: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    arn = dossier.facts.arn if dossier.facts else ""
    return (*untouchable.get(dossier.user.user_id, ()), *untouchable.get(arn, ()))
