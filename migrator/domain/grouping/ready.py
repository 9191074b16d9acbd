"""What is there already: permission sets that stand as they are, and managed policies that a set may name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrator.domain.canonical import digest
from migrator.domain.grouping.bits import mask_of
from migrator.domain.grouping.grants import Allow, Grants, Permission, includes
from migrator.domain.grouping.partition import WAYS, Expansion, Partition
from migrator.domain.mapping import customer_path, is_aws_managed
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec


@dataclass(frozen=True, slots=True)
class Standing:
    """A permission set that stays as it is: somebody has it, or somebody else made it.

    `documents` are those that grant in it. `who` is the (owner, cost center) that ours is kept for, None where anybody
    may have it; `managed` holds AWS's policies that it names, by ARN.
    """

    spec: PermissionSetSpec
    documents: tuple[Json, ...]
    ours: bool = True
    who: tuple[str | None, str | None] | None = None
    managed: Mapping[str, Json] = field(default_factory=dict)

    def suits(self, partition: Partition) -> bool:
        """Whether it keeps the partition's users from what they are kept from today."""
        need = partition.users[0].seen.need
        bound = partition.boundary
        wanted = bound if bound is None or is_aws_managed(bound) else customer_path(bound)
        denials = Grants(self.documents, {}).denials
        alike = {digest(one) for one in denials} == {digest(one) for one in partition.denials}
        return alike and self.spec.boundary == wanted and self.who in {None, (need.owner, need.cost_center)}


@dataclass(frozen=True, slots=True)
class Reach:
    """What documents grant: which of a partition's permissions, as a bit set, and every action that exists."""

    covers: int
    actions: frozenset[str]

    @property
    def ways(self) -> int:
        """The ways to more access that it opens, by number."""
        lower = {action.lower() for action in self.actions}
        return mask_of(at for at, way in enumerate(WAYS) if way <= lower)


def reach(documents: Iterable[Json], partition: Partition) -> Reach:
    """What these documents grant, against the needs of a partition."""
    grants = Grants(documents, {})
    covers = mask_of(at for at, one in enumerate(partition.permissions) if grants_whole(grants, one))
    return Reach(covers, granted_actions(grants, partition.expansion) if covers else frozenset())


def grants_whole(grants: Grants, wanted: Permission) -> bool:
    """Whether one statement grants a permission whole: its action, on at least its resources, under its condition."""
    return any(_whole(one, wanted) for one in grants.allowing(wanted.action))


def _whole(one: Allow, wanted: Permission) -> bool:
    if wanted.scope in one.scopes:
        return True
    rest = json.loads(wanted.scope)
    resource, condition = rest.get("Resource"), rest.get("Condition")
    if one.statement.negates_resources or not isinstance(resource, str):
        return False
    under = json.dumps(condition, sort_keys=True, ensure_ascii=False) if condition else ""
    return under == one.condition and any(includes(wide, resource) for wide in one.statement.resources)


def granted_actions(grants: Grants, expansion: Expansion) -> frozenset[str]:
    """Every existing action that the statements allow on something."""
    found = frozenset[str]()
    for one in grants.allows:
        named = expansion.of(one.statement.actions)
        found |= expansion.of(["*"]) - named if one.statement.negates_actions else named
    return found
