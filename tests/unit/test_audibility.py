"""Which refused calls would be recorded: selectors against what a user calls."""

from datetime import UTC, datetime, timedelta

import pytest

from migrator.domain.audibility import UNREAD, ears, listen
from migrator.domain.data_plane import COMMON, DATA_PLANES, plane_of, service_of, source_of
from migrator.domain.dossier import Listening
from migrator.domain.trails import AccountTrails, Calls, Taken, Trail, taken
from migrator.domain.usage import UsageFact

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = "222222222222"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
ARN = "arn:aws:cloudtrail:us-east-1:111111111111:trail/all"
OBJECTS, FUNCTIONS = "AWS::S3::Object", "AWS::Lambda::Function"
EVERYTHING = {"ReadWriteType": "All", "IncludeManagementEvents": True}


def a_trail(*basic, advanced=(), **changes):
    given = {"logging": True, "organization": True, "bucket": "logs", **changes}
    return Trail(ARN, basic=tuple(basic), advanced=tuple(advanced), **given)


def fields(**wanted):
    """An advanced selector; `where__NotEquals` names another operator than Equals."""
    names = {
        "category": "eventCategory",
        "type": "resources.type",
        "resource": "resources.ARN",
        "who": "userIdentity.arn",
    }
    names |= {"source": "eventSource", "name": "eventName", "readonly": "readOnly", "form": "eventType"}
    found = []
    for key, values in wanted.items():
        field, _, operator = key.partition("__")
        found.append({"Field": names[field], operator or "Equals": [values] if isinstance(values, str) else values})
    return {"FieldSelectors": found}


def basic(kind, *values, **more):
    return {**EVERYTHING, "DataResources": [{"Type": kind, "Values": list(values)}], **more}


def data(kind=OBJECTS, **more):
    return fields(category="Data", type=kind, **more)


def management(service="ec2", region=""):
    return Calls(ANN, f"{service}.amazonaws.com", region=region)


def objects(region=""):
    return Calls(ANN, "s3.amazonaws.com", OBJECTS, region)


ALL, SOME, NONE = Taken.ALL, Taken.SOME, Taken.NONE
TAKEN = {
    "default, management": (a_trail({}), management(), ALL),
    "default, objects": (a_trail({}), objects(), NONE),
    "no management": (a_trail({"IncludeManagementEvents": False}), management(), NONE),
    "writes only": (a_trail({"ReadWriteType": "WriteOnly"}), management(), SOME),
    "reads and writes apart": (
        a_trail({"ReadWriteType": "WriteOnly"}, {"ReadWriteType": "ReadOnly"}),
        management(),
        ALL,
    ),
    "kms left out, kms": (a_trail({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}), management("kms"), NONE),
    "kms left out, ec2": (a_trail({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}), management(), ALL),
    "rds data left out": (
        a_trail({"ExcludeManagementEventSources": ["rdsdata.amazonaws.com"]}),
        management("rdsdata"),
        NONE,
    ),
    "all objects": (a_trail(basic(OBJECTS, "arn:aws:s3")), objects(), ALL),
    "all objects, as the console writes it": (a_trail(basic(OBJECTS, "arn:aws:s3:::")), objects(), ALL),
    "all objects of China": (a_trail(basic(OBJECTS, "arn:aws-cn:s3")), objects(), ALL),
    "one bucket": (a_trail(basic(OBJECTS, "arn:aws:s3:::b/")), objects(), SOME),
    "all objects, written only": (a_trail(basic(OBJECTS, "arn:aws:s3", ReadWriteType="WriteOnly")), objects(), SOME),
    "functions, objects": (a_trail(basic(FUNCTIONS, "arn:aws:lambda")), objects(), NONE),
    "advanced management": (a_trail(advanced=[fields(category="Management")]), management(), ALL),
    "advanced management, objects": (a_trail(advanced=[fields(category="Management")]), objects(), NONE),
    "advanced without kms, kms": (
        a_trail(advanced=[fields(category="Management", source__NotEquals="kms.amazonaws.com")]),
        management("kms"),
        NONE,
    ),
    "advanced without kms, ec2": (
        a_trail(advanced=[fields(category="Management", source__NotEquals="kms.amazonaws.com")]),
        management(),
        ALL,
    ),
    "advanced data": (a_trail(advanced=[data()]), objects(), ALL),
    "advanced data, management": (a_trail(advanced=[data()]), management(), NONE),
    "advanced data, another type": (a_trail(advanced=[data(FUNCTIONS)]), objects(), NONE),
    "for this user": (a_trail(advanced=[data(who=[ANN, "arn:aws:iam::1:user/bob"])]), objects(), ALL),
    "for another user": (a_trail(advanced=[data(who=f"{ANN}a")]), objects(), NONE),
    "for the account's users": (a_trail(advanced=[data(who__StartsWith=f"arn:aws:iam::{ACCOUNT}:")]), objects(), ALL),
    "for all but this user": (a_trail(advanced=[data(who__NotEquals=ANN)]), objects(), NONE),
    "for all but robots": (a_trail(advanced=[data(who__NotEndsWith="-bot")]), objects(), ALL),
    "for who ends otherwise": (a_trail(advanced=[data(who__EndsWith="-bot")]), objects(), NONE),
    "for all but the account": (a_trail(advanced=[data(who__NotStartsWith="arn:aws:iam::2")]), objects(), NONE),
    "reads alone": (a_trail(advanced=[data(readonly="true")]), objects(), SOME),
    "reads and writes in two": (a_trail(advanced=[data(readonly="true"), data(readonly="false")]), objects(), ALL),
    "one bucket, advanced": (a_trail(advanced=[data(resource__StartsWith="arn:aws:s3:::b/")]), objects(), SOME),
    "some names": (a_trail(advanced=[data(name=["PutObject"])]), objects(), SOME),
    "calls of the API": (a_trail(advanced=[data(form="AwsApiCall")]), objects(), ALL),
    "two conditions, one not met": (a_trail(advanced=[data(who=ANN, source="x.amazonaws.com")]), objects(), NONE),
    "here": (a_trail({}, regions="eu-west-1"), management(region="eu-west-1"), ALL),
    "elsewhere": (a_trail({}, regions="eu-west-1"), management(region="us-east-1"), NONE),
    "somewhere": (a_trail({}, regions="eu-west-1"), management(), SOME),
    "not logging": (a_trail({}, logging=False), management(), NONE),
    "cannot deliver": (a_trail({}, failing="NoSuchBucket"), management(), NONE),
    "not read by us": (a_trail({}, read=False), management(), NONE),
}


