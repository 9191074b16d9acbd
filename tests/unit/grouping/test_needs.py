"""What a user needs: seen, granted where logs are silent, no wider than sensible."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.grouping.grants import Grants, includes, scope_of
from migrator.domain.grouping.needs import permissions_of, why_unknown
from migrator.domain.grouping.resources import pattern_of, widened
from tests.builders import ACCOUNT, NOW, a_usage_fact
from tests.unit.grouping.people import CATALOGUE, a_document, a_need, a_person, actions_of, allow

QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def needs(person):
    """(action, scope) of everything a person needs."""
    found = permissions_of(person, Grants(person.documents, person.own), CATALOGUE)
    return {(one.action, one.scope) for one in found}


def on(resource, condition=""):
    return scope_of(resource, condition)


PATTERNS = [
    ("arn:aws:s3:::lake", "arn:aws:s3:::lake"),
    ("arn:aws:s3:::lake/2026/01/a.csv", "arn:aws:s3:::lake/2026/*"),
    ("arn:aws:s3:::lake/a.csv", "arn:aws:s3:::lake/*"),
    (f"{QUEUE}:orders", "arn:aws:sqs:eu-west-1:*:orders"),
    ("arn:aws:sqs:eu-west-1:999999999999:orders", "arn:aws:sqs:eu-west-1:999999999999:orders"),
    (f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0", "arn:aws:ec2:eu-west-1:*:instance/*"),
    (f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/" + "0" * 32, "arn:aws:kms:eu-west-1:*:key/" + "0" * 32),
    (f"arn:aws:iam::{ACCOUNT}:role/Deploy", "arn:aws:iam::*:role/Deploy"),
    (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders", "arn:aws:dynamodb:eu-west-1:*:table/orders"),
]


@pytest.mark.parametrize(("arn", "pattern"), PATTERNS)
def test_one_resource_as_a_pattern(arn, pattern):
    assert pattern_of(arn, ACCOUNT) == pattern


def table(name):
    return f"arn:aws:dynamodb:eu-west-1:*:table/{name}"


WIDENED = [
    # few stay, many with one beginning become it, many without become all of the kind, buckets stay
    ([table(name) for name in "abcd"], [table(name) for name in "abcd"]),
    ([table(f"app-{name}") for name in "abcde"], [table("app-*")]),
    ([table(name) for name in "abcdefghijklm"], [table("*")]),
    ([f"arn:aws:s3:::{name}" for name in "abcdefghijklmno"], [f"arn:aws:s3:::{name}" for name in "abcdefghijklmno"]),
    ([f"arn:aws:s3:::logs-{name}" for name in "abcde"], ["arn:aws:s3:::logs-*"]),
]


@pytest.mark.parametrize(("seen", "written"), WIDENED)
def test_many_resources_become_one_pattern(seen, written):
    assert list(widened(seen)) == written
    assert all(any(includes(wide, one) for wide in written) for one in seen)


INCLUDED = [("*", "a", True), ("a*", "ab*", True), ("a?", "a*", False), ("a?", "ab", True), ("ab", "a*", False)]


@pytest.mark.parametrize(("wide", "narrow", "holds"), INCLUDED)
def test_one_pattern_includes_another(wide, narrow, holds):
    assert includes(wide, narrow) is holds


def test_what_was_done_is_needed_where_it_was_done_and_nothing_more():
    person = a_person(1, ("sqs:PurgeQueue", f"{QUEUE}:orders"), "ec2:DescribeVpcs")
    assert needs(person) == {
        ("sqs:PurgeQueue", on("arn:aws:sqs:eu-west-1:*:orders")),
        ("ec2:DescribeVpcs", on("*")),
    }


def test_what_only_reaches_everything_is_not_limited_to_what_the_log_names():
    person = a_person(1, ("ec2:DescribeVpcs", "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"))
    assert needs(person) == {("ec2:DescribeVpcs", on("*"))}


def test_a_call_that_touches_two_kinds_is_not_limited_to_one():
    person = a_person(1, ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-1"))
    assert ("ec2:RunInstances", on("*")) in needs(person)


def test_where_the_log_names_no_resource_todays_grants_do():
    person = a_person(1, "sqs:PurgeQueue", grants=[allow("sqs:*", on=f"{QUEUE}:team-*")])
    assert needs(person) == {("sqs:PurgeQueue", on(f"{QUEUE}:team-*"))}


def test_a_pattern_is_never_wider_than_what_is_granted_today():
    person = a_person(
        1, ("s3:CreateBucket", "arn:aws:s3:::lake"), grants=[allow("s3:CreateBucket", on="arn:aws:s3:::l*")]
    )
    assert needs(person) == {("s3:CreateBucket", on("arn:aws:s3:::lake"))}
    person = a_person(
        2,
        ("s3:PutObject", "arn:aws:s3:::lake/home/a/1"),
        grants=[allow("s3:PutObject", on="arn:aws:s3:::lake/home/a/*")],
        heard=frozenset({"s3"}),
    )
    assert needs(person) == {("s3:PutObject", on("arn:aws:s3:::lake/home/a/*"))}


def test_conditions_of_today_stay_unless_something_allows_it_without():
    under = allow("sqs:PurgeQueue", Condition=MFA)
    person = a_person(1, ("sqs:PurgeQueue", f"{QUEUE}:orders"), grants=[under])
    condition = '{"Bool": {"aws:MultiFactorAuthPresent": "true"}}'
    assert needs(person) == {("sqs:PurgeQueue", on("arn:aws:sqs:eu-west-1:*:orders", condition))}
    person = a_person(1, ("sqs:PurgeQueue", f"{QUEUE}:orders"), grants=[under, allow("sqs:*")])
    assert needs(person) == {("sqs:PurgeQueue", on("arn:aws:sqs:eu-west-1:*:orders"))}


def test_the_users_own_name_stands_where_a_variable_stood():
    home = allow("s3:PutObject", on="arn:aws:s3:::homes/${aws:username}/*")
    person = a_person(7, "sqs:ListQueues", grants=[home, allow("sqs:ListQueues")], services=None)
    assert ("s3:PutObject", on("arn:aws:s3:::homes/user-007/*")) in needs(person)


def test_what_logs_do_not_hold_stays_as_it_is_granted_unless_iam_says_it_was_not_used():
    grants = [allow("s3:GetObject", on="arn:aws:s3:::lake/*"), allow("sqs:*")]
    kept = ("s3:GetObject", on("arn:aws:s3:::lake/*"))
    unasked = a_person(1, "sqs:CreateQueue", grants=grants, services=None)
    assert kept in needs(unasked)
    assert kept in needs(replace(unasked, services=frozenset({"s3", "sqs"})))
    assert kept not in needs(replace(unasked, services=frozenset({"sqs"})))
    assert kept not in needs(replace(unasked, heard=frozenset({"s3"})))


def test_without_iams_memory_a_data_plane_counts_as_used_where_it_is_named_or_the_service_was_called():
    object_of = ("s3:GetObject", on("*"))
    named = a_person(1, "sqs:CreateQueue", grants=[allow("s3:Get*")], services=None)
    anything = a_person(1, "sqs:CreateQueue", grants=[allow("*")], services=None)
    called = a_person(1, "s3:CreateBucket", grants=[allow("*")], services=None)
    assert [object_of in needs(person) for person in (named, anything, called)] == [True, False, True]


def test_a_service_that_iam_remembers_and_no_log_holds_keeps_its_grants():
    person = a_person(
        1, "sqs:ListQueues", grants=[allow("*")], services=frozenset({"sqs", "ec2"}), heard=frozenset({"sqs"})
    )
    assert needs(person) == {("sqs:ListQueues", on("*")), ("ec2:*", on("*"))}
    without = a_document({"Effect": "Allow", "NotAction": "ec2:RunInstances", "Resource": "*"})
    person = replace(person, need=a_need(1, without))
    assert {action for action, _ in needs(person) if action.startswith("ec2")} == {
        *(f"ec2:Describe{name}" for name in ("Hosts", "Images", "Instances", "Regions", "Vpcs")),
        "ec2:StopInstances",
    }


def test_a_service_of_which_only_free_calls_are_logged_is_told():
    person = a_person(
        1, "sqs:ListQueues", "sts:GetCallerIdentity", services=frozenset({"sqs", "sts"}), heard=frozenset({"sqs"})
    )
    assert needs(person) == {("sqs:ListQueues", on("*"))}


def test_what_is_kept_anyway_is_not_said_twice():
    person = a_person(
        1, ("sqs:GetQueueUrl", f"{QUEUE}:orders"), grants=[allow("sqs:*", on="arn:aws:sqs:*:*:orders")], services=None
    )
    assert [scope for action, scope in needs(person) if action == "sqs:GetQueueUrl"] == [on("arn:aws:sqs:*:*:orders")]


def test_an_event_without_an_action_keeps_the_grants_of_its_service():
    person = a_person(1, "sqs:ListQueues", grants=[allow("ec2:Describe*"), allow("sqs:ListQueues")])
    strange = a_usage_fact("user-001", None, source="ec2.amazonaws.com", event="Strange")
    assert ("ec2:Describe*", on("*")) in needs(replace(person, calls=(*person.calls, strange)))


def test_passing_a_role_is_no_call_and_goes_with_writing():
    grants = [allow("lambda:*", "ec2:*"), allow("iam:PassRole", on="arn:aws:iam::*:role/app-*")]
    passing = ("iam:PassRole", on("arn:aws:iam::*:role/app-*"))
    assert passing in needs(a_person(1, "lambda:CreateFunction", grants=grants))
    assert passing not in needs(a_person(1, "lambda:ListFunctions", "ec2:StopInstances", grants=grants))


def test_the_users_own_keys_end_with_it_unless_all_keys_are_its_to_make():
    own = f"arn:aws:iam::{ACCOUNT}:user/user-001"
    mine = allow("iam:*AccessKey*", on=f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")
    person = a_person(1, ("iam:CreateAccessKey", own), "sqs:ListQueues", grants=[mine, allow("sqs:ListQueues")])
    assert needs(person) == {("sqs:ListQueues", on("*"))}
    person = a_person(1, ("iam:CreateAccessKey", own), grants=[allow("iam:*")])
    assert {action for action, _ in needs(person)} == {"iam:CreateAccessKey"}


UNKNOWN = [
    (a_person(1), "no call of it is in the logs"),
    (a_person(1, "sts:GetCallerIdentity"), "no call of it is in the logs"),
    (a_person(1, "sqs:ListQueues", since=NOW - timedelta(days=3)), "it was watched for 3 days only"),
    (a_person(1, "sqs:ListQueues"), None),
    (a_person(1, *actions_of(1, 2)), None),
]


@pytest.mark.parametrize(("person", "why"), UNKNOWN)
def test_whose_needs_are_known(person, why):
    assert why_unknown(person, NOW, timedelta(days=90)) == why


def test_a_look_back_of_seconds_is_watched_in_seconds():
    person = a_person(1, "sqs:ListQueues", since=NOW - timedelta(seconds=5))
    assert why_unknown(person, NOW, timedelta(seconds=4)) is None


def test_refused_calls_say_nothing():
    person = a_person(1, "sqs:ListQueues")
    refused = replace(person.calls[0], error="AccessDenied")
    assert why_unknown(replace(person, calls=(refused,)), NOW, timedelta(days=90)) is not None
