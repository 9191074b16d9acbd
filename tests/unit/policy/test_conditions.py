"""Every condition operator, on present, absent, many-valued and unknown keys."""

from typing import Any

import pytest

from migrator.domain.policy.conditions import compile_condition
from migrator.domain.policy.document import Condition
from migrator.domain.policy.evaluate import Context, Policies, Request, decide
from migrator.domain.policy.operators import operator_named
from migrator.domain.policy.values import read_date, read_number

Values = str | list[str] | None
"""What the request holds under the key `k`: a value, several, or None for an absent key."""


def holds(operator: str, wanted: Any, given: Values, context: Context | None = None) -> bool | None:
    found = operator_named(operator)
    assert found is not None
    values = tuple(wanted) if isinstance(wanted, list) else (wanted,)
    test = compile_condition(Condition(found, "K", values), variables=True)
    present = {} if given is None else {"k": given}
    return test(Request("p", "a:b", context={**present, **(context or {})}).lookup)


SINGLE: list[tuple[str, Any, Values, bool]] = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a*", "a*", True),
    ("StringEquals", [], "a", False),
    ("StringEquals", "a", None, False),
    ("stringequals", "a", "a", True),
    ("StringNotEquals", "a", "a", False),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", "a", None, True),
    ("StringEqualsIgnoreCase", "Admin", "aDMIN", True),
    ("StringEqualsIgnoreCase", "Admin", "user", False),
    ("StringNotEqualsIgnoreCase", "Admin", "aDMIN", False),
    ("StringNotEqualsIgnoreCase", "Admin", None, True),
    ("StringLike", "home/*", "home/alice", True),
    ("StringLike", "home/*", "Home/alice", False),
    ("StringLike", "a?c", "abc", True),
    ("StringLike", "a?c", "ac", False),
    ("StringLike", "", "", True),
    ("StringLike", "*", None, False),
    ("StringNotLike", "home/*", "home/alice", False),
    ("StringNotLike", "home/*", None, True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", "10", "ten", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", None, True),
    ("NumericLessThan", "10", "9.99", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "100", True),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", None, False),
    ("NumericLessThan", "x", "1", False),
    ("NumericLessThan", "Infinity", "1", False),
    ("DateEquals", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00", True),
    ("DateEquals", "2024-01-01T00:00:00Z", "1704067200", True),
    ("DateNotEquals", "2024-01-01", "2024-01-02", True),
    ("DateNotEquals", "2024-01-01", None, True),
    ("DateLessThan", "2024-06-30T23:59:59Z", "2024-06-30T23:59:58Z", True),
    ("DateLessThan", "2024-06-30T23:59:59Z", "2024-06-30T23:59:59Z", False),
    ("DateLessThanEquals", "2024", "2024-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2024-02", "2024-02-01T00:00:00.001Z", True),
    ("DateGreaterThanEquals", "2024-02-01", "2024-02-01", True),
    ("DateGreaterThan", "2024-02-01", "not a date", False),
    ("DateGreaterThan", "2024-02-01", None, False),
    ("Bool", "true", "true", True),
    ("Bool", "true", "True", True),
    ("Bool", "true", "false", False),
    ("Bool", "false", None, False),
    ("BoolIfExists", "true", None, True),
    ("BoolIfExists", "true", "false", False),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
    ("BinaryEquals", "QmluYXJ5", "not base64!", False),
    ("BinaryEquals", "QmluYXJ5", None, False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
    ("IpAddress", "203.0.113.9", "203.0.113.9", True),
    ("IpAddress", "203.0.113.9/24", "203.0.113.200", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "203.0.113.9", False),
    ("IpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1", True),
    ("IpAddress", "[cidr]", "203.0.113.9", False),
    ("IpAddress", "0.0.0.0/0", "cloudformation.amazonaws.com", False),
    ("IpAddress", "0.0.0.0/0", None, False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/24", "cloudformation.amazonaws.com", True),
    ("NotIpAddress", "203.0.113.0/24", None, True),
    ("ArnLike", "arn:aws:iam::*:role/Admin*", "arn:aws:iam::1:role/Administrator", True),
    ("ArnLike", "arn:aws:iam::*:role/admin*", "arn:aws:iam::1:role/Administrator", False),
    ("ArnEquals", "arn:aws:iam::*:role/Admin*", "arn:aws:iam::1:role/Administrator", True),
    ("ArnLike", "arn:aws:s:*:1:finance/*", "arn:aws:s:us-east-2:9:store/abc:1:finance/d.txt", False),
    ("StringLike", "arn:aws:s:*:1:finance/*", "arn:aws:s:us-east-2:9:store/abc:1:finance/d.txt", True),
    ("ArnLike", "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:a:b", True),
    ("ArnLike", "arn:aws:sns:*:*:?", "arn:aws:sns:eu-west-1:1:t", True),
    ("ArnLike", "arn:a?s:sns:*:*:t", "arn:aws:sns:eu-west-1:1:t", True),
    ("ArnLike", "arn:*:t", "arn:aws:sns:eu-west-1:1:t", False),
    ("ArnLike", "*", "arn:aws:sns:eu-west-1:1:t", False),
    ("ArnLike", "arn:aws:sns:*:*:t", "not an arn", False),
    ("ArnLike", "arn:aws:sns:*:*:t", None, False),
    ("ArnNotLike", "arn:aws:iam::*:role/Admin*", "arn:aws:iam::1:role/Admin", False),
    ("ArnNotEquals", "arn:aws:iam::*:role/Admin*", "arn:aws:iam::1:role/Dev", True),
    ("ArnNotLike", "arn:aws:iam::*:role/Admin*", None, True),
    ("Null", "true", None, True),
    ("Null", "true", "x", False),
    ("Null", "false", None, False),
    ("Null", "false", "x", True),
    ("Null", "true", [], True),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEqualsIfExists", "a", None, True),
    ("StringNotEqualsIfExists", "a", "a", False),
    ("StringLikeIfExists", "t2.*", "t2.micro", True),
    ("NumericLessThanIfExists", "10", None, True),
    ("IpAddressIfExists", "203.0.113.0/24", "198.51.100.1", False),
    ("ArnLikeIfExists", "arn:aws:iam::*:role/x", None, True),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), SINGLE)
def test_an_operator_compares_one_value(operator: str, wanted: Any, given: Values, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


MANY: list[tuple[str, Any, Values, bool]] = [
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], None, True),
    ("ForAllValues:StringEquals", ["a", "b"], [], True),
    ("ForAllValues:StringEquals", ["a", "b"], "", True),
    ("ForAllValues:StringLike", ["team-*"], ["team-a", "team-b"], True),
    ("ForAllValues:StringLike", ["team-*"], ["team-a", "b"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], None, True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], None, False),
    ("ForAnyValue:StringEquals", ["a", "b"], [], False),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, False),
    ("ForAnyValue:StringNotEqualsIfExists", ["a"], None, False),
    ("ForAllValues:StringEqualsIfExists", ["a"], None, True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], ["b"], False),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "c"], True),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("ForAnyValue:ArnLike", ["arn:aws:iam::*:role/x"], ["arn:aws:iam::1:role/y", "arn:aws:iam::1:role/x"], True),
    ("forallvalues:stringequals", ["a"], ["a"], True),
    ("StringEquals", "a", ["a", "b"], True),
    ("StringNotEquals", "a", ["a", "b"], False),
    ("StringNotEquals", "a", ["b", "c"], True),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), MANY)
