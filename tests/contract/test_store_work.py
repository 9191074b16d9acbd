"""Waves, people, decisions, usage, access and screams in the store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from migrator.adapters.store import tables as t
from migrator.domain.errors import NotFound, Stale, UsageError
from migrator.domain.waves import Approval, Stage, WaveState
from migrator.ports.aws import NameReference
from tests.builders import ACCOUNT, NOW, a_decision, a_part, a_scream, a_usage_fact, a_wave, recorded

LATER = NOW + timedelta(hours=1)
SINCE = NOW - timedelta(days=90)
LOOKBACK = timedelta(days=90)
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.fixture
def three(store):
    """A store that knows alice, bob and carol."""
    recorded(store, "alice", "bob", "carol")
    return store


def write(store, act):
    with store.begin() as work:
        result = act(work)
        work.commit()
    return result


def ask(store, act):
    with store.begin() as work:
        return act(work)


# -- waves -------------------------------------------------------------------------------------------------------------


def test_a_wave_is_found_by_name_with_its_members_and_why(three):
    made = write(three, lambda work: work.waves.create(a_wave(), [(1, "low risk"), (2, "same team")]))
    assert ask(three, lambda work: work.waves.find("wave-1")) == made
    assert ask(three, lambda work: work.waves.members(made)) == [(1, "low risk"), (2, "same team")]
    assert ask(three, lambda work: work.users.get(1).wave) == "wave-1"
    assert [line.user.id for line in ask(three, lambda work: work.users.lines(wave="wave-1"))] == [1, 2]


def test_an_unknown_wave_is_not_found(three):
    with pytest.raises(NotFound, match="no wave 'x'"):
        ask(three, lambda work: work.waves.find("x"))


def test_a_name_is_taken_once(three):
    write(three, lambda work: work.waves.create(a_wave(), []))
    with pytest.raises(UsageError, match="there is a wave 'wave-1' already"):
        write(three, lambda work: work.waves.create(a_wave(), []))


def test_a_user_is_in_one_open_wave_and_nothing_is_left_of_a_refused_one(three):
    write(three, lambda work: work.waves.create(a_wave(), [(1, "")]))
    with pytest.raises(UsageError, match="another open wave"):
        write(three, lambda work: work.waves.create(a_wave("wave-2"), [(2, ""), (1, "")]))
    assert [wave.name for wave in ask(three, lambda work: work.waves.all())] == ["wave-1"]


@pytest.mark.parametrize("how", ["the wave is done", "the user leaves"])
def test_a_user_may_join_another_wave_when(three, how):
    made = write(three, lambda work: work.waves.create(a_wave(), [(1, "")]))
    if how == "the wave is done":
        write(three, lambda work: work.waves.move(made, WaveState.DONE, LATER))
    else:
        write(three, lambda work: work.waves.leave(1))
    write(three, lambda work: work.waves.create(a_wave("wave-2"), [(1, "")]))
    assert ask(three, lambda work: work.users.get(1).wave) == "wave-2"
    assert ask(three, lambda work: work.waves.members(made)) == [(1, "")]


def test_a_wave_starts_when_it_first_runs(three):
    made = write(three, lambda work: work.waves.create(a_wave(), []))
    for state, at in ((WaveState.RUNNING, NOW), (WaveState.PAUSED, NOW), (WaveState.RUNNING, LATER)):
        made = write(three, lambda work, m=made, s=state, a=at: work.waves.move(m, s, a))
    assert (made.starts_at, made.version) == (NOW, 3)
    assert ask(three, lambda work: work.waves.find("wave-1")) == made


def test_who_moves_an_older_version_of_a_wave_is_told_so(three):
    made = write(three, lambda work: work.waves.create(a_wave(), []))
    write(three, lambda work: work.waves.move(made, WaveState.RUNNING, NOW))
    with pytest.raises(Stale):
        write(three, lambda work: work.waves.move(made, WaveState.PAUSED, NOW))


def test_approvals_are_kept_in_order_with_who_gave_them(three):
    made = write(three, lambda work: work.waves.create(a_wave(), [(1, "")]))
    given = [Approval(made.id, Stage.CUT, 1, f"h{n}", who, NOW, LATER) for n, who in enumerate(("dora", "erin"))]
    write(three, lambda work: work.waves.approve(given))
    assert ask(three, lambda work: work.waves.approvals(made.id)) == given
    assert ask(three, lambda work: work.waves.approvers()) == {"dora", "erin"}
    assert ask(three, lambda work: work.dossiers([1], NOW, LOOKBACK))[0].approvals == tuple(given)


# -- people and decisions ----------------------------------------------------------------------------------------------


def test_persons_are_made_as_needed_and_written_in_small_letters(three):
    write(three, lambda work: work.people.link({1: ["Bob@Example.com", "alice@example.com"]}, "tag"))
    write(three, lambda work: work.people.link({2: ["bob@example.com"]}, "name"))
    people = ask(three, lambda work: work.people.all())
    assert [(p.email, p.origin, p.users) for p in people] == [
        ("alice@example.com", "tag", (1,)),
        ("bob@example.com", "tag", (1, 2)),
    ]
    assert ask(three, lambda work: work.users.get(1)).persons == ("alice@example.com", "bob@example.com")


@pytest.mark.parametrize("emails", [["carol@example.com"], []])
def test_linking_again_leaves_exactly_those_persons(three, emails):
    write(three, lambda work: work.people.link({1: ["alice@example.com"]}, "tag"))
    write(three, lambda work: work.people.link({1: emails}, "human"))
    assert ask(three, lambda work: work.users.get(1)).persons == tuple(emails)


def test_the_latest_decision_of_each_kind_wins(three):
    story = (a_decision("owner", "data"), a_decision("owner", "ops", actor="dora"), a_decision("kind", "human"))
    for decision in (*story, a_decision("owner", "web", subject="user:2")):
        write(three, lambda work, d=decision: work.people.decide(d))
    assert ask(three, lambda work: work.people.decisions(["user:1"])) == {
        "user:1": {"owner": story[1], "kind": story[2]}
    }
    assert set(ask(three, lambda work: work.people.decisions())) == {"user:1", "user:2"}
    assert ask(three, lambda work: work.people.decisions([])) == {}


def test_a_hold_shows_on_the_user_until_it_is_released(three):
    write(three, lambda work: work.people.decide(a_decision("hold", value=True, reason="on leave")))
    assert ask(three, lambda work: work.users.get(1)).held == "on leave"
    write(three, lambda work: work.people.decide(a_decision("hold", value=False)))
    assert ask(three, lambda work: work.users.get(1)).held is None


# -- usage -------------------------------------------------------------------------------------------------------------


def test_a_part_that_was_read_is_known_by_its_etag(three):
    write(three, lambda work: work.usage.add([a_part("one"), a_part("two", etag="e2", account_id="2")], NOW))
    assert ask(three, lambda work: work.usage.parts("cloudtrail:t")) == {"one": "e1", "two": "e2"}
    assert ask(three, lambda work: work.usage.parts("cloudtrail:t", "2")) == {"two": "e2"}
    assert ask(three, lambda work: work.usage.parts("cloudtrail:other")) == {}


def test_a_part_that_is_read_again_replaces_what_it_said(three):
    write(three, lambda work: work.usage.add([a_part(facts=[a_usage_fact(calls=5)])], NOW))
    write(three, lambda work: work.usage.add([a_part(facts=[a_usage_fact(calls=7)], etag="e2")], LATER))
    facts = ask(three, lambda work: work.usage.facts([ALICE], SINCE))
    assert [fact.calls for fact in facts[ALICE]] == [7]
    assert ask(three, lambda work: work.usage.parts("cloudtrail:t")) == {"one.json.gz": "e2"}


def test_parts_of_the_same_name_in_two_trails_do_not_replace_each_other(three):
    for source in ("cloudtrail:a", "cloudtrail:b"):
        part = a_part(facts=[a_usage_fact(calls=5)], source=source)
        write(three, lambda work, p=part: work.usage.add([p], NOW))
    facts = ask(three, lambda work: work.usage.facts([ALICE], SINCE))
    assert [fact.calls for fact in facts[ALICE]] == [10]


def test_the_same_calls_of_all_parts_are_added_up(three):
    early, late = NOW - timedelta(days=3), NOW - timedelta(days=1)
    one = a_part("one", facts=[a_usage_fact(calls=2, first=early, last=early), a_usage_fact(action="s3:GetObject")])
    two = a_part("two", facts=[a_usage_fact(calls=3, first=late, last=late), a_usage_fact("bob")])
    write(three, lambda work: work.usage.add([one, two], NOW))
    facts = ask(three, lambda work: work.usage.facts([ALICE], SINCE))
    assert [(f.action, f.calls, f.first, f.last) for f in facts[ALICE] if f.action == "s3:ListBucket"] == [
        ("s3:ListBucket", 5, early, late)
    ]
    assert list(facts) == [ALICE]


def test_calls_before_the_look_back_are_left_out(three):
    old = NOW - timedelta(days=200)
    write(three, lambda work: work.usage.add([a_part(facts=[a_usage_fact(first=old, last=old)])], NOW))
    assert ask(three, lambda work: work.usage.facts([ALICE], SINCE)) == {}


def test_sessions_of_identity_center_are_told_from_all_others(three):
    sso = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_dev_0123456789abcdef/alice@example.com"
    others = (f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSOx/alice", "identitystore:123", ALICE)
    facts = [replace(a_usage_fact(), principal=principal) for principal in (sso, *others)]
    write(three, lambda work: work.usage.add([a_part(facts=facts)], NOW))
    found = ask(three, lambda work: work.usage.sessions(SINCE))
    assert [fact.principal for fact in found] == [sso, "identitystore:123"]


def test_what_was_heard_and_when(three):
    assert ask(three, lambda work: work.usage.heard()) == (None, None, 0)
    part = a_part(facts=[a_usage_fact()])
    write(three, lambda work: work.usage.add([part, a_part("bad", bad="truncated")], NOW))
    assert ask(three, lambda work: work.usage.heard()) == (None, part.newest, 1)
    for at in (NOW, LATER):
        write(three, lambda work, at=at: work.usage.note_reading(at))
    assert ask(three, lambda work: work.usage.heard()) == (LATER, part.newest, 1)


def test_last_accessed_rows_are_replaced(three):
    for at in (None, NOW):
        rows = [(1, "s3", "", at), (1, "s3", "s3:GetObject", at)]
        write(three, lambda work, rows=rows: work.usage.last_accessed(rows, NOW))
    assert ask(three, lambda work: work.usage.services([1, 2])) == {1: {"s3": NOW}}


def test_a_search_for_names_replaces_the_one_before(three):
    found = NameReference(ALICE, "arn:aws:s3:::logs", "allow")
    for hits, unread in (([(1, found), (1, found)], ["kms in eu-west-1"]), ([], [])):
        write(three, lambda work, hits=hits, unread=unread: work.usage.refer([1, 2], hits, unread, NOW))
        dossiers = ask(three, lambda work: work.dossiers([1, 2], NOW, LOOKBACK))
        assert [[r.where for r in d.references.found] for d in dossiers] == [["arn:aws:s3:::logs"] * bool(hits), []]
        assert [d.references.not_checked for d in dossiers] == [tuple(unread)] * 2


# -- access ------------------------------------------------------------------------------------------------------------


def test_a_planned_set_is_written_once_and_updated(three):
    first = write(three, lambda work: work.access.plan_set("dev", {"managed": ["ReadOnlyAccess"]}, "ours"))
    second = write(three, lambda work: work.access.plan_set("dev", {"managed": []}, "ours"))
    assert first.id == second.id
    assert first.spec_sha != second.spec_sha
    write(three, lambda work: work.access.set_arn("dev", "arn:aws:sso:::permissionSet/x"))
    assert ask(three, lambda work: work.access.sets()) == [replace(second, arn="arn:aws:sso:::permissionSet/x")]


def test_a_wish_is_one_a_user_until_it_is_taken_away(three):
    write(three, lambda work: work.people.link({1: ["alice@example.com"]}, "tag"))
    for name in ("dev", "ops"):
        write(three, lambda work, name=name: work.access.plan_set(name, {}, "ours"))
        write(three, lambda work, name=name: work.access.want(1, "Alice@example.com", name, ACCOUNT))
    grant = ask(three, lambda work: work.access.grants())[0]
    assert (grant.user, grant.email, grant.permission_set, grant.provisioned_at) == (
        1,
        "alice@example.com",
        "ops",
        None,
    )
    write(three, lambda work: work.access.granted(1, LATER))
    assert ask(three, lambda work: work.access.grants())[0].provisioned_at == LATER
    write(three, lambda work: work.access.want(1, None, None, ACCOUNT))
    assert ask(three, lambda work: work.access.grants()) == []


# -- screams -----------------------------------------------------------------------------------------------------------


def test_a_scream_grows_by_events_that_are_new(three):
    scream = write(three, lambda work: work.screams.save(a_scream(), [("e1", NOW)]))
    assert ask(three, lambda work: work.screams.known(["e1", "e2"])) == {"e1"}
    more = replace(scream, count=2, last=LATER)
    grown = write(three, lambda work: work.screams.save(more, [("e1", NOW), ("e2", LATER)]))
    assert ask(three, lambda work: work.screams.known(["e1", "e2", "e3"])) == {"e1", "e2"}
    assert ask(three, lambda work: work.screams.all([1])) == [grown]
    assert ask(three, lambda work: work.screams.all([2])) == []


def test_who_saves_an_older_scream_is_told_so(three):
    scream = write(three, lambda work: work.screams.save(a_scream()))
    write(three, lambda work: work.screams.save(replace(scream, count=2)))
    with pytest.raises(Stale):
        write(three, lambda work: work.screams.save(replace(scream, count=3)))


def test_hostile_text_is_kept_as_it_came(three):
    agent = "\x1b[31m<script>=cmd|' /C calc'!A0\u202e"
    write(three, lambda work: work.screams.save(a_scream(agent=agent)))
    assert ask(three, lambda work: work.screams.all())[0].agent == agent


def test_documents_are_stored_once_however_their_keys_are_ordered(three):
    first = write(three, lambda work: work.put_document({"a": 1, "b": [None, "é"]}))
    assert write(three, lambda work: work.put_document({"b": [None, "é"], "a": 1})) == first
    assert ask(three, lambda work: work.document(first)) == {"a": 1, "b": [None, "é"]}
    with three.engine.connect() as connection:
        query = select(func.count()).select_from(t.documents).where(t.documents.c.sha256 == first)
        assert connection.execute(query).scalar_one() == 1
    with pytest.raises(NotFound):
        ask(three, lambda work: work.document("no such hash"))


def test_the_newest_call_of_each_credential_is_told_refused_or_not(three):
    now = NOW - timedelta(hours=1)
    calls = [
        a_usage_fact(access_key="AKIAONE", first=now, last=now),
        a_usage_fact(access_key="AKIAONE", first=now, last=now + timedelta(minutes=5), error="AccessDenied"),
        a_usage_fact(event="ConsoleLogin", first=now, last=now + timedelta(minutes=1)),
        a_usage_fact("bob", access_key="AKIABOB", first=now, last=now),
        a_usage_fact(access_key="AKIAOLD"),
    ]
    write(three, lambda work: work.usage.add([a_part(facts=calls)], NOW))
    found = ask(three, lambda work: work.usage.last_calls([ALICE], now - timedelta(hours=1)))
    assert found == {ALICE: {"AKIAONE": now + timedelta(minutes=5), "": now + timedelta(minutes=1)}}
