"""One call, before and after: the answers, who decides, and what to change so that the call goes on to work."""

from dataclasses import replace

import pytest

from migrator.domain.explaining import Question
from migrator.domain.lifecycle import State
from migrator.domain.mapping import SET, Needs, plan_sets, specification
from migrator.domain.model import Destination, Kind
from migrator.domain.policy.actors import identity_center_session
from migrator.domain.policy.compare import View
from migrator.domain.policy.evaluate import Policies, Result
from migrator.operations.explain import UNREAD, explain
from tests.builders import ACCOUNT, a_recorded, a_user, a_user_facts, record
from tests.unit.grouping.people import CATALOGUE, allow

ALICE, ROOT = f"arn:aws:iam::{ACCOUNT}:user/alice", f"arn:aws:iam::{ACCOUNT}:root"
KEY, HOME = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", "arn:aws:s3:::lake/home/alice/notes"
ALLOWED, NOT_ALLOWED, DENIED, UNKNOWN = "allowed", "implicitly_denied", "explicitly_denied", "unknown"
SID = {"Sid": "Home"}


def deny(action, resource="*", **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": resource, **more}]}


def plan(tools, user, grants, planned):
    """A set of what the user is granted, or of `planned`, called `few` then."""
    (made,) = plan_sets([Needs(user.id, user.user_name, SET, grants)], {}, (), tools.rules)
    spec = {**specification(made), **({"name": "few", "inline_policy": planned} if planned else {})}
    with tools.store.begin() as work:
        work.access.plan_set(spec["name"], spec, "ours")
        work.access.want(user.id, "alice@x.example", spec["name"], user.account_id)
        work.commit()


@pytest.fixture
def asked(tools):
    """Asks about a call of Alice, who has these grants and a set planned from them, or from `planned`."""
    tools.catalogue = CATALOGUE

    def ask(*grants, action="s3:GetObject", resource=HOME, planned=None, context=(), **row):
        facts = a_user_facts(tags={"team": "data"})
        tools.aws.add_user(facts)
        changes = {"destination": Destination.PERMISSION_SET, "kind": Kind.HUMAN, **row}
        named = tuple(("user", f"p{at}", document) for at, document in enumerate(grants))
        user = a_user(facts, state=State.DISCOVERED, **changes)
        entry = replace(a_recorded(facts, user), policies=named, emails=("alice@x.example",))
        alice = record(tools.store, entry)[0]
        if planned is not False:
            plan(tools, alice, named, planned)
        return explain(tools, alice.id, Question(action, resource, dict(context)))

    return ask


def answers(data):
    return data["today"]["decision"], data["tomorrow"]["decision"]


def test_what_works_and_goes_on_to_work_needs_no_change(asked):
    data = asked(allow("s3:*", **SID))
    assert answers(data) == (ALLOWED, ALLOWED)
    assert data["today"]["as"] == ALICE
    assert data["tomorrow"]["as"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_alice_")
    assert data["today"]["statement"] == "p0: Home"
    assert data["today"]["layer"] == "identity"
    assert (data["change"], data["not_checked"]) == ([], [UNREAD])


def test_a_home_folder_is_rewritten(asked):
    data = asked(allow("s3:*", on="arn:aws:s3:::lake/home/${aws:username}/*", **SID))
    assert answers(data) == (ALLOWED, NOT_ALLOWED)
    assert data["tomorrow"]["why"] == "no statement allows it"
    rewrite = data["change"][0]
    assert rewrite["where"] == "p0: Home"
    assert rewrite["statement"]["Resource"] == "arn:aws:s3:::lake/home/alice/*"


def test_what_the_set_lacks_is_named_with_the_smallest_statement(asked):
    data = asked(allow("*"), planned=allow("sqs:*"))
    assert answers(data) == (ALLOWED, NOT_ALLOWED)
    assert data["change"] == [
        {
            "what": "allow it",
            "where": "few",
            "statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": HOME},
        }
    ]


def test_a_statement_that_denies_the_session_is_named(asked):
    only_users = deny("s3:*", Condition={"StringNotEquals": {"aws:PrincipalType": "User"}}, Sid="Users")
    data = asked(allow("s3:*"), only_users)
    assert answers(data) == (ALLOWED, DENIED)
    assert data["tomorrow"]["statement"].endswith("Users")
    assert "Users" in data["change"][0]["where"] + data["change"][0]["what"]


def test_a_key_that_names_the_user_must_let_the_role_in(asked, tools):
    tools.guards.policies[KEY] = allow("kms:*", Principal={"AWS": ALICE})
    data = asked(allow("*"), action="kms:Decrypt", resource=KEY)
    assert answers(data) == (ALLOWED, NOT_ALLOWED)
    assert (data["tomorrow"]["layer"], data["tomorrow"]["resource_policy"]) == ("resource", KEY)
    (change,) = data["change"]
    assert change["where"] == KEY
    closed = Policies([allow("*")], resource={**tools.guards.policies[KEY], "Statement": [change["statement"]]})
    session = identity_center_session(ACCOUNT, "alice", "alice", suffix="0123456789abcdef")
    assert View(session, closed).decide("kms:Decrypt", KEY).result is Result.ALLOWED


def test_a_policy_that_nobody_can_read_is_told(asked):
    theirs = "arn:aws:iam::444455556666:role/Audit"
    data = asked(allow("*"), action="sts:AssumeRole", resource=theirs)
    assert answers(data) == (UNKNOWN, UNKNOWN)
    assert data["not_checked"][0] == f"policy of {theirs}"
    assert data["change"][0]["where"] == theirs


def test_the_policy_of_the_resource_is_read_now(asked, tools):
    asked(allow("s3:*"))
    assert tools.guards.asked == [(ACCOUNT, ("arn:aws:s3:::lake",))]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, (UNKNOWN, NOT_ALLOWED)),
        ({"aws:multifactorauthpresent": ("true",)}, (ALLOWED, ALLOWED)),
        ({"aws:multifactorauthpresent": ("false",)}, (NOT_ALLOWED, NOT_ALLOWED)),
    ],
)
def test_mfa_depends_on_the_session_today_and_is_missing_tomorrow(asked, context, expected):
    data = asked(allow("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), context=context)
    assert answers(data) == expected
    if not context:
        assert data["today"]["depends_on"] == ["aws:MultiFactorAuthPresent"]


def test_a_doubt_names_the_keys_to_say(asked):
    data = asked(allow("s3:*", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:RequestedRegion}"}}))
    assert answers(data) == (UNKNOWN, UNKNOWN)
    assert data["tomorrow"]["depends_on"] == ["aws:RequestedRegion", "aws:ResourceTag/team"]
    said = data["change"][0]["what"]
    assert said == "say more: --context aws:RequestedRegion=VALUE --context aws:ResourceTag/team=VALUE"


def test_what_is_said_of_the_call_decides(asked):
    told = {"aws:requestedregion": ("r",), "aws:resourcetag/team": ("r",)}
    tagged = allow("s3:*", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:RequestedRegion}"}})
    assert answers(asked(tagged, context=told)) == (ALLOWED, ALLOWED)


def test_any_resource_may_be_too_many(asked):
    data = asked(allow("s3:GetObject", on="arn:aws:s3:::lake/*"), resource=None)
    assert answers(data) == (UNKNOWN, UNKNOWN)
    assert data["change"][0]["what"] == "say more: --resource ARN"


def test_an_action_without_resources_is_asked_on_all(asked):
    data = asked(allow("s3:ListAllMyBuckets"), action="s3:listallmybuckets", resource=None)
    assert (data["action"], data["resource"], data["known_action"]) == ("s3:ListAllMyBuckets", "*", True)
    assert answers(data) == (ALLOWED, ALLOWED)


def test_an_action_that_nobody_knows_is_said_to_be_none(asked):
    assert asked(allow("s3:*"), action="s3:GetObjekt")["known_action"] is False


def test_what_does_not_work_today_needs_nothing(asked):
    data = asked(allow("sqs:*"))
    assert answers(data) == (NOT_ALLOWED, NOT_ALLOWED)
    assert data["change"] == [{"what": "nothing: it does not work today either", "where": None, "statement": None}]


@pytest.mark.parametrize(
    ("action", "today", "tomorrow"),
    [
        ("sts:GetCallerIdentity", ALLOWED, ALLOWED),
        ("sts:GetSessionToken", ALLOWED, NOT_ALLOWED),
        ("iam:ChangePassword", ALLOWED, NOT_ALLOWED),
        ("sts:GetFederationToken", ALLOWED, NOT_ALLOWED),
    ],
)
def test_what_only_users_can_do_ends(asked, action, today, tomorrow):
    data = asked(allow("*"), action=action, resource="*")
    assert answers(data) == (today, tomorrow)
    assert all(one["what"].startswith("nothing") for one in data["change"])


@pytest.mark.parametrize(
    ("destination", "why"),
    [(Destination.RETIRE, "it retires"), (Destination.KEEP, "stays an IAM user"), (None, "nothing is planned")],
)
def test_without_a_plan_there_is_no_tomorrow(asked, destination, why):
    data = asked(allow("*"), planned=False, destination=destination)
    assert (data["today"]["decision"], data["tomorrow"]) == (ALLOWED, None)
    assert why in data["why_no_tomorrow"]
