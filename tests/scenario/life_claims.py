"""What must be true of a life after every command, whatever was done: a simple model beside the program."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from migrator.domain.changes import KINDS, Change, lasting
from migrator.domain.dossier import User
from migrator.domain.errors import Busy, Stale
from migrator.domain.journal import Outcome, RunStatus
from migrator.domain.lifecycle import CUT, TABLE, Move, State, reached
from migrator.domain.model import Destination
from migrator.domain.record import Link, verify
from migrator.domain.waves import Stage, WaveState
from migrator.operations.holds import leftover
from tests.fakes.console import OF_USERS, credentials
from tests.fakes.hands import STATUSES, Target
from tests.fakes.tools import FakeTools
from tests.scenario.life import Command, Life, Look
from tests.scenario.life_hands import DENIAL

ALLOWED = {
    "discover": frozenset[Move](),
    "decide": frozenset({Move.EXCLUDE, Move.READMIT}),
    "map": frozenset({Move.MAP}),
    "advance": frozenset({Move.MAP, Move.PROVISION, Move.VERIFY, Move.QUARANTINE, Move.DEACTIVATE}),
    "delete": frozenset({Move.MAP, Move.PROVISION, Move.VERIFY, Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE}),
    "rollback": frozenset({Move.ROLLBACK}),
    "both": frozenset(Move),
    "worker": frozenset(
        {Move.READMIT, Move.MAP, Move.PROVISION, Move.VERIFY, Move.QUARANTINE, Move.DEACTIVATE, Move.ROLLBACK}
    ),
}
"""Which moves a command may make; commands about waves, screams and gates make none."""

NO_USER = "no user has that name any more"
"""Who was renamed keeps its questions until a reading tells its new name."""

UNTOUCHABLE = ("erin", "glass")


def never(row: User) -> bool:
    """Whether nobody may ever cut it: who runs the migration, and the emergency user."""
    return row.user_name.startswith(UNTOUCHABLE)


def wrong(life: Life, before: Look, after: Look, command: Command, effects_before: int) -> list[str]:
    """Everything that is not as it must be, in words."""
    found = [
        *_errors(command),
        *_moves(before, after, command),
        *_begun(life, before, after),
        *_effects(life, after, command, effects_before),
        *_as_it_was(life, after),
        *_states(life, after),
        *_access(life, after),
        *_answered(after, command),
        *_record(life),
    ]
    if command.verb == "discover" and command.error is None and not command.crashed:
        found += _known(life, after)
    return found


def _errors(command: Command) -> Iterator[str]:
    """Nobody else is at work, so nothing may be stale, and only what a dead process left may be busy."""
    if isinstance(command.error, Stale) and command.verb != "both":
        yield f"{command.verb} was stale: {command.error}"
    if isinstance(command.error, Busy) and command.verb not in ("decide", "both"):
        yield f"{command.verb} was busy: {command.error}"


def _moves(before: Look, after: Look, command: Command) -> Iterator[str]:
    """A state changes along the table, by moves that the command may make, and for users it was about."""
    allowed = ALLOWED.get(command.verb, frozenset())
    for number, row in after.rows.items():
        old = before.rows.get(number)
        start = old.state if old else State.DISCOVERED
        left = before.running.get(row.subject)  # whoever comes next finishes what a dead process left
        finishing = {Move(left.kind)} if left and left.kind in set(Move) else set[Move]()
        if row.state not in _reachable(start, allowed | finishing):
            yield f"{row.key} went from {start} to {row.state} by {command.verb}"
        elif row.state is not start and command.verb != "worker" and number not in command.users:
            yield f"{row.key} went from {start} to {row.state} by a {command.verb} of others"
        if (
            old
            and old.held
            and row.state not in (start, State.ROLLED_BACK, State.EXCLUDED, State.DISCOVERED, State.MAPPED)
        ):
            yield f"{row.key} is held and went from {start} to {row.state}"


def _reachable(start: State, allowed: frozenset[Move]) -> set[State]:
    found = {start}
    while more := {t for m, s, t in TABLE if m in allowed and s in found} - found:
        found |= more
    return found


def _begun(life: Life, before: Look, after: Look) -> Iterator[str]:
    """Whoever's cut was begun by this command is approved, is not held, and its wave may run."""
    for number, (run, steps) in after.runs.items():
        made = [step for step in steps if step.intent_at is not None]
        if number in before.runs or run.kind not in (Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE) or not made:
            continue
        row = after.rows[int(run.subject.partition(":")[2])]
        old = before.rows[row.id]
        wave = before.waves.get(run.wave or "")
        if old.held or never(row):
            yield f"{row.key}: a {run.kind} was begun though it is held, or never to be cut"
        if wave is not None and wave.state is WaveState.PAUSED:
            yield f"{row.key}: a {run.kind} was begun though wave {wave.name} is paused"
        if run.kind == Move.DEACTIVATE:
            continue
        stage = Stage.DELETE if run.kind == Move.DELETE else Stage.CUT
        yes = [a for a in life.approvals if (a.stage, a.user_id) == (stage, old.user_id) and run.started_at < a.until]
        deleted = {_credential(s.change.kind, s.change.target, s.change.before) for s in steps if s.change.deletes}
        now = credentials(life.console.uncut, (row.account_id, row.user_name)) | (deleted - {None})
        seen = [now, life.seen.get(old.user_id, frozenset()) | (deleted - {None})]
        if not any({_id(c) for c in a.credentials} == {_id(c) for c in held} for a in yes for held in seen):
            yield f"{row.key}: a {run.kind} was begun without approval of {sorted(now)}, only of {yes}"


