"""Nobody cuts the branch it sits on: users behind the roles that run a migration."""

from dataclasses import replace

import pytest

from migrator.domain.lifecycle import State
from migrator.domain.roles import RoleFacts, let_in_alone
from migrator.operations.advance import Advance, advance
from migrator.ports.aws import AccessDenied
from tests.builders import ACCOUNT, NOW, a_key, a_part, a_usage_fact, a_user_facts
from tests.fakes.hands import MANAGEMENT

ADMIN = f"arn:aws:iam::{MANAGEMENT}:role/Admin"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


def trust(*principals, effect="Allow", **more):
    """A trust that lets these assume the role."""
    statement = {"Effect": effect, "Principal": {"AWS": list(principals), **more}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def cut(tools, user):
    (moved,) = advance(tools, tools.apply, [tools.line(user)], Advance(State.QUARANTINED)).users
    return moved


@pytest.fixture
def alice(tools):
    """A user that may be cut, and we are a role."""
    tools.actor = ADMIN
    return tools.add(a_user_facts(credentials=(a_key(),)))


def through(tools, document):
    tools.aws.roles[MANAGEMENT, "Admin"] = RoleFacts(MANAGEMENT, "Admin", ADMIN, NOW, trust=document)


ONLY = {"by ARN": trust(ALICE), "by id": trust("AIDAALICE"), "with another user": trust(BOB, ALICE)}


@pytest.mark.parametrize("document", ONLY.values(), ids=ONLY)
def test_the_only_way_into_the_role_that_runs_this_is_not_cut(tools, alice, document):
    through(tools, document)
    moved = cut(tools, alice)
    assert (moved.outcome, tools.user(alice).state) == ("failed", State.VERIFIED)
    assert "only IAM users reach role Admin" in moved.why


OTHERS = {
    "the account": trust(f"arn:aws:iam::{MANAGEMENT}:root"),
    "the user and a role": trust(ALICE, f"arn:aws:iam::{MANAGEMENT}:role/Ops"),
    "the user and an identity provider": trust(ALICE, Federated="arn:aws:iam::1:saml-provider/Corp"),
    "another user": trust(BOB),
    "nobody": None,
}


@pytest.mark.parametrize("document", OTHERS.values(), ids=OTHERS)
def test_who_is_not_the_only_way_in_is_cut_like_anybody(tools, alice, document):
    through(tools, document)
    assert cut(tools, alice).after == "quarantined"


def test_a_denied_user_is_no_way_in():
    assert let_in_alone(trust(ALICE, effect="Deny")) == frozenset()
    assert (
        let_in_alone({"Statement": [trust(ALICE)["Statement"][0], {"Effect": "Allow", "Principal": "*"}]})
        == frozenset()
    )


def test_who_may_not_read_its_own_role_goes_on(tools, alice):
    def refuse(_account, _name):
        raise AccessDenied("no iam:GetRole")

    tools.aws.read_role = refuse
    assert cut(tools, alice).after == "quarantined"


def test_the_caller_itself_is_not_cut(tools, alice):
    tools.actor = "aidaalice"
    assert "it is who runs this" in cut(tools, alice).why


@pytest.mark.parametrize(("role", "outcome"), [("Admin", "held"), ("Reader", "done")])
def test_who_was_seen_assuming_the_role_of_an_operator_is_not_cut(tools, alice, role, outcome):
    fact = replace(a_usage_fact(), event="AssumeRole", resource=f"arn:aws:iam::{MANAGEMENT}:role/{role}")
    with tools.store.begin() as work:
        work.usage.add([a_part(facts=[fact])], NOW)
        work.record.append(ADMIN, "discovered", "user:1", {}, NOW)
        work.commit()
    moved = cut(tools, alice)
    assert (moved.outcome, moved.held_by) == (outcome, ("not-break-glass",) if outcome == "held" else ())
