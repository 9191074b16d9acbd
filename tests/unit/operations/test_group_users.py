"""Mapping by what people did: few sets, reasons, and nobody loses a call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.mapping import SET
from migrator.domain.model import Destination, Kind
from migrator.operations.list_sets import list_sets
from migrator.operations.map_users import map_users
from migrator.operations.trade_off import trade_off
from tests.builders import ACCOUNT, NOW, a_part, a_recorded, a_usage_fact, a_user, a_user_facts, record
from tests.unit.grouping.people import CATALOGUE, a_document, actions_of, allow

TEN = actions_of(*range(10))
TEAM = (("group:team", "work", allow("*")),)
BORN = NOW - timedelta(days=400)


def a_colleague(tools, name, *actions, grants=TEAM, born=BORN):
    """A person with a user, who has made these calls since long ago."""
    facts = replace(a_user_facts(name, tags={"Email": f"{name}@x.example"}), created_at=born)
    tools.aws.add_user(facts)
    row = a_user(facts, state=State.DISCOVERED, destination=Destination.PERMISSION_SET, kind=Kind.HUMAN)
    user = record(tools.store, replace(a_recorded(facts, row), policies=tuple(grants), emails=(f"{name}@x.example",)))[
        0
    ]
    calls = [
        a_usage_fact(
            name, action, event=action.partition(":")[2], source="test.amazonaws.com", first=NOW - timedelta(days=80)
        )
        for action in actions
    ]
    calls = [replace(call, account_id=facts.account_id, principal=facts.arn) for call in calls]
    with tools.store.begin() as work:
        work.usage.add([a_part(f"{name}.json.gz", calls)], NOW)
        work.commit()
    return user


def mapped(tools, *users):
    """The plan after mapping these: users by set."""
    tools.catalogue = CATALOGUE
    map_users(tools, tools.apply, [tools.line(user) for user in users])
    return plan(tools)


def plan(tools):
    return {one["name"]: one["users"] for one in list_sets(tools) if one["users"]}


def of(name, account=ACCOUNT):
    return f"{account}/{name}"


@pytest.mark.parametrize(("bound", "sets"), [(0, 2), (30, 1)])
def test_the_setting_decides_how_many_sets_there_are(tools, bound, sets):
    tools = tools.with_rules(unused_granted_max_percent=bound)
    ann, ben = a_colleague(tools, "ann", *TEN), a_colleague(tools, "ben", *TEN[:8])
    assert len(mapped(tools, ann, ben)) == sets
    assert all(one["unused_granted_percent"] <= bound for one in list_sets(tools) if one["users"])
    assert all(one["coverage_percent"] == 100 for one in list_sets(tools) if one["users"])


def test_everybody_is_told_why_it_is_where_it_is(tools):
    ann, ben = a_colleague(tools, "ann", *TEN), a_colleague(tools, "ben", "sts:GetCallerIdentity")
    mapped(tools, ann, ben)
    why = {user: text for one in list_sets(tools) for user, text in one["why"].items()}
    assert why[of("ann")].startswith("has team-ann alone")
    assert why[of("ben")] == "keeps what it is granted: no call of it is in the logs"


def test_the_curve_says_what_each_bound_would_cost(tools):
    tools.catalogue = CATALOGUE
    a_colleague(tools, "ann", *TEN)
    a_colleague(tools, "ben", *TEN[:8])
    a_colleague(tools, "cid")
    found = trade_off(tools)
    assert (found["bound"], found["users"], found["left_out"]) == (30, 2, 1)
    sets = {point["bound"]: (point["sets"], point["unused_granted_percent"]) for point in found["curve"]}
    assert (sets[0], sets[10], sets[30]) == ((2, 0), (1, 10), (1, 10))


def test_who_was_not_watched_long_enough_keeps_its_grants(tools):
    ann = a_colleague(tools, "ann", *TEN)
    new = a_colleague(tools, "new", *TEN, born=NOW - timedelta(days=3))
    mapped(tools, ann, new)
    why = {user: text for one in list_sets(tools) for user, text in one["why"].items()}
    assert why[of("new")] == "keeps what it is granted: it was watched for 3 days only"
    assert not why[of("ann")].startswith("keeps")


def test_one_mapped_alone_stays_where_it_was_mapped_with_all(tools):
    people = [a_colleague(tools, name, *TEN[:size]) for name, size in (("ann", 10), ("ben", 9), ("cid", 8))]
    everybody = mapped(tools, *people)
    before = {one["name"]: one["inline_policy"] for one in list_sets(tools)}
    assert mapped(tools, people[1]) == everybody
    assert {one["name"]: one["inline_policy"] for one in list_sets(tools)} == before


def test_somebody_new_joins_and_moves_nobody(tools):
    people = [a_colleague(tools, name, *TEN) for name in ("ann", "ben")]
    (before,) = mapped(tools, *people)
    late = a_colleague(tools, "late", *TEN[:8])
    assert mapped(tools, late) == {before: [of("ann"), of("ben"), of("late")]}
    (row,) = [one for one in list_sets(tools) if one["users"]]
    assert row["why"][of("late")].startswith(f"joins {before}")


def test_a_statement_under_a_condition_that_nobody_knows_covers_no_less_than_before(tools):
    ann = a_colleague(
        tools, "ann", *TEN, grants=[("user", "own", allow("test:*", Condition={"Bool": {"x:y": "true"}}))]
    )
    (row,) = mapped(tools, ann).items()
    (shown,) = [one for one in list_sets(tools) if one["name"] == row[0]]
    assert "Condition" in str(shown["inline_policy"])


def test_a_denial_of_today_stays(tools):
    never = {"Effect": "Deny", "Action": "test:Do399", "Resource": "*"}
    ann = a_colleague(tools, "ann", *TEN, grants=[("user", "own", a_document(never, *allow("*")["Statement"]))])
    mapped(tools, ann)
    (shown,) = [one for one in list_sets(tools) if one["users"]]
    assert never in shown["inline_policy"]["Statement"]
    assert shown["type"] == SET