def _credential(kind: str, target: Target, before: Any) -> tuple[str, str, str] | None:
    held = credentials({(kind, target): before}, target[:2])
    return next(iter(held), None)


def _id(credential: tuple[str, str, str]) -> tuple[str, str]:
    return credential[:2]


def _effects(life: Life, after: Look, command: Command, effects_before: int) -> Iterator[str]:
    """Nothing is made that was not written down before, nor oftener; nothing is lost for good but by `delete`."""
    intents = Counter[tuple[str, Target]]()
    for _, steps in after.runs.values():
        for step in steps:
            intents[_thing(life, step.change)] += step.attempts
    made = Counter(_thing(life, change) for change in life.effects)
    for key, count in made.items():
        if count > intents[key]:
            yield f"{key} was changed {count} times and intended {intents[key]} times"
    for change in life.effects[effects_before:]:
        forgood = change.deletes and (not KINDS[change.kind].returns or change.kind == "user")
        if forgood and command.verb not in ("delete", "both"):
            yield f"{command.verb} deleted {change.kind} {change.where}"
        if change.kind in OF_USERS and change.target[1].startswith(UNTOUCHABLE):
            yield f"{command.verb} changed {change.kind} {change.where}"


def _thing(life: Life, change: Change) -> tuple[str, Target]:
    """What a change is about, whatever its user was called."""
    if change.kind not in OF_USERS:
        return change.kind, change.target
    user = change.target[:2]
    return change.kind, (*life.console.called.get(user, user), *change.target[2:])


def _as_it_was(life: Life, after: Look) -> Iterator[str]:
    """Whoever is not cut has what it would have if nobody but hands had been there; nobody has more than that."""
    there, uncut = life.aws.there, life.console.uncut
    for user in life.console.users():
        for key in life.console.parts(user, *STATUSES):
            if there[key]["status"] == "Active" and uncut.get(key, {}).get("status") != "Active":
                yield f"{key} is Active and was not"
        row = _row(life, after, user)
        busy = row is not None and row.subject in after.running
        if busy or (row is not None and row.state in CUT) or (row is None and _restored(after, user)):
            continue
        real, wanted = (_of(world, user) for world in (there, uncut))
        if real != wanted:
            said = {
                key: (wanted.get(key), real.get(key)) for key in {*real, *wanted} if real.get(key) != wanted.get(key)
            }
            yield f"{user} ({row.state if row else 'unknown'}) is not as it was: {said}"


def _of(world: Mapping[Any, Any], user: Target) -> dict[Any, Any]:
    return {key: lasting(value) for key, value in world.items() if key[0] in OF_USERS and key[1][:2] == user}


def _row(life: Life, look: Look, user: Target) -> User | None:
    identity = life.aws.there["user", user]["user_id"]
    return next((row for row in look.rows.values() if row.user_id == identity and row.account_id == user[0]), None)


def _restored(look: Look, user: Target) -> bool:
    """Whether a rollback that is under way may have made that user a moment ago."""
    rows = (row for row in look.rows.values() if row.subject in look.running and row.state is State.DELETED)
    return any((row.account_id, row.user_name) == user for row in rows)


def _states(life: Life, after: Look) -> Iterator[str]:
    """A state claims no more than AWS holds, unless a hand took it away since."""
    where = {life.aws.there["user", user]["user_id"]: user for user in life.console.users()}
    for row in after.rows.values():
        if row.vanished_at is not None or row.subject in after.running or row.state not in CUT:
            continue
        if _failed(after, row):
            continue
        user = where.get(row.user_id)
        if row.state is State.DELETED:
            if user is not None:
                yield f"{row.key} is deleted, they say, and is there"
        elif user is None:
            if row.user_id not in life.hands:
                yield f"{row.key} is {row.state}, they say, and is gone"
        else:
            yield from _cut(life, row, user)