def test_set_operators_compare_every_value(operator: str, wanted: Any, given: Values, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


VARYING: list[tuple[str, str, Values, Context, bool | None]] = [
    ("StringEquals", "${aws:username}", "alice", {"aws:username": "alice"}, True),
    ("StringEquals", "${aws:username}", "alice", {}, False),
    ("StringNotEquals", "${aws:username}", "alice", {}, True),
    ("StringNotLike", "${aws:username}*", "alice", {}, True),
    ("StringEquals", "${aws:username, 'alice'}", "alice", {}, True),
    ("StringLike", "${aws:username}/*", "alice/x", {"aws:username": "alice"}, True),
    ("StringLike", "${aws:username}/*", "bob/x", {"aws:username": "*"}, False),
    ("StringLike", "a${*}", "a*", {}, True),
    ("StringLike", "a${*}", "ab", {}, False),
    ("StringEquals", "a${$}b", "a$b", {}, True),
    ("StringEqualsIgnoreCase", "${aws:username}", "ALICE", {"aws:username": "aLice"}, True),
    ("ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/al", {"aws:username": "al"}, True),
    ("ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/al", {"aws:username": "bo"}, False),
    ("Bool", "${aws:SecureTransport}", "true", {"aws:SecureTransport": "True"}, True),
    ("NumericEquals", "${aws:username}", "1", {"aws:username": "1"}, False),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "context", "expected"), VARYING)
