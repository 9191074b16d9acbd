"""From what a user is granted to the permission set it shall have: the same grants, as few sets as differ.

Users whose grants are equal share one set (within a cost center, unless the rules let owners share). Grouping by use
comes on top of this and keeps the names.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migrator.domain.canonical import digest
from migrator.domain.cuts import QUARANTINE
from migrator.domain.model import Json
from migrator.domain.policy.fit import (
    DEFAULT_QUOTAS,
    NAME_LENGTH,
    ROLE_NAME_LENGTH,
    PermissionSetSpec,
    fits,
    fits_role,
    set_name,
    size,
)
from migrator.domain.policy.merge import merge
from migrator.domain.rules import Rules

Grant = tuple[str, str, Json]
"""(source, name, document): source is `user`, `group:NAME` or `boundary`; name is a policy name or a managed ARN."""

MANAGED_BY = {"ManagedBy": "migrator"}

SET, ROLE = "permission-set", "iam-role"
"""What can be planned."""


@dataclass(frozen=True, slots=True)
class Needs:
    """One user's grants, and what decides whether it may share a set."""

    user: int
    user_name: str
    kind: str
    grants: tuple[Grant, ...]
    owner: str | None = None
    cost_center: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A set with the users it is planned for; `content` tells equal sets, whatever they are called.

    `documents` holds AWS's policies of a set that exists, by ARN: its users need not have them today.
    """

    spec: PermissionSetSpec
    kind: str
    content: str
    problems: tuple[str, ...]
    users: tuple[int, ...]
    documents: Mapping[str, Json] = field(default_factory=dict)


def plan_sets(
    needs: Sequence[Needs], known: Mapping[str, str], taken: Collection[str], rules: Rules
) -> tuple[Planned, ...]:
    """The sets for these users, sorted by name; `known` maps content to its name, `taken` are others' names."""
    shared: dict[str, list[Needs]] = {}
    for need in sorted(needs, key=lambda n: (n.user_name, n.user)):
        shared.setdefault(_content(need, rules), []).append(need)
    names = {*taken, *known.values()}
    planned = []
    for content, members in shared.items():
        kind = members[0].kind
        most = ROLE_NAME_LENGTH if kind == ROLE else NAME_LENGTH
        name = known.get(content) or set_name(_wanted(members), names, most)
        names.add(name)
        spec = described(spec_of(members[0].grants, rules), name, members[0], rules)
        problems = fits_role(spec) if kind == ROLE else fits(spec)
        planned.append(Planned(spec, kind, content, tuple(problems), tuple(member.user for member in members)))
    return tuple(sorted(planned, key=lambda p: p.spec.name))


def documents(spec: PermissionSetSpec, policies: Mapping[str, Json]) -> tuple[Json, ...]:
    """Every document that grants in a set; `policies` maps managed ARNs and `/path/name` to documents."""
    named = (*spec.managed_policies, *spec.customer_policies)
    inline = () if spec.inline_policy is None else (spec.inline_policy,)
    return (*inline, *(policies[name] for name in named if name in policies))


def customer_path(arn: str) -> str:
    """`/path/name` of a customer managed policy's ARN, as Identity Center refers to it."""
    return "/" + arn.split(":policy/", 1)[1]


def is_aws_managed(arn: str) -> bool:
    """Whether AWS owns that policy, and every account has it."""
    return arn.startswith("arn:") and arn.split(":")[4] == "aws"


def specification(planned: Planned) -> Json:
    """The set as a stored document."""
    spec = planned.spec
    return {
        "type": planned.kind,
        "name": spec.name,
        "content": planned.content,
        "description": spec.description,
        "session_duration": spec.session_duration,
        "inline_policy": spec.inline_policy,
        "managed_policies": list(spec.managed_policies),
        "customer_policies": list(spec.customer_policies),
        "boundary": spec.boundary,
        "tags": dict(spec.tags),
        "problems": list(planned.problems),
        **({"documents": dict(planned.documents)} if planned.documents else {}),
    }