def _cut(life: Life, row: User, user: Target) -> Iterator[str]:
    if not life.console.denied(user) and life.hands.get((row.user_id, DENIAL), row.state_since) <= row.state_since:
        yield f"{row.key} is {row.state}, they say, and no deny rides on it"
    if row.state is not State.DEACTIVATED:
        return
    for kind, at in life.console.parts(user, *STATUSES):
        touched = life.hands.get((row.user_id, at[2]))
        if life.aws.there[kind, at]["status"] == "Active" and (touched is None or touched <= row.state_since):
            yield f"{row.key} is deactivated, they say, and {kind} {at[2]} is Active"


def _failed(look: Look, row: User) -> bool:
    """Whether the last cut or way back of a user ended half way, and said so."""
    kinds = {Move.QUARANTINE, Move.DEACTIVATE, Move.DELETE, Move.ROLLBACK}
    mine = [run for run, _ in look.runs.values() if run.subject == row.subject and run.kind in kinds]
    return bool(mine) and mine[-1].status in (RunStatus.FAILED, RunStatus.ABANDONED)


def _access(life: Life, after: Look) -> Iterator[str]:
    """Nobody holds what is in no plan; who is said to hold something holds it, and worked through it if verified."""

    def plan(tools: FakeTools) -> Any:
        with tools.store.begin() as work:
            # Who was mapped to something else holds what it had until the new access is verified, a leaver for longer.
            rows = after.rows.values()
            early = [r for r in rows if r.destination is Destination.RETIRE or not reached(r.state, State.VERIFIED)]
            earlier = {hold for row in early for hold in leftover(work, row)[0]}
            return work.access.grants(), {(h.called, h.account_id, h.permission_set) for h in earlier}

    grants, earlier = life.process(plan)
    planned = {(grant.email, grant.account_id, grant.permission_set) for grant in grants} | earlier
    holders = set(life.aws.holders())
    for one in sorted(holders - planned):
        yield f"{one} is held and in no plan"
    for grant in grants:
        row = after.rows[grant.user]
        pair = (grant.email, grant.account_id, grant.permission_set)
        if grant.provisioned_at and pair not in holders and row.subject not in after.running:
            yield f"{row.key}: {pair} is provisioned, they say, and nobody holds it"
        verified = row.state in (State.VERIFIED, State.QUARANTINED, State.DEACTIVATED)
        if verified and row.destination is Destination.PERMISSION_SET and pair not in life.signed_in:
            yield f"{row.key} is {row.state}, and nobody ever signed in through {pair}"


def _answered(after: Look, command: Command) -> Iterator[str]:
    """Whatever a command was about has no question left once it is through; a run that has ended has none at all."""
    for run, steps in after.runs.values():
        asked = [step for step in steps if step.question]
        if asked and run.status is not RunStatus.RUNNING:
            yield f"run {run.id} ({run.kind} of {run.subject}) has ended with a question"
        if run.status is RunStatus.DONE and any(s.outcome in (None, Outcome.FAILED, Outcome.REFUSED) for s in steps):
            yield f"run {run.id} ({run.kind} of {run.subject}) is done, they say, and is not"
    if command.crashed or command.error or command.verb not in ("advance", "delete", "rollback"):
        return
    waits = ("cut off half way", NO_USER)
    held = {o.user for o in command.answer.users if o.outcome == "held" or any(why in o.why for why in waits)}
    for number in command.users:
        row = after.rows[number]
        if row.subject in after.running and row.key not in held:
            yield f"{row.key} has an unfinished {after.running[row.subject].kind} after {command.verb}"


def _known(life: Life, after: Look) -> Iterator[str]:
    """After a reading every user has its row, and no living row is without its user."""
    rows = {
        row.user_id: row for row in after.rows.values() if row.vanished_at is None and row.state is not State.DELETED
    }
    there = {life.aws.there["user", user]["user_id"]: user for user in life.console.users()}
    for identity, user in there.items():
        row = rows.get(identity)
        if row is None and not _restored(after, user):
            yield f"{user} was read and has no row"
        elif row is not None and (row.account_id, row.user_name) != user:
            yield f"{user} is called {row.key}"
    for identity, row in rows.items():
        if identity not in there:
            yield f"{row.key} has a living row and no user"


def _record(life: Life) -> Iterator[str]:
    def check(tools: FakeTools) -> Any:
        with tools.store.begin() as work:
            entries, head = work.record.entries(), work.record.head()
        links = (Link(e.seq, e.at.isoformat(), e.actor, e.event, e.subject, e.details, e.prev, e.hash) for e in entries)
        return verify(links, head)

    verdict = life.process(check)
    if not verdict.intact:
        yield f"the record is broken at {verdict.first_bad}: {verdict.why}"