@pytest.mark.parametrize(("trail", "calls", "expected"), TAKEN.values(), ids=TAKEN)
def test_selectors_take_calls(trail, calls, expected):
    assert taken([trail], calls) is expected


def test_nobody_knows_whether_a_trail_for_some_users_takes_calls_of_anybody():
    anybody = Calls("", "s3.amazonaws.com", OBJECTS)
    assert taken([a_trail(advanced=[data(who=ANN)])], anybody) is SOME


def test_what_one_trail_leaves_out_another_may_take():
    reads, writes = a_trail({"ReadWriteType": "ReadOnly"}), a_trail({"ReadWriteType": "WriteOnly"})
    assert taken([reads, writes], management()) is ALL
    assert taken([], management()) is NONE


def a_fact(source, event, region="us-east-1"):
    return UsageFact(ANN, ACCOUNT, f"{source}.amazonaws.com", event, None, "", 1, NOW, NOW, region=region)


def read(*trails, **more):
    return AccountTrails(ACCOUNT, NOW, trails, **more)


def hear(facts=(), services=(), trails=None):
    return {ear.what: ear.taken for ear in ears(ANN, facts, services, trails or read(a_trail({})))}


def test_a_service_without_data_events_is_heard_as_a_whole():
    assert hear([a_fact("ec2", "RunInstances")], ["iam"]) == {"ec2": ALL, "iam": ALL}


def test_a_service_with_data_events_is_two_kinds_of_calls():
    expected = {"s3": ALL, "S3 objects": NONE}
    assert hear([a_fact("s3", "ListBuckets")]) == expected
    assert hear(services=["s3"]) == expected
    assert hear([a_fact("s3", "GetObject")]) == {"S3 objects": NONE}


def test_event_sources_and_prefixes_of_iam_are_one_service():
    assert hear([a_fact("monitoring", "PutMetricAlarm")], ["cloudwatch"]) == {
        "cloudwatch": ALL,
        "CloudWatch metrics": NONE,
    }
    for service in ("s3", "cloudwatch", "rds-data", "tag"):
        assert service_of(source_of(service)) == service


