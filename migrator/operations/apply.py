"""The one loop that writes to AWS: observe, write down, do, observe, write down.

Forward, back, resume and lost answers are all this loop. A step with an intent and no outcome is a question, and only a
look at AWS answers it. Nothing is caught that is not understood; nothing is written in a `finally`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from migrator.domain.carried import Carried
from migrator.domain.changes import Change, Plan, matches
from migrator.domain.dossier import User
from migrator.domain.errors import Busy, MigratorError, NotFound, Refused, Stale
from migrator.domain.journal import Outcome, Run, RunStatus, Step, reaches, status
from migrator.domain.lifecycle import Move, State
from migrator.domain.model import Destination, Json
from migrator.domain.same_user import OF_USERS, itself, not_the_same, told_by_id, under_its_name
from migrator.ports.aws import AccessDenied, Hands, Transient
from migrator.ports.clock import Clock
from migrator.ports.store import Store, UnitOfWork

LEASE = timedelta(minutes=15)
"""Longer than any single change may take, asynchronous ones included."""

CONSISTENCY = timedelta(seconds=10)
"""How long IAM may show what was there before (measured elsewhere at about four seconds; aws-facts, 7)."""

PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Seconds between looks, and between attempts; one attempt more than there are pauses."""

PATIENCE = timedelta(minutes=10)
"""How long one change is tried; an attempt that was begun before is seen to its end."""

