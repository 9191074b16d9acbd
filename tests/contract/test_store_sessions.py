"""Sessions and roles as usage shows them, asked for by name."""

from dataclasses import replace

import pytest

from migrator.domain.rules import Rules
from migrator.domain.usage import UsageFact
from tests.builders import ACCOUNT, NOW, a_part, a_usage_fact, recorded

SET = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_dev_0123456789abcdef"
SINCE = NOW - Rules().lookback


def heard(store, *facts: UsageFact):
    with store.begin() as work:
        work.usage.add([a_part(facts=facts)], NOW)
        work.commit()


def as_principal(name):
    return replace(a_usage_fact(), principal=f"{SET}/{name}" if name else SET)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (None, ["Alice@example.com", "a_b@example.com", "axb@example.com"]),
        ([], []),
        (["alice@example.com"], ["Alice@example.com"]),
        (["a_b@example.com"], ["a_b@example.com"]),
        (["%"], []),
    ],
)
def test_role_sessions_are_told_by_name_whatever_its_case(store, asked, answer):
    heard(store, *map(as_principal, ("Alice@example.com", "a_b@example.com", "axb@example.com")))
    with store.begin() as work:
        found = work.usage.sessions(SINCE, asked)
    assert sorted(fact.principal.rpartition("/")[2] for fact in found) == answer


def test_a_session_without_a_name_breaks_nobodys_dossier(store):
    recorded(store, "alice")
    heard(store, as_principal(""), as_principal("alice@example.com"))
    with store.begin() as work:
        work.people.link({1: ["alice@example.com"]}, "tag")
        dossier = work.dossiers([1], NOW, Rules().lookback)[0]
    assert [(seen.permission_set, seen.session) for seen in dossier.sign_ins] == [("dev", "alice@example.com")]


def test_only_those_asked_about_are_named_as_users_of_our_roles(store):
    role = f"arn:aws:iam::{ACCOUNT}:role/MigratorChange"
    seen = [
        a_usage_fact(name, "sts:AssumeRole", event="AssumeRole", resource=role, **more)
        for name, more in (("alice", {}), ("bob", {}), ("carol", {"error": "AccessDenied"}))
    ]
    heard(store, *seen)
    arns = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "carol")]
    with store.begin() as work:
        assert work.usage.assumed(["MigratorChange"], arns) == {arns[0]}
        assert work.usage.assumed(["Change"], arns) == set()
        assert work.usage.assumed([], arns) == set()
