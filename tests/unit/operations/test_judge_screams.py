"""A worker's turn with every kind of scream: use comes back, noise and theft do not, gaps ask to be mended."""

from datetime import timedelta
from typing import Any

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, Kind
from migrator.domain.notices import Audience
from migrator.domain.usage import Part, PartUsage, Refusal, UsageFact
from migrator.operations.advance import Advance, advance
from migrator.operations.notify import newest
from migrator.operations.screams import dismiss
from migrator.operations.work import work as turn
from migrator.ports.post import Channel
from tests.builders import ACCOUNT, a_key, a_user_facts

ARN = f"arn:aws:iam::{ACCOUNT}:user/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_dev_0123/alice@acme.example"
HOME, ELSEWHERE, BOTO, CURL = "203.0.113.7", "198.51.100.9", "Boto3/1.34", "curl/8"


class Trail:
    """A trail that delivers what a test lays into it."""

    source = "cloudtrail:test"

    def __init__(self) -> None:
        self.parts: list[PartUsage] = []

    def deliver(self, *facts: UsageFact, refusals: tuple[Refusal, ...] = ()) -> None:
        part = Part(self.source, ACCOUNT, f"file-{len(self.parts)}", "e")
        newest = max(f.last for f in facts)
        self.parts.append(PartUsage(part, len(facts), facts, refusals, min(f.first for f in facts), newest))

    def list_parts(self, _since: Any, _until: Any, _accounts: Any) -> list[Part]:
        return [usage.part for usage in self.parts]

    def read(self, part: Part) -> PartUsage:
        return next(usage for usage in self.parts if usage.part == part)


class Office:
    """Alice, whose script has always read objects from home, in quarantine."""

    def __init__(self, tools) -> None:
        self.trail = Trail()
        self.tools = tools.with_rules(usage_sources=1)
        self.tools.sources = [self.trail]
        self.tools.post.channels.append(Channel("json-1", Audience.CHANNEL))
        facts = a_user_facts(credentials=(a_key(),))
        self.user = self.tools.add(facts, destination=Destination.RETIRE, kind=Kind.HUMAN)
        with self.tools.store.begin() as work:
            work.people.link({self.user.id: ["alice@acme.example"]}, "by hand")
            work.commit()
        self.does(HOME, BOTO)
        turn(self.tools, self.tools.apply)
        self.tools.clock.pass_time(days=1)
        advance(self.tools, self.tools.apply, [self.tools.line(self.user)], Advance(State.QUARANTINED))
        assert self.state is State.QUARANTINED
        self.tools.clock.pass_time(hours=1)

    @property
    def state(self) -> State:
        return self.tools.user(self.user).state

    def does(self, address, agent, event="GetObject", source="s3.amazonaws.com", error="", who=ARN) -> None:
        now = self.tools.clock.now()
        action = f"{source.partition('.')[0]}:{event}"
        fact = UsageFact(
            who, ACCOUNT, source, event, action, "", 1, now, now, address=address, agent=agent, error=error
        )
        refusal = Refusal(f"e-{len(self.trail.parts)}", now, who, ACCOUNT, source, event, address, agent, error)
        self.trail.deliver(fact, refusals=(refusal,) if error and who == ARN else ())

    def screams(self):
        turn(self.tools, self.tools.apply)
        with self.tools.store.read() as work:
            return [(s.disposition, s.reason) for s in work.screams.all()]


@pytest.fixture
def office(tools):
    return Office(tools)


def test_the_script_that_always_ran_is_put_back(office):
    office.does(HOME, BOTO, error="AccessDenied")
    assert [what for what, _ in office.screams()] == ["rolled-back"]
    assert office.state is State.ROLLED_BACK


def test_a_stolen_key_is_not_put_back_and_somebody_is_told(office):
    office.does(ELSEWHERE, CURL, "ListUsers", "iam.amazonaws.com", "AccessDenied")
    ((what, why),) = office.screams()
    assert what == "suspicious"
    assert "never seen from 198.51.0.0/16, nor with curl" in why
    assert office.state is State.QUARANTINED
    (letter,) = [one for one in newest(office.tools) if one.template == "suspicious"]
    assert "iam:ListUsers by curl/8 from 198.51.100.9" in letter.body
    office.screams()
    assert len([one for one in newest(office.tools) if one.template == "suspicious"]) == 1


def test_nothing_is_put_back_beside_theft_until_a_person_answered(office):
    office.does(ELSEWHERE, CURL, error="AccessDenied")
    office.does(HOME, BOTO, error="AccessDenied")
    assert sorted(what for what, _ in office.screams()) == ["open", "suspicious"]
    assert office.state is State.QUARANTINED
    with office.tools.store.read() as work:
        stolen = next(s.id for s in work.screams.all() if s.disposition == "suspicious")
    dismiss(office.tools, stolen, "our own test")
    office.screams()
    assert office.state is State.ROLLED_BACK


def test_noise_neither_rolls_back_nor_begins_the_silence_anew(tools):
    office = Office(tools.with_rules(quarantine=timedelta(days=7)))
    office.does(HOME, CURL, "GetSecretValue", "secretsmanager.amazonaws.com", who=SESSION)
    office.does(HOME, CURL, "GetSecretValue", "secretsmanager.amazonaws.com", "AccessDenied")
    ((what, why),) = office.screams()
    assert (what, why) == ("noise", "its person makes the same call through Identity Center from there since")
    assert office.state is State.QUARANTINED
    office.tools.clock.pass_time(days=6, hours=23)
    office.does(HOME, CURL, "GetSecretValue", "secretsmanager.amazonaws.com", "AccessDenied")
    office.screams()
    (moved,) = advance(office.tools, office.tools.apply, [office.tools.line(office.user)], Advance()).users
    assert moved.after == "deactivated", moved.held_by


def test_a_gap_in_the_new_access_asks_to_be_mended_and_puts_nothing_back(office):
    office.does(HOME, BOTO, error="AccessDenied", who=SESSION)
    ((what, why),) = office.screams()
    assert (what, why) == ("gap", "lacks s3:GetObject")
    assert office.state is State.QUARANTINED
    assert office.screams() == [(what, why)], "told once"
    (moved,) = advance(office.tools, office.tools.apply, [office.tools.line(office.user)], Advance()).users
    assert moved.held_by == ("no-screams",)
    (held,) = (gate for gate in moved.gates if not gate.open)
    assert "screams dismiss" in held.opens
    assert "migrator map" not in held.opens, "nobody who is cut can be mapped again"
    (letter,) = (one for one in newest(office.tools) if one.template == "gap")
    assert (
        letter.body.index("screams dismiss")
        < letter.body.index("migrator rollback")
        < letter.body.index("migrator map")
    )


def test_a_refusal_of_what_nobody_needed_before_is_no_gap(office):
    office.does(HOME, BOTO, "CreateBucket", error="AccessDenied", who=SESSION)
    assert office.screams() == []


def test_somebody_elses_refusal_is_no_gap(office):
    office.does(HOME, BOTO, error="AccessDenied", who=SESSION.replace("alice@", "malice@"))
    assert office.screams() == []
