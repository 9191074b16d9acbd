"""Coverage as it is kept: judged with the policies of what was called, which are read once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.model import Destination, Kind
from migrator.operations.coverage import refresh_coverage
from migrator.operations.map_users import map_users
from migrator.operations.read_guards import read_guards
from tests.builders import ACCOUNT, NOW, a_part, a_recorded, a_usage_fact, a_user, a_user_facts, record
from tests.unit.grouping.people import CATALOGUE, allow

OTHER = "444455556666"
BUCKET, KEY, THEIRS = "arn:aws:s3:::lake", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", f"arn:aws:iam::{OTHER}:role/Audit"
ALICE, ROOT = f"arn:aws:iam::{ACCOUNT}:user/alice", f"arn:aws:iam::{ACCOUNT}:root"


def a_policy(who, action):
    return allow(action, Principal={"AWS": who})


@pytest.fixture
def alice(tools):
    """Alice, who reads objects and decrypts with a key, and may do anything."""
    tools.catalogue = CATALOGUE
    facts = a_user_facts(tags={"Email": "alice@x.example"})
    tools.aws.add_user(facts)
    row = a_user(facts, state=State.DISCOVERED, destination=Destination.PERMISSION_SET, kind=Kind.HUMAN)
    grants = (("user", "all", allow("*")),)
    user = record(tools.store, replace(a_recorded(facts, row), policies=grants, emails=("alice@x.example",)))[0]
    used(tools, ("s3:GetObject", f"{BUCKET}/k"), ("kms:Decrypt", KEY))
    return user


def used(tools, *calls, part="one"):
    seen = NOW - timedelta(days=1)
    facts = [a_usage_fact(action=action, resource=resource, last=seen) for action, resource in calls]
    with tools.store.begin() as work:
        work.usage.add([a_part(f"{part}.json.gz", facts)], NOW)
        work.commit()


def mapped(tools, user):
    map_users(tools, tools.apply, [tools.line(user)])
    return kept(tools, user)


def kept(tools, user):
    with tools.store.begin() as work:
        return work.access.coverage([user.id])[user.id]


def test_a_key_that_names_the_user_leaves_a_gap_with_the_statement_that_closes_it(tools, alice):
    tools.guards.policies = {KEY: a_policy(ALICE, "kms:*")}
    covered = mapped(tools, alice)
    assert (covered.allowed, covered.denied, covered.unknown) == (2, 2, 0)
    (gap,) = covered.gaps
    assert (gap.action, gap.resource, gap.why) == ("kms:Decrypt", KEY, f"policy of {KEY}: no statement allows it")
    tools.guards.policies[KEY]["Statement"].append(gap.statement)
    assert mapped(tools, alice).denied == 0


def test_a_key_that_lets_the_account_decide_leaves_none(tools, alice):
    tools.guards.policies = {KEY: a_policy(ROOT, "kms:*")}
    assert (mapped(tools, alice).allowed, kept(tools, alice).gaps) == (4, ())


def test_what_was_read_is_kept_and_not_read_again(tools, alice):
    tools.guards.policies = {KEY: a_policy(ROOT, "kms:*")}
    mapped(tools, alice)
    assert tools.guards.asked == [(ACCOUNT, (KEY, BUCKET))]
    used(tools, ("s3:GetObject", "arn:aws:s3:::new/k"), part="two")
    found = read_guards(tools, [alice.id], again=False)
    assert found == {"arn:aws:s3:::new": None}
    with tools.store.begin() as work:
        refresh_coverage(tools, work, [alice.id], found)
        work.commit()
    covered = kept(tools, alice)
    assert (covered.allowed, covered.unknown) == (6, 0)
    assert set(covered.guards) == {KEY, BUCKET, "arn:aws:s3:::new"}


def test_no_account_of_others_is_entered(tools, alice):
    used(tools, ("sts:AssumeRole", THEIRS), part="two")
    covered = mapped(tools, alice)
    assert {account for account, _ in tools.guards.asked} == {ACCOUNT}
    assert covered.unknown == 2
    assert any(f"the policy of {THEIRS} decides, which was not read" in doubt for doubt in covered.doubts)


def test_ways_to_more_access_are_kept_with_who_described_them(tools, alice):
    opened = {tuple(one["actions"]): one for one in mapped(tools, alice).escalations}
    found = opened["iam:createpolicyversion",]
    assert found["certain"]
    assert "Rhino" in found["source"]
    with tools.store.begin() as work:
        work.access.plan_set("few", {**work.access.sets()[0].spec, "inline_policy": allow("s3:*")}, "ours")
        work.access.want(alice.id, "alice@x.example", "few", ACCOUNT)
        refresh_coverage(tools, work, [alice.id])
        work.commit()
    assert kept(tools, alice).escalations == ()