def test_text_and_arn_operators_substitute_variables(
    operator: str, wanted: str, given: Values, context: Context, expected: bool | None
) -> None:
    assert holds(operator, wanted, given, context) is expected


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "Null", "BoolIfExists", "NumericLessThan"])
@pytest.mark.parametrize("quantifier", ["", "ForAllValues:", "ForAnyValue:"])
def test_an_unknown_key_answers_neither_yes_nor_no(operator: str, quantifier: str) -> None:
    found = operator_named(quantifier + operator)
    assert found is not None
    test = compile_condition(Condition(found, "k", ("true",)), variables=True)
    assert test(Request("p", "a:b", unknown_keys=frozenset({"K"})).lookup) is None


def test_an_unknown_variable_matters_only_where_some_value_of_it_would_match() -> None:
    found = operator_named("StringLike")
    assert found is not None
    test = compile_condition(Condition(found, "k", ("home/${aws:username}/*",)), variables=True)
    unknown = frozenset({"aws:username"})
    assert test(Request("p", "a:b", context={"k": "home/alice/x"}, unknown_keys=unknown).lookup) is None
    assert test(Request("p", "a:b", context={"k": "elsewhere"}, unknown_keys=unknown).lookup) is False


def test_every_condition_of_a_statement_must_hold() -> None:
    both = {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": both},
    }
    policies = Policies([document])
    full = {"a": "1", "B": "2", "C": "true"}
    assert decide(policies, Request("p", "s3:GetObject", context=full)).result == "allowed"
    for key in full:
        less = {other: value for other, value in full.items() if other != key}
        assert decide(policies, Request("p", "s3:GetObject", context=less)).result == "implicitly_denied"


@pytest.mark.parametrize("text", ["", "x", "2024-13-01", "2024-1-1", "1e999", "NaN", "99999999999999999999"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize("text", ["", "x", "1,5", "NaN", "Infinity", "0x10", "1_000", "１０"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) is None


HOSTILE = [
    ("StringLike", "*a" * 2_000 + "b", "a" * 4_000),
    ("StringLike", "*a?" * 1_500 + "b", "a" * 4_000),
    ("StringLike", "*${aws:username}" * 500 + "b", "a" * 2_000),
    ("ArnLike", ":".join(["*a" * 300] * 6) + "b", ":".join(["a" * 600] * 6)),
    ("NumericEquals", "1e999999999", "1e-999999999"),
    ("DateLessThan", "1" * 5_000, "9" * 5_000),
]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("operator", "wanted", "given"), HOSTILE)
def test_hostile_values_cost_little_time(operator: str, wanted: str, given: str) -> None:
    assert holds(operator, wanted, given, {"aws:username": "a"}) is False


@pytest.mark.parametrize(
    "name", ["NullIfExists", "StringEqual", "ForSomeValues:StringEquals", "IfExists", "", "ForAllValues:"]
)
def test_other_names_are_no_operators(name: str) -> None:
    assert operator_named(name) is None
