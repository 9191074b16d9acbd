"""How a command ended, as plain data: what AWS holds and what the store says, without ids and times of their own."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from migrator.adapters.store import tables as t
from migrator.adapters.store import work_tables as w
from migrator.adapters.store.engine import connect
from migrator.adapters.store.schema import Utc
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.domain.record import Link, verify
from tests.scenario.company import Company
from tests.scenario.reading import read_center

Facts = dict[str, Any]
MADE_UP = re.compile(
    r"\b(?:A[A-Z]{3}[A-Z0-9]{12,}|ps-[0-9a-f]{16}|[0-9a-f]{10}-[0-9a-f-]{36}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
"""Ids that AWS makes up."""

AS_THEY_ARE = (
    t.accounts,
    t.persons,
    t.users,
    t.person_users,
    t.identities,
    t.credentials,
    t.user_policies,
    t.decisions,
    t.usage_parts,
    t.usage_facts,
    t.last_accessed,
    t.permission_sets,
    t.gate_results,
    t.name_references,
    w.waves,
    w.wave_users,
    w.approvals,
    w.screams,
)
"""Tables of which every row must be the same; those that only grow are compared by what they come to."""

COUNTED = frozenset({"id", "version", "opens", "why"})
"""Numbers that a second attempt takes anew, and words about times."""

WRITES = ("Add", "Attach", "Create", "Deactivate", "Delete", "Detach", "Provision", "Put", "Remove", "Tag", "Untag")
WRITES = (*WRITES, "Update", "Upload")
WITH_STATUS = ("keys", "ssh_keys", "service_credentials", "certificates")
WITHOUT_STATUS = ("console-password", "mfa-device")
DENY = "migrator-quarantine"


@dataclass(frozen=True)
class Write:
    """A call that changed something."""

    operation: str
    account: str
    params: Facts


def writes(company: Company) -> list[Write]:
    """Every write that succeeded since the log was cleared, in order."""
    return [
        Write(call["operation"], call["account"], call["params"] or {})
        for call in company.clock.control.calls()
        if not call["error"] and call["operation"].startswith(WRITES)
    ]


def read_aws(company: Company, user: str | None) -> Facts:
    """Users with their policies and groups, accounts' own policies and devices, the center; one user's credentials."""
    accounts = {name: _account(company.admin("iam", name)) for name in company.accounts}
    center = read_center(company)
    held = None
    if user is not None:
        account, _, name = user.partition("/")
        held = read_credentials(company.admin("iam", account), name) if name in accounts[account]["users"] else None
    return {"accounts": accounts, "center": {**center, "holders": sorted(center["holders"])}, "held": held}


def read_credentials(iam: Any, name: str) -> Facts:
    """Every credential of a user, by id, with its status."""
    given: Any = {"UserName": name}
    try:
        password = iam.get_login_profile(**given)["LoginProfile"]["PasswordResetRequired"]
    except iam.exceptions.NoSuchEntityException:
        password = None
    services = iam.list_service_specific_credentials(**given)["ServiceSpecificCredentials"]
    return {
        "password": password,
        "keys": {k["AccessKeyId"]: k["Status"] for k in iam.list_access_keys(**given)["AccessKeyMetadata"]},
        "ssh_keys": {k["SSHPublicKeyId"]: k["Status"] for k in iam.list_ssh_public_keys(**given)["SSHPublicKeys"]},
        "service_credentials": {c["ServiceSpecificCredentialId"]: c["Status"] for c in services},
        "certificates": {
            c["CertificateId"]: c["Status"] for c in iam.list_signing_certificates(**given)["Certificates"]
        },
        "mfa": {d["SerialNumber"]: "Active" for d in iam.list_mfa_devices(**given)["MFADevices"]},
    }


def unshared(aws: Facts) -> list[str]:
    """Accounts whose managed deny is there though nobody is under it."""
    found = []
    for name, account in aws["accounts"].items():
        held = [arn for user in account["users"].values() for arn in (*user["attached"], user["boundary"]) if arn]
        found += [name for arn in account["policies"] if arn.endswith(f"/{DENY}") and arn not in held]
    return found


def read_store(url: str) -> Facts:
    """Where everybody stands, what is known and decided, and what the journal says was done to each subject."""
    engine = connect(url)
    try:
        with engine.connect() as do:
            tables = {table.name: _rows(do, table) for table in AS_THEY_ARE}
            named = {
                "grants": _grants(do),
                "coverage": _distinct(do, t.coverage, "user_ref", "spec_sha"),
                "snapshots": _distinct(do, t.snapshots, "user_ref", "reason"),
                "history": _history(do),
            }
        return {**tables, **named}
    finally:
        engine.dispose()


def questions(url: str) -> list[str]:
    """What the journal leaves open, and where the record's chain breaks; nothing, where all is well."""
    engine = connect(url)
    try:
        with engine.connect() as do:
            running = [f"{run.kind} of {run.subject} runs" for run in do.execute(select(w.runs)) if not run.ended_at]
            asked = (w.changes.c.intent_at.is_not(None), w.changes.c.outcome.is_(None))
            open_ = [
                f"{step.kind} {step.target} was never answered" for step in do.execute(select(w.changes).where(*asked))
            ]
        with SqlStore(engine).begin() as work:
            links = (
                Link(e.seq, e.at.isoformat(), e.actor, e.event, e.subject, e.details, e.prev, e.hash)
                for e in work.record.entries()
            )
            verdict = verify(links, work.record.head())
        return [*running, *open_, *([] if verdict.intact else [f"the chain breaks: {verdict.why}"])]
    finally:
        engine.dispose()


