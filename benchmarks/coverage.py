"""Calls replayed a second over a generated organization: `python -m benchmarks coverage`.

Every person of a team made the calls of the team's work and a few besides, on its own and on shared resources, some of
them from addresses, in regions or on home folders that conditions and variables ask about. Each is replayed against the
team's set as the session the person will be. The rival asks the same one call at a time, as `SimulateCustomPolicy` must
be asked: each call with all documents and its context, read by the naive evaluator, without the network in between.
Both must count the same calls as allowed and refused, and the numbers that were planted. Times are of the CPU.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median
from time import process_time

from benchmarks.figures import Figure
from benchmarks.naive_evaluation import decide_naively
from migrator.domain.coverage import Coverage, cover
from migrator.domain.policy.actors import Actor, identity_center_session
from migrator.domain.policy.consents import Consents, guard_of
from migrator.domain.policy.evaluate import Policies
from migrator.domain.usage import UsageFact

ACCOUNT, REGION = "111122223333", "eu-west-1"
PEOPLE, TEAMS, CALLS = 300, 20, 250
NAIVE = 1_000
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
VERBS = ("Get", "List", "Describe", "Put", "Create", "Delete", "Update", "Tag")
SERVICES = ("s3", "ec2", "sqs", "dynamodb", "lambda", "ssm", "logs", "kms", "sns", "cloudformation", "ecr", "athena")


@dataclass(frozen=True)
class Person:
    """Who will be whom, under which documents, and what was done; `allowed` of it by construction."""

    actor: Actor
    documents: tuple[dict, ...]
    facts: tuple[UsageFact, ...]
    allowed: int


def organization(people: int = PEOPLE, teams: int = TEAMS, calls: int = CALLS, seed: int = 4) -> list[Person]:
    """People in teams, each team with one set of three documents."""
    chance = Random(seed)  # noqa: S311  # the same people in every run
    sets = [team_set(chance, number) for number in range(teams)]
    return [a_person(chance, number, number % teams, sets[number % teams], calls) for number in range(people)]


def team_set(chance: Random, team: int) -> tuple[tuple[dict, ...], list[str]]:
    """The documents of a team's set, and the actions that it allows on the team's resources."""
    actions = [f"{service}:{verb}Thing{n}" for service in SERVICES for verb in VERBS for n in range(6)]
    chosen = sorted(chance.sample(actions, 120))
    by_service: dict[str, list[str]] = {}
    for action in chosen:
        by_service.setdefault(action.partition(":")[0], []).append(action)
    work = [
        {
            "Sid": f"W{service}",
            "Effect": "Allow",
            "Action": listed,
            "Resource": f"arn:aws:{service}:*:{ACCOUNT}:t{team}/*",
        }
        for service, listed in by_service.items()
    ]
    home = {
        "Sid": "Home",
        "Effect": "Allow",
        "Action": "s3:*Object",
        "Resource": "arn:aws:s3:::home/${aws:username}/*",
    }
    office = {
        "Sid": "Office",
        "Effect": "Allow",
        "Action": "rds:*",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    abroad = {
        "Sid": "Abroad",
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": [REGION, "us-east-1"]}},
    }
    return tuple(document(*part) for part in (work, [home, office], [abroad])), chosen


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_person(chance: Random, number: int, team: int, planned: tuple[tuple[dict, ...], list[str]], calls: int) -> Person:
    """A person with its calls: mostly the team's work, the rest of every kind that goes wrong or right."""
    documents, actions = planned
    name = f"person{number}@example.com"
    facts, allowed = [], 0
    for n in range(calls):
        kind = chance.random()
        service = (action := chance.choice(actions)).partition(":")[0]
        own = f"arn:aws:{service}:{REGION}:{ACCOUNT}:t{team}/thing-{n % 40}"
        if kind < 0.8:
            fact, good = a_fact(action, own), True
        elif kind < 0.85:
            fact, good = a_fact(action, own, region="ap-south-1"), False
        elif kind < 0.9:
            good = chance.random() < 0.5
            fact = a_fact("rds:DescribeDBInstances", "*", address="203.0.113.9" if good else "198.51.100.7")
        elif kind < 0.95:
            fact, good = a_fact("s3:GetObject", f"arn:aws:s3:::home/person{number}/{n}"), False
        else:
            fact, good = a_fact("redshift:PauseCluster", f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:{n}"), False
        facts.append(fact)
        allowed += good
    actor = identity_center_session(ACCOUNT, f"Team{team}", name, region=REGION)
    return Person(actor, documents, tuple(facts), allowed)


def a_fact(action: str, resource: str, *, region: str = REGION, address: str = "203.0.113.5") -> UsageFact:
    service = action.partition(":")[0]
    return UsageFact(
        f"arn:aws:iam::{ACCOUNT}:user/somebody",
        ACCOUNT,
        f"{service}.amazonaws.com",
        action.partition(":")[2],
        action,
        resource,
        1,
        MOMENT,
        MOMENT,
        region=region,
        address=address,
    )


def replay(people: list[Person], consents: Consents | None = None) -> Iterator[Coverage]:
    """Everybody's coverage; sets are compiled once, as `map` does, which is part of the work."""
    compiled: dict[int, Policies] = {}
    for person in people:
        key = id(person.documents)
        if key not in compiled:
            compiled[key] = Policies(person.documents)
        yield cover(compiled[key], person.actor, person.facts, at=MOMENT, consents=consents)


def a_second(people: list[Person], consents: Consents | None = None, rounds: int = 3) -> tuple[float, list[Coverage]]:
    """Calls replayed a second, the median of rounds that share nothing, and the answers."""
    rates, found = [], []
    for _ in range(rounds):
        start = process_time()
        found = list(replay(people, consents))
        rates.append(sum(len(person.facts) for person in people) / (process_time() - start))
    return median(rates), found


def one_at_a_time(people: list[Person], most: int) -> tuple[float, list[tuple[int, int]]]:
    """The same for the first people, asked call by call: calls a second, and (allowed, refused) of each."""
    asked, answers = 0, []
    start = process_time()
    for person in people:
        if asked >= most:
            break
        decisions = [decide_naively(a_case(person, fact)) for fact in person.facts]
        asked += len(decisions)
        allowed = decisions.count("allowed")
        answers.append((allowed, len(decisions) - allowed))
    return asked / (process_time() - start), answers


def a_case(person: Person, fact: UsageFact) -> dict:
    context = {
        **person.actor.context,
        "aws:requestedregion": fact.region,
        "aws:sourceip": fact.address,
        "aws:currenttime": MOMENT.isoformat(),
    }
    request = {
        "principal": person.actor.principal,
        "action": fact.action,
        "resource": fact.resource,
        "context": context,
    }
    return {"identity": list(person.documents), "request": request}


def bucket_policies(people: list[Person]) -> Consents:
    """Every resource that can carry a policy carries none, and the homes' bucket one that names a user."""
    arns = {guard_of(fact.action or "", fact.resource) for person in people for fact in person.facts}
    read: dict[str, dict | None] = dict.fromkeys(sorted(arn for arn in arns if arn and ":kms:" not in arn))
    user = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/somebody"}
    read["arn:aws:s3:::home"] = document(
        {"Effect": "Allow", "Principal": user, "Action": "s3:*", "Resource": "arn:aws:s3:::home/*"}
    )
    return Consents(read)


def figures() -> list[Figure]:
    """Speed beside one call at a time; raises where the answers are not those that were planted."""
    people = organization()
    ours, found = a_second(people)
    assert [one.allowed for one in found] == [person.allowed for person in people]
    assert not any(one.unknown for one in found)
    theirs, answers = one_at_a_time(people, NAIVE)
    assert answers == [(one.allowed, one.denied) for one in found[: len(answers)]]
    guarded, _ = a_second(people, bucket_policies(people))
    note = f"{PEOPLE} people, {TEAMS} sets; both count the same"
    return [
        Figure("calls replayed for coverage", ours, "/s", "one call at a time, naive", theirs, limit=40, note=note),
        Figure("the same, resources asked too", guarded, "/s", "one call at a time, naive", theirs),
    ]