def test_a_trail_of_one_region_hears_part_of_a_user_of_two():
    here = read(a_trail({}, regions="us-east-1"))
    assert hear([a_fact("ec2", "RunInstances")], trails=here) == {"ec2": ALL}
    two = [a_fact("ec2", "RunInstances"), a_fact("ec2", "RunInstances", "eu-west-1")]
    assert hear(two, trails=here) == {"ec2": SOME}


def test_some_calls_are_never_recorded():
    everything = read(a_trail({}, advanced=[data(plane.resource_type) for plane in DATA_PLANES]))
    assert hear(services=["rds-db", "execute-api"], trails=everything) == {
        "calls of an API behind API Gateway": NONE,
        "sign-ins to a database with an IAM token": NONE,
    }


def test_every_data_plane_is_told_by_its_events():
    for plane in DATA_PLANES:
        assert plane.events
        assert all(plane_of(plane.source, event) == plane for event in plane.events)
    assert plane_of("s3.amazonaws.com", "CreateBucket") is None
    assert [plane.service for plane in COMMON] == ["s3", "lambda", "dynamodb", "sns", "sqs"]


SINCE = NOW - timedelta(days=90)
OLD = SINCE - timedelta(days=1)
BASE = Listening(newest=NOW, heard_since=OLD, not_checked=("2 unreadable log files",))


def listened(trails, services=None):
    used = {"ec2": NOW, "s3": NOW, "sqs": OLD, "iam": None} if services is None else services
    return listen(BASE, ANN, (), used, SINCE, trails)


def test_only_what_was_used_in_the_look_back_counts():
    heard = listened(read(a_trail(basic(OBJECTS, "arn:aws:s3:::b/"), logging_since=OLD)))
    assert (heard.audible, heard.partly, heard.deaf) == (("ec2", "s3"), ("S3 objects",), ())
    assert (heard.newest, heard.heard_since, heard.recorded_since) == (NOW, OLD, OLD)
    assert heard.not_checked == BASE.not_checked
    assert [(ear.what, ear.resource_type) for ear in heard.ears] == [("S3 objects", OBJECTS), ("ec2", ""), ("s3", "")]


UNKNOWN = {
    "never read": (None, (UNREAD,)),
    "a trail that nobody may look at": (
        read(a_trail({}, logging=False, unread="it was refused"), error="it was refused"),
        (UNREAD, f"trails of account {ACCOUNT}: it was refused"),
    ),
    "refused": (read(error="it was refused"), (UNREAD, f"trails of account {ACCOUNT}: it was refused")),
}


@pytest.mark.parametrize(("trails", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_where_nobody_could_look_nothing_is_called_deaf(trails, said):
    heard = listened(trails)
    assert (heard.audible, heard.partly, heard.deaf, heard.unrecorded) == ((), (), (), "")
    assert heard.not_checked == (*BASE.not_checked, *said)


def test_what_could_not_be_read_beside_a_trail_is_told():
    heard = listened(read(a_trail({}), error="it was refused"))
    assert heard.audible == ("ec2", "s3")
    assert heard.not_checked == (*BASE.not_checked, f"trails of account {ACCOUNT}: it was refused")


RECORDED = {
    "since it logs": ([a_trail({}, logging_since=OLD)], OLD, ""),
    "since the first of two": ([a_trail({}, logging_since=NOW), a_trail({}, logging_since=OLD)], OLD, ""),
    "nobody knows since when": ([a_trail({})], NOW, ""),
    "data events alone": ([a_trail(advanced=[data()], logging_since=OLD)], None, ""),
    "no trail": ([], None, f"no trail records account {ACCOUNT}"),
    "not logging": ([a_trail({}, logging=False)], None, f"{ARN} is not logging"),
    "cannot deliver": ([a_trail({}, failing="NoSuchBucket")], None, f"{ARN} cannot deliver: NoSuchBucket"),
    "elsewhere": ([a_trail({}, read=False)], None, f"{ARN} delivers where no usage source reads"),
}


@pytest.mark.parametrize(("trails", "since", "why"), RECORDED.values(), ids=RECORDED)
def test_an_account_is_recorded_since_a_trail_logs_that_we_read(trails, since, why):
    found = read(*trails)
    assert (found.heard_since, found.unrecorded) == (since, why)