def spec_from(document: Json) -> PermissionSetSpec:
    """The set that `specification` wrote down."""
    return PermissionSetSpec(
        name=document["name"],
        inline_policy=document["inline_policy"],
        managed_policies=tuple(document["managed_policies"]),
        customer_policies=tuple(document["customer_policies"]),
        boundary=document["boundary"],
        session_duration=document["session_duration"],
        description=document["description"],
        tags=document["tags"],
    )


def _content(need: Needs, rules: Rules) -> str:
    spec = spec_of(need.grants, rules)
    who = None if rules.share_across_owners else (need.owner, need.cost_center)
    parts = [spec.inline_policy, spec.managed_policies, spec.customer_policies, spec.boundary, need.kind, who]
    return digest(parts)


def _wanted(members: Sequence[Needs]) -> str:
    """A group's name where only groups grant, else the first user's: a name people recognise."""
    first = members[0]
    groups = sorted({source.removeprefix("group:") for source, _, _ in first.grants if source.startswith("group:")})
    own = any(source == "user" for source, _, _ in first.grants)
    if groups and not own:
        return "-".join(groups)
    return "-".join((*groups[:1], first.user_name)) if len(members) == 1 else "-".join((*groups, first.user_name))


def spec_of(grants: Sequence[Grant], rules: Rules) -> PermissionSetSpec:
    """What grants as these do, fitted to AWS's quotas as far as can be; without a name."""
    ours = [g for g in grants if g[1] != QUARANTINE and not g[1].endswith(f":policy/{QUARANTINE}")]
    boundary = next((name for source, name, _ in ours if source == "boundary"), None)
    granting = {(name, digest(document)): (name, document) for source, name, document in ours if source != "boundary"}
    aws = {name: document for name, document in granting.values() if is_aws_managed(name)}
    own = [(name, document) for name, document in granting.values() if not is_aws_managed(name)]
    keep = dict(sorted(aws.items())) if rules.prefer_managed_policies else {}
    inline = [document for _, document in own] + [
        document for name, document in sorted(aws.items()) if name not in keep
    ]
    keep, inline = _within_role_quota(keep, inline)
    references: list[str] = []
    customer = sorted((one for one in own if one[0].startswith("arn:")), key=lambda one: -size(one[1]))
    while inline and size(merge(inline)) > DEFAULT_QUOTAS.set_inline and customer:
        name, document = customer.pop(0)
        references.append(customer_path(name))
        inline.remove(document)
    bound = None if boundary is None else boundary if is_aws_managed(boundary) else customer_path(boundary)
    return PermissionSetSpec(
        name="set",
        inline_policy=merge(inline) if inline else None,
        managed_policies=tuple(keep),
        customer_policies=tuple(sorted(references)),
        boundary=bound,
    )


def _within_role_quota(keep: Mapping[str, Json], inline: Sequence[Json]) -> tuple[dict[str, Json], list[Json]]:
    """Inline the smallest AWS managed policies while a role could not hold them all and there is room."""
    kept, merged = dict(keep), list(inline)
    for name, document in sorted(keep.items(), key=lambda item: (size(item[1]), item[0])):
        if len(kept) <= DEFAULT_QUOTAS.role_policies:
            break
        if size(merge([*merged, document])) <= DEFAULT_QUOTAS.set_inline:
            merged.append(document)
            del kept[name]
    return kept, merged


def described(spec: PermissionSetSpec, name: str, first: Needs, rules: Rules) -> PermissionSetSpec:
    """The set under its name, with the tags, duration and description that the rules ask for."""
    tags = dict(MANAGED_BY)
    if first.owner and not rules.share_across_owners:
        tags[rules.owner_tag] = _plain(first.owner)
    if first.cost_center and not rules.share_across_owners:
        tags[rules.cost_center_tag] = _plain(first.cost_center)
    hours, minutes = divmod(int(rules.session_duration.total_seconds()) // 60, 60)
    duration = f"PT{hours}H" + (f"{minutes}M" if minutes else "")
    return replace(spec, name=name, description="Planned by migrator", session_duration=duration, tags=tags)


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() or c in " _.:/=+-@" else "_" for c in text)[:256]