def states(url: str) -> dict[str, str]:
    """Where each user of the database stands, by its key."""
    engine = connect(url)
    try:
        with engine.connect() as do:
            there = select(t.users).where(t.users.c.vanished_at.is_(None))
            return {f"{row.account_id}/{row.user_name}": row.state for row in do.execute(there)}
    finally:
        engine.dispose()


def claims(store: Facts, aws: Facts, user: str) -> list[str]:
    """Where the store says another thing of a user's credentials than AWS."""
    account, _, name = user.partition("/")
    there = {id_: status for kind in WITH_STATUS for id_, status in aws["held"][kind].items()}
    user_id = aws["accounts"][account]["users"][name]["user_id"]
    known = [row["user_ref"] for row in store["identities"] if row["aws_user_id"] == user_id and not row["until"]]
    said = {
        row["aws_id"]: row["status"]
        for row in store["credentials"]
        if row["user_ref"] in known and not row["gone_at"] and row["kind"] not in WITHOUT_STATUS
    }
    return [*difference(there, said, "credentials by the store"), *([] if known else ["the store knows no such user"])]


def doubled(made: list[Write]) -> list[str]:
    """What was destroyed twice."""
    destroyed = [
        f"{each.operation} {json.dumps(each.params, sort_keys=True)}"
        for each in made
        if each.operation.startswith(("Delete", "Deactivate", "Detach", "Remove"))
    ]
    return [f"{each} was done twice" for each in sorted({one for one in destroyed if destroyed.count(one) > 1})]


def ids(*told: Facts) -> frozenset[str]:
    """The ids that these facts name."""
    return frozenset(MADE_UP.findall(json.dumps(told, default=str)))


def without_new(told: Any, known: frozenset[str]) -> Any:
    """The facts with every id that nobody knew before written as `new`."""
    text = json.dumps(told, default=str, sort_keys=True)
    plain = json.loads(MADE_UP.sub(lambda found: found[0] if found[0] in known else "new", text))
    if not isinstance(plain, dict):
        return plain
    return {key: _sorted(value) if isinstance(value, list) else value for key, value in plain.items()}


def difference(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two values differ, one line a place."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line for key in sorted({*one, *other}) for line in difference(one.get(key), other.get(key), f"{path}/{key}")
        ]
    if isinstance(one, list) and isinstance(other, list):
        lost = [each for each in one if each not in other]
        more = [each for each in other if each not in one]
        if lost or more or len(one) != len(other):
            return [f"{path}: without {lost}, with {more} ({len(one)} and {len(other)} in all)"]
        return [] if one == other else [f"{path}: in another order"]
    return [] if one == other else [f"{path}: {one!r} became {other!r}"]


def _account(iam: Any) -> Facts:
    users, policies = {}, {}
    wanted = ["User", "LocalManagedPolicy"]
    for page in iam.get_paginator("get_account_authorization_details").paginate(Filter=wanted):
        users |= {user["UserName"]: _user(user) for user in page["UserDetailList"]}
        for policy in page["Policies"]:
            if ":aws:policy/" not in policy["Arn"]:
                version = next(v for v in policy["PolicyVersionList"] if v["IsDefaultVersion"])
                policies[policy["Arn"]] = version["Document"]
    devices = iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    return {"users": users, "policies": policies, "devices": sorted(d["SerialNumber"] for d in devices)}


def _user(user: Facts) -> Facts:
    return {
        "user_id": user["UserId"],
        "path": user["Path"],
        "tags": {tag["Key"]: tag["Value"] for tag in user.get("Tags", ())},
        "groups": sorted(user["GroupList"]),
        "attached": sorted(p["PolicyArn"] for p in user["AttachedManagedPolicies"]),
        "inline": {p["PolicyName"]: p["PolicyDocument"] for p in user.get("UserPolicyList", ())},
        "boundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    }


def _rows(do: Connection, table: Table) -> list[Facts]:
    return _sorted(
        {
            column.name: (row[column.name] is not None) if isinstance(column.type, Utc) else row[column.name]
            for column in table.columns
            if column.name not in COUNTED
        }
        for row in do.execute(select(table)).mappings()
    )


def _grants(do: Connection) -> list[Facts]:
    query = (
        select(t.grants, t.permission_sets.c.name, t.persons.c.email)
        .join(t.permission_sets, t.permission_sets.c.id == t.grants.c.permission_set)
        .outerjoin(t.persons, t.persons.c.id == t.grants.c.person)
    )
    return _sorted(
        {
            "user": r.wanted_by,
            "set": r.name,
            "person": r.email,
            "account": r.account_id,
            "given": bool(r.provisioned_at),
        }
        for r in do.execute(query)
    )


def _distinct(do: Connection, table: Table, *columns: str) -> list[Facts]:
    query = select(*(table.c[name] for name in columns)).distinct()
    return _sorted(dict(row) for row in do.execute(query).mappings())


def _history(do: Connection) -> dict[str, list[Facts]]:
    """What was done to each subject, in order; and what failed."""
    query = select(w.runs.c.subject, w.runs.c.kind.label("run_kind"), w.changes).join(w.changes)
    query = query.where(w.changes.c.outcome.in_(("done", "failed", "refused"))).order_by(
        w.changes.c.run, w.changes.c.seq
    )
    found: dict[str, list[Facts]] = {}
    for row in do.execute(query).mappings():
        told = {name: row[name] for name in ("run_kind", "kind", "target", "before", "after", "outcome")}
        found.setdefault(row["subject"], []).append(told)
    return found


def _sorted(rows: Iterable[Facts]) -> list[Facts]:
    return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))
