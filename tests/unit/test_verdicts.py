"""What a scream means: use, noise, theft; and that nothing is called unseen where nothing was seen."""

from datetime import timedelta

import pytest

from migrator.domain.screams import Scream
from migrator.domain.usage import UsageFact
from migrator.domain.verdicts import Before, Verdict, family, judge, network
from tests.unit.dossiers import NOW

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
BOTO, CLI, MOZILLA = "Boto3/1.34 md/Botocore#1.34", "aws-cli/2.15", "[Mozilla/5.0 (X11)]"


def did(event="GetObject", source="s3.amazonaws.com", address=HOME, agent=BOTO, error="") -> UsageFact:
    then = NOW - timedelta(days=20)
    return UsageFact("arn:u", "1", source, event, None, "", 3, then, then, address=address, agent=agent, error=error)


def screams(event="GetObject", source="s3.amazonaws.com", address=HOME, agent=BOTO, signal="refused-call", at=NOW):
    return Scream(0, 7, signal, source, event, address, agent, 1, at, at)


def iam(event, **more):
    return screams(event, "iam.amazonaws.com", **more)


PAST = (did(), did(agent=CLI))
IN_USE, NOISE, SUSPICIOUS = Verdict.IN_USE, Verdict.NOISE, Verdict.SUSPICIOUS
CASES = {
    "the script that always ran": (screams(), PAST, (), IN_USE),
    "from another network with a known tool": (screams(address=ELSEWHERE), PAST, (), IN_USE),
    "with another tool from a known network": (screams(agent="curl/8"), PAST, (), IN_USE),
    "a new call of a known tool from home": (screams("PutObject"), PAST, (), IN_USE),
    "from a neighbour's address": (screams(address="203.0.250.1", agent="curl/8"), PAST, (), IN_USE),
    "unseen network and unseen tool": (screams(address=ELSEWHERE, agent="curl/8"), PAST, (), SUSPICIOUS),
    "but its person works from there": (
        screams(address=ELSEWHERE, agent="curl/8"), PAST, (did(address=ELSEWHERE, event="Other"),), IN_USE,
    ),
    "nothing is known of before": (screams(address=ELSEWHERE, agent="curl/8"), (), (), IN_USE),
    "reconnaissance from elsewhere": (iam("ListUsers", address=ELSEWHERE), PAST, (), SUSPICIOUS),
    "reconnaissance with another tool": (iam("CreateAccessKey", agent="curl/8"), PAST, (), SUSPICIOUS),
    "one odd call from home with a known tool": (iam("ListUsers"), PAST, (), IN_USE),
    "a call that is reconnaissance, and its habit": (
        iam("ListUsers", address=ELSEWHERE), (*PAST, did("ListUsers", "iam.amazonaws.com")), (), IN_USE,
    ),
    "refused before, too": (screams(agent=CLI), (did(error="AccessDenied", agent=CLI),), (), NOISE),
    "refused before by another tool": (screams(), (did(error="AccessDenied", agent=CLI), did("Other")), (), IN_USE),
    "refused before, but allowed as well": (screams(), (did(error="AccessDenied"), did()), (), IN_USE),
    "a browser tab of who has moved": (
        screams("DescribeInstances", "ec2.amazonaws.com", agent=MOZILLA),
        (*PAST, did(agent=MOZILLA)), (did("Other"),), NOISE,
    ),
    "a browser tab that writes": (
        screams("RunInstances", "ec2.amazonaws.com", agent=MOZILLA),
        (*PAST, did(agent=MOZILLA)), (did("Other"),), IN_USE,
    ),
    "a browser tab of who has not moved": (
        screams("DescribeInstances", "ec2.amazonaws.com", agent=MOZILLA), (*PAST, did(agent=MOZILLA)), (), IN_USE,
    ),
    "the laptop that makes the same call the new way": (screams(), PAST, (did(agent=CLI),), NOISE),
    "the same call the new way, but from elsewhere": (screams(), PAST, (did(address=ELSEWHERE),), IN_USE),
    "the same call the new way, refused": (screams(), PAST, (did(error="AccessDenied"),), IN_USE),
    "a person's word": (screams(signal="reported", address="", agent="boss"), PAST, (), IN_USE),
    "a last-used time": (screams(signal="key-used", address="", agent="access-key AKIA"), PAST, (), IN_USE),
    "a sign-in with the old password": (
        screams("ConsoleLogin", "signin.amazonaws.com", agent=MOZILLA, signal="console-sign-in"), PAST, (), IN_USE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("scream", "past", "sessions", "verdict"), CASES.values(), ids=CASES)
def test_the_verdict(scream, past, sessions, verdict):
    judged = judge(scream, Before(past, sessions))
    assert judged.verdict is verdict
    assert bool(judged.why) is (verdict is not IN_USE)


def test_several_first_calls_of_a_thief_within_an_hour_are_suspicious_though_each_alone_is_not():
    others = [iam("ListRoles"), screams("ListSecrets", "secretsmanager.amazonaws.com")]
    assert judge(iam("ListUsers"), Before(PAST), others).verdict is SUSPICIOUS
    late = [iam("ListRoles", at=NOW + timedelta(hours=3)), iam("ListAccessKeys", at=NOW + timedelta(hours=5))]
    assert judge(iam("ListUsers"), Before(PAST), late).verdict is IN_USE


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (BOTO, "boto3"),
        (MOZILLA, "mozilla"),
        ("report.py boto3/1.4", "report.py"),
        ("", ""),
        ("[S3Console/0.4]", "s3console"),
    ],
)
def test_an_agents_family(agent, name):
    assert family(agent) == name


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.0.0/16"),
        ("2001:db8:1::5", "2001:db8::/32"),
        ("lambda.amazonaws.com", "lambda.amazonaws.com"),
    ],
)
def test_an_addresses_network(address, place):
    assert network(address) == place
