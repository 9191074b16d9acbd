"""Who goes on which trail, and how our selectors go again."""

import pytest

from migrator.domain.changes import Change
from migrator.domain.listening import KIND, Wanted, candidates, place, removal
from migrator.domain.selectors import LIMIT, count, listeners, normal, others, with_listeners
from migrator.domain.trails import AccountTrails, Trail
from tests.builders import NOW

ACCOUNT, HEAD = "222222222222", "111111111111"
OBJECTS, QUEUES = "AWS::S3::Object", "AWS::SQS::Queue"
OWN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/own"
SHARED = f"arn:aws:cloudtrail:us-east-1:{HEAD}:trail/organization"
DEFAULT = normal((), ())
THEIRS = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}


def arn(name):
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def want(name, *types):
    return Wanted(f"{ACCOUNT}/{name}", arn(name), ACCOUNT, types or (OBJECTS,))


def a_trail(which=SHARED, **changes):
    return Trail(which, **{"logging": True, "organization": which == SHARED, "bucket": "logs", **changes})


def full(left=0):
    """A trail's state with room for so many values."""
    return with_listeners(DEFAULT, {OBJECTS: [arn(f"user{n}") for n in range(LIMIT - 3 - left)]})


def test_an_accounts_own_trail_comes_before_the_organizations():
    found = AccountTrails(ACCOUNT, NOW, (a_trail(SHARED), a_trail(OWN, regions="eu-west-1"), a_trail(f"{OWN}-2")))
    assert [trail.arn for trail in candidates(found)] == [f"{OWN}-2", OWN, SHARED]


@pytest.mark.parametrize("changes", [{"logging": False}, {"read": False}, {"failing": "NoSuchBucket"}])
def test_a_trail_that_we_do_not_hear_is_no_candidate(changes):
    assert candidates(AccountTrails(ACCOUNT, NOW, (a_trail(**changes),))) == []


def test_users_are_put_on_the_first_trail():
    after, placed = place(
        [want("ann", OBJECTS, QUEUES), want("bob")],
        {ACCOUNT: [a_trail(OWN), a_trail()]},
        {OWN: DEFAULT, SHARED: DEFAULT},
    )
    assert list(after) == [OWN]
    assert listeners(after[OWN]) == {OBJECTS: {arn("ann"), arn("bob")}, QUEUES: {arn("ann")}}
    assert [(one.trail, one.why) for one in placed] == [(OWN, ""), (OWN, "")]


def test_nobody_wanted_changes_nothing():
    assert place([], {ACCOUNT: [a_trail()]}, {SHARED: DEFAULT}) == ({}, ())


def test_whoever_is_on_a_trail_stays_on_it():
    there = with_listeners(DEFAULT, {OBJECTS: [arn("ann")]})
    after, placed = place([want("ann", QUEUES)], {ACCOUNT: [a_trail(OWN), a_trail()]}, {OWN: DEFAULT, SHARED: there})
    assert placed[0].trail == SHARED
    assert listeners(after[SHARED]) == {OBJECTS: {arn("ann")}, QUEUES: {arn("ann")}}


ROOM = {
    "the last value": (full(left=1), SHARED, ""),
    "none": (full(), "", f"every trail of the account is full ({LIMIT} values)"),
    "too little for a new selector": (with_listeners(full(left=1), listeners(full(left=1))), SHARED, ""),
}


@pytest.mark.parametrize(("state", "trail", "why"), ROOM.values(), ids=ROOM)
def test_no_trail_holds_more_than_it_may(state, trail, why):
    after, (placed,) = place([want("zoe")], {ACCOUNT: [a_trail()]}, {SHARED: state})
    assert (placed.trail, placed.why) == (trail, why)
    assert all(count(each) <= LIMIT for each in after.values())


def test_a_full_trail_is_followed_by_the_next():
    after, placed = place(
        [want("ann", QUEUES), want("bob")], {ACCOUNT: [a_trail(OWN), a_trail()]}, {OWN: full(left=1), SHARED: DEFAULT}
    )
    assert [one.trail for one in placed] == [SHARED, OWN]
    assert sorted(after) == sorted([OWN, SHARED])


def test_an_account_without_a_trail_is_told():
    _, (placed,) = place([want("ann")], {}, {SHARED: DEFAULT})
    assert placed.why == "no trail that we read records it"


def changed(before, after):
    return Change(KIND, (HEAD, SHARED), before, after)


LISTENING = with_listeners(DEFAULT, {OBJECTS: [arn("ann"), arn("bob")]})


def test_all_of_ours_gone_the_trail_is_as_it_was_found():
    found = removal(LISTENING, LISTENING, [changed(DEFAULT, LISTENING)], None)
    assert (found.after, found.refused, found.note) == (DEFAULT, "", "")
    assert removal(LISTENING, LISTENING, [changed(DEFAULT, LISTENING)], [arn("ann"), arn("bob")]).after == DEFAULT


def test_one_user_of_two_goes_alone():
    found = removal(LISTENING, LISTENING, [changed(DEFAULT, LISTENING)], [arn("ann")])
    assert listeners(found.after) == {OBJECTS: {arn("bob")}}
    again = removal(found.after, found.after, [changed(DEFAULT, LISTENING), changed(LISTENING, found.after)], None)
    assert again.after == DEFAULT


def test_a_user_whom_nobody_listens_to_changes_nothing():
    assert removal(LISTENING, LISTENING, [], [arn("zoe")]).after == LISTENING
    assert removal(DEFAULT, None, [], None).after == DEFAULT


def test_what_somebody_added_meanwhile_stays():
    theirs = {"Name": "theirs", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
    there = normal((), (*LISTENING["advanced"], theirs))
    found = removal(there, LISTENING, [changed(DEFAULT, LISTENING)], None)
    assert found.after == normal((), (*others(LISTENING), theirs))
    assert found.note == "somebody changed other selectors since: they stay, as advanced selectors"


def test_what_somebody_changed_of_ours_is_refused():
    there = with_listeners(DEFAULT, {OBJECTS: [arn("ann")]})
    found = removal(there, LISTENING, [changed(DEFAULT, LISTENING)], None)
    assert found.after == there
    assert found.refused.startswith("somebody changed migrator's selectors since")


def test_what_somebody_removed_of_ours_needs_no_removal():
    found = removal(DEFAULT, LISTENING, [changed(DEFAULT, LISTENING)], None)
    assert (found.after, found.refused) == (DEFAULT, "")
    assert found.note == "somebody has removed migrator's selectors already"


def test_without_a_journal_ours_are_known_by_their_name():
    assert removal(LISTENING, None, [], None).after == normal((), others(LISTENING))


def test_a_trail_is_never_left_without_selectors():
    alone = normal((), [each for each in LISTENING["advanced"] if each not in others(LISTENING)])
    assert removal(alone, None, [], None).refused.startswith("a trail must have selectors")


def test_listening_begun_over_what_we_had_left_ends_without_ours():
    more = with_listeners(LISTENING, {OBJECTS: [arn("ann"), arn("bob"), arn("cy")]})
    found = removal(more, more, [changed(LISTENING, more)], None)
    assert listeners(found.after) == {}
