"""Kinds and destinations: who decides, what the evidence weighs, and when nobody knows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.classify import THRESHOLD, classify, is_break_glass, like, with_last_use
from migrator.domain.dossier import TrackedCredential, Used
from migrator.domain.model import Credential, CredentialKind, Destination, Kind
from migrator.domain.rules import ClassRule, Rules
from tests.unit.dossiers import ACCOUNT, NOW, a_decision, a_key, a_password, ago, ahead, some_facts

RULES = Rules()
MFA = Credential(CredentialKind.MFA_DEVICE, "mfa")
LATELY = ago(days=3)
KEY = a_key(last_used_at=LATELY)
PASSWORD = a_password(last_used_at=LATELY)


def decide(facts, used=None, decisions=None, rules=RULES, hours=None):
    return classify(facts, used or Used(), rules, decisions or {}, NOW, hours)


def git(service):
    return Credential(CredentialKind.SERVICE_SPECIFIC, f"ACCA{service}", detail={"service": f"{service}.amazonaws.com"})


EVIDENCE = {
    "password with MFA": (some_facts(credentials=(PASSWORD, MFA)), Used(), Kind.HUMAN),
    "password": (some_facts(credentials=(PASSWORD, KEY)), Used(), Kind.HUMAN),
    "keys alone say little": (some_facts(credentials=(KEY,)), Used(), Kind.UNKNOWN),
    "nothing at all": (some_facts(), Used(), Kind.UNKNOWN),
    "keys and a service's name": (some_facts("svc-backup", credentials=(KEY,)), Used(), Kind.MACHINE),
    "a bot": (some_facts("deploy-bot", credentials=(KEY,)), Used(), Kind.MACHINE),
    "ci": (some_facts("CI_Runner", credentials=(KEY,)), Used(), Kind.MACHINE),
    "not a bot": (some_facts("abbott", credentials=(KEY,)), Used(), Kind.UNKNOWN),
    "SES SMTP": (some_facts("ses-smtp-user.20230105-114212", credentials=(KEY,)), Used(), Kind.MACHINE),
    "service path": (some_facts(path="/service/", credentials=(KEY,)), Used(), Kind.MACHINE),
    "people's path": (some_facts(path="/people/eng/", credentials=(KEY, git("codecommit"))), Used(), Kind.UNKNOWN),
    "people's path and name": (some_facts("mary.jones", path="/people/", credentials=(KEY,)), Used(), Kind.HUMAN),
    "first.last with a tag": (
        some_facts("mary.jones", tags={"email": "mary.jones@example.com"}, credentials=(KEY,)),
        Used(),
        Kind.HUMAN,
    ),
    "a service with its team's address": (
        some_facts("svc-etl", tags={"Email": "data@example.com"}, credentials=(KEY,)),
        Used(),
        Kind.MACHINE,
    ),
    "an address for a name": (some_facts("mary@example.com", credentials=(KEY,)), Used(), Kind.HUMAN),
    "scripts only": (some_facts(credentials=(KEY,)), Used(agents=("Boto3/1.34 md/Botocore",)), Kind.MACHINE),
    "terraform": (some_facts(credentials=(KEY,)), Used(agents=("APN/1.0 HashiCorp/1.0 Terraform/1.9",)), Kind.MACHINE),
    "the CLI inside a build": (
        some_facts(credentials=(KEY,)),
        Used(agents=("aws-cli/2.17 exec-env/AWS_ECS_EC2",)),
        Kind.MACHINE,
    ),
    "the CLI by hand is no proof": (
        some_facts(credentials=(KEY,)),
        Used(agents=("aws-cli/2.17 Python/3.11",)),
        Kind.UNKNOWN,
    ),
    "the console": (
        some_facts(credentials=(PASSWORD,)),
        Used(agents=("console.amazonaws.com",), addresses=4),
        Kind.HUMAN,
    ),
    "a developer with scripts": (
        some_facts(credentials=(PASSWORD, MFA, KEY)),
        Used(agents=("Boto3/1.34",)),
        Kind.HUMAN,
    ),
    "Bedrock": (some_facts(credentials=(KEY, git("bedrock"))), Used(), Kind.MACHINE),
    "git by SSH": (some_facts(credentials=(Credential(CredentialKind.SSH_PUBLIC_KEY, "APKA"),)), Used(), Kind.UNKNOWN),
    "old tools": (
        some_facts(credentials=(KEY, Credential(CredentialKind.SIGNING_CERTIFICATE, "C"))),
        Used(),
        Kind.MACHINE,
    ),
    "steady, from one place": (some_facts(credentials=(KEY,)), Used(calls=5000, addresses=1), Kind.MACHINE),
}


@pytest.mark.parametrize(("facts", "used", "kind"), EVIDENCE.values(), ids=EVIDENCE)
def test_evidence_decides_or_leaves_it_to_a_human(facts, used, kind):
    result = decide(facts, used)
    assert result.kind is kind
    assert (result.confidence >= THRESHOLD) is (kind is not Kind.UNKNOWN)
    assert 0 <= result.confidence <= 1


def test_calls_around_the_clock_are_a_machines_and_office_hours_a_humans():
    facts, used = some_facts(credentials=(KEY,)), Used(calls=500, addresses=2)
    assert decide(facts, used, hours=range(24)).kind is Kind.MACHINE
    office = decide(facts, used, hours=range(8, 18)).evidence
    assert ("human", "calls in 10 hours of the day") in [(e.value, e.source) for e in office]


def test_every_piece_of_evidence_has_a_source_a_time_and_a_weight():
    used = Used(mined_at=ago(hours=1), since=ago(days=90), until=NOW, agents=("Boto3/1.34 x",), calls=3, addresses=3)
    facts = some_facts("svc-etl", tags={"Email": "data@example.com"}, credentials=(KEY,), path="/app/")
    evidence = decide(facts, used).evidence
    assert [e.source for e in evidence] == [
        "access keys, no console password",
        "name says svc",
        "path /app/",
        "tag Email",
        "calls by boto3/1.34",
        "calls from 3 addresses",
    ]
    assert all(e.claim == "kind" and 0.5 < e.confidence < 1 for e in evidence)
    assert {e.observed_at for e in evidence} == {facts.observed_at, used.mined_at}
    assert evidence[-1].window == "2026-08-25/2026-11-23"


DESTINATIONS = {
    "a human": (some_facts(credentials=(PASSWORD, MFA)), Destination.PERMISSION_SET),
    "a machine": (some_facts("svc-etl", credentials=(KEY,)), Destination.IAM_ROLE),
    "nobody knows": (some_facts(credentials=(KEY,)), None),
    "long unused": (some_facts(credentials=(a_key(last_used_at=ago(days=181)),)), Destination.RETIRE),
    "just still used": (some_facts("svc-x", credentials=(a_key(last_used_at=ago(days=180)),)), Destination.IAM_ROLE),
    "never used and old": (some_facts(credentials=(a_key(),)), Destination.RETIRE),
    "never used and new": (some_facts("svc-x", created_at=ago(days=3), credentials=(a_key(),)), Destination.IAM_ROLE),
    "never used, as far as could be read": (
        some_facts("svc-x", credentials=(a_key(),), not_checked=("credential report",)),
        Destination.IAM_ROLE,
    ),
    "no creation time": (some_facts("svc-x", created_at=None, credentials=(a_key(),)), Destination.IAM_ROLE),
    "a leaver": (some_facts(tags={"Status": "Leaver"}, credentials=(PASSWORD,)), Destination.RETIRE),
    "left, by a tag": (some_facts(tags={"left": "2026-10-01"}, credentials=(PASSWORD,)), Destination.RETIRE),
    "has not left": (some_facts(tags={"left": "no"}, credentials=(PASSWORD,)), Destination.PERMISSION_SET),
}


@pytest.mark.parametrize(("facts", "destination"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_destinations_follow_kind_and_use(facts, destination):
    result = decide(facts)
    assert result.destination is destination
    retiring = [e for e in result.evidence if e.claim == "destination"]
    assert bool(retiring) is (destination is Destination.RETIRE)


def test_a_call_the_trail_saw_is_use_too():
    facts = some_facts("svc-x", credentials=(a_key(last_used_at=ago(days=300)),))
    assert decide(facts, Used(last=ago(days=2))).destination is Destination.IAM_ROLE


def test_a_contract_that_ended_retires_its_user():
    facts = some_facts(credentials=(PASSWORD, MFA))
    ended = a_decision("owner", {"owner": "data"}, until=ago(days=1))
    assert decide(facts, decisions={"owner": ended}).destination is Destination.RETIRE
    running = replace(ended, until=ahead(days=1))
    assert decide(facts, decisions={"owner": running}).destination is Destination.PERMISSION_SET


def test_break_glass_of_the_configuration_beats_every_other_word():
    rules = replace(RULES, break_glass=("bg-*",), class_rules=(ClassRule("machine"),))
    decisions = {"kind": a_decision("kind", "human"), "destination": a_decision("destination", "retire")}
    result = decide(some_facts("bg-1", credentials=(PASSWORD,)), decisions=decisions, rules=rules)
    assert (result.kind, result.confidence, result.destination) == (Kind.BREAK_GLASS, 1.0, Destination.KEEP)


def test_a_humans_word_beats_the_rules_and_the_rules_beat_evidence():
    facts = some_facts("svc-etl", credentials=(KEY,), tags={"team": "data"})
    rules = replace(RULES, class_rules=(ClassRule("human", name="SVC-*", tags=(("team", "da*"),)),))
    assert decide(facts, rules=rules).kind is Kind.HUMAN
    result = decide(facts, rules=rules, decisions={"kind": a_decision("kind", "machine")})
    assert (result.kind, result.confidence) == (Kind.MACHINE, 1.0)
    assert result.evidence[0].source == "erin@example.com: because"


RULE_MISSES = {
    "name": ClassRule("human", name="bot-*"),
    "path": ClassRule("human", path="/people/*"),
    "account": ClassRule("human", account="9*"),
    "tag": ClassRule("human", tags=(("team", "web"),)),
    "no such tag": ClassRule("human", tags=(("unit", "*"),)),
}


@pytest.mark.parametrize("rule", RULE_MISSES.values(), ids=RULE_MISSES)
def test_a_rule_applies_only_where_all_of_it_holds(rule):
    facts = some_facts("svc-etl", credentials=(KEY,), tags={"team": "data"})
    assert decide(facts, rules=replace(RULES, class_rules=(rule,))).kind is Kind.MACHINE


def test_an_expired_word_counts_no_more():
    facts = some_facts(credentials=(PASSWORD, MFA))
    past = {"kind": a_decision("kind", "machine", until=NOW), "exclude": a_decision("exclude", until=NOW)}
    result = decide(facts, decisions=past)
    assert (result.kind, result.destination) == (Kind.HUMAN, Destination.PERMISSION_SET)


def test_excluded_users_are_kept_and_a_humans_destination_beats_retirement():
    facts = some_facts(credentials=(a_key(last_used_at=ago(days=999)),))
    kept = decide(
        facts, decisions={"exclude": a_decision("exclude"), "destination": a_decision("destination", "retire")}
    )
    assert kept.destination is Destination.KEEP
    sent = decide(facts, decisions={"destination": a_decision("destination", "iam-role")})
    assert sent.destination is Destination.IAM_ROLE
    readmitted = decide(facts, decisions={"exclude": a_decision("exclude", value=False)})
    assert readmitted.destination is Destination.RETIRE


PATTERNS = {
    "a name": ("bg", "bg", True),
    "another name": ("bg", "bg2", False),
    "a star": ("emergency-*", "Emergency-1", True),
    "dots are dots": ("b.g", "bxg", False),
    "account and name": (f"{ACCOUNT}/bg*", "bg-1", True),
    "another account": ("999999999999/bg*", "bg-1", False),
    "any account": ("*/bg", "bg", True),
}


@pytest.mark.parametrize(("pattern", "name", "fits"), PATTERNS.values(), ids=PATTERNS)
def test_break_glass_patterns(pattern, name, fits):
    assert is_break_glass(ACCOUNT, name, replace(RULES, break_glass=(pattern,))) is fits


def test_patterns_know_no_other_sign_than_the_star():
    assert like("a[b]?", "a[b]?")
    assert not like("a?", "ab")


def test_retire_after_is_configurable():
    facts = some_facts(credentials=(a_key(last_used_at=ago(days=31)),))
    assert decide(facts, rules=replace(RULES, retire_after=timedelta(days=30))).destination is Destination.RETIRE


def test_a_stored_snapshot_learns_when_its_credentials_were_used_from_their_rows():
    bare = some_facts("svc-etl", credentials=(a_key(), a_key("AKIATWO", last_used_at=ago(days=500))))
    rows = [TrackedCredential(a_key(last_used_at=LATELY, last_used_service="s3"), "Active")]
    rows.append(TrackedCredential(a_key("AKIATWO", last_used_at=NOW), "Active"))
    assert decide(bare).destination is Destination.RETIRE
    known = with_last_use(bare, rows)
    assert [c.last_used_at for c in known.credentials] == [LATELY, ago(days=500)]
    assert known.credentials[0].last_used_service == "s3"
    assert decide(known).destination is Destination.IAM_ROLE
