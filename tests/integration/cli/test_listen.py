"""`migrator listen` against the sandbox: what nobody would have heard is heard, and the trail is put back as it was."""

import pytest
from botocore.exceptions import ClientError

from migrator.sandbox.clients import Clients

TRAIL = "organization"
LIMITS = {"quarantine": "0s", "deactivate": "0s", "sessions": "0s", "rollback_on_scream": False}


@pytest.fixture
def office(company):
    """The company with Alice, who leaves, under the deny; her script goes on using her key."""
    company.configure(
        scream_test=LIMITS,
        waves={"max_in_scream_test": 100},
        usage={"sources": [{"type": "cloudtrail", "location": company.seeded.trail_location}]},
    )
    company.client("s3", "data").create_bucket(Bucket="alices-data")
    own(company, "s3").list_buckets()
    company.control.deliver()
    company.run("users", "destine", alice(company), "--to", "retire", "--reason", "she leaves")
    company.run("worker", "--once")
    assert company.run("map", alice(company)).code == 0
    return company


def alice(company):
    return f"{company.account('data')}/alice"


def own(company, service):
    return Clients(company.seeded.endpoint).make(service, company.seeded.credentials["data/alice"], "us-east-1")


def quarantine(company):
    ran = company.run("advance", alice(company), "--to", "quarantined", "--json")
    assert ran.json["users"][0]["to"] == "quarantined", ran.out
    company.control.advance(60)  # the sandbox has a clock of its own: what is refused now must be later than the cut


def the_script_tries(company):
    """A call on an object, which is a data event; refused."""
    with pytest.raises(ClientError) as refusal:
        own(company, "s3").get_object(Bucket="alices-data", Key="report.csv")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    company.control.deliver()
    company.run("worker", "--once")


def screams(company):
    """What the trail told; that a key was used at all, its last use tells too."""
    found = company.run("screams", "list", "--json").json
    return [(s["event_source"], s["event_name"]) for s in found if s["event_name"]]


def audibility(company):
    return company.run("users", "show", alice(company), "--json").json["permissions"]["audibility"]


def listening(company):
    gates = company.run("gates", "list", alice(company), "--json").json["gates"]
    return next(gate for gate in gates if gate["gate"] == "listening")


def selectors(company):
    found = company.client("cloudtrail").get_event_selectors(TrailName=TRAIL)
    return found.get("EventSelectors"), found.get("AdvancedEventSelectors")


def test_a_refused_data_call_is_heard_once_the_trail_listens(office):
    quarantine(office)
    the_script_tries(office)
    assert screams(office) == []
    assert (audibility(office)["audible"], audibility(office)["deaf"]) == (["s3"], ["S3 objects"])
    assert "refusals of S3 objects: no trail records them" in listening(office)["not_checked"]
    assert listening(office)["why"].endswith("; 1 of 2 kinds of calls would be recorded")

    done = office.run("listen", "apply", "--yes", "--json")

    assert (done.code, [one["outcome"] for one in done.json["trails"]]) == (0, ["done"])
    assert [user["user"] for user in done.json["users"]] == [alice(office)]
    assert (audibility(office)["audible"], audibility(office)["deaf"]) == (["S3 objects", "s3"], [])
    assert listening(office)["not_checked"] == []
    the_script_tries(office)
    assert screams(office) == [("s3.amazonaws.com", "GetObject")]


def test_nobody_else_is_listened_to(office):
    quarantine(office)
    office.run("listen", "apply", "--yes")
    administrator = office.client("s3", "data")
    administrator.put_object(Bucket="alices-data", Key="a", Body=b"a")
    office.control.deliver()
    office.run("worker", "--once")
    _, advanced = selectors(office)
    arns = [f["Equals"] for s in advanced for f in s["FieldSelectors"] if f["Field"] == "userIdentity.arn"]
    assert arns == [[f"arn:aws:iam::{office.account('data')}:user/alice"]]


def test_the_trail_is_put_back_exactly(office):
    before = selectors(office)
    assert before[0]
    quarantine(office)
    office.run("listen", "apply", "--yes")
    assert selectors(office)[0] is None

    done = office.run("listen", "remove", "--yes", "--json")

    assert (done.code, [one["outcome"] for one in done.json["trails"]]) == (0, ["done"])
    assert selectors(office) == before
    again = office.run("listen", "remove", "--json")
    assert (again.code, again.json["trails"]) == (0, [])


def test_applied_twice_nothing_is_written(office):
    quarantine(office)
    office.run("listen", "apply", "--yes")
    office.control.clear_calls()
    again = office.run("listen", "apply", "--json")
    assert (again.code, [one["outcome"] for one in again.json["trails"]]) == (0, ["unchanged"])
    assert "cloudtrail:PutEventSelectors" not in office.control.counts()


def test_a_plan_and_no_answer_change_nothing(office):
    quarantine(office)
    before = selectors(office)
    plan = office.run("listen", "plan", "--json")
    assert (plan.code, [one["outcome"] for one in plan.json["trails"]]) == (0, ["planned"])
    assert "0.10 USD" in plan.json["cost"]
    asked = office.run("listen", "apply")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert selectors(office) == before


def test_a_user_may_be_listened_to_before_the_cut(office):
    done = office.run("listen", "apply", alice(office), "--yes", "--json")
    assert [user["resource_types"] for user in done.json["users"]] == [["AWS::S3::Object"]]
    assert audibility(office)["deaf"] == []
    quarantine(office)
    the_script_tries(office)
    assert screams(office) == [("s3.amazonaws.com", "GetObject")]


def test_with_nobody_under_test_there_is_nothing_to_do(office):
    planned = office.run("listen", "plan")
    assert (planned.code, planned.err) == (0, "")
    assert office.run("listen", "plan", "--json").json["users"] == []


def test_what_somebody_changed_of_ours_is_left_and_named(office):
    quarantine(office)
    office.run("listen", "apply", "--yes")
    _, advanced = selectors(office)
    for selector in advanced:
        for field in selector["FieldSelectors"]:
            if field["Field"] == "userIdentity.arn":
                field["Equals"].append("arn:aws:iam::111111111111:user/eve")
    office.client("cloudtrail").put_event_selectors(TrailName=TRAIL, AdvancedEventSelectors=advanced)
    there = selectors(office)

    done = office.run("listen", "remove", "--yes", "--json")

    assert (done.code, [one["outcome"] for one in done.json["trails"]]) == (1, ["refused"])
    assert "somebody changed" in done.json["trails"][0]["why"]
    assert selectors(office) == there


def test_a_trail_that_stops_holds_everybody(office):
    quarantine(office)
    before = audibility(office)["recorded_since"]
    office.client("cloudtrail").stop_logging(Name=TRAIL)
    office.run("discover")
    held = listening(office)
    assert (held["open"], held["why"].endswith("is not logging")) == (False, True)
    office.client("cloudtrail").start_logging(Name=TRAIL)
    office.run("discover")
    assert listening(office)["open"]
    assert audibility(office)["recorded_since"] > before


def test_the_tables_are_shown_to_people(office):
    quarantine(office)
    shown = office.run("listen", "apply", "--yes").out
    assert "S3 objects" in shown
    assert "0.10 USD" in shown
    assert "done" in shown
    assert "no trail is listened through" in "".join(office.run("listen", "remove", "--yes").out for _ in range(2))