FINAL = frozenset({"delete", "provision", "retract", "shared"})
"""Runs that stop at the first change that did not work; the others undo or cut what they can and name the rest."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to carry out: a plan for a subject, and the state its user reaches when all of it is done.

    `require` is asked in the transaction that begins the run, one run after the other; it raises where it may not.
    """

    subject: str
    kind: str
    plan: Plan
    actor: str
    user: User | None = None
    to: State | None = None
    facts_hash: str = ""
    reason: str = ""
    wave: str | None = None
    require: Callable[[UnitOfWork], None] | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """The loop with its tools. `worker` names this process; `gone` tells whether another worker is dead for sure.

    `at_work` holds the runs that threads of this process carry out now: its other runs were left behind.
    """

    store: Store
    hands: Hands
    clock: Clock
    worker: str
    gone: Callable[[str], bool]
    at_work: set[int] = field(default_factory=set)

    def carry_out(self, order: Order) -> Carried:
        """Write the plan down, then carry it out. Raises Busy if the subject is being moved by a living process."""
        now = self.clock.now()
        run = Run(
            id=0,
            subject=order.subject,
            kind=order.kind,
            from_state=str(order.user.state) if order.user else None,
            to_state=str(order.to) if order.to else None,
            actor=order.actor,
            worker=self.worker,
            fence=1,
            lease_until=now + LEASE,
            started_at=now,
            reason=order.reason,
            wave=order.wave,
        )
        self._require_same(order.user, [Step(0, n, change) for n, change in enumerate(order.plan.changes)])
        with self._owning() as own:
            with self.store.begin() as work:
                if order.require:
                    work.journal.queue()
                    order.require(work)
                run = work.journal.start(run, order.plan.changes, order.facts_hash)
                if order.user:
                    _require_unmoved(work, order.user)
                if not order.plan.changes:
                    user = self._end(work, run, (), order.user)
                    work.commit()
                    return Carried(replace(run, status=RunStatus.DONE), (), user)
                own(run)
                work.commit()
            return self._go(run, order.user)

    def unfinished(self, subject: str) -> Run | None:
        """The subject's unfinished run if its owner is dead; raises Busy if the owner may be alive."""
        with self.store.read() as work:
            run = work.journal.running(subject)
        if run is None:
            return None
        elsewhere = run.worker != self.worker and run.lease_until > self.clock.now() and not self.gone(run.worker)
        if elsewhere or run.id in self.at_work:
            raise Busy(
                f"{run.subject} is being moved by another process ({run.kind}, worker {run.worker})",
                next_step=f"wait until it ends; after {run.lease_until:%H:%M} UTC the same command takes over",
            )
        return run

    def resume(self, left: Run, user: User | None) -> Carried:
        """Take a dead owner's run over and finish it as it was planned."""
        with self._taking_over(left, user) as (run, steps):
            try:
                self._require_same(user, steps)
            except Refused as error:
                self._give_up(run, steps, error)
                raise
            return self._go(run, user)

    @contextmanager
    def _owning(self) -> Iterator[Callable[[Run], None]]:
        """While a run is owned by this thread; it is told before the commit that lets others see it."""
        mine: list[int] = []

        def own(run: Run) -> None:
            mine.append(run.id)
            self.at_work.add(run.id)

        try:
            yield own
        finally:
            self.at_work.difference_update(mine)

    @contextmanager
    def _taking_over(self, left: Run, user: User | None) -> Iterator[tuple[Run, list[Step]]]:
        with self._owning() as own:
            with self.store.begin() as work:
                run = work.journal.take_over(left, self.worker, self.clock.now() + LEASE)
                steps = under_its_name(work.journal.steps(run), user)
                own(run)
                work.commit()
            yield run, steps

    def _give_up(self, run: Run, steps: Sequence[Step], error: Refused) -> None:
        """The user under that name is a stranger: no question of this run can be answered any more."""
        with self.store.begin() as work:
            for step in steps:
                if step.question:
                    work.journal.conclude(step, Outcome.REFUSED, self.clock.now(), error.what)
            work.journal.finish(run, RunStatus.FAILED, self.clock.now())
            work.record.append(
                run.actor, "run-refused", run.subject, {"run": run.id, "why": error.what}, self.clock.now()
            )
            work.commit()

    def abandon(self, left: Run, user: User | None) -> None:
        """Take a dead owner's run over, answer its questions by looking, and give the rest up."""
        with self._taking_over(left, user) as (run, steps):
            for step in steps:
                if step.question:
                    observed = self._look(run, step)
                    other = self._other(run, user, step, observed)
                    came = not other and matches(observed, step.change.after)
                    self._conclude(run, step, Outcome.DONE if came else Outcome.UNDONE, observed, user)
            with self.store.begin() as work:
                work.journal.finish(run, RunStatus.ABANDONED, self.clock.now())
                work.record.append(run.actor, "run-abandoned", run.subject, {"run": run.id}, self.clock.now())
                work.commit()

    def _go(self, run: Run, user: User | None) -> Carried:
        with self.store.read() as work:
            steps = under_its_name(work.journal.steps(run), user)
        ended: list[Step] = []
        stopped = False
        for n, step in enumerate(steps):
            if step.outcome is not None or stopped:
                ended.append(step)
                continue
            outcome, observed, error, step_now = self._make(run, step, user)
            rest = [s for s in steps[n + 1 :] if s.outcome is None]
            bad = outcome in (Outcome.FAILED, Outcome.REFUSED)
            stopped = bad and run.kind in FINAL
            last = stopped or not rest
            ended_step = replace(step_now, outcome=outcome, error=error)
            ended.append(ended_step)
            if last:
                ended += steps[n + 1 :]
                return self._conclude_run(run, step_now, outcome, observed, error, tuple(ended), user)
            user = self._conclude(run, step_now, outcome, observed, user, error)
        return self._conclude_run(run, None, None, None, "", tuple(ended), user)

    def _make(self, run: Run, step: Step, user: User | None) -> tuple[Outcome, Json, str, Step]:
        """Look, write down, do, look: until it is so, or it cannot be, or patience ends.

        Only `Transient` is worth another attempt: what is Unavailable was repeated already, by the one layer that does.
        """
        why, until = "", self.clock.now() + PATIENCE
        for pause in (*PAUSES, 0.0):
            try:
                outcome, observed, told = self._told_by(run, step, user)
            except Transient as error:
                why = error.what
                self.clock.sleep(pause)
                continue
            except MigratorError as error:
                if step.question:
                    raise  # nobody can tell now; whoever runs this next will look again
                return Outcome.FAILED, None, _told(error), step
            if outcome is not None:
                return outcome, observed, told, step
            if self.clock.now() > until:
                break
            step = self._intend(run, step)
            try:
                self.hands.make(step.change)
                why = f"{step.change.kind} {step.change.where}: AWS said yes, yet nothing changed"
            except Transient as error:
                why = _told(error)
                self.clock.sleep(pause)
            except MigratorError as error:
                return self._last_look(run, step, user, _told(error), wait=not isinstance(error, AccessDenied))
        return self._last_look(run, step, user, why)

    def _told_by(self, run: Run, step: Step, user: User | None) -> tuple[Outcome | None, Json, str]:
        """What a look makes of a step: None where it is still to be made."""
        observed = self._look(run, step)
        if other := self._other(run, user, step, observed):
            return Outcome.FAILED, observed, other
        if matches(observed, step.change.after):
            return (Outcome.DONE if step.question else Outcome.UNCHANGED), observed, ""
        if not matches(observed, step.change.before):
            return Outcome.REFUSED, observed, _hand(step.change, observed)
        return None, observed, ""

    def _other(self, run: Run, user: User | None, step: Step, observed: Json) -> str:
        """Why this is not the user we know any more. Raises Stale where another process is at it, and deleted it."""
        if user is None or told_by_id(step.change, observed):
            return ""
        there = observed
        if step.change.kind != "user":
            until = self.clock.now() + CONSISTENCY
            there = self._wait_for(itself(user), lambda seen: (seen or {}).get("user_id") == user.user_id, until)
        try:
            return not_the_same(user, step, there)
        except NotFound:
            with self.store.begin() as work:
                work.journal.hold(run, self.clock.now() + LEASE)
            raise

    def _last_look(
        self, run: Run, step: Step, user: User | None, why: str, *, wait: bool = True
    ) -> tuple[Outcome, Json, str, Step]:
        """It failed, unless an attempt came through unseen. Raises where AWS cannot be asked: it stays a question."""
        if step.question:
            observed = self._look(run, step) if wait else self.hands.observe(step.change)
            if other := self._other(run, user, step, observed):
                return Outcome.FAILED, observed, other, step
            if matches(observed, step.change.after):
                return Outcome.DONE, observed, "", step
        return Outcome.FAILED, None, why, step

    def _look(self, run: Run, step: Step) -> Json:
        """What is there, once what we hope for shows or the consistency window is over.

        A question hopes for its answer. A new step hopes to find what the plan was made from: a look that still shows
        what was there before the plan would conclude that nothing is to be done, or that somebody's hand was there.
        """
        expected = step.change.after if step.question else step.change.before
        until = (step.intent_at or run.started_at) + CONSISTENCY
        return self._wait_for(step.change, lambda seen: matches(seen, expected), until)

    def _wait_for(self, what: Change, hoped: Callable[[Json], bool], until: datetime) -> Json:
        for pause in PAUSES:
            observed = self.hands.observe(what)
            left = (until - self.clock.now()).total_seconds()
            if hoped(observed) or left <= 0:
                return observed
            self.clock.sleep(min(pause, left))
        return self.hands.observe(what)

    def _intend(self, run: Run, step: Step) -> Step:
        with self.store.begin() as work:
            now = self.clock.now()
            work.journal.hold(run, now + LEASE)
            step = work.journal.intend(step, now)
            work.commit()
        return step

    def _conclude(
        self, run: Run, step: Step, outcome: Outcome, observed: Json, user: User | None, error: str = ""
    ) -> User | None:
        with self.store.begin() as work:
            user = self._write_outcome(work, run, step, outcome, observed, error, user)
            work.journal.hold(run, self.clock.now() + LEASE)
            work.commit()
        return user

    def _conclude_run(
        self,
        run: Run,
        step: Step | None,
        outcome: Outcome | None,
        observed: Json,
        error: str,
        steps: Sequence[Step],
        user: User | None,
    ) -> Carried:
        with self.store.begin() as work:
            if step is not None and outcome is not None:
                user = self._write_outcome(work, run, step, outcome, observed, error, user)
            user = self._end(work, run, steps, user)
            work.commit()
        return Carried(replace(run, status=status(steps)), tuple(steps), user)

    def _write_outcome(
        self, work: UnitOfWork, run: Run, step: Step, outcome: Outcome, observed: Json, error: str, user: User | None
    ) -> User | None:
        now, change = self.clock.now(), step.change
        work.journal.conclude(step, outcome, now, error)
        details = {"run": run.id, "kind": change.kind, "target": change.where, "outcome": outcome, "error": error}
        work.record.append(run.actor, f"change-{outcome}", run.subject, details, now)
        if outcome in (Outcome.DONE, Outcome.UNCHANGED):
            work.reflect(change)
        if user is None or outcome not in (Outcome.DONE, Outcome.UNCHANGED):
            return user
        if run.kind == "retract":
            work.access.granted(user.id, None)  # from the first thing taken away the access is not whole any more
        work.users.reflect(user, change, now)
        if change.kind == "user" and change.deletes:
            work.users.close_identity(user, now)
        if change.kind == "user" and change.creates and outcome is Outcome.DONE:
            work.users.adopt(user, observed["user_id"], now)
            user = replace(user, user_id=observed["user_id"])
        return user

    def _end(self, work: UnitOfWork, run: Run, steps: Sequence[Step], user: User | None) -> User | None:
        now, ended = self.clock.now(), status(steps)
        work.journal.finish(run, ended, now)
        row = work.users.get(user.id) if user else None
        details = {"run": run.id, "kind": run.kind, "status": str(ended), "reason": run.reason}
        if row is not None and run.kind == Move.ROLLBACK and reaches(run, steps):
            work.screams.answer(row.id, "rolled-back", run.reason)
        if row is None or run.to_state is None or str(row.state) != run.from_state or not reaches(run, steps):
            work.record.append(run.actor, "run-ended", run.subject, details, now)
            return row
        moved = {**details, "from": str(row.state), "to": run.to_state, "wave": run.wave}
        work.record.append(run.actor, run.kind, run.subject, moved, now)
        _consequences(work, run, row, now)
        return work.users.save(replace(row, state=State(run.to_state), state_since=now))

    def _require_same(self, user: User | None, steps: Sequence[Step]) -> None:
        """Refuse to touch a stranger who now has the name (unless we may have made it ourselves a moment ago)."""
        if user is None or not any(step.change.kind in OF_USERS for step in steps):
            return
        observed = self.hands.observe(itself(user))
        ours = any(s.change.kind == "user" and s.change.creates and s.question for s in steps)
        if observed is None or observed["user_id"] == user.user_id or ours:
            return
        with self.store.begin() as work:
            _require_unmoved(work, user)  # another process may have made it again meanwhile
        raise Refused(
            f"{user.key} is not the user we know: AWS says {observed['user_id']}, the facts are about {user.user_id}",
            next_step=f"look at who made it; then: migrator discover --account {user.account_id}",
        )


def _require_unmoved(work: UnitOfWork, user: User) -> None:
    """Refuse a plan made from a row that was moved since. Asked once the run is written: now nobody else can."""
    row = work.users.get(user.id)
    if (row.state, row.user_id) != (user.state, user.user_id):
        raise Stale(
            f"{user.key} was {user.state} when this was planned and is {row.state} now",
            next_step="run the same command again",
        )


def _consequences(work: UnitOfWork, run: Run, user: User, now: datetime) -> None:
    """What is true with the new state and with nothing less: a process that dies after it must not have lost it."""
    if run.kind == Move.PROVISION and user.destination is not Destination.RETIRE:
        work.access.granted(user.id, now)


def _hand(change: Change, observed: Json) -> str:
    there = "it is gone" if observed is None else "it is different"
    return f"{change.kind} {change.where}: somebody's hand was there since it was read, {there} now"


def _told(error: MigratorError) -> str:
    return f"{error.what} ({error.next_step})" if error.next_step else error.what
