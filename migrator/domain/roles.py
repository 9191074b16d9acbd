"""The role a machine moves to: what AWS says of it, and whether it is what was planned.

Its team applies it with its own tools; we only look.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from migrator.domain.dossier import Dossier, PlannedSet
from migrator.domain.model import Evidence, Json, UserFacts
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.policy.same import same_policies

CLAIM = "role"
"""The name under which a look at the role is kept among the evidence."""


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What AWS said of one role at `observed_at`.

    `inline_policies` maps names to documents, `attached_policies` holds ARNs, `trust` is the document that says who may
    assume it. `last_used_at` is IAM's own memory of 400 days, which may lag by hours.
    """

    account_id: str
    name: str
    arn: str
    observed_at: datetime
    inline_policies: Mapping[str, Json] = field(default_factory=dict)
    attached_policies: tuple[str, ...] = ()
    boundary: str | None = None
    trust: Json = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoleSeen:
    """The latest look at the planned role: in what it differs, and when a session of it was last seen."""

    differences: tuple[str, ...]
    last_used_at: datetime | None = None


def differences(planned: PermissionSetSpec, role: RoleFacts | None, user: UserFacts) -> tuple[str, ...]:
    """In what a role is not what was planned for a user, in words; empty where it is."""
    if role is None:
        return (f"role {planned.name} does not exist in {user.account_id}",)
    return (*_of_grants(planned, role), *_of_trust(role.trust, user))


def look_as_evidence(planned: PlannedSet, found: tuple[str, ...], role: RoleFacts | None, at: datetime) -> Evidence:
    """A look at the role, to be kept; a look at another plan says nothing of this one."""
    used = role.last_used_at.isoformat() if role and role.last_used_at else None
    value = {"role": planned.name, "plan": planned.spec_sha, "differences": list(found), "last_used_at": used}
    return Evidence(CLAIM, value, 1.0, "iam", at)


def role_seen(dossier: Dossier) -> RoleSeen | None:
    """The latest look at the role that is planned now; None where nobody looked."""
    return latest_look(dossier.planned, dossier.evidence)


def latest_look(planned: PlannedSet | None, evidence: Iterable[Evidence]) -> RoleSeen | None:
    """The latest look at a planned role, among what is known of its user."""
    looks = sorted((e for e in evidence if e.claim == CLAIM), key=lambda e: e.observed_at)
    if planned is None or not looks or looks[-1].value["plan"] != planned.spec_sha:
        return None
    value = looks[-1].value
    used = value["last_used_at"]
    return RoleSeen(tuple(value["differences"]), datetime.fromisoformat(used) if used else None)


def role_name(identity: str) -> str:
    """The name of the role that an identity is, by its ARN; empty where it is none."""
    _, found, path = identity.partition(":role/")
    return path.rpartition("/")[2] if found else ""


def let_in_alone(trust: Json) -> frozenset[str]:
    """The IAM users, by ARN or id, through whom alone a role is reached; empty where its trust names anybody else."""
    named: set[str] = set()
    for statement in _listed((trust or {}).get("Statement", [])):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal", "*")
        if not isinstance(principal, Mapping) or set(principal) != {"AWS"}:
            return frozenset()
        named.update(_listed(principal["AWS"]))
    return frozenset(named) if all(":user/" in name or name.startswith("AIDA") for name in named) else frozenset()


def _of_grants(planned: PermissionSetSpec, role: RoleFacts) -> Iterator[str]:
    inline = [] if planned.inline_policy is None else [planned.inline_policy]
    if not same_policies(inline, role.inline_policies.values()):
        yield "its inline policies say something else"
    own = role.arn.split(":role/")[0]
    wanted = {*planned.managed_policies, *(f"{own}:policy{path}" for path in planned.customer_policies)}
    yield from (f"{arn} is not attached" for arn in sorted(wanted - set(role.attached_policies)))
    yield from (f"{arn} is attached and not planned" for arn in sorted(set(role.attached_policies) - wanted))
    bound = planned.boundary
    bound = f"{own}:policy{bound}" if bound and bound.startswith("/") else bound
    if bound != role.boundary:
        yield f"its boundary is {role.boundary or 'missing'}, planned is {bound or 'none'}"


def _of_trust(trust: Json, user: UserFacts) -> Iterator[str]:
    """A trust that names the user ends with it; one that names everybody is nobody's plan."""
    for statement in _listed((trust or {}).get("Statement", [])):
        named = statement.get("Principal")
        principals = _listed(named.get("AWS", []) if isinstance(named, Mapping) else named)
        if statement.get("Effect") != "Allow":
            continue
        if user.arn in principals or user.user_id in principals:
            yield "its trust names the user that is to go"
        if "*" in principals and not statement.get("Condition"):
            yield "its trust lets anybody assume it"


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [value] if value is not None else []
