"""Who is told what, and that nobody is told twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.lifecycle import Move
from migrator.domain.model import Destination, Kind
from migrator.domain.notices import Ahead, Audience, put_back_notices, stage_notices
from tests.builders import NOW, a_user

ANN = replace(
    a_user(),
    kind=Kind.HUMAN,
    destination=Destination.PERMISSION_SET,
    persons=("ann@acme.example",),
    owner="data",
    wave="one",
)


def ahead(user=ANN, move=Move.QUARANTINE, days=None):
    return Ahead(user, move, None if days is None else NOW + timedelta(days=days))


def told(*those, now=NOW):
    return {(n.template, n.audience, n.to) for n in stage_notices(those, now)}


@pytest.mark.parametrize(
    ("move", "template"),
    [
        (Move.VERIFY, "sign-in"),
        (Move.QUARANTINE, "before-quarantine"),
        (Move.DEACTIVATE, "before-deactivate"),
        (Move.DELETE, "before-delete"),
    ],
)
def test_person_owner_and_channel_are_told_before_each_stage(move, template):
    assert told(ahead(move=move)) == {
        (template, Audience.PERSON, "ann@acme.example"),
        (template, Audience.OWNER, "data"),
        ("upcoming", Audience.CHANNEL, ""),
    }


@pytest.mark.parametrize(
    "user",
    [replace(ANN, wave=None), replace(ANN, held="asked")],
    ids=["in no wave", "held"],
)
def test_who_will_not_be_touched_is_told_nothing(user):
    assert not told(ahead(user))


@pytest.mark.parametrize("change", [{"kind": Kind.MACHINE}, {"destination": Destination.RETIRE}])
def test_no_person_is_written_to_about_a_machine_or_a_leaver(change):
    assert {audience for _, audience, _ in told(ahead(replace(ANN, **change)))} == {Audience.OWNER, Audience.CHANNEL}


@pytest.mark.parametrize(
    ("days", "left", "again"),
    [(14, 14, 13.5), (10, 10, 8), (7, 7, 5), (1, 1, 0.5), (0.2, 1, 0.1), (-1, 0, -2)],
)
def test_days_left_are_rounded_up_and_told_once_a_threshold(days, left, again):
    first, *_ = stage_notices([ahead(days=days)], NOW)
    second, *_ = stage_notices([ahead(days=again)], NOW)
    assert first.facts["days_left"] == left
    assert first.dedupe_key == second.dedupe_key


def test_another_threshold_another_stage_and_another_time_are_told_again():
    keys = [
        stage_notices([one], NOW)[0].dedupe_key
        for one in (
            ahead(days=8),
            ahead(days=6),
            ahead(move=Move.DELETE, days=6),
            ahead(replace(ANN, state_since=NOW + timedelta(days=1)), days=6),
            ahead(replace(ANN, user_id="AIDAOTHER"), days=6),
        )
    ]
    assert len(set(keys)) == len(keys)


def test_the_channel_hears_of_a_group_at_once():
    bob = replace(ANN, id=7, user_name="bob", user_id="AIDABOB", persons=("bob@acme.example",))
    digest = [n for n in stage_notices([ahead(days=3), ahead(bob, days=3)], NOW) if n.template == "upcoming"]
    assert [n.facts["users"] for n in digest] == [[ANN.key, bob.key]]


@pytest.mark.parametrize(("failed", "template"), [(False, "put-back"), (True, "put-back-failed")])
def test_who_was_put_back_is_told_with_the_reason(failed, template):
    notices = put_back_notices(ANN, "s3:GetObject by report.py", NOW, failed=failed)
    assert {(n.template, n.audience) for n in notices} == {(template, audience) for audience in Audience}
    assert all(n.facts["why"] == "s3:GetObject by report.py" for n in notices)
