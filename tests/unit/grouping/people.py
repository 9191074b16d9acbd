"""People as grouping sees them: each names only what matters to the test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from migrator.domain.grouping.needs import Seen
from migrator.domain.grouping.plan import Ground, Grouped, plan_groups
from migrator.domain.mapping import SET, Needs
from migrator.domain.rules import Rules
from tests.builders import ACCOUNT, NOW, a_usage_fact

LONG_AGO = NOW - timedelta(days=90)


@dataclass(frozen=True)
class Shape:
    arn: str
    required: bool = True


_LEVELS = {
    "s3": {
        "ListAllMyBuckets": ("List", []),
        "ListBucket": ("List", ["arn:${Partition}:s3:::${BucketName}"]),
        "GetObject": ("Read", ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]),
        "PutObject": ("Write", ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]),
        "CreateBucket": ("Write", ["arn:${Partition}:s3:::${BucketName}"]),
    },
    "sqs": {
        "ListQueues": ("Read", []),
        "GetQueueUrl": ("Read", ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
        "PurgeQueue": ("Write", ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
        "CreateQueue": ("Write", ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
        "DeleteQueue": ("Write", ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
    },
    "ec2": {
        **{f"Describe{name}": ("List", []) for name in ("Hosts", "Images", "Instances", "Regions", "Vpcs")},
        "RunInstances": ("Write", ["arn:${Partition}:ec2:${Region}::image/${I}", "arn:${Partition}:ec2:*:*:subnet/*"]),
        "StopInstances": ("Write", ["arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}"]),
    },
    "iam": {
        "PassRole": ("Write", ["arn:${Partition}:iam::${Account}:role/${Name}"]),
        "CreatePolicyVersion": ("Permissions management", ["arn:${Partition}:iam::${Account}:policy/${Name}"]),
        "CreateAccessKey": ("Permissions management", ["arn:${Partition}:iam::${Account}:user/${Name}"]),
        "CreateServiceLinkedRole": ("Write", []),
    },
    "lambda": {"CreateFunction": ("Write", []), "ListFunctions": ("List", [])},
    "test": {f"Do{number:03}": ("Write", []) for number in range(400)},
}


class SmallCatalogue:
    """Six services of a handful of actions."""

    def services(self) -> Iterable[str]:
        return _LEVELS

    def actions(self, service: str) -> Iterable[str]:
        return _LEVELS.get(service, {})

    def access_level(self, action: str) -> str | None:
        service, _, name = action.partition(":")
        return _LEVELS.get(service, {}).get(name, (None,))[0]

    def resource_types(self, action: str) -> Sequence[Shape]:
        service, _, name = action.partition(":")
        return [Shape(arn) for arn in _LEVELS.get(service, {}).get(name, ("", []))[1]]


CATALOGUE = SmallCatalogue()


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    """A document of one Allow statement."""
    return a_document({"Effect": "Allow", "Action": list(actions), "Resource": on, **more})


def a_document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A document of today."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_need(user: int, *documents: dict[str, Any], **more: Any) -> Needs:
    """A person of the team, granted everything unless documents say what."""
    granted = documents or (allow("*"),)
    grants = tuple(("group:team", f"policy-{at}", document) for at, document in enumerate(granted))
    return replace(Needs(user, f"user-{user:03}", SET, grants), **more)


def a_person(user: int, *calls: str | tuple[str, str], grants: Sequence[Any] = (), **more: Any) -> Seen:
    """A person watched for long, who made these calls: actions, or (action, resource)."""
    name = f"user-{user:03}"
    need = more.pop("need", None) or a_need(user, *grants)
    made = [(call, "") if isinstance(call, str) else call for call in calls]
    facts = tuple(
        a_usage_fact(name, action, resource=resource, source=f"{action.partition(':')[0]}.amazonaws.com")
        for action, resource in made
    )
    seen = Seen(need, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/{name}", facts, services=frozenset(), since=LONG_AGO)
    return replace(seen, **more)


def actions_of(*numbers: int) -> tuple[str, ...]:
    """Actions of the service `test`."""
    return tuple(f"test:Do{number:03}" for number in numbers)


def grouped(people: Iterable[Seen], bound: float = 30, **ground: Any) -> tuple[Grouped, ...]:
    """The sets for these people at this bound."""
    rules = ground.pop("rules", Rules())
    ground = {"catalogue": CATALOGUE, **ground}
    return plan_groups(people, Ground(replace(rules, unused_granted_max_percent=bound), **ground))


def users_of(found: Iterable[Grouped]) -> list[tuple[int, ...]]:
    """Who shares, sorted."""
    return sorted(one.planned.users for one in found)


def statements(one: Grouped) -> list[dict[str, Any]]:
    """What a set's own policy says."""
    policy = one.planned.spec.inline_policy
    found: list[dict[str, Any]] = [] if policy is None else policy["Statement"]
    return found
