"""Lives by chance on SQLite and the strict sandbox: real commands, deaths anywhere, hands in the console, screams.

The same promises as in `test_life`, fewer steps: `MIGRATOR_SANDBOX_LIVES` sets how many lives are lived.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from migrator.domain.lifecycle import CUT
from migrator.sandbox import launch
from tests.fakes.crash import Crash
from tests.scenario import endings as end
from tests.scenario.awkward_wave import WAVE, a_range, approve, heard, let_days_pass, make_wave, work_in_the_portal
from tests.scenario.company import build
from tests.scenario.cuts_on_sandbox import RETURN, Fuse, Kept, Point, Range, Throwaway
from tests.scenario.reading import CREDENTIALS, Facts, read_users, shells, statuses, without_ids

LIVES = int(os.environ.get("MIGRATOR_SANDBOX_LIVES", "5"))
USERS = ("data/alice", "data/carol")
"""Every credential kind; a full quota, so that the account's shared deny is needed."""
FOR_GOOD = {
    f"iam:{name}"
    for name in (
        *("DeleteUser", "DeleteLoginProfile", "DeleteAccessKey", "DeleteSSHPublicKey", "DeleteSigningCertificate"),
        *("DeleteServiceSpecificCredential", "DeactivateMFADevice", "DeleteVirtualMFADevice"),
    )
}
"""What no rollback brings back."""
VALID = timedelta(days=30)
PROFILE = settings(
    max_examples=LIVES,
    stateful_step_count=4,
    deadline=None,
    derandomize="MIGRATOR_SANDBOX_LIVES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
who = st.sampled_from([USERS, USERS, USERS[:1], USERS[1:]])
deaths = (
    st.none()
    | st.builds(Point, st.sampled_from(["before", "commit"]), st.integers(1, 40))
    | st.builds(Point, st.just("change"), st.integers(1, 4) | st.integers(1, 12))
)
"""Before the n-th call, before the n-th commit, or right after the n-th call that changed something."""
NEXT = (
    ("map",),
    ("advance", "--to", "provisioned"),
    ("advance", "--to", "quarantined"),
    ("advance",),
    ("advance", "--to", "deleted", "--yes"),
    ("rollback", *RETURN),
)
"""What comes next at each stage of the calm way."""
ways = st.sampled_from(["again", "back"])
"""What comes after a death: the same command, or a rollback."""


class Changes(Fuse):
    """Burns after the n-th call that changed something in AWS: its answer never arrives."""

    made = 0

    def on_call(self, moment: str, n: int) -> None:
        if self.burnt or (self.at and self.at.moment != "change"):
            super().on_call(moment, n)
        elif self.at and moment == "after" and self._changed():
            self.made += 1
            self._reach(Point("change", self.made))


@dataclass
class Model:
    """What users would have if nobody but hands had been there; who said yes to what; what hands took off a cut."""

    wanted: dict[str, Facts]
    yes: dict[tuple[str, str], tuple[frozenset[str], datetime]] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    reborn: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """A world to begin at."""

    kept: Kept
    model: Model


def credentials(user: Facts) -> frozenset[str]:
    """Everything that opens a door for the user."""
    return frozenset({*statuses(user), *user["mfa"], *(["password"] if user["password"] else ())})


def denied(user: Facts) -> bool:
    boundary = user["boundary"] or ""
    return end.DENY in user["inline"] or any(arn.endswith(f"/{end.DENY}") for arn in (*user["attached"], boundary))


class World:
    """The sandbox with its model: every command is followed by a look at whether all is as it must be."""

    def __init__(self, place: Range) -> None:
        self.place, self.stages = place, list[Stage]()
        self.model = Model(read_users(place.company))
        self.states, self.users = self._look()

    def _look(self) -> tuple[dict[str, str], dict[str, Facts]]:
        states = end.states(self.place.process.database)
        return {user: states.get(self.place.key(user), "gone") for user in USERS}, read_users(self.place.company)

    def _changes(self) -> int:
        made = self.place.control.counts().items()
        return sum(times for name, times in made if name.partition(":")[2].startswith(end.WRITES))

    def keep(self) -> None:
        self.stages.append(Stage(self.place.keep(), deepcopy(self.model)))

    def begin(self, stage: Stage) -> None:
        self.place.put(stage.kept)
        self.model = deepcopy(stage.model)
        self.states, self.users = self._look()

    def keys(self, users: tuple[str, ...]) -> list[str]:
        return [self.place.key(user) for user in users]

    def run(self, *words: str, cut: Point | None = None, then: str = "again", loses: bool = False) -> None:
        """Run a command, dying at a point; then it is run again, or all is rolled back."""
        self.model.told.append(f"{' '.join(words)} {f'dies {cut}, {then}' if cut else ''}")
        self.place.control.clear_calls()
        process = self.place.process
        process.fuse = Changes(cut, look=self._changes)
        try:
            answer = process.run(*words)
        except Crash:
            process._close()
            again = words if then == "again" else ("rollback", *self.keys(USERS), *RETURN)
            answer = process.whole(*again)
        self.model.told.append(f"  {answer.code}: {answer.err.strip()[-300:]}")
        made = self.place.control.counts()
        before = self.states
        self.states, self.users = self._look()
        found = [f"{name} by {words[0]}" for name in made if name in FOR_GOOD and not loses]
        if loses:
            self._lose()
        if answer.code not in (0, 1, 2, 3) or "defect" in answer.err:
            found.append(f"exit {answer.code}: {answer.err}")
        if "half way" not in answer.out:
            found += end.questions(process.database)
        found += self._wrong(before)
        assert not found, "\n".join((*self.model.told, "", *found))

    def _lose(self) -> None:
        """What a deletion took for good nobody expects back."""
        for user in USERS:
            there = credentials(self.users[user]) if user in self.users else frozenset()
            wanted = self.model.wanted[user]
            if user not in self.users:
                self.model.reborn.add(user)
            for kind in CREDENTIALS:
                if kind == "password":
                    wanted[kind] = wanted[kind] if "password" in there else None
                elif isinstance(wanted[kind], dict):
                    wanted[kind] = {one: status for one, status in wanted[kind].items() if one in there}
                else:
                    wanted[kind] = [one for one in wanted[kind] if one in there]

    def _wrong(self, before: dict[str, str]) -> Iterator[str]:
        for user in USERS:
            state, now, wanted = self.states[user], self.users.get(user), self.model.wanted[user]
            if state in CUT and before[user] not in CUT:
                yield from self._unapproved(user, "cut")
            if state == "deleted":
                if before[user] != "deleted":
                    yield from self._unapproved(user, "delete")
                if now is not None:
                    yield f"{user} is deleted, they say, and is there"
                continue
            if now is None:
                yield f"{user} is {state}, they say, and is gone"
                continue
            open_ = [one for one, status in statuses(now).items() if status == "Active"]
            yield from (f"{user}: {one} is Active and was not" for one in open_ if statuses(wanted)[one] != "Active")
            if state not in CUT:
                self.model.taken = {one for one in self.model.taken if one[0] != user}
                yield from (f"{user} ({state}): {line}" for line in self._other(user, now, wanted))
            elif not denied(now) and (user, end.DENY) not in self.model.taken:
                yield f"{user} is {state}, they say, and no deny rides on it"
            elif state == "deactivated":
                yield from (f"{user}: {one} is Active" for one in open_ if (user, one) not in self.model.taken)

    def _other(self, user: str, now: Facts, wanted: Facts) -> list[str]:
        alike = shells if user in self.model.reborn else without_ids
        return end.difference(alike({user: wanted}), alike({user: now}))

    def _unapproved(self, user: str, stage: str) -> Iterator[str]:
        held, until = self.model.yes.get((stage, user), (frozenset(), datetime.min.replace(tzinfo=UTC)))
        if stage == "cut" and user in self.users and held != credentials(self.users[user]):
            yield f"{user} was cut without approval of exactly its credentials"
        if not held or self.place.company.clock.now() > until:
            yield f"{user} was {stage} without a live approval"

    # -- what may happen -------------------------------------------------------------------------------------------

    def approve(self, stage: str) -> None:
        """Somebody else says yes, if anybody may."""
        answer = self.place.process.run("wave", "approve", WAVE, "--stage", stage, by=self.place.company.approver())
        if answer.code == 0:
            self.said(stage)

    def said(self, stage: str) -> None:
        until = self.place.company.clock.now() + VALID
        there = {user: self.users[user] for user in USERS if user in self.users}
        self.model.yes |= {(stage, user): (credentials(facts), until) for user, facts in there.items()}

    def wait(self, days: int) -> None:
        let_days_pass(self.place, days)
        self.run("worker", "--once")

    def scream(self, user: str) -> None:
        """A script calls with the user's own key, whatever becomes of it; then the worker's turn comes."""
        with heard(self.place), suppress(ClientError):
            self.place.company.own(user, "s3").list_buckets()
        self.run("worker", "--once")

    def hand(self, user: str, what: str) -> None:
        if user in self.users:
            self.model.told.append(f"hand: {what} {user}")
            account, _, name = user.partition("/")
            HANDS[what](self, self.place.company.admin("iam", account), name, user)
            self.states, self.users = self._look()


def delete_key(world: World, iam: Any, name: str, user: str) -> None:
    for key in sorted(world.users[user]["keys"])[:1]:
        iam.delete_access_key(UserName=name, AccessKeyId=key)
        world.model.wanted[user]["keys"].pop(key)


def activate(world: World, iam: Any, name: str, user: str) -> None:
    off = [key for key, status in sorted(world.users[user]["keys"].items()) if status == "Inactive"]
    for key in off[:1]:
        iam.update_access_key(UserName=name, AccessKeyId=key, Status="Active")
        world.model.wanted[user]["keys"][key] = "Active"
        world.model.taken.add((user, key))


def take_deny(world: World, iam: Any, name: str, user: str) -> None:
    if end.DENY in world.users[user]["inline"]:
        iam.delete_user_policy(UserName=name, PolicyName=end.DENY)
    for arn in world.users[user]["attached"]:
        if arn.endswith(f"/{end.DENY}"):
            iam.detach_user_policy(UserName=name, PolicyArn=arn)
    world.model.taken.add((user, end.DENY))


def change_policy(world: World, iam: Any, name: str, user: str) -> None:
    own = sorted(set(world.users[user]["inline"]) - {end.DENY})
    for policy in own[:1]:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        world.model.wanted[user]["inline"][policy] = document


def leave_group(world: World, iam: Any, name: str, user: str) -> None:
    for group in world.users[user]["groups"][:1]:
        iam.remove_user_from_group(UserName=name, GroupName=group)
        world.model.wanted[user]["groups"].remove(group)


HANDS: dict[str, Callable[[World, Any, str, str], None]] = {
    each.__name__: each for each in (delete_key, activate, take_deny, change_policy, leave_group)
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The calm way of two users, kept where the next stage may begin."""
    folder = tmp_path_factory.mktemp("lives")
    sandbox = launch.start(log=folder / "sandbox.log")
    place = a_range(build(sandbox.endpoint, sandbox.control), folder, Throwaway(folder), USERS)
    world, keys = World(place), [place.key(user) for user in USERS]
    world.keep()
    world.run("map", *keys)
    make_wave(place, keys)
    world.said("cut")
    world.keep()
    world.run("advance", *keys, "--to", "provisioned")
    work_in_the_portal(place)
    world.keep()
    world.run("advance", *keys, "--to", "quarantined")
    let_days_pass(place, 8)
    world.keep()
    world.run("advance", *keys)
    let_days_pass(place, 15)
    approve(place, "delete")
    world.said("delete")
    world.keep()
    world.run("advance", *keys, "--to", "deleted", "--yes", loses=True)
    assert set(world.states.values()) == {"deleted"}
    world.keep()
    yield world
    launch.stop(sandbox)


class AnyLife(RuleBasedStateMachine):
    """Rules of a life on the sandbox."""

    world: World

    @initialize(n=st.sampled_from([0, 1, 2, 2, 2, 3, 3, 4, 4, 5]), users=who, cut=deaths, then=ways)
    def begin(self, n: int, users: tuple[str, ...], cut: Point | None, then: str) -> None:
        """Somewhere on the calm way; the first command is the next of it."""
        self.world.begin(self.world.stages[n])
        words = (*NEXT[n], *self.world.keys(users))
        self.world.run(*words, cut=cut, then=then, loses="deleted" in words)

    @rule(cut=deaths)
    def discover(self, cut: Point | None) -> None:
        self.world.run("discover", cut=cut)

    @rule(users=who, cut=deaths)
    def map(self, users: tuple[str, ...], cut: Point | None) -> None:
        self.world.run("map", *self.world.keys(users), cut=cut)

    @rule(users=who, goal=st.sampled_from(["quarantined", "deactivated"]), cut=deaths, then=ways)
    def advance(self, users: tuple[str, ...], goal: str, cut: Point | None, then: str) -> None:
        self.world.run("advance", *self.world.keys(users), "--to", goal, cut=cut, then=then)

    @rule(users=who, cut=deaths, then=ways)
    def delete(self, users: tuple[str, ...], cut: Point | None, then: str) -> None:
        self.world.approve("delete")
        words = ("advance", *self.world.keys(users), "--to", "deleted", "--yes")
        self.world.run(*words, cut=cut, then=then, loses=True)

    @rule(users=who, retract=st.booleans(), cut=deaths)
    def roll_back(self, users: tuple[str, ...], retract: bool, cut: Point | None) -> None:
        words = ("rollback", *self.world.keys(users), *RETURN, *(["--retract"] if retract else ()))
        self.world.run(*words, cut=cut)

    @rule(user=st.sampled_from(USERS), what=st.sampled_from(sorted(HANDS)))
    def hand(self, user: str, what: str) -> None:
        self.world.hand(user, what)

    @rule(user=st.sampled_from(USERS))
    def scream(self, user: str) -> None:
        self.world.scream(user)

    @rule(stage=st.sampled_from(["cut", "delete"]))
    def approve(self, stage: str) -> None:
        self.world.approve(stage)

    @rule(days=st.sampled_from([2, 8, 40]))
    def wait(self, days: int) -> None:
        self.world.wait(days)

    @rule()
    def sign_in(self) -> None:
        work_in_the_portal(self.world.place)


def test_any_life_on_the_sandbox_keeps_every_promise(world):
    AnyLife.world = world
    run_state_machine_as_test(AnyLife, settings=PROFILE)
