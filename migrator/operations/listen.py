"""Let trails record data events of users under test, and let them stop: plan, then carry the plan out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.domain.changes import Change, Plan
from migrator.domain.errors import MigratorError
from migrator.domain.journal import Outcome
from migrator.domain.lifecycle import State
from migrator.domain.listening import KIND, Placed, Wanted, candidates, missing, place, removal
from migrator.domain.model import Json
from migrator.domain.selection import Line
from migrator.domain.selectors import count, listeners, ours
from migrator.domain.trails import AccountTrails
from migrator.operations.apply import Apply, Order
from migrator.operations.read_trails import read_trails
from migrator.operations.weigh import dossiers, weigh
from migrator.ports.tools import Tools

RUNS = ("listen", "unlisten")
"""Kinds of runs that change selectors."""

UNDER_TEST = frozenset({State.QUARANTINED, State.DEACTIVATED})
"""Whom `listen` is about where nobody is named."""


@dataclass(frozen=True, slots=True)
class OnTrail:
    """What happens on one trail. `outcome` is `planned`, `unchanged`, `refused`, or how the change ended.

    `values` and `users` count what its selectors hold afterwards: all values, and the users whom ours are about.
    """

    trail: str
    account_id: str
    outcome: str
    values: int
    users: int
    change: Change | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Listened:
    """A plan of listening, or what became of it. `idle` are users listened to that are not under test."""

    run: str
    trails: tuple[OnTrail, ...]
    users: tuple[Placed, ...] = ()
    idle: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(one.outcome == "planned" for one in self.trails)

    @property
    def exit_code(self) -> int:
        """1 where a trail was not changed as it should, or somebody found no place."""
        bad = any(one.outcome in (Outcome.FAILED, Outcome.REFUSED) for one in self.trails)
        return 1 if bad or any(placed.why for placed in self.users) else 0


def plan_listening(tools: Tools, lines: Sequence[Line]) -> Listened:
    """Which selectors these users need beside what trails record anyway; nothing is written to AWS."""
    there = [line for line in lines if line.user.vanished_at is None and line.user.state is not State.DELETED]
    readings = _look(tools, {line.user.account_id for line in there})
    wanted = _wanted(tools, [line.user.id for line in there])
    able = {reading.account_id: candidates(reading) for reading in readings}
    states = _states(tools, {trail.arn: trail for trails in able.values() for trail in trails})
    after, placed = place(wanted, able, states)
    trails = tuple(_planned(arn, states[arn], after.get(arn, states[arn])) for arn in sorted(states))
    return Listened("listen", trails, placed, _idle(tools, states), tuple(sorted(able)))


def plan_silence(tools: Tools, lines: Sequence[Line] | None) -> Listened:
    """Which of our selectors go: those of these users, or all of them (None)."""
    with tools.store.begin() as work:
        known = {*(account.id for account in work.accounts()), *(line.user.account_id for line in work.users.lines())}
        facts = work.users.snapshots([line.user.id for line in lines or ()])
    readings = _look(tools, known)
    arns = None if lines is None else {one.arn for one in facts.values()}
    trails = {trail.arn: trail for reading in readings for trail in reading.trails}
    states = _states(tools, trails)
    found = tuple(_silenced(tools, arn, states[arn], arns) for arn in sorted(states))
    return Listened("unlisten", tuple(one for one in found if one is not None), accounts=tuple(sorted(known)))


def carry_listening(tools: Tools, apply: Apply, plan: Listened) -> Listened:
    """Carry a plan out, trail by trail; one that fails is named, the others go on. Audibility is judged anew."""
    trails = tuple(_carried(tools, apply, plan.run, one) for one in plan.trails)
    _look(tools, plan.accounts)
    with tools.store.begin() as work:
        users = [line.user.id for line in work.users.lines() if line.user.account_id in plan.accounts]
        weigh(tools, work, users)
        work.commit()
    return replace(plan, trails=trails)


def finish_listening(tools: Tools, apply: Apply) -> None:
    """What a dead process left of trails goes first; raises Busy where its owner may be alive."""
    with tools.store.begin() as work:
        subjects = sorted(run.subject for run in work.journal.unfinished() if run.kind in RUNS)
    for subject in subjects:
        left = apply.unfinished(subject)
        if left is not None:
            apply.resume(left, None)


def _look(tools: Tools, accounts: Collection[str]) -> list[AccountTrails]:
    return read_trails(tools, accounts, {tools.accounts.organization().management_account})


def _wanted(tools: Tools, users: Collection[int]) -> list[Wanted]:
    with tools.store.begin() as work:
        known = dossiers(tools, work, users)
    needs = ((one, missing(one.listening)) for one in known)
    return [Wanted(d.user.key, d.facts.arn, d.user.account_id, types) for d, types in needs if types and d.facts]


def _states(tools: Tools, trails: Collection[str]) -> dict[str, Json]:
    """What every trail records now; one that is gone is left out."""
    looked = {arn: tools.hands.observe(Change(KIND, _target(arn), None, None)) for arn in sorted(trails)}
    return {arn: state for arn, state in looked.items() if state is not None}


def _planned(arn: str, before: Json, after: Json) -> OnTrail:
    same = before == after
    change = None if same else Change(KIND, _target(arn), before, after)
    return OnTrail(arn, _target(arn)[0], "unchanged" if same else "planned", count(after), len(_heard(after)), change)


def _silenced(tools: Tools, arn: str, state: Json, arns: Collection[str] | None) -> OnTrail | None:
    with tools.store.begin() as work:
        left = work.journal.last(KIND, _target(arn))
        history = work.journal.done(_subject(arn), RUNS)
    if not ours(state) and not (left and ours(left)):
        return None
    found = removal(state, left, history, arns)
    if found.refused:
        return replace(_planned(arn, state, state), outcome=str(Outcome.REFUSED), why=found.refused)
    return replace(_planned(arn, state, found.after), why=found.note)


def _carried(tools: Tools, apply: Apply, run: str, one: OnTrail) -> OnTrail:
    if one.change is None:
        return one
    order = Order(_subject(one.trail), run, Plan((one.change,)), tools.actor, reason=one.why)
    try:
        (step,) = apply.carry_out(order).steps
    except MigratorError as error:
        if error.exit_code != 1:
            raise
        return replace(one, outcome=str(Outcome.FAILED), why=error.what)
    return replace(one, outcome=str(step.outcome), why=step.error or one.why)


def _idle(tools: Tools, states: Mapping[str, Json]) -> tuple[str, ...]:
    """ARNs that we listen to though their users are not under test, or are gone."""
    heard = {arn for state in states.values() for arn in _heard(state)}
    with tools.store.begin() as work:
        tested = [line.user.id for line in work.users.lines() if line.user.state in UNDER_TEST]
        needed = {one.arn for one in work.users.snapshots(tested).values()} if heard else set()
    return tuple(sorted(heard - needed))


def _heard(state: Json) -> set[str]:
    """Everybody whom our selectors are about."""
    return {arn for arns in listeners(state).values() for arn in arns}


def _subject(arn: str) -> str:
    return f"trail:{arn}"


def _target(arn: str) -> tuple[str, str]:
    return (arn.split(":")[4], arn)
