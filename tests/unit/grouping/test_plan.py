"""Which sets are planned, what they are called, and why each person is where it is."""

from dataclasses import replace

import pytest

from migrator.domain.grouping.curve import curve
from migrator.domain.grouping.ready import Standing
from migrator.domain.policy.fit import PermissionSetSpec, size
from migrator.domain.rules import Rules
from tests.builders import ACCOUNT
from tests.unit.grouping.people import (
    CATALOGUE,
    a_document,
    a_need,
    a_person,
    actions_of,
    allow,
    grouped,
    statements,
    users_of,
)

OTHER = "444455556666"
EC2 = ("ec2:DescribeHosts", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeRegions")
TEN = actions_of(*range(10))


def standing(name, *actions, **more):
    """A set of ours that grants these."""
    document = allow(*actions)
    return Standing(PermissionSetSpec(name, document), (document,), **more)


def team(*users, used=TEN, **more):
    return [a_person(user, *used, **more) for user in users]


BOUNDS = [(0, [(1,), (2,)]), (9, [(1,), (2,)]), (11, [(1, 2)]), (100, [(1, 2)])]


@pytest.mark.parametrize(("bound", "shared"), BOUNDS)
def test_the_bound_decides_who_shares(bound, shared):
    people = [a_person(1, *TEN), a_person(2, *TEN[:8])]
    assert users_of(grouped(people, bound)) == shared


def test_more_excess_never_means_more_sets():
    people = [a_person(user, *actions_of(*range(user % 5, user % 5 + 8))) for user in range(20)]
    points = curve(people, Rules(), CATALOGUE)
    assert [point.bound for point in points] == sorted(point.bound for point in points)
    sets = [point.sets for point in points]
    assert sets == sorted(sets, reverse=True)
    assert (sets[0], sets[-1]) == (5, 1)
    assert points[0].unused_percent == 0
    assert all(point.unused_percent <= point.bound for point in points)


APART = [
    {"owner": "other"},
    {"cost_center": "7"},
    {"kind": "iam-role"},
    {"grants": (*a_need(2).grants, ("boundary", "arn:aws:iam::aws:policy/PowerUserAccess", allow("*")))},
    {
        "grants": (
            *a_need(2).grants,
            ("user", "never", a_document({"Effect": "Deny", "Action": "test:*", "Resource": "x"})),
        )
    },
]


@pytest.mark.parametrize("more", APART, ids=",".join)
def test_owners_boundaries_and_denials_keep_people_apart(more):
    people = [a_person(1, *TEN), a_person(2, *TEN, need=replace(a_need(2), **more))]
    assert users_of(grouped(people, 100)) == [(1,), (2,)]


def test_owners_may_share_where_the_rules_let_them():
    people = [a_person(1, *TEN), a_person(2, *TEN, need=a_need(2, owner="other", cost_center="7"))]
    assert users_of(grouped(people, rules=Rules(share_across_owners=True))) == [(1, 2)]


def test_what_is_denied_today_is_denied_in_the_set():
    never = {"Effect": "Deny", "Action": "test:Do399", "Resource": "*"}
    (found,) = grouped([a_person(1, *TEN, grants=[a_document(never), allow("*")])])
    assert never in statements(found)


def test_one_person_of_two_accounts_gets_one_set():
    queue = "arn:aws:sqs:eu-west-1:{}:orders"
    here = a_person(1, ("sqs:PurgeQueue", queue.format(ACCOUNT)))
    there = a_person(2, ("sqs:PurgeQueue", queue.format(OTHER)), account_id=OTHER)
    (found,) = grouped([here, there], 0)
    assert found.planned.users == (1, 2)
    assert statements(found)[0]["Resource"] == "arn:aws:sqs:eu-west-1:*:orders"


ESCALATING = [("iam:CreatePolicyVersion",), ("iam:PassRole", "lambda:CreateFunction")]


@pytest.mark.parametrize("way", ESCALATING, ids="+".join)
def test_nobody_is_given_a_way_to_more_access_it_does_not_have(way):
    strong = a_person(1, *TEN, *way)
    weak = a_person(2, *TEN, grants=[allow("test:*")])
    assert users_of(grouped([strong, weak], 100)) == [(1,), (2,)]
    trusted = a_person(2, *TEN, grants=[allow("test:*", *way)])
    assert users_of(grouped([strong, trusted], 100)) == [(1, 2)]


def test_a_set_of_others_is_taken_where_it_fits():
    one = standing("Queues", *TEN, "test:Do010", ours=False)
    (found,) = grouped(team(1, 2), standing=[one])
    assert (found.planned.spec.name, found.ours, found.planned.users) == ("Queues", False, (1, 2))
    assert "exists and grants" in found.why[1]
    wide = standing("Wide", *actions_of(*range(30)), ours=False)
    (found,) = grouped(team(1, 2), standing=[wide])
    assert found.ours


def test_a_set_of_others_that_leads_on_is_not_taken():
    one = standing("Strong", *TEN, "iam:CreatePolicyVersion", ours=False)
    (found,) = grouped(team(1, grants=[allow("test:*")]), standing=[one])
    assert found.ours


def test_who_holds_a_set_stays_in_it_and_others_join():
    one = standing("team", *TEN, who=(None, None))
    people = [*team(1, prior="team", holds="team"), *team(2), a_person(3, *actions_of(*range(20, 30)))]
    found = grouped(people, standing=[one])
    assert {g.planned.spec.name: g.planned.users for g in found} == {"team": (1, 2), "team-user-003": (3,)}
    assert [g.stands for g in found] == [True, False]
    why = {user: text for g in found for user, text in g.why.items()}
    assert why[1].startswith("stays in team")
    assert why[2].startswith("joins team")
    assert why[3].startswith("has team-user-003 alone")


def test_a_set_that_stands_is_not_filled_beyond_the_bound():
    one = standing("team", *TEN)
    found = grouped([a_person(1, *TEN[:3]), *team(2)], standing=[one])
    assert {g.planned.spec.name: g.planned.users for g in found}["team"] == (2,)


def test_one_of_other_owners_is_not_joined():
    found = grouped(team(1), standing=[standing("team", *TEN, who=("data", None))])
    assert [g.stands for g in found] == [False]


def test_a_set_keeps_its_name_when_its_users_change_a_little():
    (found,) = grouped(team(1, 2, prior="old"), known={"x": "old"})
    assert found.planned.spec.name == "old"
    found = grouped(
        [*team(1, 2, prior="old"), a_person(3, *actions_of(*range(20, 30)), prior="old")], known={"x": "old"}
    )
    assert {g.planned.users: g.planned.spec.name for g in found} == {(1, 2): "old", (3,): "team"}
    moved = next(g.why[3] for g in found if 3 in g.why)
    assert "before: old" in moved


def test_the_largest_set_of_a_group_has_its_name():
    found = grouped([a_person(1, *actions_of(*range(20, 30))), *team(2, 3)])
    assert {one.planned.spec.name: one.planned.users for one in found} == {"team": (2, 3), "team-user-001": (1,)}


def test_names_of_others_are_left_alone():
    (found,) = grouped(team(1), taken={"team"})
    assert found.planned.spec.name == "team-user-001"
    (found,) = grouped(team(1, need=a_need(1, grants=(("user", "own", allow("*")),))))
    assert found.planned.spec.name == "user-001"


def test_a_reading_level_that_is_used_nearly_whole_is_written_as_one():
    (found,) = grouped([a_person(1, *EC2)])
    assert statements(found) == [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]
    (found,) = grouped([a_person(1, *EC2)], 0)
    assert len(statements(found)[0]["Action"]) == len(EC2)
    (found,) = grouped([a_person(1, *EC2[:2])])
    assert len(statements(found)[0]["Action"]) == 2


def test_changing_actions_are_never_written_as_one():
    (found,) = grouped([a_person(1, *actions_of(*range(399)))])
    assert "*" not in str(statements(found)[0]["Action"])


QUEUES = "arn:aws:iam::aws:policy/Queues"


def test_a_managed_policy_is_attached_where_it_says_what_is_needed():
    people = [a_person(1, "sqs:ListQueues", ("sqs:GetQueueUrl", ""), "ec2:DescribeVpcs", *EC2, grants=[allow("*")])]
    managed = {QUEUES: allow("sqs:ListQueues", "sqs:GetQueueUrl", "ec2:DescribeVpcs")}
    (found,) = grouped(people, 0, managed=managed)
    assert found.planned.spec.managed_policies == (QUEUES,)
    assert found.planned.documents == managed
    assert set(statements(found)[0]["Action"]) == set(EC2)
    (found,) = grouped(people, 0, managed=managed, rules=Rules(prefer_managed_policies=False))
    assert found.planned.spec.managed_policies == ()


UNFIT = [
    allow("sqs:ListQueues", "sqs:GetQueueUrl", "ec2:DescribeVpcs", "sqs:DeleteQueue"),
    allow("sqs:ListQueues", "sqs:GetQueueUrl", "ec2:DescribeVpcs", "s3:*"),
    allow("sqs:ListQueues", "sqs:GetQueueUrl"),
    a_document(
        *allow("sqs:*", "ec2:DescribeVpcs")["Statement"],
        {"Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"},
    ),
]


@pytest.mark.parametrize("document", UNFIT, ids=["changes", "too wide", "hardly anything", "denies"])
def test_a_managed_policy_that_gives_more_is_not_attached(document):
    people = [a_person(1, "sqs:ListQueues", "sqs:GetQueueUrl", "ec2:DescribeVpcs", *TEN, *EC2)]
    (found,) = grouped(people, managed={QUEUES: document})
    assert found.planned.spec.managed_policies == ()


def test_a_policy_of_every_account_helps_where_one_document_is_too_small():
    long = [f"test:{'N' * 50}{at:03}" for at in range(250)]
    person = a_person(1, *long, grants=[allow("test:*")])
    (found,) = grouped([person], 0)
    assert found.planned.problems
    half = {f"arn:aws:iam::{ACCOUNT}:policy/half": allow(*long[:120])}
    (found,) = grouped([person], 0, policies={ACCOUNT: half})
    assert found.planned.spec.customer_policies == ("/half",)
    assert found.planned.problems == ()
    there = a_person(2, *long, grants=[allow("test:*")], account_id=OTHER)
    (found,) = grouped([person, there], 0, policies={ACCOUNT: half})
    assert found.planned.problems


def test_many_resources_become_patterns_where_one_document_is_too_small():
    queues = [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{team}-{'q' * 60}{at}" for team in "abc" for at in range(4)]
    calls = [(f"sqs:{name}", queue) for name in ("PurgeQueue", "CreateQueue", "DeleteQueue") for queue in queues]
    people = [a_person(user, *[(a, f"{q}{user}x") for a, q in calls]) for user in range(6)]
    (found,) = grouped(people, 100)
    assert size(found.planned.spec.inline_policy) < 10_240
    assert found.planned.problems == ()


def test_people_whose_needs_fit_no_document_together_have_two():
    first = a_person(1, *[(f"test:A{'N' * 50}{at:03}", "") for at in range(120)])
    second = a_person(2, *[(f"test:B{'N' * 50}{at:03}", "") for at in range(120)])
    found = grouped([first, second], 100)
    assert users_of(found) == [(1,), (2,)]
    assert all(not one.planned.problems for one in found)


def test_the_same_people_get_the_same_sets():
    people = [a_person(user, *actions_of(*range(user % 7, user % 7 + 9))) for user in range(30)]
    first = grouped(people)
    assert grouped(list(reversed(people))) == first
    names = {user: one.planned.spec.name for one in first for user in one.planned.users}
    known = {one.planned.content: one.planned.spec.name for one in first}
    again = grouped([replace(one, prior=names[one.need.user]) for one in people], known=known)
    assert {one.planned.spec.name: one.planned for one in again} == {
        one.planned.spec.name: one.planned for one in first
    }
