"""A trail's selectors with ours among them."""

import pytest

from migrator.domain.selectors import (
    LIMIT,
    count,
    listeners,
    merged,
    normal,
    others,
    ours,
    with_listeners,
    without,
)
from migrator.domain.trails import Calls, Taken, Trail, taken

OBJECTS, QUEUES = "AWS::S3::Object", "AWS::SQS::Queue"
ANN, BOB = "arn:aws:iam::2:user/ann", "arn:aws:iam::2:user/bob"
DEFAULT = normal((), ())
AUDIT = {
    "Name": "theirs",
    "FieldSelectors": [
        {"Field": "resources.type", "Equals": [QUEUES]},
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "readOnly", "Equals": ["false"], "StartsWith": []},
    ],
}
MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}


def test_a_trail_that_nobody_configured_has_the_default():
    all_of_it = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    assert normal((), ()) == normal([all_of_it], ()) == normal([{}], ())
    assert list(DEFAULT) == ["basic"]


def test_order_and_empty_lists_mean_nothing():
    turned = {**AUDIT, "FieldSelectors": AUDIT["FieldSelectors"][::-1]}
    assert normal((), [AUDIT, MANAGEMENT]) == normal((), [MANAGEMENT, turned])
    two = [{"DataResources": [{"Type": OBJECTS, "Values": ["b", "a"]}]}, {"ReadWriteType": "ReadOnly"}]
    one = [{"ReadWriteType": "ReadOnly"}, {"DataResources": [{"Type": OBJECTS, "Values": ["a", "b"]}]}]
    assert normal(one, ()) == normal(two, ())


def test_listeners_are_added_beside_what_is_there_and_read_back():
    state = with_listeners(normal((), [MANAGEMENT, AUDIT]), {OBJECTS: [BOB, ANN], QUEUES: [ANN]})
    assert listeners(state) == {OBJECTS: {ANN, BOB}, QUEUES: {ANN}}
    assert others(state) == normal((), [MANAGEMENT, AUDIT])["advanced"]
    assert [selector["Name"] for selector in ours(state)] == [f"migrator-listen {OBJECTS}", f"migrator-listen {QUEUES}"]
    assert with_listeners(state, listeners(state)) == state


def test_without_anybody_left_nothing_of_ours_is_left():
    before = normal((), [MANAGEMENT, AUDIT])
    after = with_listeners(before, {OBJECTS: [ANN]})
    assert with_listeners(after, without(listeners(after), [ANN])) == before
    assert with_listeners(after, {OBJECTS: []}) == before


def test_users_come_together_and_leave_alone():
    both = merged({OBJECTS: [ANN]}, {OBJECTS: [BOB], QUEUES: [BOB]})
    assert both == {OBJECTS: {ANN, BOB}, QUEUES: {BOB}}
    assert without(both, [BOB]) == {OBJECTS: {ANN}, QUEUES: set()}


def of(kind, *values):
    return [{"Type": kind, "Values": list(values)}]


CONVERTED = {
    "the default": [{}],
    "reads": [{"ReadWriteType": "ReadOnly"}],
    "writes": [{"ReadWriteType": "WriteOnly"}],
    "no management": [{"IncludeManagementEvents": False, "DataResources": of(OBJECTS, "arn:aws:s3")}],
    "no kms": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}],
    "a bucket": [{"DataResources": of(OBJECTS, "arn:aws:s3:::b/")}],
    "functions": [{"DataResources": of("AWS::Lambda::Function", "arn:aws:lambda"), "ReadWriteType": "WriteOnly"}],
    "a function": [{"DataResources": of("AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:1:function:f")}],
    "two": [
        {"ReadWriteType": "ReadOnly"},
        {"IncludeManagementEvents": False, "DataResources": of(OBJECTS, "arn:aws:s3")},
    ],
}
ASKED = [
    *(Calls(ANN, f"{source}.amazonaws.com") for source in ("ec2", "kms")),
    Calls(ANN, "s3.amazonaws.com", OBJECTS),
    Calls(ANN, "lambda.amazonaws.com", "AWS::Lambda::Function"),
]


def trail(state):
    chosen = {kind: tuple(state.get(kind, ())) for kind in ("basic", "advanced")}
    return Trail("arn:aws:cloudtrail:us-east-1:1:trail/t", logging=True, organization=False, bucket="b", **chosen)


@pytest.mark.parametrize("basic", CONVERTED.values(), ids=CONVERTED)
def test_basic_selectors_take_the_same_as_advanced_ones(basic):
    before = normal(basic, ())
    after = with_listeners(before, {QUEUES: [ANN]})
    assert "basic" not in after
    assert [taken([trail(after)], calls) for calls in ASKED] == [taken([trail(before)], calls) for calls in ASKED]
    assert taken([trail(after)], Calls(ANN, "sqs.amazonaws.com", QUEUES)) is Taken.ALL
    assert taken([trail(after)], Calls(BOB, "sqs.amazonaws.com", QUEUES)) is Taken.NONE


def test_objects_are_chosen_by_prefix_and_functions_whole():
    chosen = {
        "DataResources": [
            *of(OBJECTS, "arn:aws:s3:::b/x"),
            *of("AWS::Lambda::Function", "arn:aws:lambda:r:1:function:f"),
        ]
    }
    found = {
        field["Equals"][0] if "Equals" in field else field["StartsWith"][0]: "StartsWith" in field
        for selector in others(normal([chosen], ()))
        for field in selector["FieldSelectors"]
        if field["Field"] == "resources.ARN"
    }
    assert found == {"arn:aws:s3:::b/x": True, "arn:aws:lambda:r:1:function:f": False}


def test_a_basic_selector_of_no_resources_takes_no_data_events():
    assert len(others(normal([{"DataResources": of(OBJECTS)}], ()))) == 1


def test_values_are_counted_over_all_conditions():
    assert count(DEFAULT) == 1
    assert count(normal((), [MANAGEMENT, AUDIT])) == 4
    assert count(with_listeners(DEFAULT, {OBJECTS: [ANN, BOB]})) == 1 + 2 + 2
    assert LIMIT == 500
